//! The runbooks, each on one screen: which steps, in which order, and what each must prove.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Version of the tables below. A run keeps the version it was created under; a driver that does not know it parks
/// the run for a person.
pub const VERSION: u32 = 1;

/// A step of a runbook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StepName {
    /// Two witnesses agree that the primary is down.
    ConfirmOutage,
    /// The old site's cluster is stopped, or the plan's policy for "cannot be fenced" applies.
    FencePrimary,
    /// The standby's cluster and each of its pools are up.
    StartReplica,
    /// A write through the writer endpoint is committed.
    VerifyWriter,
    /// The application at the standby serves.
    VerifyApp,
    /// The standby serves through Front Door.
    VerifyRoute,
}

use StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyApp, VerifyRoute, VerifyWriter};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RunKind {
    /// The primary is lost: move to the standby.
    Failover,
    /// Pay a fence debt: stop the site that could not be fenced during a failover.
    Fence,
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

const FENCE: &[Line] = &[line(FencePrimary, &[], true)];

/// The table for a kind of run.
pub fn lines(kind: RunKind) -> &'static [Line] {
    match kind {
        RunKind::Failover => FAILOVER,
        RunKind::Fence => FENCE,
    }
}

impl StepName {
    pub fn as_str(self) -> &'static str {
        match self {
            ConfirmOutage => "confirm-outage",
            FencePrimary => "fence-primary",
            StartReplica => "start-replica",
            VerifyWriter => "verify-writer",
            VerifyApp => "verify-app",
            VerifyRoute => "verify-route",
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
            StartReplica => "start-replica: start the standby's cluster, wait until it and every pool are up",
            VerifyWriter => "verify-writer: commit one write through the database writer endpoint",
            VerifyApp => "verify-app: wait until the application at the standby serves",
            VerifyRoute => "verify-route: wait until Front Door serves from the standby",
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
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runbook_can_be_walked_to_its_end() {
        for kind in [RunKind::Failover, RunKind::Fence] {
            let mut done: Vec<StepName> = Vec::new();
            for line in lines(kind) {
                assert!(line.after.iter().all(|step| done.contains(step)), "{} waits for a later step", line.step);
                done.push(line.step);
            }
        }
    }

    #[test]
    fn nothing_is_touched_before_the_outage_is_confirmed() {
        let unguarded = lines(RunKind::Failover).iter().find(|line| line.mutates && line.after.is_empty());
        assert!(unguarded.is_none());
    }
}
