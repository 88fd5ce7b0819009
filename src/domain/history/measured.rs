//! Which stages of a run measured anything.

use crate::domain::observation::Observation;
use crate::domain::run::call::Intent;
use crate::domain::run::{RunState, StepState};
use crate::domain::runbook::{Line, RunKind, StepName};
use serde::{Deserialize, Serialize};

/// A stage's duration, as the ledger keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub step: StepName,
    /// From the step's start to its first proof, to the millisecond. What a proof costs that is seen once more at the end
    /// is not in it.
    pub seconds: f64,
    /// Whether it changed something, or only looked.
    pub acted: bool,
}

/// The stages of a run that say how long such a stage takes, in the order of the runbook.
///
/// Left out are: a stage that did not succeed, for its end says nothing; one that waited for a person, for it measured the
/// person; one that a person or the plan's policy decided instead of proving; and one that found its work done, or had
/// work where such a run has none, for both are another stage. Capacity that came late, throttling and a handler that died
/// are in it: the recovery waited for them too.
pub fn measured(run: &RunState) -> Vec<Measured> {
    run.created.lines().iter().filter_map(|line| one(run, line)).collect()
}

fn one(run: &RunState, line: &Line) -> Option<Measured> {
    let step = line.step;
    let state = run.step(step)?;
    let (from, to) = state.begun_at.zip(state.proven_at)?;
    let waited = run.waits.iter().any(|wait| wait.step == Some(step));
    let acted = state.intents.iter().any(Intent::may_have_worked);
    let counts = !waited && !is_decided(state) && acted == acts(run.created.kind, step);
    let seconds = (to - from).num_milliseconds().max(0) as f64 / 1000.0;
    counts.then_some(Measured { step, seconds, acted })
}

/// Whether somebody's word took the place of a proof, now or before it.
fn is_decided(state: &StepState) -> bool {
    let mut saw = state.observations.iter().chain(&state.proof);
    saw.any(|saw| matches!(saw, Observation::FenceOwed { .. } | Observation::Override { .. }))
}

/// Whether a step has something to send in that kind of run. A drill finds the standby's workload parked.
pub fn acts(kind: RunKind, step: StepName) -> bool {
    match step {
        StepName::ParkWorkload => !matches!(kind, RunKind::StandbyDrill | RunKind::SwitchoverDrill),
        StepName::ParkPrimary | StepName::StopPrimary | StepName::RestorePrimary => true,
        StepName::FencePrimary | StepName::StartReplica | StepName::ReleaseWorkload | StepName::StopReplica => true,
        // Without an image for its pod it looks at nothing, which takes no time worth knowing.
        StepName::VerifyPath | StepName::ResetSearchIndex => true,
        StepName::ConfirmOutage
        | StepName::CheckStandby
        | StepName::VerifyWriter
        | StepName::VerifyIngress
        | StepName::VerifyApp
        | StepName::VerifyIndex
        | StepName::AssessReadiness
        | StepName::VerifyRoute => false,
    }
}
