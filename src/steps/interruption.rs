//! While a planned move has taken the primary away, nothing serves: no question to a person keeps it so.

use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::runbook::{RunKind, StepName};
use crate::engine::ports::StepView;

/// A question that comes up while nothing serves ends the move, so that the primary is put back. Before that, and once the
/// standby serves, questions are put to people as in any run.
pub fn unattended(view: &StepView, look: Look) -> Look {
    match look {
        Look::Ask { ask, saw, .. } if interrupts(view) => {
            let message = format!("{} Nobody is waited for while nothing serves.", ask.what);
            Look::Failed { class: FailureClass::Other, message, saw }
        }
        look => look,
    }
}

fn interrupts(view: &StepView) -> bool {
    let parks = view.run.step(StepName::ParkPrimary).is_some_and(|step| step.started_at.is_some());
    let last = matches!(view.step, StepName::RestorePrimary | StepName::StopReplica);
    view.run.created.kind == RunKind::SwitchoverDrill && parks && !view.run.has_moved() && !last
}
