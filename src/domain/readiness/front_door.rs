//! Front Door: whether it knows the standby, prefers the primary, and would notice that the primary is gone.
//!
//! Source: learn.microsoft.com, Azure Front Door health probes and routing by priority.

use super::finding::{Area::FrontDoor, Finding, Severity};
use super::unread::Unread;
use super::views::{FrontDoorFacts, OriginFacts, ProbeSettings};
use crate::domain::duration;
use crate::domain::plan::{Plan, Site};
use std::time::Duration;

/// Host names that Azure gives to endpoints; others are custom domains, which the endpoints do not list.
const AZURE_SUFFIX: &str = ".azurefd.net";

pub(super) fn check(facts: &FrontDoorFacts, plan: &Plan, primary: &Site, standby: &Site) -> Vec<Finding> {
    if let (Err(Unread::NotThere { .. }), Err(gone @ Unread::NotThere { .. })) = (&facts.group, &facts.endpoints) {
        let profile = plan.front_door.profile.name();
        return vec![gone.finding(Severity::Blocker, FrontDoor, "front-door-profile", profile)];
    }
    let mut found = vec![probing(facts, plan), endpoint(facts, plan)];
    let origins = match &facts.origins {
        Ok(origins) => origins,
        Err(unread) => {
            // A group that is not there is told already.
            if !matches!((unread, &facts.group), (Unread::NotThere { .. }, Err(Unread::NotThere { .. }))) {
                let group = &plan.front_door.origin_group;
                found.push(unread.finding(Severity::Blocker, FrontDoor, "standby-origin", group));
            }
            return found;
        }
    };
    found.push(origin(origins, standby, plan, "standby-origin", Severity::Blocker));
    found.push(origin(origins, primary, plan, "primary-origin", Severity::Warning));
    found.extend(priorities(origins, primary, standby));
    found
}

fn of<'a>(origins: &'a [OriginFacts], site: &Site) -> Option<&'a OriginFacts> {
    origins.iter().find(|origin| origin.host.eq_ignore_ascii_case(&site.origin.host))
}

fn origin(origins: &[OriginFacts], site: &Site, plan: &Plan, check: &str, worst: Severity) -> Finding {
    let host = &site.origin.host;
    let Some(found) = of(origins, site) else {
        return Finding::new(
            worst,
            FrontDoor,
            check,
            host,
            format!("is no origin of {}", plan.front_door.origin_group),
        )
        .means(format!("Front Door would never send anybody to {}.", site.name))
        .fix("Add it to the origin group.", []);
    };
    match found.enabled {
        Some(true) => Finding::ok(FrontDoor, check, host, "enabled"),
        Some(false) => Finding::new(worst, FrontDoor, check, host, "is disabled")
            .means(format!(
                "Front Door neither probes nor uses it, so it sends nobody to {}; a change takes up to 40 minutes to spread.",
                site.name
            ))
            .fix("Enable it.", [enable(plan, found)]),
        None => Finding::unknown(worst, FrontDoor, check, host, "whether it is enabled is not told"),
    }
}

fn enable(plan: &Plan, origin: &OriginFacts) -> String {
    let profile = &plan.front_door.profile;
    format!(
        "az afd origin update --subscription {} --resource-group {} --profile-name {} --origin-group-name {} \
         --origin-name {} --enabled-state Enabled",
        profile.subscription(),
        profile.resource_group(),
        profile.name(),
        plan.front_door.origin_group,
        origin.name
    )
}

/// The primary comes first while it is healthy; 1 is first.
fn priorities(origins: &[OriginFacts], primary: &Site, standby: &Site) -> Option<Finding> {
    const CHECK: &str = "origin-priorities";
    let (first, second) = (of(origins, primary)?, of(origins, standby)?);
    let (Some(of_primary), Some(of_standby)) = (first.priority, second.priority) else {
        let saw = "the priority of an origin is not told";
        return Some(Finding::unknown(Severity::Warning, FrontDoor, CHECK, &second.host, saw));
    };
    let saw = format!("priority {of_standby}, the primary's {of_primary}");
    Some(match of_primary < of_standby {
        true => Finding::ok(FrontDoor, CHECK, &second.host, saw),
        false => Finding::warning(FrontDoor, CHECK, &second.host, saw)
            .means("The primary does not come first: whatever answers at the standby gets its visitors.")
            .fix("Give the primary's origin the smaller number.", []),
    })
}

fn probing(facts: &FrontDoorFacts, plan: &Plan) -> Finding {
    const CHECK: &str = "health-probe";
    let group = &plan.front_door.origin_group;
    let settings = match &facts.group {
        Ok(settings) => settings,
        Err(unread) => return unread.finding(Severity::Blocker, FrontDoor, CHECK, group),
    };
    let Some(probe) = &settings.probe else {
        return Finding::blocker(FrontDoor, CHECK, group, "health probes are off")
            .means("Front Door would not notice that the primary is gone, and its health metric is silent.")
            .fix("Turn health probes on, on a path that answers 200 only when the application serves.", []);
    };
    let path = probe.path.as_deref().unwrap_or("(no path told)");
    match detection(settings) {
        Some(span) => {
            let saw = format!("probes {path}; a dead origin is noticed after about {}", duration::text(span));
            Finding::ok(FrontDoor, CHECK, group, saw)
        }
        None => {
            let saw = format!("probes {path}; how often is not told");
            Finding::unknown(Severity::Note, FrontDoor, CHECK, group, saw)
        }
    }
}

/// So many bad probes in a row until an edge gives an origin up.
pub(super) fn detection(settings: &ProbeSettings) -> Option<Duration> {
    let interval = settings.probe.as_ref()?.interval_seconds?;
    let bad = settings.sample_size?.checked_sub(settings.successful_samples?)?.checked_add(1)?;
    Some(Duration::from_secs(u64::from(interval) * u64::from(bad)))
}

fn endpoint(facts: &FrontDoorFacts, plan: &Plan) -> Finding {
    const CHECK: &str = "front-door-endpoint";
    let host = &plan.front_door.hostname.host;
    let endpoints = match &facts.endpoints {
        Ok(endpoints) => endpoints,
        Err(unread) => return unread.finding(Severity::Warning, FrontDoor, CHECK, host),
    };
    match endpoints.iter().find(|(name, _)| name.eq_ignore_ascii_case(host)) {
        Some((_, Some(true))) => Finding::ok(FrontDoor, CHECK, host, "enabled"),
        Some((_, Some(false))) => Finding::blocker(FrontDoor, CHECK, host, "is disabled")
            .means("Nobody reaches the application, at either site.")
            .fix("Enable the endpoint.", []),
        Some((_, None)) => {
            Finding::unknown(Severity::Warning, FrontDoor, CHECK, host, "whether it is enabled is not told")
        }
        None if host.ends_with(AZURE_SUFFIX) => {
            Finding::blocker(FrontDoor, CHECK, host, "is no endpoint of the profile")
                .means("A recovery could not be proven at that name.")
                .fix("Correct front_door.hostname in reveille.toml.", [])
        }
        None => Finding::note(FrontDoor, CHECK, host, "a custom domain, which endpoints do not list"),
    }
}
