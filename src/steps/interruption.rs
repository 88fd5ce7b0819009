//! While a planned move has taken the primary away, nothing serves: neither a question to a person nor patience keeps it so.

use crate::domain::duration;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::report::interruption;
use crate::domain::runbook::{RunKind, StepName};
use crate::engine::ports::StepView;

/// A question that comes up while nothing serves ends the move, and so does half of the recovery-time target that has
/// passed: the other half is for the primary to come back. Before that, and once the standby serves, steps are as patient as
/// in any run.
pub fn unattended(view: &StepView, look: Look) -> Look {
    match look {
        Look::Ask { ask, saw, .. } if interrupts(view) => {
            failed(format!("{} Nobody is waited for while nothing serves.", ask.what), saw)
        }
        Look::Pending { saw, .. } | Look::Call { saw, .. } if interrupts(view) && is_too_long(view) => {
            let half = duration::text(view.run.created.plan.rto / 2);
            let saw_last = saw.as_ref().map(|saw| format!(": {}", saw.text())).unwrap_or_default();
            failed(format!("nothing has served for {half}, half of the recovery-time target{saw_last}"), saw)
        }
        look => look,
    }
}

fn failed(message: String, saw: Option<Observation>) -> Look {
    Look::Failed { class: FailureClass::Other, message, saw }
}

fn interrupts(view: &StepView) -> bool {
    let parks = view.run.step(StepName::ParkPrimary).is_some_and(|step| step.started_at.is_some());
    let last = matches!(view.step, StepName::RestorePrimary | StepName::StopReplica);
    view.run.created.kind == RunKind::SwitchoverDrill && parks && !view.run.has_moved() && !last
}

fn is_too_long(view: &StepView) -> bool {
    let spent = interruption(&view.run).and_then(|it| (view.now - it.from).to_std().ok());
    spent.is_some_and(|spent| spent >= view.run.created.plan.rto / 2)
}
