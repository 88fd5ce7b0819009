//! The runbooks, each on one screen: which steps, in which order, and what each must prove.

mod reset;
mod switchover;

use super::parking::StandbyWorkload;
use super::plan::Plan;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of the tables below. A run keeps the version it was created under; a driver that does not know it parks
/// the run for a person. Version 2 added the runbooks of workloads in Kubernetes; those of version 1 are in it unchanged.
pub const VERSION: u32 = 2;

/// The oldest version whose runs can still be driven.
pub const OLDEST: u32 = 1;

/// A step of a runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// Two witnesses agree that the primary is down.
    ConfirmOutage,
    /// The old site's cluster is stopped, or the plan's policy for "cannot be fenced" applies.
    FencePrimary,
    /// The primary serves, and the standby rests as a drill wants to find it.
    CheckStandby,
    /// The standby's cluster and each of its pools and nodes are up.
    StartReplica,
    /// A write through the writer endpoint is committed.
    VerifyWriter,
    /// The standby's workload is scaled to zero, and no pod of it is left.
    ParkWorkload,
    /// A pod in the standby's cluster reads through the writer endpoint.
    VerifyPath,
    /// Something answers at the standby's origin.
    VerifyIngress,
    /// The primary's workload is scaled to zero, and no pod of it is left: from here on nothing serves.
    ParkPrimary,
    /// No search index of before the outage is left at the standby.
    ResetSearchIndex,
    /// The standby's workload has its replicas back.
    ReleaseWorkload,
    /// The application at the standby serves.
    VerifyApp,
    /// The standby serves through Front Door.
    VerifyRoute,
    /// How far the search index is that the application builds anew.
    VerifyIndex,
    /// The site that was left is stopped, its workload parked.
    StopPrimary,
    /// The primary serves again after a planned move that did not come through.
    RestorePrimary,
    /// The standby's cluster is stopped again.
    StopReplica,
    /// Everything that a recovery needs is looked at, and judged.
    AssessReadiness,
}

use StepName::{
    AssessReadiness, CheckStandby, ConfirmOutage, FencePrimary, ParkPrimary, ParkWorkload, ReleaseWorkload,
    ResetSearchIndex, RestorePrimary, StartReplica, StopPrimary, StopReplica, VerifyApp, VerifyIndex, VerifyIngress,
    VerifyPath, VerifyRoute, VerifyWriter,
};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// The primary is lost: move to the standby.
    Failover,
    /// Pay a fence debt: stop the site that could not be fenced during a failover.
    Fence,
    /// Scale the standby's workload to zero, remember its counts, stop its cluster.
    Park,
    /// Rehearse: start the parked standby, look at it, park and stop it again. No traffic and no data is touched.
    StandbyDrill,
    /// Look whether a recovery would succeed now. Reads only.
    ReadinessDrill,
    /// The planned move: the standby takes over while the primary is well. There, and a second run back.
    SwitchoverDrill,
}

/// One line of a runbook: a step and the steps whose success it waits for.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub step: StepName,
    pub after: &'static [StepName],
    /// Whether the step changes anything outside; such steps wait for approval where the plan asks for it.
    pub mutates: bool,
}

const fn line(step: StepName, after: &'static [StepName], mutates: bool) -> Line {
    Line { step, after, mutates }
}

/// With `workload = "starts-with-cluster"`, starting the standby releases its workload: it waits for the fence.
const FAILOVER: &[Line] = &[
    line(ConfirmOutage, &[], false),
    line(FencePrimary, &[ConfirmOutage], true),
    line(VerifyWriter, &[ConfirmOutage], true),
    line(StartReplica, &[FencePrimary], true),
    line(VerifyApp, &[StartReplica, VerifyWriter], false),
    line(VerifyRoute, &[VerifyApp], false),
];

/// A parked standby starts while the old site is fenced; only releasing its workload waits for the fence.
const FAILOVER_PARKED: &[Line] = &[
    line(ConfirmOutage, &[], false),
    line(FencePrimary, &[ConfirmOutage], true),
    line(StartReplica, &[ConfirmOutage], true),
    line(VerifyWriter, &[ConfirmOutage], true),
    line(ReleaseWorkload, &[FencePrimary, StartReplica, VerifyWriter], true),
    line(VerifyApp, &[ReleaseWorkload], false),
    line(VerifyRoute, &[VerifyApp], false),
];

/// Meant to be parked, and not known to be: starting the cluster may release the workload, so it waits for the fence.
const FAILOVER_NOT_KNOWN: &[Line] = &[
    line(ConfirmOutage, &[], false),
    line(FencePrimary, &[ConfirmOutage], true),
    line(VerifyWriter, &[ConfirmOutage], true),
    line(StartReplica, &[FencePrimary], true),
    line(ReleaseWorkload, &[StartReplica, VerifyWriter], true),
    line(VerifyApp, &[ReleaseWorkload], false),
    line(VerifyRoute, &[VerifyApp], false),
];

