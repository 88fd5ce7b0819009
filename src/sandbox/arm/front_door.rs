//! Front Door: profiles, origin groups, origins, endpoints and routes (Cdn 2025-06-01). Ids and types are lower-case
//! below the profile; a state of deployment stays `NotStarted`, as in Microsoft's samples.

use axum::http::Method;
use serde_json::{Value, json};

use crate::sandbox::world::{Origin, Profile};

use super::answer::Answer;
use super::call::Call;
use super::route::not_allowed;
use super::{origin_patch, subscription};

/// What a path below `Microsoft.Cdn` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Profiles,
    /// A profile, and what in it.
    In(String, Part),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Profile,
    Groups,
    Group(String),
    Origins(String),
    Origin(String, String),
    Endpoints,
    Endpoint(String),
    Routes(String),
    Route(String, String),
}

impl Target {
    pub fn parse(tail: &[&str]) -> Option<Self> {
        match *tail {
            ["profiles"] => Some(Self::Profiles),
            ["profiles", name, ref part @ ..] => Part::parse(part).map(|it| Self::In(name.into(), it)),
            _ => None,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Profiles | Self::In(_, Part::Profile) => "Microsoft.Cdn/profiles",
            Self::In(_, Part::Groups | Part::Group(_)) => "Microsoft.Cdn/profiles/originGroups",
            Self::In(_, Part::Origins(_) | Part::Origin(..)) => "Microsoft.Cdn/profiles/originGroups/origins",
            Self::In(_, Part::Endpoints | Part::Endpoint(_)) => "Microsoft.Cdn/profiles/afdEndpoints",
            Self::In(_, Part::Routes(_) | Part::Route(..)) => "Microsoft.Cdn/profiles/afdEndpoints/routes",
        }
    }
}

impl Part {
    fn parse(tail: &[&str]) -> Option<Self> {
        Some(match *tail {
            [] => Self::Profile,
            ["origingroups"] => Self::Groups,
            ["origingroups", group] => Self::Group(group.into()),
            ["origingroups", group, "origins"] => Self::Origins(group.into()),
            ["origingroups", group, "origins", origin] => Self::Origin(group.into(), origin.into()),
            ["afdendpoints"] => Self::Endpoints,
            ["afdendpoints", endpoint] => Self::Endpoint(endpoint.into()),
            ["afdendpoints", endpoint, "routes"] => Self::Routes(endpoint.into()),
            ["afdendpoints", endpoint, "routes", route] => Self::Route(endpoint.into(), route.into()),
            _ => return None,
        })
    }
}

pub(super) fn handle(call: &Call, target: &Target) -> Answer {
    match (&call.method, target) {
        (&Method::GET, target) => get(call, target),
        (&Method::PATCH, Target::In(profile, Part::Origin(group, origin))) => {
            origin_patch::patch(call, profile, group, origin)
        }
        _ => not_allowed(call),
    }
}

fn get(call: &Call, target: &Target) -> Answer {
    let Target::In(name, part) = target else {
        return Answer::list(call.world.profiles().iter().map(profile).collect());
    };
    let Some(found) = call.world.profile(name) else {
        return call.unknown(subscription::resource_not_found("Microsoft.Cdn/profiles", name));
    };
    match read(&found, part) {
        Some(answer) => answer,
        None => not_found(call),
    }
}

/// The profile does not have that part.
pub(super) fn not_found(call: &Call) -> Answer {
    call.unknown(Answer::error(404, "ResourceNotFound", format!("The resource '{}' was not found.", call.path)))
}

/// `None` for a part the profile does not have.
fn read(found: &Profile, part: &Part) -> Option<Answer> {
    let in_group = |name: &str| (found.origin_group == name).then_some(found);
    let at_endpoint = |name: &str| (found.endpoint == name).then_some(found);
    Some(match part {
        Part::Profile => Answer::ok(profile(found)),
        Part::Groups => Answer::list(vec![group(found)]),
        Part::Group(name) => Answer::ok(group(in_group(name)?)),
        Part::Origins(name) => Answer::list(in_group(name)?.origins.iter().map(|it| origin(found, it)).collect()),
        Part::Origin(name, wanted) => {
            Answer::ok(origin(found, in_group(name)?.origins.iter().find(|it| it.name == *wanted)?))
        }
        Part::Endpoints => Answer::list(vec![endpoint(found)]),
        Part::Endpoint(name) => Answer::ok(endpoint(at_endpoint(name)?)),
        Part::Routes(name) => Answer::list(vec![route(at_endpoint(name)?)]),
        Part::Route(name, wanted) => Answer::ok(route(at_endpoint(name).filter(|_| wanted == "default")?)),
    })
}

