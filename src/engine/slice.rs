//! One slice: take the run, drive it for a bounded time, hand it on.

use super::drive::{Drive, Stop};
use super::journal::{Journal, JournalError};
use super::parts::Engine;
use crate::domain::names::RunId;
use crate::domain::run::{Driver, RunEvent, RunState};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Claims in a row that died before a run is parked for a person.
const DEATHS: u32 = 3;

/// How often a driver that meets a live claim looks whether it was renewed.
const CLAIM_POLL: Duration = Duration::from_millis(500);

/// A wake-up: drive this run. `after` is the slice that asked for it, 0 for any other cause.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WakeUp {
    pub run: RunId,
    #[serde(default)]
    pub after: u64,
}

/// How a slice ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Advance {
    /// Ask for the next slice at once.
    Continue(WakeUp),
    /// Nothing is due for a while; the watch wakes the run.
    Rest,
    /// Somebody else drives it.
    Theirs,
    /// A later slice has overtaken this wake-up.
    Overtaken,
    Closed,
    /// There is no such run.
    Unknown,
}

impl Engine {
    /// Drives a run for one slice, at most until `deadline`.
    pub async fn advance(&self, wake: &WakeUp, deadline: Instant) -> Result<Advance, JournalError> {
        let Some(mut journal) = Journal::open(&self.store, &wake.run).await? else { return Ok(Advance::Unknown) };
        if let Some(over) = nothing_to_drive(journal.state(), wake) {
            return Ok(over);
        }
        let Some(slice) = self.claim(&mut journal, deadline).await? else { return Ok(Advance::Theirs) };
        let until = deadline.min(Instant::now() + self.settings.slice);
        match Drive::new(self, journal, slice, until).run().await? {
            Stop::Closed => Ok(Advance::Closed),
            Stop::Lost => Ok(Advance::Theirs),
            Stop::Rest => Ok(Advance::Rest),
            Stop::TimeOver => Ok(Advance::Continue(WakeUp { run: wake.run.clone(), after: slice })),
        }
    }

    /// Takes the run, as soon as it is known to be free. `None` when somebody else drives it.
    async fn claim(&self, journal: &mut Journal, deadline: Instant) -> Result<Option<u64>, JournalError> {
        loop {
            if journal.state().closed || !self.wait_until_free(journal, deadline).await? {
                return Ok(None);
            }
            let claim = &journal.state().claim;
            let slice = claim.slice + 1;
            let park = claim.deaths_if_dead() >= DEATHS && journal.state().outcome.is_none();
            let event = RunEvent::Claimed { by: self.driver.clone(), slice };
            match journal.append(self.clock.as_ref(), event).await {
                Ok(()) if park => return self.park(journal).await.map(|()| Some(slice)),
                Ok(()) => return Ok(Some(slice)),
                Err(error) if error.is_moved() => journal.catch_up().await?,
                Err(error) => return Err(error),
            };
        }
    }

    async fn park(&self, journal: &mut Journal) -> Result<(), JournalError> {
        let why = format!("{DEATHS} drivers in a row died without getting anything done");
        journal.append(self.clock.as_ref(), RunEvent::Parked { why }).await
    }

    /// How long a claim of that holder may be silent before it is dead: another process of the same instance is seen to
    /// be gone much sooner, since the host starts a new one only when the old one has ended.
    pub(super) fn claim_dies_after(&self, holder: &Driver) -> Duration {
        let same_instance = holder.instance == self.driver.instance && holder.worker != self.driver.worker;
        if same_instance { self.settings.same_instance_dead } else { self.settings.claim_dead }
    }

    /// Waits only until it is known whether the claim is alive: any write of its holder says so, and silence for long
    /// enough, by the store's own clock, says that it is dead.
    async fn wait_until_free(&self, journal: &mut Journal, deadline: Instant) -> Result<bool, JournalError> {
        let Some(holder) = journal.state().claim.held_by.clone() else { return Ok(true) };
        let dead_after = self.claim_dies_after(&holder);
        while journal.quiet_for() < dead_after {
            if Instant::now() >= deadline {
                return Ok(false);
            }
            sleep(CLAIM_POLL.min(dead_after - journal.quiet_for())).await;
            let written = journal.catch_up().await?;
            if journal.state().closed {
                return Ok(false);
            }
            if journal.state().claim.held_by.is_none() {
                return Ok(true);
            }
            if written
                .iter()
                .any(|entry| matches!(entry.event, RunEvent::Claimed { .. }) || entry.event.step().is_some())
            {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Ends a wake-up at once when there is nothing for it to drive.
fn nothing_to_drive(run: &RunState, wake: &WakeUp) -> Option<Advance> {
    if run.closed {
        return Some(Advance::Closed);
    }
    (wake.after > 0 && run.claim.released > wake.after).then_some(Advance::Overtaken)
}
