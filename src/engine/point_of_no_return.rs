//! A planned move takes the primary away. That it does stands in the ledger before its first such call, so that whatever is
//! told of the primary behind that is known to be its own doing, and whatever was told before it takes precedence.

use super::amend::NotAmended;
use super::drive::Drive;
use super::journal::{JournalError, log_error};
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::names::RunId;
use crate::domain::runbook::StepName;
use std::convert::Infallible;

impl Drive<'_> {
    /// Whether a step may send its call now. A move that must not begin any more is told so by its journal soon.
    pub(super) async fn may_act(&mut self, step: StepName) -> Result<bool, JournalError> {
        if step != StepName::ParkPrimary {
            return Ok(true);
        }
        let run = self.journal.run().clone();
        let plan = self.journal.state().created.plan.name.clone();
        let told = self.engine.amend::<bool, Infallible>(&plan, |state| Ok(begin(state, &run))).await;
        told.map_err(|failed| match failed {
            NotAmended::Ledger(source) | NotAmended::Busy(source) => log_error(&run, source),
            NotAmended::Refused(never) => match never {},
        })
    }
}

/// What the ledger is told, and whether the run may take the primary away.
fn begin(state: &PlanState, run: &RunId) -> (Vec<LedgerEvent>, bool) {
    let Some(active) = state.active.as_ref().filter(|active| &active.run == run) else { return (Vec::new(), false) };
    match (active.moving_since, &state.incident) {
        (Some(_), _) => (Vec::new(), true),
        (None, Some(_)) => (Vec::new(), false),
        (None, None) => (vec![LedgerEvent::MoveBegun { run: run.clone() }], true),
    }
}
