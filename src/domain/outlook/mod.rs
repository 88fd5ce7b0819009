//! What the runs of a plan would do, told before any of them begins: their steps, the calls of each, how long it takes,
//! and what has to be allowed for it.

mod call;
mod expected;
mod path;
mod role;

pub use call::{AROUND, PlannedCall, Wire, matches};
pub use expected::{BEFORE_A_RUN, Expected, Span, documented};
pub use path::{CriticalPath, critical_path};
pub use role::{Assignment, KubernetesRules, Role, Roles, Rule, roles};

use super::duration;
use super::names::{PlanName, SiteName};
use super::runbook::{RunKind, StepName};
use serde::Serialize;
use std::time::Duration;

/// A plan, as its runs would go from one site to the other.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outlook {
    pub plan: PlanName,
    /// The site that is left, or kept while the other one is rehearsed.
    pub from: SiteName,
    pub to: SiteName,
    #[serde(with = "duration")]
    pub rto: Duration,
    /// From the outage to the beginning of a run.
    pub before: Expected,
    pub runs: Vec<RunOutlook>,
    /// What is called outside of any run's steps.
    pub standing: Vec<Standing>,
}

/// One kind of run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunOutlook {
    pub kind: RunKind,
    /// When there is one.
    pub when: &'static str,
    /// In an order in which they can be done.
    pub steps: Vec<StepOutlook>,
    pub path: CriticalPath,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepOutlook {
    pub step: StepName,
    /// The steps whose success it waits for.
    pub after: Vec<StepName>,
    /// Whether it changes anything outside.
    pub mutates: bool,
    pub expected: Expected,
    pub calls: Vec<PlannedCall>,
}

/// Calls that belong to no step.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Standing {
    /// What for, and when.
    pub what: &'static str,
    pub calls: Vec<PlannedCall>,
}

impl Outlook {
    /// Every call that anything here makes.
    pub fn calls(&self) -> impl Iterator<Item = &PlannedCall> {
        let steps = self.runs.iter().flat_map(|run| &run.steps).flat_map(|step| &step.calls);
        steps.chain(self.standing.iter().flat_map(|standing| &standing.calls))
    }
}
