//! Which events a look becomes: pure.

use crate::domain::application::OriginView;
use crate::domain::failure::FailureClass;
use crate::domain::ladder;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::run::{Ask, RunEvent, RunState, StepState};
use crate::domain::runbook::StepName;
use crate::domain::witness::Witness;

/// The events to append for what a step brought back. A call's intent is journaled apart from these.
pub fn events(run: &RunState, step: StepName, look: Look) -> Vec<RunEvent> {
    let Some(record) = run.step(step) else { return Vec::new() };
    let mut events = Vec::new();
    if let Some(saw) = look.saw().filter(|saw| is_news(run, record, saw)) {
        events.push(RunEvent::Observed { step, saw: saw.clone() });
    }
    match look {
        // What could not be seen answers no question, and a further try does not either: the question stays.
        Look::Pending { saw: Some(saw), .. } if saw.is_unknown() => {}
        Look::Pending { .. } => events.extend(no_longer_asked(record, step)),
        Look::Call { .. } => {}
        Look::Ask { ask, .. } => events.extend(asked(record, step, ask)),
        Look::Done { proof } => events.push(succeeded(run, step, proof)),
        Look::Failed { class, message, .. } => events.push(RunEvent::StepFailed { step, class, message }),
        Look::NoOutage { because, .. } if !run.touched_anything() => {
            events.push(RunEvent::RunEnded { outcome: Outcome::NoOutage { because } });
        }
        Look::NoOutage { .. } => {}
    }
    events
}

/// Repeats of what is known already are not written again; samples that a verdict counts are.
fn is_news(run: &RunState, record: &StepState, saw: &Observation) -> bool {
    let counted = match saw {
        Observation::Outage { witness, .. } => record.asked.is_none() || moves_window(run, record, witness),
        _ => false,
    };
    counted || record.observations.last().is_none_or(|last| last.text() != saw.text())
}

/// Whether a sample changes the window that the next verdict counts. While a person is asked, which may take hours,
/// only such samples are written; but each of them, or the window would stand still.
fn moves_window(run: &RunState, record: &StepState, newest: &Witness) -> bool {
    let says = |witness: &Witness| {
        let seen = witness.primary.value();
        (seen.is_some_and(OriginView::is_healthy), seen.is_some_and(OriginView::is_failed))
    };
    let window = record.observations.iter().rev().take(run.created.plan.timing.confirm_samples);
    !window.into_iter().all(|saw| match saw {
        Observation::Outage { witness, .. } => says(witness) == says(newest),
        _ => true,
    })
}

fn no_longer_asked(record: &StepState, step: StepName) -> Option<RunEvent> {
    record.asked.is_some().then_some(RunEvent::OperatorNotNeeded { step })
}

fn asked(record: &StepState, step: StepName, ask: Ask) -> Option<RunEvent> {
    let known = record.asked.as_ref().is_some_and(|asked| asked.ask == ask);
    (!known).then_some(RunEvent::NeedsOperator { step, ask })
}

/// A step's word alone is no success: the ladder has to accept its proof.
fn succeeded(run: &RunState, step: StepName, proof: Observation) -> RunEvent {
    match ladder::proves(step, &proof, &run.created.standby) {
        Ok(_) => RunEvent::StepSucceeded { step, proof },
        Err(no_proof) => RunEvent::StepFailed { step, class: FailureClass::Other, message: no_proof.to_string() },
    }
}
