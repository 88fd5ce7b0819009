//! Subscription, resource group, provider and api-version of a call: what ARM checks before a resource provider sees it.

use std::time::Duration;

use crate::sandbox::world::{GROUP, SUBSCRIPTION};

use super::answer::Answer;
use super::call::Call;
use super::route::{self, Route};
use super::{lro, versions};

/// A path cut at its providers. Everything is lower-case, since ARM compares that way.
struct Address<'a> {
    subscription: Option<&'a str>,
    group: Option<&'a str>,
    /// Each `providers/{namespace}` with the segments that follow.
    providers: Vec<(&'a str, Vec<&'a str>)>,
}

/// What the call names.
///
/// # Errors
/// The 400 or 404 that ARM answers; when that can only be a caller's mistake it is logged as unknown.
pub(super) fn resolve(call: &Call) -> Result<Route, Answer> {
    let lower = call.path.to_ascii_lowercase();
    let address = parse(&lower).ok_or_else(|| call.unknown(no_such_address(call)))?;
    check_subscription(call, &address)?;
    let route = find(&address).ok_or_else(|| call.unknown(no_such_type(&address)))?;
    if route.is_signed() {
        lro::check_signature(call, &route)?;
    } else {
        versions::check(route.kind(), call.param("api-version")).map_err(|it| call.unknown(it))?;
    }
    check_group(call, &address)?;
    Ok(route)
}

fn parse(path: &str) -> Option<Address<'_>> {
    let segments: Vec<&str> = path.split('/').filter(|it| !it.is_empty()).collect();
    let mut address = Address { subscription: None, group: None, providers: Vec::new() };
    let mut rest = segments.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        rest = match (*first, tail) {
            ("tenants" | "subscriptions", []) if segments.len() == 1 => &[],
            ("subscriptions", [id, tail @ ..]) if address.subscription.is_none() => {
                address.subscription = Some(id);
                tail
            }
            ("resourcegroups", []) => &[],
            ("resourcegroups", [name, tail @ ..]) if address.group.is_none() && address.providers.is_empty() => {
                address.group = Some(name);
                tail
            }
            ("providers", [namespace, tail @ ..]) => {
                let end = tail.iter().position(|it| *it == "providers").unwrap_or(tail.len());
                address.providers.push((namespace, tail[..end].to_vec()));
                &tail[end..]
            }
            _ => return None,
        };
    }
    (!segments.is_empty()).then_some(address).map(|it| it.rooted(&segments))
}

impl<'a> Address<'a> {
    /// Marks the collections at the root, which have neither subscription nor provider.
    fn rooted(mut self, segments: &[&'a str]) -> Self {
        match segments {
            ["tenants"] => self.providers.push(("", vec!["tenants"])),
            ["subscriptions"] => self.providers.push(("", vec!["subscriptions"])),
            ["subscriptions", _, "resourcegroups"] => self.providers.push(("", vec!["resourcegroups"])),
            _ => {}
        }
        self
    }
}

fn find(address: &Address<'_>) -> Option<Route> {
    match address.providers.as_slice() {
        [] if address.group.is_some() => Some(Route::Group),
        [] => Some(Route::Subscription),
        [("", tail)] => match tail.as_slice() {
            ["tenants"] => Some(Route::Tenants),
            ["subscriptions"] => Some(Route::Subscriptions),
            _ => Some(Route::Groups),
        },
        [(namespace, tail)] => route::provider(namespace, tail),
        [(namespace, tail), (extension, extended)] => extend(namespace, tail, extension, extended),
        _ => None,
    }
}

fn extend(namespace: &str, tail: &[&str], extension: &str, extended: &[&str]) -> Option<Route> {
    match (extension, extended) {
        ("microsoft.insights", ["metrics"]) => Some(Route::Metrics(Box::new(route::provider(namespace, tail)?))),
        ("microsoft.authorization", ["permissions"]) => {
            Some(Route::Permissions(Box::new(route::provider(namespace, tail)?)))
        }
        // Alerts can be read in the scope of their target as well.
        ("microsoft.alertsmanagement", _) => route::provider(extension, extended),
        _ => None,
    }
}

fn check_subscription(call: &Call, address: &Address<'_>) -> Result<(), Answer> {
    match address.subscription {
        Some(id) if id != SUBSCRIPTION => {
            let answer =
                Answer::error(404, "SubscriptionNotFound", format!("The subscription '{id}' could not be found."));
            Err(call.unknown(answer))
        }
        _ => Ok(()),
    }
}

fn check_group(call: &Call, address: &Address<'_>) -> Result<(), Answer> {
    match address.group {
        Some(name) if name != GROUP => {
            let answer =
                Answer::error(404, "ResourceGroupNotFound", format!("Resource group '{name}' could not be found."));
            Err(call.unknown(answer))
        }
        _ => Ok(()),
    }
}

fn no_such_address(call: &Call) -> Answer {
    let message = format!("The request to '{}' does not match any known address.", call.path);
    Answer::error(404, "NotFound", message)
}

fn no_such_type(address: &Address<'_>) -> Answer {
    let (namespace, tail) =
        address.providers.last().map(|(namespace, tail)| (*namespace, tail.as_slice())).unwrap_or_default();
    let kind: Vec<&str> = tail.iter().step_by(2).copied().collect();
    let kind = kind.join("/");
    if versions::knows(&format!("{namespace}/{kind}")) || NAMESPACES.contains(&namespace) {
        let message = format!("The resource type '{kind}' could not be found in the namespace '{namespace}'.");
        return Answer::error(404, "InvalidResourceType", message);
    }
    Answer::error(404, "InvalidResourceNamespace", format!("The resource namespace '{namespace}' is invalid."))
}

const NAMESPACES: [&str; 7] = [
    "microsoft.authorization",
    "microsoft.compute",
    "microsoft.containerservice",
    "microsoft.dbforpostgresql",
    "microsoft.cdn",
    "microsoft.insights",
    "microsoft.alertsmanagement",
];

/// How long ARM waits for the resource provider of a dark region before it gives up; `None` when it is reached.
pub(super) fn unreachable(call: &Call, route: &Route) -> Option<Duration> {
    let region = match route {
        Route::Aks(target) => target.region(&call.world),
        Route::Postgres(target) => target.region(&call.world),
        _ => None,
    }?;
    call.world.darkness(&region).control_plane.then(|| call.world.knobs().gateway_timeout)
}

pub(super) fn gateway_timeout(route: &Route) -> Answer {
    let provider = route.kind().and_then(|it| it.split_once('/')).map_or("", |(provider, _)| provider);
    let message = format!("The gateway did not receive a response from '{provider}' within the specified time period.");
    Answer::error(504, "GatewayTimeout", message)
}