const FENCE: &[Line] = &[line(FencePrimary, &[], true)];

/// A stopped cluster cannot be edited, so the workload is parked first.
const PARK: &[Line] = &[line(ParkWorkload, &[], true), line(StopReplica, &[ParkWorkload], true)];

/// Whatever of the workload came up all the same is scaled down before anything else is looked at.
const STANDBY_DRILL: &[Line] = &[
    line(CheckStandby, &[], false),
    line(StartReplica, &[CheckStandby], true),
    line(ParkWorkload, &[StartReplica], true),
    line(VerifyPath, &[ParkWorkload], true),
    line(VerifyIngress, &[VerifyPath], false),
    line(StopReplica, &[VerifyIngress], true),
];

const READINESS_DRILL: &[Line] = &[line(AssessReadiness, &[], false)];

/// The table for a kind of run of a plan.
pub fn of_plan(plan: &Plan, kind: RunKind, standby: &StandbyWorkload) -> &'static [Line] {
    match (kind, plan.search_index()) {
        (RunKind::Failover, Some(_)) => reset::failover(standby),
        (RunKind::SwitchoverDrill, Some(_)) => switchover::WITH_RESET,
        _ => lines(kind, standby),
    }
}

/// The table for a kind of run, by what was known of the standby's workload when it began.
pub fn lines(kind: RunKind, standby: &StandbyWorkload) -> &'static [Line] {
    match (kind, standby) {
        (RunKind::Failover, StandbyWorkload::StartsWithCluster) => FAILOVER,
        (RunKind::Failover, StandbyWorkload::Parked { .. }) => FAILOVER_PARKED,
        (RunKind::Failover, StandbyWorkload::NotKnown) => FAILOVER_NOT_KNOWN,
        (RunKind::Fence, _) => FENCE,
        (RunKind::Park, _) => PARK,
        (RunKind::StandbyDrill, _) => STANDBY_DRILL,
        (RunKind::ReadinessDrill, _) => READINESS_DRILL,
        (RunKind::SwitchoverDrill, _) => switchover::PLAIN,
    }
}

impl RunKind {
    /// The steps that put things back, whatever became of the steps before them, each once the other may have changed
    /// anything; in their order.
    pub fn puts_back(self) -> &'static [(StepName, StepName)] {
        match self {
            RunKind::StandbyDrill => &[(StopReplica, StartReplica)],
            RunKind::SwitchoverDrill => &switchover::BACK,
            RunKind::Failover | RunKind::Fence | RunKind::Park | RunKind::ReadinessDrill => &[],
        }
    }

    /// Whether a person has to approve it even where the plan acts by itself: it interrupts what serves.
    pub fn needs_approval(self) -> bool {
        self == RunKind::SwitchoverDrill
    }

    /// Whether a failover takes precedence over it.
    pub fn gives_way(self) -> bool {
        self != RunKind::Failover
    }
}

impl StepName {
    pub fn as_str(self) -> &'static str {
        match self {
            ConfirmOutage => "confirm-outage",
            FencePrimary => "fence-primary",
            CheckStandby => "check-standby",
            StartReplica => "start-replica",
            VerifyWriter => "verify-writer",
            ParkWorkload => "park-workload",
            VerifyPath => "verify-path",
            VerifyIngress => "verify-ingress",
            ParkPrimary => "park-primary",
            ResetSearchIndex => "reset-search-index",
            ReleaseWorkload => "release-workload",
            VerifyApp => "verify-app",
            VerifyRoute => "verify-route",
            VerifyIndex => "verify-index",
            StopPrimary => "stop-primary",
            RestorePrimary => "restore-primary",
            StopReplica => "stop-replica",
            AssessReadiness => "assess-readiness",
        }
    }
}

