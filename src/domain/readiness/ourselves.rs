//! Reveille itself: whom Azure takes it for, what it can resolve, what time it thinks it is, where its state is kept,
//! where it sits, and whether alerts reach it.
//!
//! Source: learn.microsoft.com, Microsoft Entra access tokens (five minutes of clock skew are tolerated), Azure storage
//! (requests a quarter of an hour off are refused), Azure Functions reliability (an app lives in one region).

use super::finding::{Area, Finding, Severity};
use super::own::{Access, NameFacts, NameOf, OwnFacts, StoreFacts};
use super::views::{ClusterDetail, Facts};
use crate::domain::duration;
use crate::domain::plan::{Plan, Site};
use crate::domain::presence::{ALIVE, plain_region};
use chrono::{DateTime, TimeDelta, Utc};

/// Further apart than this, times of alerts, metrics and tokens begin to be misjudged.
const CLOCK_OFF: TimeDelta = TimeDelta::seconds(60);

pub(super) fn check(facts: &Facts, plan: &Plan, primary: &Site) -> Vec<Finding> {
    let own = &facts.own;
    let mut found = vec![access(&own.access)];
    found.extend(own.names.iter().map(name));
    found.extend(clock(own));
    found.push(store(&own.store, facts.now));
    found.extend(place(facts, primary));
    found.push(heartbeat(own, plan, facts.now));
    found
}

fn access(access: &Access) -> Finding {
    let new = |area, check, about: &str, saw: String| {
        Finding::blocker(area, check, about, saw)
            .means("Azure can be asked nothing, so nothing of it was looked at, and nothing could be started.")
    };
    match access {
        Access::Open => Finding::ok(Area::Permissions, "identity", "the identity", "has a token for Azure"),
        Access::NoToken { why } => new(Area::Permissions, "identity", "the identity", why.clone()).fix(
            "On a laptop: log in. In Azure: see that the identity of [identity] is assigned to the function app.",
            ["az login".to_owned(), "az functionapp identity show --name APP --resource-group GROUP".to_owned()],
        ),
        Access::Unresolved { host, why } => new(Area::Names, "name-azure", host, why.clone())
            .fix("Look at [network] dns_servers, and at the way of this machine to them.", [lookup(host)]),
    }
}

fn lookup(host: &str) -> String {
    format!("nslookup {host}")
}

fn name(seen: &NameFacts) -> Finding {
    let host = &seen.host.host;
    let (check, worst, means) = match seen.of {
        NameOf::FrontDoor => ("name-front-door", Severity::Blocker, "Nobody finds the application, at either site."),
        NameOf::PrimaryOrigin => {
            ("name-primary", Severity::Warning, "The primary cannot be probed, so an outage of it cannot be told.")
        }
        NameOf::StandbyOrigin => {
            ("name-standby", Severity::Blocker, "Front Door would not find the standby, and a recovery not be proven.")
        }
    };
    match &seen.resolved {
        Ok(()) => Finding::ok(Area::Names, check, host, "resolves"),
        Err(why) => Finding::new(worst, Area::Names, check, host, why.clone())
            .means(means)
            .fix("Look at the name's DNS record, and at [network] dns_servers.", [lookup(host)]),
    }
}

/// Whose certificate need not be asked for: nobody finds the host.
pub(super) fn is_unresolved(own: &OwnFacts, host: &str) -> bool {
    own.names.iter().any(|seen| seen.resolved.is_err() && seen.host.host == host)
}

/// Azure's time comes with every answer, in whole seconds.
fn clock(own: &OwnFacts) -> Option<Finding> {
    const CHECK: &str = "clock";
    let off = own.clock?;
    let text = duration::text((off.abs()).to_std().unwrap_or_default());
    if off.abs() < CLOCK_OFF {
        return Some(Finding::ok(Area::Clock, CHECK, "this machine's clock", "agrees with Azure's"));
    }
    let way = if off > TimeDelta::zero() { "ahead of" } else { "behind" };
    let finding = Finding::warning(Area::Clock, CHECK, "this machine's clock", format!("is {text} {way} Azure's"))
        .means("Times of alerts and metrics are misjudged; from five minutes on tokens are refused.")
        .fix("Let the machine take its time from the network.", ["timedatectl set-ntp true".to_owned()]);
    Some(finding)
}

