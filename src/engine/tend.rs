//! Tending a plan: what the watch does each tick so that no outage and no run is forgotten.
//!
//! Every gap that a death can leave is found again in the ledger and the journals, so whoever comes next closes it: a
//! run without a journal, a run that nobody drives, an incident that waits, a fence that is owed.

use super::intake::{IntakeError, Taken};
use super::journal::JournalError;
use super::log::LogError;
use super::parts::Engine;
use super::slice::WakeUp;
use crate::domain::causes::with_causes;
use crate::domain::ledger::state::RunLine;
use crate::domain::ledger::{PlanState, Request};
use crate::domain::names::{PlanName, RunId, SiteName};
use crate::domain::run::RunState;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeSet;
use std::time::Duration;

/// A journal written to within that time needs no wake-up for its own sake: one is on its way.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// A run of which the ledger has known the end for longer is looked at once more at most.
const LONG_OVER: TimeDelta = TimeDelta::hours(1);

/// What tending a plan came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tended {
    /// Wake-ups to be sent.
    pub wake: Vec<WakeUp>,
    /// What was done, one sentence each; empty when all was well.
    pub did: Vec<String>,
    /// Runs that nobody here can drive, each with the reason: they wait for a person.
    pub stuck: Vec<(RunId, String)>,
}

/// Why a plan could not be tended. The next tick tries again.
#[derive(Debug, thiserror::Error)]
pub enum TendError {
    #[error("plan {plan}: its ledger could not be read")]
    Ledger {
        plan: PlanName,
        #[source]
        source: LogError,
    },
    #[error("plan {plan}: what waits in its ledger could not be taken up")]
    Intake {
        plan: PlanName,
        #[source]
        source: IntakeError,
    },
}

impl Engine {
    /// Heals, asks again, pays debts, and finds the runs that need a wake-up.
    ///
    /// `reachable` tells whether a site's cluster can be read now: a debt is taken up at first contact, not before.
    pub async fn tend<F>(&self, plan: &PlanName, reachable: impl Fn(SiteName) -> F) -> Result<Tended, TendError>
    where
        F: Future<Output = bool> + Send,
    {
        let mut tended = Tended::default();
        let mut state = self.read_ledger(plan).await?;
        if state.active.is_some() || state.incident.is_some() {
            self.ask(plan, &Request::AskAgain, &mut tended).await?;
            state = self.read_ledger(plan).await?;
        }
        for site in owed(&state) {
            if reachable(site.clone()).await {
                self.ask(plan, &Request::PayDebt { site }, &mut tended).await?;
            }
        }
        if !tended.wake.is_empty() {
            state = self.read_ledger(plan).await?;
        }
        self.wake_runs(&state, &mut tended).await;
        Ok(tended)
    }

    async fn read_ledger(&self, plan: &PlanName) -> Result<PlanState, TendError> {
        let book = self.shelf.take_book(&self.store, plan).await;
        let book = book.map_err(|source| TendError::Ledger { plan: plan.clone(), source })?;
        let state = book.state().clone();
        self.shelf.put_book(book);
        Ok(state)
    }

    /// Takes a request in, which also gives an admitted run the journal that it may lack.
    async fn ask(&self, plan: &PlanName, request: &Request, tended: &mut Tended) -> Result<(), TendError> {
        let taken = self.take(plan, request).await;
        let taken = taken.map_err(|source| TendError::Intake { plan: plan.clone(), source })?;
        if let Taken::Started { run, incident } = taken {
            tended.did.push(format!("started {run} for {incident}"));
            tended.wake.push(WakeUp { run, after: 0 });
        }
        Ok(())
    }

    /// Looks after every run that may still be live, newest first. A run is live until its journal says `Closed`,
    /// which comes after the ledger knew its end; so those behind it are looked at until one is long over.
    async fn wake_runs(&self, state: &PlanState, tended: &mut Tended) {
        let now = self.clock.now();
        let started: BTreeSet<RunId> = tended.wake.iter().map(|wake| wake.run.clone()).collect();
        let mut all_over = false;
        for line in state.runs.iter().rev().filter(|line| !started.contains(&line.run)) {
            if line.closed_at.is_some() && all_over {
                continue;
            }
            match self.needs_wake(&line.run, now).await {
                Ok(Look::Over) => all_over = is_long_over(line, now),
                Ok(Look::Fine) => {}
                Ok(Look::Wake(why)) => {
                    tended.did.push(format!("woke {}: {why}", line.run));
                    tended.wake.push(WakeUp { run: line.run.clone(), after: 0 });
                }
                Err(error) => tended.stuck.push((line.run.clone(), with_causes(&error))),
            }
        }
    }

    /// Whether a run needs somebody to drive it now, and nobody does.
    pub async fn is_waiting(&self, run: &RunId) -> Result<bool, JournalError> {
        Ok(matches!(self.needs_wake(run, self.clock.now()).await?, Look::Wake(_)))
    }

    async fn needs_wake(&self, run: &RunId, now: DateTime<Utc>) -> Result<Look, JournalError> {
        if self.shelf.is_closed(run) {
            return Ok(Look::Over);
        }
        let Some(journal) = self.shelf.take(&self.store, run).await? else { return Ok(Look::Fine) };
        let holder = journal.state().claim.held_by.as_ref();
        let dead_after = holder.map_or(ON_ITS_WAY, |holder| self.claim_dies_after(holder));
        let look = look(journal.state(), journal.quiet_for(), dead_after, now);
        self.shelf.put(journal);
        Ok(look)
    }
}

/// Debts that a run of their own could pay now.
fn owed(state: &PlanState) -> Vec<SiteName> {
    match state.active {
        Some(_) => Vec::new(),
        None => state.debts.iter().map(|debt| debt.site.clone()).collect(),
    }
}

fn is_long_over(line: &RunLine, now: DateTime<Utc>) -> bool {
    line.closed_at.is_some_and(|at| now - at > LONG_OVER)
}

/// What a look at a run's journal says.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    Over,
    Fine,
    Wake(&'static str),
}

/// Whether a run needs a wake-up. `quiet` is how long its journal has been quiet, by the store's clock.
fn look(run: &RunState, quiet: Duration, dead_after: Duration, now: DateTime<Utc>) -> Look {
    if run.closed {
        return Look::Over;
    }
    if quiet < dead_after {
        return Look::Fine;
    }
    match (&run.claim.held_by, run.claim.due) {
        (Some(_), _) => Look::Wake("its driver is dead"),
        (None, _) if run.claim.slice == 0 => Look::Wake("nobody has driven it yet"),
        (None, _) if run.claim.news => Look::Wake("something was said to it"),
        (None, None) => Look::Wake("its next slice was not begun"),
        (None, Some(due)) if due <= now => Look::Wake("something is due"),
        (None, Some(_)) => Look::Fine,
    }
}
