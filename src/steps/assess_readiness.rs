//! `assess-readiness`: looks at everything that a recovery needs, once, and judges it.
//!
//! Calls: reads only; among them the writer endpoint, where nothing is written.
//! Permissions: the `read` actions that `observe::readiness` names beside each read, and
//! `Microsoft.Authorization/permissions/read` on both clusters.

use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::readiness::{Facts, assess};
use crate::engine::ports::StepView;

// --- inputs: the facts -------------------------------------------------------------------------------------------------

// --- precheck and act: nothing is ever touched --------------------------------------------------------------------------

// --- verify -----------------------------------------------------------------------------------------------------------

/// Judges the facts. What could not be read is a finding; the step itself never fails and never asks.
pub fn decide(view: &StepView, facts: &Facts, from: &str) -> Look {
    let created = &view.run.created;
    let primary = created.plan.site(&created.primary).unwrap_or_else(|| created.plan.preferred());
    let assessment = assess(facts, &created.plan, primary, from);
    Look::Done { proof: Observation::Readiness { assessment: Box::new(assessment) } }
}