impl StepName {
    /// What the step will have shown once it is done, for dry runs.
    pub fn promise(self) -> &'static str {
        match self {
            ConfirmOutage => {
                "confirm-outage: two witnesses must agree that the primary is down; nothing is touched before"
            }
            FencePrimary => "fence-primary: stop the old site's cluster",
            CheckStandby => "check-standby: the primary must serve, the standby be parked and stopped",
            StartReplica => "start-replica: start the standby's cluster, wait until it and every pool are up",
            VerifyWriter => "verify-writer: commit one write through the database writer endpoint",
            ParkWorkload => "park-workload: scale the standby's workload to zero, wait until its pods are gone",
            VerifyPath => {
                "verify-path: a pod in the standby's cluster reads through the writer endpoint, and is deleted"
            }
            VerifyIngress => "verify-ingress: wait until something answers at the standby's origin",
            ParkPrimary => "park-primary: scale the primary's workload to zero; from here on nothing serves",
            ResetSearchIndex => {
                "reset-search-index: delete the volume claims of the standby's search nodes, which hold an old index"
            }
            ReleaseWorkload => "release-workload: give the standby's workload its replicas back",
            VerifyApp => "verify-app: wait until the application at the standby serves",
            VerifyRoute => "verify-route: wait until Front Door serves from the standby",
            VerifyIndex => "verify-index: see how far the new search index is",
            StopPrimary => "stop-primary: stop the cluster of the site that was left, wait until it is stopped",
            RestorePrimary => {
                "restore-primary: only if the standby does not serve: park it, release the primary, wait until it serves"
            }
            StopReplica => "stop-replica: stop the standby's cluster, wait until it is stopped",
            AssessReadiness => {
                "assess-readiness: read everything that a recovery needs, and judge it; nothing is touched"
            }
        }
    }
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for RunKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            RunKind::Failover => "failover",
            RunKind::Fence => "fence",
            RunKind::Park => "park",
            RunKind::StandbyDrill => "standby-drill",
            RunKind::ReadinessDrill => "readiness-drill",
            RunKind::SwitchoverDrill => "switchover-drill",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [RunKind; 6] = [
        RunKind::Failover,
        RunKind::Fence,
        RunKind::Park,
        RunKind::StandbyDrill,
        RunKind::ReadinessDrill,
        RunKind::SwitchoverDrill,
    ];

    fn tables() -> impl Iterator<Item = (RunKind, bool, &'static [Line])> {
        let parked = StandbyWorkload::Parked { counts: Default::default(), since: chrono::DateTime::UNIX_EPOCH };
        let known = [StandbyWorkload::StartsWithCluster, parked, StandbyWorkload::NotKnown];
        KINDS.into_iter().flat_map(move |kind| known.clone().into_iter().flat_map(move |it| both(kind, &it)))
    }

    /// Without and with the reset of the search index.
    fn both(kind: RunKind, standby: &StandbyWorkload) -> Vec<(RunKind, bool, &'static [Line])> {
        let mut tables = vec![lines(kind, standby)];
        tables.extend((kind == RunKind::Failover).then(|| reset::failover(standby)));
        tables.extend((kind == RunKind::SwitchoverDrill).then_some(switchover::WITH_RESET));
        tables.into_iter().map(|lines| (kind, standby.is_parked(), lines)).collect()
    }

    #[test]
    fn every_runbook_can_be_walked_to_its_end() {
        for (_, _, lines) in tables() {
            let mut done: Vec<StepName> = Vec::new();
            for line in lines {
                assert!(line.after.iter().all(|step| done.contains(step)), "{} waits for a later step", line.step);
                done.push(line.step);
            }
        }
    }

    /// The steps that a step waits for, directly or not.
    fn before(lines: &[Line], step: StepName) -> Vec<StepName> {
        let line = lines.iter().find(|line| line.step == step);
        let direct = line.map(|line| line.after).unwrap_or_default();
        direct.iter().flat_map(|step| before(lines, *step).into_iter().chain([*step])).collect()
    }

    #[test]
    fn a_failover_touches_nothing_before_the_outage_is_confirmed() {
        for (kind, _, lines) in tables().filter(|(kind, ..)| *kind == RunKind::Failover) {
            let mutating = lines.iter().filter(|line| line.mutates);
            for line in mutating {
                assert!(before(lines, line.step).contains(&ConfirmOutage), "{kind}: {}", line.step);
            }
        }
    }

    #[test]
    fn whatever_releases_the_workload_waits_for_the_fence() {
        for (_, parked, lines) in tables().filter(|(kind, ..)| *kind == RunKind::Failover) {
            let releases = if parked { ReleaseWorkload } else { StartReplica };
            assert!(before(lines, releases).contains(&FencePrimary));
        }
    }

    #[test]
    fn an_index_is_deleted_only_behind_the_fence_and_before_the_release() {
        for (_, _, lines) in tables().filter(|(.., lines)| lines.iter().any(|line| line.step == ResetSearchIndex)) {
            let silenced = before(lines, ResetSearchIndex);
            assert!(silenced.contains(&FencePrimary) || silenced.contains(&ParkPrimary));
            assert!(before(lines, ReleaseWorkload).contains(&ResetSearchIndex));
            assert!(!before(lines, VerifyRoute).contains(&VerifyIndex), "serving does not wait for the index");
        }
    }

    #[test]
    fn a_drill_looks_first_and_ends_with_a_stop() {
        let (_, _, lines) = tables().find(|(kind, ..)| *kind == RunKind::StandbyDrill).unwrap();
        assert_eq!((lines[0].step, lines[lines.len() - 1].step), (CheckStandby, StopReplica));
    }
}
