//! What compute offers a subscription: usages of a region (2024-07-01) and machine sizes (2021-07-01), in the shapes of
//! azure-rest-api-specs.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::sandbox::world::{Estate, MachineSize, World};

use super::answer::Answer;
use super::call::Call;

/// What a path below `Microsoft.Compute` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Usages(String),
    Sizes,
}

impl Target {
    pub fn parse(tail: &[&str]) -> Option<Self> {
        match *tail {
            ["locations", region, "usages"] => Some(Self::Usages(region.into())),
            ["skus"] => Some(Self::Sizes),
            _ => None,
        }
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Usages(_) => "Microsoft.Compute/locations/usages",
            Self::Sizes => "Microsoft.Compute/skus",
        }
    }
}

pub(super) fn read(call: &Call, target: &Target) -> Answer {
    match target {
        Target::Usages(region) if call.world.region(region).is_some() => usages(&call.world, region),
        Target::Usages(region) => call.unknown(no_region(region)),
        Target::Sizes => sizes(call),
    }
}

/// 404 for a place that no provider is at.
pub(super) fn no_region(region: &str) -> Answer {
    let message = format!(
        "The provided location '{region}' is not available for resource type. List of available regions is 'eastus2,centralus'."
    );
    Answer::error(404, "NoRegisteredProviderFound", message)
}

fn usages(world: &World, region: &str) -> Answer {
    let estate = world.estate();
    let families: BTreeSet<&str> = estate.sizes.iter().map(|it| it.family.as_str()).collect();
    let all = ("cores", "Total Regional vCPUs", world.vcpus_in_use(region, None));
    let by_family = families.into_iter().map(|it| (it, it, world.vcpus_in_use(region, Some(it))));
    let usage = |(name, words, used): (&str, &str, u64)| {
        let key = (region.to_owned(), name.to_owned());
        let limit = estate.limits.get(&key).copied().unwrap_or(Estate::USUAL_LIMIT);
        json!({
            "unit": "Count",
            "currentValue": used,
            "limit": limit,
            "name": {"value": name, "localizedValue": words},
        })
    };
    Answer::list([all].into_iter().chain(by_family).map(usage).collect())
}

/// The one filter that Azure knows here is by location; without it every region is in the list.
fn sizes(call: &Call) -> Answer {
    let filter = call.param("$filter").unwrap_or_default();
    let place = filter.strip_prefix("location eq '").and_then(|it| it.strip_suffix('\''));
    if !filter.is_empty() && place.is_none() {
        return call.unknown(Answer::error(400, "BadRequest", "Only a filter by location is supported."));
    }
    let regions: Vec<&str> = place.map_or_else(|| vec!["eastus2", "centralus"], |place| vec![place]);
    let estate = call.world.estate();
    let machines = regions.iter().flat_map(|region| estate.sizes.iter().map(|it| size(it, region)));
    // Disks and the rest are in the same list.
    let disks =
        regions.iter().map(|region| json!({"resourceType": "disks", "name": "Premium_LRS", "locations": [region]}));
    Answer::list(disks.chain(machines).collect())
}

fn size(size: &MachineSize, region: &str) -> Value {
    let restrictions = match size.restricted_in.contains(region) {
        false => json!([]),
        true => json!([{
            "type": "Location",
            "values": [region],
            "restrictionInfo": {"locations": [region]},
            "reasonCode": "NotAvailableForSubscription",
        }]),
    };
    json!({
        "resourceType": "virtualMachines",
        "name": size.name,
        "tier": "Standard",
        "size": size.name.trim_start_matches("Standard_"),
        "family": size.family,
        "locations": [region],
        "locationInfo": [{"location": region, "zones": ["1", "2", "3"], "zoneDetails": []}],
        "capabilities": [
            {"name": "MaxResourceVolumeMB", "value": "0"},
            {"name": "vCPUs", "value": size.vcpus.to_string()},
            {"name": "HyperVGenerations", "value": "V1,V2"},
        ],
        "restrictions": restrictions,
    })
}
