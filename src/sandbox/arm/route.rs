//! From a path to the one thing it names.

use axum::http::Method;

use crate::sandbox::world::FaultAction;

use super::answer::Answer;
use super::call::Call;
use super::{aks, alerts, compute, front_door, insights, metrics, permissions, postgres, subscription};

/// What a path names. Names are lower-case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Tenants,
    Subscriptions,
    Subscription,
    Groups,
    Group,
    Aks(aks::Target),
    Postgres(postgres::Target),
    FrontDoor(front_door::Target),
    Metrics(Box<Route>),
    Alerts(alerts::Target),
    Compute(compute::Target),
    Insights(insights::Target),
    /// What the caller may do with a resource.
    Permissions(Box<Route>),
}

impl Route {
    /// The resource type whose api-versions hold; `None` for ARM's own.
    pub fn kind(&self) -> Option<&'static str> {
        match self {
            Self::Tenants | Self::Subscriptions | Self::Subscription | Self::Groups | Self::Group => None,
            Self::Aks(target) => Some(target.kind()),
            Self::Postgres(target) => Some(target.kind()),
            Self::FrontDoor(target) => Some(target.kind()),
            Self::Metrics(_) => Some("Microsoft.Insights/metrics"),
            Self::Alerts(_) => Some("Microsoft.AlertsManagement/alerts"),
            Self::Compute(target) => Some(target.kind()),
            Self::Insights(target) => Some(target.kind()),
            Self::Permissions(_) => Some("Microsoft.Authorization/permissions"),
        }
    }

    /// Addresses of operations are signed whole: their api-version is not the type's.
    pub fn is_signed(&self) -> bool {
        match self {
            Self::Aks(target) => target.is_operation(),
            Self::Postgres(target) => target.is_operation(),
            _ => false,
        }
    }
}

/// Finds what the lower-cased segments below a provider name. `tail` belongs to the provider `namespace`.
pub(super) fn provider(namespace: &str, tail: &[&str]) -> Option<Route> {
    match namespace {
        "microsoft.containerservice" => aks::Target::parse(tail).map(Route::Aks),
        "microsoft.dbforpostgresql" => postgres::Target::parse(tail).map(Route::Postgres),
        "microsoft.cdn" => front_door::Target::parse(tail).map(Route::FrontDoor),
        "microsoft.compute" => compute::Target::parse(tail).map(Route::Compute),
        "microsoft.insights" => insights::Target::parse(tail).map(Route::Insights),
        "microsoft.alertsmanagement" => alerts::Target::parse(tail).map(Route::Alerts),
        _ => None,
    }
}

/// Has the handler of a route answer. The effect of a fault only matters to what begins an operation.
pub(super) fn dispatch(call: &Call, route: &Route, effect: Option<&FaultAction>) -> Answer {
    match route {
        Route::Tenants => reading(call, subscription::tenants),
        Route::Subscriptions => reading(call, subscription::list),
        Route::Subscription => reading(call, subscription::get),
        Route::Groups => reading(call, subscription::groups),
        Route::Group => reading(call, subscription::group),
        Route::Aks(target) => aks::handle(call, target, effect),
        Route::Postgres(target) => postgres::handle(call, target, effect),
        Route::FrontDoor(target) => front_door::handle(call, target),
        Route::Metrics(resource) => reading(call, |call| metrics::handle(call, resource)),
        Route::Alerts(target) => alerts::handle(call, target),
        Route::Compute(target) => reading(call, |call| compute::read(call, target)),
        Route::Insights(target) => reading(call, |call| insights::read(call, target)),
        Route::Permissions(_) => reading(call, permissions::list),
    }
}

fn reading(call: &Call, handler: impl FnOnce(&Call) -> Answer) -> Answer {
    if call.method == Method::GET { handler(call) } else { not_allowed(call) }
}

/// The path exists, the method on it does not.
pub(super) fn not_allowed(call: &Call) -> Answer {
    let message = format!("The requested resource does not support http method '{}'.", call.method);
    call.unknown(Answer::error(405, "MethodNotAllowed", message))
}
