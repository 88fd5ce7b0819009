//! `verify-ingress`: something answers at the standby's origin, by its own name and certificate, past Front Door.
//!
//! The workload is parked, so a gateway's "nothing behind it" is the answer that is hoped for: name, load balancer,
//! certificate and ingress controller work. When the certificate ends is kept for the time in which nobody can see it.
//!
//! Calls: HTTPS to the standby's origin. No Azure permission.

use crate::domain::application::OriginView;
use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::engine::ports::StepView;
use chrono::{DateTime, Utc};

/// What is known before each decision.
pub struct Seen {
    pub origin: Fact<OriginView>,
    /// When the certificate ends, where it was looked for.
    pub certificate: Option<Fact<DateTime<Utc>>>,
}

/// Decides on what the origin answered.
pub fn decide(view: &StepView, Seen { origin, certificate }: Seen) -> Look {
    let timing = &view.run.created.plan.timing;
    let answers = origin.value().is_some_and(|origin| !origin.is_silent());
    let saw = Observation::Ingress { site: view.run.created.standby.clone(), origin, certificate };
    if answers {
        return Look::Done { proof: saw };
    }
    // A load balancer finds its new nodes within minutes.
    if view.has_run_for(timing.workload_deadline) {
        let limit = duration::text(timing.workload_deadline);
        let message = format!("nothing answered at the standby's ingress within {limit}: {}", saw.text());
        return Look::Failed { class: FailureClass::Other, message, saw: Some(saw) };
    }
    Look::Pending { saw: Some(saw), again_in: timing.app_poll }
}
