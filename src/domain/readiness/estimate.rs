//! How long a recovery would take now: the critical path of the failover's runbook over what each step is expected to take,
//! measured by the plan's own runs or else documented ([`crate::domain::history`]).

use crate::domain::duration;
use crate::domain::history::{self, Expected};
use crate::domain::runbook::{Line, StepName};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The time that a recovery would take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// With every step as usual.
    #[serde(with = "duration")]
    pub takes: Duration,
    /// With every step as slow as nine in ten are at most.
    #[serde(with = "duration")]
    pub at_most: Duration,
    /// The plan's recovery-time target.
    #[serde(with = "duration")]
    pub target: Duration,
    /// The steps that nothing else hides, in order.
    pub critical: Vec<CriticalStep>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CriticalStep {
    pub step: StepName,
    #[serde(with = "duration")]
    pub takes: Duration,
    /// Measured by the plan's own runs; else it is documented or assumed.
    pub measured: bool,
}

/// Adds up the longest way through a runbook. Pure; `expected` gives a step's time.
pub fn estimate(lines: &[Line], target: Duration, expected: impl Fn(StepName) -> Expected) -> Estimate {
    let time = history::estimate(lines, &expected);
    let critical = |step: &StepName| {
        let expected = expected(*step);
        CriticalStep { step: *step, takes: seconds(expected.seconds), measured: expected.is_measured() }
    };
    Estimate {
        takes: seconds(time.seconds),
        at_most: seconds(time.high),
        target,
        critical: time.path.iter().map(critical).collect(),
    }
}

/// Whole ones: an estimate is no more exact than that.
fn seconds(seconds: f64) -> Duration {
    Duration::from_secs(seconds.max(0.0).round() as u64)
}

impl Estimate {
    pub fn is_within_target(&self) -> bool {
        self.takes <= self.target
    }

    /// Whether all of it was measured.
    pub fn is_measured(&self) -> bool {
        self.critical.iter().all(|it| it.measured)
    }

    /// `about 10m (at most 15m), target 30m, by measured times`.
    pub fn text(&self) -> String {
        let by = match (self.is_measured(), self.critical.iter().any(|it| it.measured)) {
            (true, _) => "by measured times",
            (false, true) => "by measured and documented times",
            (false, false) => "by documented times, not measured ones",
        };
        let [takes, at_most, target] = [self.takes, self.at_most, self.target].map(duration::text);
        format!("about {takes} (at most {at_most}), target {target}, {by}")
    }
}
