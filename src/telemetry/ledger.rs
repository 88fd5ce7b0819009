//! What a plan's ledger tells those who watch from outside.

use super::metrics::{DRILLS_REFUSED, FENCE_OWED, INCIDENT_OPEN, INCIDENTS};
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::names::PlanName;

/// An event was appended to the ledger, by this process.
pub fn noted(plan: &PlanName, event: &LedgerEvent) {
    match event {
        LedgerEvent::IncidentOpened { .. } => INCIDENTS.count(&[plan.as_str()]),
        LedgerEvent::DrillRefused { due, refusal } => {
            DRILLS_REFUSED.count(&[plan.as_str(), due.drill.as_str(), refusal.word()]);
        }
        LedgerEvent::WayBackHeld { refusal } => DRILLS_REFUSED.count(&[plan.as_str(), "way-back", refusal.word()]),
        _ => {}
    }
}

/// The plan stands so, as far as this process has read.
pub fn known(plan: &PlanName, state: &PlanState) {
    FENCE_OWED.set(state.debts.len() as u64, &[plan.as_str()]);
    INCIDENT_OPEN.set(u64::from(state.incident.is_some()), &[plan.as_str()]);
}
