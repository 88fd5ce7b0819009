//! `verify-route`: the standby must serve through the Front Door host name.
//!
//! Calls: HTTPS to the Front Door host name. No Azure permission.

use crate::domain::application::RouteView;
use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::engine::ports::StepView;

// --- inputs: what came back through Front Door --------------------------------------------------------------------

// --- precheck and act: nothing; Front Door moves by its own probes ------------------------------------------------

// --- verify -----------------------------------------------------------------------------------------------------

/// Decides on what came back.
pub fn decide(view: &StepView, route: Fact<RouteView>) -> Look {
    let timing = &view.run.created.plan.timing;
    let served = match route.value() {
        Some(RouteView::ServedBy { site, .. }) => site == &view.run.created.standby,
        Some(RouteView::Served { .. }) => true,
        _ => false,
    };
    let saw = Observation::Route { route };
    if served {
        return Look::Done { proof: saw };
    }
    if is_overdue(view) {
        let limit = duration::text(timing.route_deadline);
        let message =
            format!("Front Door did not route to {} within {limit}: {}", view.run.created.standby, saw.text());
        return Look::Failed { class: FailureClass::Other, message, saw: Some(saw) };
    }
    Look::Pending { saw: Some(saw), again_in: timing.app_poll }
}

fn is_overdue(view: &StepView) -> bool {
    let since = view.record().started_at.unwrap_or(view.now);
    (view.now - since).to_std().is_ok_and(|spent| spent >= view.run.created.plan.timing.route_deadline)
}
