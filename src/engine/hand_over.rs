//! The orderly end of a slice: what is under way is waited for, then the run is handed on.

use super::drive::{Drive, Finished, Stop};
use super::journal::JournalError;
use crate::domain::run::RunEvent;
use futures::StreamExt;
use tokio::time::{Instant, timeout_at};

impl Drive<'_> {
    /// Ends the slice in order: calls under way are waited for, so that what came of them is written down.
    pub(super) async fn stop(mut self, stop: Stop) -> Result<Stop, JournalError> {
        if matches!(stop, Stop::Closed | Stop::Lost) {
            return Ok(stop);
        }
        let grace = self.engine.settings.send_within;
        let deadline = Instant::now() + grace;
        while !self.sending.is_empty() || !self.notifying.is_empty() {
            // What comes back could not be written down any more.
            if !self.holds() {
                return Ok(if self.is_closed() { Stop::Closed } else { Stop::Lost });
            }
            let renew = self.written + self.engine.settings.renew;
            match timeout_at(deadline.min(renew), self.tasks.next()).await {
                Ok(None) => break,
                Ok(Some(Finished::Looked(..))) => {}
                Ok(Some(finished)) => self.finish(finished).await?,
                Err(_) if Instant::now() >= deadline => break,
                Err(_) => self.renew().await?,
            }
        }
        match stop {
            Stop::Rest => self.rest().await,
            _ => self.release().await,
        }
    }

    /// Leaves the run until something is due. A word that came in the last moment was not heard yet: then the next
    /// slice begins at once.
    async fn rest(mut self) -> Result<Stop, JournalError> {
        if !self.holds() {
            return Ok(Stop::Lost);
        }
        let next = Some(self.engine.clock.now() + self.time_to_wake());
        match self.append(RunEvent::Released { slice: self.slice, next }).await {
            Err(error) if error.is_moved() => self.release().await,
            other => other.map(|()| Stop::Rest),
        }
    }

    async fn release(mut self) -> Result<Stop, JournalError> {
        let released = self.append_surely(RunEvent::Released { slice: self.slice, next: None }).await?;
        Ok(if released { Stop::TimeOver } else { Stop::Lost })
    }

    fn time_to_wake(&self) -> chrono::TimeDelta {
        chrono::TimeDelta::from_std(self.wake_at().saturating_duration_since(Instant::now())).unwrap_or_default()
    }
}
