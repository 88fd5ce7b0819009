//! `verify-index`: how far the search index is that the application builds. A milestone, and nothing waits for it longer than
//! the plan says: the application serves meanwhile.
//!
//! Calls: HTTPS to the standby's origin, with a user's token. No Azure permission.

use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::run::Phase;
use crate::domain::runbook::StepName;
use crate::domain::search_index::Indexation;
use crate::engine::ports::StepView;

// --- inputs: what the application said of its index ---------------------------------------------------------------

// --- precheck and act: nothing; this step only looks --------------------------------------------------------------

// --- verify -----------------------------------------------------------------------------------------------------

/// Decides on what the application said.
pub fn decide(view: &StepView, indexation: Fact<Indexation>) -> Look {
    let whole = indexation.value().is_some_and(Indexation::is_whole);
    let saw = Observation::Indexation { indexation };
    if whole || !can_be_asked(view) || is_over(view) {
        return Look::Done { proof: saw };
    }
    Look::Pending { saw: Some(saw), again_in: view.run.created.plan.timing.app_poll }
}

fn can_be_asked(view: &StepView) -> bool {
    view.run.created.plan.search_index().is_some_and(|index| index.token.is_some())
}

/// Whether the site has served for as long as the run is to wait.
fn is_over(view: &StepView) -> bool {
    let route = view.run.step(StepName::VerifyRoute).filter(|route| route.phase == Phase::Succeeded);
    let served_at = route.and_then(|route| route.ended_at);
    let wait = view.run.created.plan.search_index().map(|index| index.wait).unwrap_or_default();
    served_at.is_some_and(|at| (view.now - at).to_std().is_ok_and(|spent| spent >= wait))
}