fn profile(profile: &Profile) -> Value {
    json!({
        "id": profile.id(),
        "name": profile.name,
        "type": "Microsoft.Cdn/profiles",
        "location": "Global",
        "kind": "frontdoor",
        "tags": {},
        "sku": {"name": "Standard_AzureFrontDoor"},
        "properties": {
            "frontDoorId": "dddddddd-0000-4000-8000-000000000001",
            "originResponseTimeoutSeconds": 60,
            "provisioningState": "Succeeded",
            "resourceState": "Active",
            "extendedProperties": {},
        },
    })
}

fn group(profile: &Profile) -> Value {
    json!({
        "id": format!("{}/origingroups/{}", profile.id(), profile.origin_group),
        "name": profile.origin_group,
        "type": "Microsoft.Cdn/profiles/origingroups",
        "properties": {
            "loadBalancingSettings": {
                "sampleSize": profile.sample_size,
                "successfulSamplesRequired": profile.samples_required,
                "additionalLatencyInMilliseconds": 50,
            },
            "healthProbeSettings": {
                "probePath": profile.probe_path,
                "probeRequestType": profile.probe_method.name(),
                "probeProtocol": "Https",
                "probeIntervalInSeconds": 100,
            },
            "sessionAffinityState": "Disabled",
            "trafficRestorationTimeToHealedOrNewEndpointsInMinutes": null,
            "authentication": null,
            "provisioningState": "Succeeded",
            "deploymentStatus": "NotStarted",
        },
    })
}

pub(super) fn origin(profile: &Profile, origin: &Origin) -> Value {
    json!({
        "id": format!("{}/origingroups/{}/origins/{}", profile.id(), profile.origin_group, origin.name),
        "name": origin.name,
        "type": "Microsoft.Cdn/profiles/origingroups/origins",
        "properties": {
            "originGroupName": profile.origin_group,
            "hostName": origin.host,
            "originHostHeader": null,
            "httpPort": 80,
            "httpsPort": 443,
            "priority": origin.priority,
            "weight": origin.weight,
            "enabledState": if origin.enabled { "Enabled" } else { "Disabled" },
            "enforceCertificateNameCheck": true,
            "sharedPrivateLinkResource": null,
            "provisioningState": "Succeeded",
            "deploymentStatus": "NotStarted",
        },
    })
}

fn endpoint(profile: &Profile) -> Value {
    json!({
        "id": format!("{}/afdendpoints/{}", profile.id(), profile.endpoint),
        "name": profile.endpoint,
        "type": "Microsoft.Cdn/profiles/afdendpoints",
        "location": "Global",
        "tags": {},
        "properties": {
            "hostName": profile.host,
            "autoGeneratedDomainNameLabelScope": "TenantReuse",
            "enabledState": "Enabled",
            "provisioningState": "Succeeded",
            "deploymentStatus": "NotStarted",
        },
    })
}

fn route(profile: &Profile) -> Value {
    json!({
        "id": format!("{}/afdendpoints/{}/routes/default", profile.id(), profile.endpoint),
        "name": "default",
        "type": "Microsoft.Cdn/profiles/afdendpoints/routes",
        "properties": {
            "customDomains": [],
            "originGroup": {"id": format!("{}/originGroups/{}", profile.id(), profile.origin_group)},
            "originPath": null,
            "ruleSets": [],
            "supportedProtocols": ["Http", "Https"],
            "patternsToMatch": ["/*"],
            "forwardingProtocol": "HttpsOnly",
            "linkToDefaultDomain": "Enabled",
            "httpsRedirect": "Enabled",
            "enabledState": "Enabled",
            "cacheConfiguration": null,
            "provisioningState": "Succeeded",
            "deploymentStatus": "NotStarted",
        },
    })
}
