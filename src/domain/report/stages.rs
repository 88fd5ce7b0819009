//! What each stage took against what was expected of it: usual range, share of the recovery-time target, and a warning
//! where one was slower than its own history.

use crate::domain::duration;
use crate::domain::history::{self, Expected, Measured, Slower};
use crate::domain::run::RunState;
use crate::domain::runbook::{self, RunKind, StepName};
use serde::{Deserialize, Serialize};

/// One stage of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageLine {
    pub step: StepName,
    /// From its start to its first proof; absent while, or if, it was not proven.
    pub seconds: Option<f64>,
    /// What was expected when the run was admitted.
    pub expected: Expected,
    /// Part of the plan's recovery-time target that it took, 1.0 being all of it; absent for what a failover does not wait
    /// for. Stages that go on together each count in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_of_target: Option<f64>,
    /// Whether it is one of the history's measurements: see [`history::measured()`] for what is not.
    #[serde(default)]
    pub measured: bool,
    /// Absent when it was not slower than its own history, or too little is known of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slower: Option<Slower>,
}

/// The stages of a run, in the order of its runbook.
pub(super) fn of(run: &RunState) -> Vec<StageLine> {
    let measured = history::measured(run);
    run.created.lines().iter().map(|line| one(run, line.step, &measured)).collect()
}

fn one(run: &RunState, step: StepName, measured: &[Measured]) -> StageLine {
    let expected = run.created.expected(step);
    let span = run.step(step).and_then(|state| state.begun_at.zip(state.proven_at));
    let seconds = span.map(|(from, to)| super::build::seconds_between(from, to));
    let measured = measured.iter().any(|stage| stage.step == step);
    let target = run.created.plan.rto.as_secs_f64();
    let counts = target > 0.0 && in_a_failover(run, step);
    StageLine {
        step,
        seconds,
        share_of_target: seconds.filter(|_| counts).map(|seconds| thousandths(seconds / target)),
        slower: seconds.filter(|_| measured).and_then(|seconds| expected.slower(seconds)),
        expected,
        measured,
    }
}

/// Figures of a report have no more digits than they are worth, and read back exactly.
fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// Whether a failover of this plan would wait for the same.
fn in_a_failover(run: &RunState, step: StepName) -> bool {
    let lines = runbook::of_plan(&run.created.plan, RunKind::Failover, &run.created.standby_workload);
    lines.iter().any(|line| line.step == step)
}

impl StageLine {
    /// The warning in one sentence, if there is one.
    pub fn warning(&self) -> Option<String> {
        let (slower, seconds) = (self.slower.as_ref()?, self.seconds?);
        let history::Basis::History { n } = self.expected.basis else { return None };
        let [took, usual, high] = [seconds, self.expected.seconds, self.expected.high].map(duration::of_seconds);
        Some(format!(
            "{} took {took}, {:.1} times its usual {usual}: slower than its own history (nine in ten of {n} took at \
             most {high})",
            self.step, slower.times
        ))
    }
}
