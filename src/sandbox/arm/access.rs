//! Who may do what (learn.microsoft.com, Azure role-based access control): each call needs one action at its scope.

use axum::http::Method;

use crate::sandbox::world::Event;

use super::answer::Answer;
use super::call::Call;
use super::front_door::Part;
use super::route::Route;
use super::{aks, alerts, compute, front_door, insights, postgres};

/// The 403 that ARM answers when no role of the caller allows the call; `None` when one does, or nobody is restricted.
pub(super) fn refuse(call: &Call, route: &Route) -> Option<Answer> {
    let (action, scope) = (action(&call.method, route)?, scope(call));
    if call.world.is_granted(&action, &call.path) {
        return None;
    }
    let (client, object) = call.caller_ids();
    let message = format!(
        "The client '{client}' with object id '{object}' does not have authorization to perform action '{action}' over \
         scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    );
    call.world.log(Event::Denied { action: action.clone(), scope }, format!("{action} is not allowed"));
    Some(Answer::error(403, "AuthorizationFailed", message))
}

/// A verb at the end of a path is no part of the scope.
fn scope(call: &Call) -> String {
    match call.path.rsplit_once('/') {
        Some((resource, _)) if call.method == Method::POST => resource.to_owned(),
        _ => call.path.clone(),
    }
}

/// The action that a call needs, by Microsoft's table of each resource provider's operations. Addresses of ARM's own are
/// open to whoever has any role.
fn action(method: &Method, route: &Route) -> Option<String> {
    let (provider, rest) = match route {
        Route::Tenants | Route::Subscriptions | Route::Subscription | Route::Groups | Route::Group => return None,
        Route::Aks(target) => ("Microsoft.ContainerService", aks_action(target)),
        Route::Postgres(target) => ("Microsoft.DBforPostgreSQL", postgres_action(method, target)),
        Route::FrontDoor(target) => ("Microsoft.Cdn", front_door_action(method, target)),
        Route::Metrics(_) => ("Microsoft.Insights", "metrics/read"),
        Route::Alerts(target) => ("Microsoft.AlertsManagement", alerts_action(target)),
        Route::Compute(compute::Target::Usages(_)) => ("Microsoft.Compute", "locations/usages/read"),
        Route::Compute(compute::Target::Sizes) => ("Microsoft.Compute", "skus/read"),
        Route::Insights(insights::Target::Rules | insights::Target::Rule(_)) => {
            ("Microsoft.Insights", "metricAlerts/read")
        }
        Route::Insights(insights::Target::Groups | insights::Target::Group(_)) => {
            ("Microsoft.Insights", "actionGroups/read")
        }
        Route::Permissions(_) => ("Microsoft.Authorization", "permissions/read"),
    };
    Some(format!("{provider}/{rest}"))
}

fn aks_action(target: &aks::Target) -> &'static str {
    use aks::Target;
    match target {
        Target::Clusters | Target::Cluster(_) => "managedClusters/read",
        Target::Start(_) => "managedClusters/start/action",
        Target::Stop(_) => "managedClusters/stop/action",
        Target::UserCredential(_) => "managedClusters/listClusterUserCredential/action",
        Target::RunCommand(_) => "managedClusters/runcommand/action",
        Target::CommandResult(..) => "managedClusters/commandResults/read",
        Target::Pools(_) | Target::Pool(..) => "managedClusters/agentPools/read",
        Target::Versions(_) => "locations/kubernetesVersions/read",
        Target::Status(_) => "locations/operations/read",
        Target::Result(_) => "locations/operationresults/read",
    }
}

fn postgres_action(method: &Method, target: &postgres::Target) -> &'static str {
    use postgres::Target;
    match target {
        Target::Server(_) if *method == Method::PATCH => "flexibleServers/write",
        Target::Servers | Target::Server(_) => "flexibleServers/read",
        Target::Start(_) => "flexibleServers/start/action",
        Target::Stop(_) => "flexibleServers/stop/action",
        Target::Restart(_) => "flexibleServers/restart/action",
        Target::Replicas(_) => "flexibleServers/replicas/read",
        Target::Endpoints(_) | Target::Endpoint(..) => "flexibleServers/virtualendpoints/read",
        Target::Status(_) => "locations/azureAsyncOperation/read",
        Target::Result(_) => "locations/operationResults/read",
    }
}

fn front_door_action(method: &Method, target: &front_door::Target) -> &'static str {
    use front_door::Target;
    match target {
        Target::Profiles | Target::In(_, Part::Profile) => "profiles/read",
        Target::In(_, Part::Groups | Part::Group(_)) => "profiles/origingroups/read",
        Target::In(_, Part::Origin(..)) if *method == Method::PATCH => "profiles/origingroups/origins/write",
        Target::In(_, Part::Origins(_) | Part::Origin(..)) => "profiles/origingroups/origins/read",
        Target::In(_, Part::Endpoints | Part::Endpoint(_)) => "profiles/afdendpoints/read",
        Target::In(_, Part::Routes(_) | Part::Route(..)) => "profiles/afdendpoints/routes/read",
    }
}

fn alerts_action(target: &alerts::Target) -> &'static str {
    use alerts::Target;
    match target {
        Target::Alerts | Target::Alert(_) => "alerts/read",
        Target::ChangeState(_) => "alerts/changestate/action",
        Target::History(_) => "alerts/history/read",
    }
}
