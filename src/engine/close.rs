//! The end of a run, in an order that loses nothing: report → ledger → notifications → closed. Each gap is healed by
//! whoever looks next, because each part is found again in the journal or the ledger.

use super::amend::NotAmended;
use super::drive::{Drive, Finished};
use super::journal::{JournalError, log_error};
use super::outbox;
use super::parts::Engine;
use super::ports::StoreError;
use crate::domain::chain::digest;
use crate::domain::history;
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::names::{ChannelName, RunId, SiteName};
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::report::Report;
use crate::domain::run::parking::{old_workload_left, workload_left};
use crate::domain::run::{RunEvent, RunState};
use crate::domain::runbook::StepName;
use std::collections::BTreeSet;
use std::convert::Infallible;
use tokio::time::Instant;

/// Name of a run's report in the store.
pub fn report_name(run: &RunId) -> String {
    format!("reports/{run}.json")
}

impl Drive<'_> {
    /// Stores the report as it stands when the run ends, once.
    pub(super) async fn write_report(&mut self) -> Result<(), JournalError> {
        let run = self.journal.run().clone();
        let report = Report::of(&self.state(), self.journal.head());
        let bytes = serde_json::to_vec_pretty(&report).unwrap_or_default();
        let digest = match self.engine.store.put(&report_name(&run), &bytes, None).await {
            Err(StoreError::Conflict { .. }) => stored_report(self.engine, &run).await?,
            Err(source) => return Err(JournalError::Report { run, source }),
            Ok(_) => digest(&bytes),
        };
        self.append(RunEvent::Reported { digest }).await
    }

    /// Tells the ledger that the run is over, unless it knows.
    pub(super) async fn settle(&mut self) -> Result<(), JournalError> {
        let state = self.state();
        let run = state.created.run.clone();
        let Some(outcome) = state.outcome.clone() else { return Ok(()) };
        let serves = serves(&state, &outcome);
        // First the debt: once the run is closed there, an unpaid one would be given to another run.
        self.pay(&run).await?;
        self.leave_workload(&run).await?;
        let mut events = vec![LedgerEvent::RunClosed {
            run: run.clone(),
            outcome: outcome.word().to_owned(),
            closes: outcome.closes_incident() || state.has_moved(),
            serves,
        }];
        events.extend(stages_measured(&state));
        let open = |state: &PlanState| state.runs.iter().any(|line| line.run == run && line.closed_at.is_none());
        self.tell_ledger(events, open).await?;
        self.append(RunEvent::Settled).await
    }

    /// What the run leaves behind of the workloads stands in the ledger before the run is closed there.
    async fn leave_workload(&mut self, run: &RunId) -> Result<(), JournalError> {
        let left = [workload_left(&self.state()), old_workload_left(&self.state())];
        for (site, state) in left.into_iter().flatten() {
            let event = LedgerEvent::WorkloadSeen { site: site.clone(), run: run.clone(), state };
            let unknown = |ledger: &PlanState| ledger.parking(&site).is_none_or(|known| &known.run != run);
            self.tell_ledger(vec![event], unknown).await?;
        }
        Ok(())
    }

    /// A site that this run saw stopped owes no fence any more, whichever run went on without it.
    async fn pay(&mut self, run: &RunId) -> Result<(), JournalError> {
        let Some(Observation::Fence { site, .. }) = self.state().proof(StepName::FencePrimary).cloned() else {
            return Ok(());
        };
        self.pay_for(site, run).await
    }

    async fn pay_for(&mut self, site: SiteName, run: &RunId) -> Result<(), JournalError> {
        let owed = |state: &PlanState| state.debts.iter().any(|debt| debt.site == site);
        let how = format!("fenced by {run}");
        self.tell_ledger(vec![LedgerEvent::FencePaid { site: site.clone(), how }], owed).await
    }

    /// A fence debt stands in the ledger before the step that goes on without the fence counts as done. One that this
    /// run owes is paid there as soon as the site is seen stopped.
    pub(super) async fn owe_first(&mut self, event: &RunEvent) -> Result<(), JournalError> {
        let RunEvent::StepSucceeded { proof, .. } = event else { return Ok(()) };
        let run = self.journal.run().clone();
        let (site, why) = match proof {
            Observation::FenceOwed { site, why, .. } => (site, why),
            Observation::Fence { site, .. } if self.state().owes_fence() => {
                return self.pay_for(site.clone(), &run).await;
            }
            _ => return Ok(()),
        };
        let owed = LedgerEvent::FenceOwed { site: site.clone(), run, why: why.clone() };
        let site = site.clone();
        self.tell_ledger(vec![owed], |state| !state.debts.iter().any(|debt| debt.site == site)).await
    }

    /// Appends to the ledger, all or nothing, while it is still news there.
    async fn tell_ledger(
        &mut self,
        events: Vec<LedgerEvent>,
        is_news: impl Fn(&PlanState) -> bool + Send,
    ) -> Result<(), JournalError> {
        let run = self.journal.run().clone();
        let plan = self.journal.state().created.plan.name.clone();
        let decide = |state: &PlanState| Ok((if is_news(state) { events.clone() } else { Vec::new() }, ()));
        let told = self.engine.amend::<(), Infallible>(&plan, decide).await;
        told.map_err(|failed| match failed {
            NotAmended::Ledger(source) | NotAmended::Busy(source) => log_error(&run, source),
            NotAmended::Refused(never) => match never {},
        })
    }

    /// Starts every notice whose time has come; says whether none is left at all.
    pub(super) fn start_notices(&mut self) -> bool {
        let now = self.engine.clock.now();
        let pending = self.pending_notices();
        for due in &pending {
            let key = (due.channel.clone(), outbox::key(due.moment, &due.about));
            let Some(channel) = self.engine.channels.get(&due.channel).cloned() else { continue };
            if due.not_before <= now && self.notifying.insert(key) {
                let notice = outbox::notice(&self.state(), self.journal.head(), due, now);
                let due = due.clone();
                let within = self.engine.settings.notify_timeout;
                self.push(Box::pin(async move {
                    Finished::Notified(Box::new(outbox::deliver(channel, due, notice, within).await))
                }));
            }
        }
        pending.is_empty()
    }

    /// When the next notice that waits for a further try is due.
    pub(super) fn next_notice(&self) -> Option<Instant> {
        let now = self.engine.clock.now();
        let waiting = self
            .pending_notices()
            .into_iter()
            .filter(|due| !self.notifying.contains(&(due.channel.clone(), outbox::key(due.moment, &due.about))));
        let soonest = waiting.map(|due| due.not_before).min()?;
        Some(Instant::now() + (soonest - now).to_std().unwrap_or_default())
    }

    fn pending_notices(&self) -> Vec<outbox::Due> {
        let configured: BTreeSet<ChannelName> = self.engine.channels.keys().cloned().collect();
        outbox::due(&self.state(), &configured, &self.engine.settings)
    }
}

/// The site that serves by what the run has shown. A move that came through has moved, whatever became of the site it left.
fn serves(run: &RunState, outcome: &Outcome) -> Option<SiteName> {
    match outcome {
        Outcome::Recovered { serving } | Outcome::Switched { serving, .. } => Some(serving.site().clone()),
        _ => run.has_moved().then(|| run.created.standby.clone()),
    }
}

/// What the run teaches about its stages, if anything.
fn stages_measured(run: &RunState) -> Option<LedgerEvent> {
    let stages = history::measured(run);
    let (run, kind) = (run.created.run.clone(), run.created.kind);
    (!stages.is_empty()).then_some(LedgerEvent::StagesMeasured { run, kind, stages })
}

/// A driver before this one stored the report and died before it could say so.
///
/// Not a method: the drive holds tasks that are not `Sync`, and a borrow of it must not cross an await.
async fn stored_report(engine: &Engine, run: &RunId) -> Result<String, JournalError> {
    let stored = engine.store.get(&report_name(run)).await;
    let stored = stored.map_err(|source| JournalError::Report { run: run.clone(), source })?;
    Ok(digest(&stored.map(|document| document.bytes).unwrap_or_default()))
}
