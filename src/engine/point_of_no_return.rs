//! A planned move takes the primary away. That it does stands in the ledger before its first such call, so that whatever is
//! told of the primary behind that is known to be its own doing, and whatever was told before it takes precedence. As soon as
//! the other site serves, the ledger is told that it is the primary now.

use super::amend::NotAmended;
use super::drive::Drive;
use super::journal::{JournalError, log_error};
use crate::domain::ledger::{LedgerEvent, PlanState, primary};
use crate::domain::names::{RunId, SiteName};
use crate::domain::parking::ParkingState;
use crate::domain::run::Created;
use crate::domain::run::parking::{old_workload_left, workload_left};
use crate::domain::runbook::StepName;
use std::convert::Infallible;

impl Drive<'_> {
    /// Whether a step may send its call now. A move that must not begin any more is told so by its journal soon.
    pub(super) async fn may_act(&mut self, step: StepName) -> Result<bool, JournalError> {
        let run = self.journal.run().clone();
        match step {
            StepName::ParkPrimary => self.decide(|state| begin(state, &run)).await,
            StepName::RestorePrimary => self.owe_standby().await,
            _ => Ok(true),
        }
    }

    /// A person had the primary put back although nobody sees the standby: its fence is owed before the first such call.
    async fn owe_standby(&mut self) -> Result<bool, JournalError> {
        let state = self.state();
        let approved = state.step(StepName::RestorePrimary).and_then(|step| step.approved.clone());
        let (run, site) = (state.created.run.clone(), state.created.standby.clone());
        let owed = approved.map(|word| LedgerEvent::FenceOwed { site: site.clone(), run, why: word.why });
        let is_known = |ledger: &PlanState| ledger.debts.iter().any(|debt| debt.site == site);
        self.decide(|ledger| (owed.clone().filter(|_| !is_known(ledger)).into_iter().collect(), true)).await
    }

    /// Hands the role of the primary over once the standby was proven to serve; whoever drives next does what was left
    /// undone.
    pub(super) async fn hand_primary_over(&mut self) -> Result<(), JournalError> {
        let state = self.state();
        if self.handed_over || !state.has_moved() {
            return Ok(());
        }
        let left = [workload_left(&state), old_workload_left(&state)];
        self.decide(|ledger| (handed_over(ledger, &state.created, &left), ())).await?;
        self.handed_over = true;
        Ok(())
    }

    async fn decide<T>(
        &mut self,
        decide: impl Fn(&PlanState) -> (Vec<LedgerEvent>, T) + Send,
    ) -> Result<T, JournalError> {
        let (engine, run) = (self.engine, self.journal.run().clone());
        let plan = self.journal.state().created.plan.name.clone();
        let told = engine.amend::<T, Infallible>(&plan, |state| Ok(decide(state))).await;
        told.map_err(|failed| match failed {
            NotAmended::Ledger(source) | NotAmended::Busy(source) => log_error(&run, source),
            NotAmended::Refused(never) => match never {},
        })
    }
}

/// What the ledger does not know yet: how both workloads were left, and who is the primary. Nothing when the run is not the
/// active one any more.
fn handed_over(ledger: &PlanState, created: &Created, left: &[Option<(SiteName, ParkingState)>]) -> Vec<LedgerEvent> {
    let (run, site) = (&created.run, &created.standby);
    let is_active = ledger.active.as_ref().is_some_and(|active| &active.run == run);
    if !is_active || primary(ledger, &created.plan) == *site {
        return Vec::new();
    }
    let seen = left.iter().flatten().map(|(site, state)| LedgerEvent::WorkloadSeen {
        site: site.clone(),
        run: run.clone(),
        state: state.clone(),
    });
    seen.chain([LedgerEvent::PrimaryMoved { run: run.clone(), site: site.clone() }]).collect()
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
