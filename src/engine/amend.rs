//! What is decided on a ledger and written to it: read, decide, append at the version that was read. Whoever finds that
//! somebody else wrote meanwhile reads and decides again.

use super::log::LogError;
use super::parts::Engine;
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::names::PlanName;

/// Conflicts in a row after which it is given up. Each one means that somebody else got through.
pub(super) const TRIES: u32 = 50;

/// Why nothing was written.
#[derive(Debug)]
pub(super) enum NotAmended<R> {
    /// The decision itself says no.
    Refused(R),
    Ledger(LogError),
    /// Somebody else wrote first, every time; the last one's error.
    Busy(LogError),
}

impl Engine {
    /// Appends what `decide` says of the plan's ledger, if anything, and gives what it tells. The decision may be asked
    /// for several times; what counts is the last.
    pub(super) async fn amend<T, R>(
        &self,
        plan: &PlanName,
        decide: impl Fn(&PlanState) -> Result<(Vec<LedgerEvent>, T), R>,
    ) -> Result<T, NotAmended<R>> {
        let mut book = self.shelf.take_book(&self.store, plan).await.map_err(NotAmended::Ledger)?;
        let mut conflicts = 0;
        loop {
            let (events, told) = decide(book.state()).map_err(NotAmended::Refused)?;
            let written = match events.is_empty() {
                true => Ok(()),
                false => book.append_all(self.clock.as_ref(), events).await,
            };
            match written {
                Ok(()) => {
                    self.shelf.put_book(book);
                    return Ok(told);
                }
                Err(error) if error.is_moved() => {
                    conflicts += 1;
                    if conflicts == TRIES {
                        return Err(NotAmended::Busy(error));
                    }
                    book.catch_up().await.map_err(NotAmended::Ledger)?;
                }
                Err(error) => return Err(NotAmended::Ledger(error)),
            }
        }
    }
}
