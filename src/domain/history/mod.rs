//! What runs teach: how long each stage takes here, so that the next run knows what to expect.
//!
//! ```text
//! run ends ─► measured(run)            the stages that measured Azure: pure, from the folded journal
//!          ─► ledger += StagesMeasured beside RunClosed, in one append
//!          ─► History                  the newest samples of each stage, folded like everything else of the ledger
//! next run ─► RunCreated{expected}     what was expected of each of its steps: its report needs nothing but its journal
//!          ─► Estimate, Eta            along the critical path of the runbook, not the sum of its steps
//! ```
//! A stage that was never measured has a documented expectation, and says that it is one. [`History::expected`] and
//! [`estimate()`] answer "how long would it take?" for whoever asks.

mod documented;
mod estimate;
mod eta;
mod expected;
mod measured;
mod trend;

pub use documented::{Documented, documented};
pub use estimate::{Estimate, estimate};
pub use eta::{Eta, eta};
pub use expected::{Basis, Expectation, Expected, Slower};
pub use measured::{Measured, acts, measured};
pub use trend::{Trend, trend};

use super::runbook::{self, RunKind, StepName};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Samples kept of each stage. At a drill a week that is about a year, and the ledger's snapshot stays small.
pub const KEPT: usize = 50;

/// How long the stages of a plan's runs took.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct History {
    stages: Vec<Stage>,
}

/// A step that does its work and one that only looks are two stages: a drill's `park-workload` that finds nothing to park
/// says nothing of how long parking takes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    pub step: StepName,
    pub acted: bool,
    /// Oldest first.
    pub samples: Vec<Sample>,
}

/// One measurement.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When the run was closed (UTC).
    pub at: DateTime<Utc>,
    pub seconds: f64,
}

impl History {
    /// Takes in what a run measured; the oldest samples make room.
    pub fn take_in(&mut self, stages: &[Measured], at: DateTime<Utc>) {
        for measured in stages {
            let samples = self.samples_mut(measured.step, measured.acted);
            samples.push(Sample { at, seconds: measured.seconds });
            let excess = samples.len().saturating_sub(KEPT);
            samples.drain(..excess);
        }
    }

    fn samples_mut(&mut self, step: StepName, acted: bool) -> &mut Vec<Sample> {
        let known = self.stages.iter().position(|stage| stage.step == step && stage.acted == acted);
        let index = known.unwrap_or_else(|| {
            self.stages.push(Stage { step, acted, samples: Vec::new() });
            self.stages.len() - 1
        });
        &mut self.stages[index].samples
    }

    /// What was measured of a step as that kind of run does it, oldest first.
    pub fn samples(&self, kind: RunKind, step: StepName) -> &[Sample] {
        let stage = self.stages.iter().find(|stage| stage.step == step && stage.acted == acts(kind, step));
        stage.map(|stage| stage.samples.as_slice()).unwrap_or_default()
    }

    /// How long a step of that kind of run is expected to take: by this plan's own history, else as documented.
    pub fn expected(&self, kind: RunKind, step: StepName) -> Expected {
        let seconds: Vec<f64> = self.samples(kind, step).iter().map(|sample| sample.seconds).collect();
        Expected::of(&seconds).unwrap_or_else(|| documented(kind, step).expected())
    }

    /// The same for every step of a runbook, in its order.
    pub fn expectations(&self, kind: RunKind, lines: &[runbook::Line]) -> Vec<Expectation> {
        let one = |line: &runbook::Line| Expectation { step: line.step, expected: self.expected(kind, line.step) };
        lines.iter().map(one).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.stages.is_empty()
    }
}
