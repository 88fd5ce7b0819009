//! Mutating calls: journaled before they are sent, and sent only while the run is still ours to act for.

use super::drive::{Drive, Finished, inside};
use super::journal::{Journal, JournalError};
use crate::domain::run::{Call, Driver, RunEvent, RunState, Sent, StepState};
use crate::domain::runbook::StepName;
use tokio::time::Instant;
use tracing::Instrument;

impl Drive<'_> {
    /// Journals the intent, then sends, unless the run was lost or called off or its time is over by then.
    pub(super) async fn intend(&mut self, step: StepName, call: Call) -> Result<(), JournalError> {
        let Some(wired) = self.engine.steps.get(&step).cloned() else { return Ok(()) };
        let within = self.engine.settings.send_within;
        let send_by = Instant::now() + within;
        let send_before = self.engine.clock.now() + within;
        self.append(RunEvent::Intent { step, call: call.clone(), send_before }).await?;
        let view = self.view(step, send_by);
        self.sending.insert(step);
        let (journal, driver, slice) = (self.journal.clone(), self.engine.driver.clone(), self.slice);
        let send = async move {
            let outcome = match not_to_be_sent(journal, step, &driver, slice, send_by).await {
                Some(reason) => Sent::NotSent { reason: reason.into() },
                None => wired.send(&call, &view).await,
            };
            Finished::Sent(step, outcome)
        };
        self.push(Box::pin(send.instrument(inside(step))));
        Ok(())
    }

    /// Calls that a driver before this one may have begun, and of which nothing was written down.
    pub(super) fn orphans(&self) -> Vec<StepName> {
        let state = self.journal.state();
        let orphaned = |(step, it): &(&StepName, &StepState)| it.is_unanswered() && !self.sending.contains(*step);
        state.steps.iter().filter(orphaned).map(|(step, _)| *step).collect()
    }

    /// Writes down that nobody will ever tell what came of them. Their time is over by now.
    pub(super) async fn give_up_orphans(&mut self) -> Result<(), JournalError> {
        for step in self.orphans() {
            let reason = "its sender was lost before it wrote down what came of it".into();
            let outcome = Sent::Unknown { reason, request_ids: Vec::new() };
            self.append(RunEvent::Sent { step, outcome }).await?;
        }
        Ok(())
    }
}

/// Reads the journal once more, right before a call. Why the call must not be sent, if it must not. Not knowing whether
/// the run is still ours is a reason.
async fn not_to_be_sent(
    mut journal: Journal,
    step: StepName,
    driver: &Driver,
    slice: u64,
    send_by: Instant,
) -> Option<&'static str> {
    let read = journal.catch_up().await;
    let run = journal.state();
    if read.is_err() {
        Some("whether the run was still ours could not be read")
    } else if run.closed || !run.claim.is_held_by(driver, slice) {
        Some("another driver has taken the run")
    } else if is_called_off(run, step) {
        Some("the run was called off before it was sent")
    } else if Instant::now() >= send_by {
        Some("its time was over before it was sent")
    } else {
        None
    }
}

/// Whether somebody said meanwhile that the run is not to go on. Who aborts a drill still wants put back what it changed.
fn is_called_off(run: &RunState, step: StepName) -> bool {
    let puts_back = run.created.kind.puts_back().iter().any(|(back, _)| *back == step);
    let aborted = run.abort.is_some() && !puts_back;
    aborted || run.preempted_by.is_some() || run.parked.is_some() || run.outcome.is_some()
}

/// The steps whose first look waits until what a lesser run may have had in flight is settled: a fence that was on its
/// way when the failover took over may stop the very cluster that the failover starts.
pub(super) fn held_back(run: &RunState) -> impl Iterator<Item = StepName> {
    let untouched = |step: &StepName| run.step(*step).is_some_and(|it| it.intents.is_empty());
    let lines = run.created.lines().iter().filter(|line| line.mutates).map(|line| line.step);
    lines.filter(move |step| run.created.preempts.is_some() && untouched(step))
}