/// That it may be written is shown only by something that was.
fn store(store: &StoreFacts, now: DateTime<Utc>) -> Finding {
    const CHECK: &str = "store";
    let place = &store.place;
    if let Err(why) = &store.read {
        return Finding::blocker(Area::Store, CHECK, place, format!("cannot be read: {why}"))
            .means("Nothing can be remembered: no alert is taken and no run begins.")
            .fix(
                "Correct [store], or what it names and the role on it: Storage Blob Data Contributor.",
                assign(place),
            );
    }
    match store.written {
        None => {
            Finding::unknown(Severity::Blocker, Area::Store, CHECK, place, "can be read, and nothing was written yet")
                .means("Whether it may be written shows only when the app writes: half a minute after its first start.")
                .fix("Deploy and start the function app, then ask again.", [])
        }
        Some(at) if now - at < ALIVE => {
            Finding::ok(Area::Store, CHECK, place, format!("can be read, and was written {} ago", ago(at, now)))
        }
        Some(at) => Finding::warning(Area::Store, CHECK, place, format!("was last written {} ago", ago(at, now)))
            .means("The app's watch writes every half minute: either it does not run, or it may not write any more.")
            .fix("See that the function app runs, and that its identity has the role on the store.", assign(place)),
    }
}

fn assign(place: &str) -> Vec<String> {
    if !place.starts_with("https://") {
        return Vec::new();
    }
    let account = place.trim_start_matches("https://").split(['.', ':']).next().unwrap_or_default();
    vec![format!(
        "az role assignment create --role \"Storage Blob Data Contributor\" --assignee-object-id PRINCIPAL \
         --assignee-principal-type ServicePrincipal --scope $(az storage account show --name {account} --query id -o tsv)"
    )]
}

fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds().max(0);
    duration::text(std::time::Duration::from_secs(seconds.unsigned_abs()))
}

/// An app that sits in the region it protects against falls with it, unless another one watches from elsewhere.
fn place(facts: &Facts, primary: &Site) -> Option<Finding> {
    const CHECK: &str = "app-region";
    let own = &facts.own;
    let protects = facts.primary.as_ref().ok().map(|detail: &ClusterDetail| plain_region(&detail.region))?;
    let mut presence = own.presence.clone();
    if let Some(region) = &own.region {
        presence.note("", Some(region.clone()), facts.now);
    }
    let alive = presence.alive_in(facts.now);
    if alive.is_empty() {
        return None;
    }
    let (about, told) = ("the function app", alive.join(" and "));
    if !presence.falls_with(&protects, facts.now) {
        return Some(Finding::ok(
            Area::Place,
            CHECK,
            about,
            format!("watches from {told}; the primary is in {protects}"),
        ));
    }
    let finding = Finding::warning(
        Area::Place,
        CHECK,
        about,
        format!("sits in {told}, the region that it protects against"),
    )
    .means(format!("An outage of that region takes Reveille along with {}.", primary.name))
    .fix(
        "Deploy it to a third region, or one app in each site's region on one replicated store (infra/README.md).",
        [],
    );
    Some(finding)
}

fn heartbeat(own: &OwnFacts, plan: &Plan, now: DateTime<Utc>) -> Finding {
    const CHECK: &str = "heartbeat";
    let Some(expected) = &own.heartbeat.expected else {
        return Finding::note(Area::Alerting, CHECK, "heartbeat", "none is expected: there is no [heartbeat]")
            .means(
                "That alerts do not arrive any more would show only in an outage, which the watch then finds itself.",
            )
            .fix("Name the rule that always fires in [heartbeat].", []);
    };
    let standing = expected.standing(&own.heartbeat.memory, now);
    let saw = standing.text(expected, now);
    if !standing.is_silent() {
        return Finding::ok(Area::Alerting, CHECK, &expected.rule, saw);
    }
    Finding::warning(Area::Alerting, CHECK, &expected.rule, saw)
        .means("Alerts do not arrive: of an outage only the watch's own look at the metric would tell.")
        .fix(
            "See that the rule is enabled and calls the action group, and that its receiver's key is right; then send a test.",
            [format!("reveille test-alert {}", plan.name)],
        )
}
