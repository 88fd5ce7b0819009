//! How long a recovery would take now: the critical path of the runbook over expected times of its steps.
//!
//! Where expected times come from is the caller's business: measured ones go before the typical ones in here. Those are
//! what public sources tell of tiny set-ups (recorded traffic of azure-cli: stop 95 s, start 192 s; SonarQube's start-up
//! takes minutes), so an estimate from them says so.

use crate::domain::duration;
use crate::domain::plan::Plan;
use crate::domain::runbook::{Line, StepName};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// What is expected of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expected {
    #[serde(with = "duration")]
    pub takes: Duration,
    /// Measured by the plan's own runs; else it is a typical time from public sources.
    pub measured: bool,
}

/// The time that a recovery would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    #[serde(with = "duration")]
    pub takes: Duration,
    /// The plan's recovery-time target.
    #[serde(with = "duration")]
    pub target: Duration,
    /// The steps that nothing else hides, in order.
    pub critical: Vec<(StepName, Expected)>,
}

/// Adds up the longest way through a runbook. Pure; `expected` gives a step's time.
pub fn estimate(lines: &[Line], target: Duration, expected: impl Fn(StepName) -> Expected) -> Estimate {
    let mut ends: BTreeMap<StepName, (Duration, Option<StepName>)> = BTreeMap::new();
    for line in lines {
        let before = line.after.iter().filter_map(|step| Some((ends.get(step)?.0, *step))).max();
        let begins = before.map_or(Duration::ZERO, |(end, _)| end);
        ends.insert(line.step, (begins + expected(line.step).takes, before.map(|(_, step)| step)));
    }
    let last = ends.iter().max_by_key(|(_, (end, _))| *end).map(|(step, _)| *step);
    let way = std::iter::successors(last, |step| ends.get(step).and_then(|(_, before)| *before));
    let mut critical: Vec<(StepName, Expected)> = way.map(|step| (step, expected(step))).collect();
    critical.reverse();
    let takes = last.and_then(|step| ends.get(&step)).map_or(Duration::ZERO, |(end, _)| *end);
    Estimate { takes, target, critical }
}

/// What steps typically take where nothing was measured. `detection` is the time in which Front Door notices.
pub fn typical(plan: &Plan, detection: Option<Duration>) -> impl Fn(StepName) -> Expected {
    let confirm = plan.timing.confirm_hold;
    let route = detection.unwrap_or(Duration::from_secs(120)).min(plan.timing.route_deadline);
    move |step| Expected { takes: typically(step, confirm, route), measured: false }
}

fn typically(step: StepName, confirm: Duration, route: Duration) -> Duration {
    let seconds = Duration::from_secs;
    match step {
        StepName::ConfirmOutage => confirm,
        StepName::FencePrimary => seconds(120),
        StepName::StartReplica => seconds(240),
        StepName::VerifyWriter => seconds(5),
        StepName::ReleaseWorkload => seconds(30),
        StepName::VerifyApp => seconds(180),
        StepName::VerifyRoute => route,
        // The others are of drills, which recover nothing.
        _ => seconds(30),
    }
}

impl Estimate {
    pub fn is_within_target(&self) -> bool {
        self.takes <= self.target
    }

    /// Whether all of it was measured.
    pub fn is_measured(&self) -> bool {
        self.critical.iter().all(|(_, expected)| expected.measured)
    }

    /// `about 10m, target 30m, by typical times`.
    pub fn text(&self) -> String {
        let by = match (self.is_measured(), self.critical.iter().any(|(_, expected)| expected.measured)) {
            (true, _) => "by measured times",
            (false, true) => "by measured and typical times",
            (false, false) => "by typical times, not measured ones",
        };
        format!("about {}, target {}, {by}", duration::text(self.takes), duration::text(self.target))
    }
}
