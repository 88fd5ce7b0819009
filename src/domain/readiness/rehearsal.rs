//! What only time and rehearsals tell: how long the standby is stopped, whether it is known to be parked, when it was last
//! seen to start.
//!
//! Source: learn.microsoft.com, AKS start/stop: the state of a stopped cluster is kept for up to 12 months, and is lost then.

use super::finding::{Area::Rehearsal, Finding, Severity};
use super::views::{ClusterDetail, Facts, RecordFacts};
use crate::domain::parking::StandbyWorkload;
use crate::domain::plan::{Plan, Site, Workload};
use crate::domain::report::advice::aks_command;
use chrono::{DateTime, TimeDelta, Utc};

/// Twelve months, counted as short as they can be.
const KEPT: TimeDelta = TimeDelta::days(360);
/// From here on it has to be started soon.
const START_SOON: TimeDelta = TimeDelta::days(60);
/// A rehearsal older than a quarter says little.
const REHEARSE_WITHIN: TimeDelta = TimeDelta::days(92);

pub(super) fn check(facts: &Facts, plan: &Plan, standby: &Site) -> Vec<Finding> {
    let record = &facts.record;
    let stopped = facts.standby.as_ref().is_ok_and(|cluster: &ClusterDetail| cluster.view.is_down());
    let mut found = vec![parked(record, plan, standby)];
    // Beside the primary only a parked standby can be rehearsed.
    if plan.workload == Workload::Parked {
        found.push(rehearsed(record, plan, standby, facts.now));
    }
    if stopped {
        found.push(kept(record, standby, facts.now));
    }
    found
}

fn parked(record: &RecordFacts, plan: &Plan, standby: &Site) -> Finding {
    const CHECK: &str = "standby-parked";
    match &record.workload {
        StandbyWorkload::Parked { since, .. } => {
            Finding::ok(Rehearsal, CHECK, &standby.name, format!("parked, seen on {}", since.format("%Y-%m-%d")))
        }
        StandbyWorkload::StartsWithCluster => {
            Finding::note(Rehearsal, CHECK, &standby.name, "its workload starts with its cluster")
                .means("The start waits until the old site is fenced, and cannot be rehearsed beside the primary.")
        }
        StandbyWorkload::NotKnown => {
            Finding::warning(Rehearsal, CHECK, &standby.name, "no record says that its workload is parked")
                .means("A recovery starts it only behind the fence, which takes longer.")
                .fix(
                    "Start its cluster and have it parked.",
                    [
                        aks_command("start", &standby.cluster),
                        format!("reveille park {} --why \"…\" --execute", plan.name),
                    ],
                )
        }
    }
}

fn rehearsed(record: &RecordFacts, plan: &Plan, standby: &Site, now: DateTime<Utc>) -> Finding {
    const CHECK: &str = "last-rehearsal";
    let finding = match record.rehearsed_at {
        Some(at) if now - at <= REHEARSE_WITHIN => {
            return Finding::ok(Rehearsal, CHECK, &standby.name, format!("rehearsed on {}", at.format("%Y-%m-%d")));
        }
        Some(at) => {
            let saw = format!("last rehearsed on {}, {} days ago", at.format("%Y-%m-%d"), (now - at).num_days());
            Finding::warning(Rehearsal, CHECK, &standby.name, saw)
        }
        None => Finding::note(Rehearsal, CHECK, &standby.name, "no rehearsal is on record"),
    };
    let drill = format!("reveille drill {} --kind standby --why \"…\" --execute", plan.name);
    finding.means("Nobody knows whether it starts before it has been seen to.").fix("Rehearse it.", [drill])
}

fn kept(record: &RecordFacts, standby: &Site, now: DateTime<Utc>) -> Finding {
    const CHECK: &str = "stopped-for";
    let name = standby.cluster.name();
    let Some(since) = record.stopped_since else {
        let saw = "since when it is stopped is not known to Reveille, and Azure does not tell";
        return Finding::unknown(Severity::Warning, Rehearsal, CHECK, name, saw)
            .means("Azure keeps a stopped cluster for 12 months, then it cannot be started any more.")
            .fix("A rehearsal, or a start and stop by hand, sets the clock back.", again(standby));
    };
    let left = since + KEPT - now;
    let saw =
        format!("stopped since {}; Azure keeps it for {} more days", since.format("%Y-%m-%d"), left.num_days().max(0));
    if left <= TimeDelta::zero() {
        return Finding::blocker(Rehearsal, CHECK, name, saw)
            .means("Azure promises to keep a stopped cluster for 12 months only; it may be lost.")
            .fix("Start it now; what does not start has to be built again.", again(standby));
    }
    match left > START_SOON {
        true => Finding::ok(Rehearsal, CHECK, name, saw),
        false => Finding::warning(Rehearsal, CHECK, name, saw)
            .means("After 12 months a stopped cluster cannot be started any more.")
            .fix("Rehearse it, or start and stop it by hand.", again(standby)),
    }
}

fn again(standby: &Site) -> [String; 2] {
    [aks_command("start", &standby.cluster), aks_command("stop", &standby.cluster)]
}
