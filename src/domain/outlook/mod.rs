//! What the runs of a plan would do, told before any of them begins: their steps, the calls of each, how long it takes,
//! and what has to be allowed for it.

mod call;
mod role;

pub use call::{AROUND, PlannedCall, Wire, matches};
pub use role::{Assignment, KubernetesRules, Role, Roles, Rule, roles};

use super::duration;
use super::history::{Documented, Estimate, Expected};
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
    pub before: Usual,
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
    /// How long it takes, along the steps that decide it.
    pub estimate: Estimate,
}

/// One step of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepOutlook {
    pub step: StepName,
    /// The steps whose success it waits for.
    pub after: Vec<StepName>,
    /// Whether it changes anything outside.
    pub mutates: bool,
    pub usual: Usual,
    pub calls: Vec<PlannedCall>,
}

/// How long something usually takes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Usual {
    #[serde(flatten)]
    pub expected: Expected,
    /// Who says so, where it was never measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
}

/// From the outage to the first step: edges have to see an origin fail, the metric has to reach the rule, the rule to
/// evaluate, its call to arrive.
pub const BEFORE_A_RUN: Documented = Documented {
    low: 120.0,
    seconds: 240.0,
    high: 390.0,
    source: "probes of the edge about 60 s; metric alerts 1 to 5 min (learn.microsoft.com); a cold function up to 30 s",
};

impl Usual {
    /// What is expected, and who says so where it is not a measurement.
    pub fn of(expected: Expected, documented: Documented) -> Self {
        let source = (!expected.is_measured()).then_some(documented.source);
        Self { expected, source }
    }
}

impl From<Documented> for Usual {
    fn from(documented: Documented) -> Self {
        Self::of(documented.expected(), documented)
    }
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
