//! Journals and ledgers that were read before, so that a tick or an alert reads only what was appended since.
//!
//! What is kept is a verified beginning of an append-only log, which stays true whatever others do. Losing it costs a
//! longer read; no decision rests on it.

use super::book::Book;
use super::journal::{Journal, JournalError};
use super::log::LogError;
use super::ports::Store;
use crate::domain::names::{PlanName, RunId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Shared by everything that one process does.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<Shelved>>);

#[derive(Default)]
struct Shelved {
    open: BTreeMap<RunId, Journal>,
    /// Runs whose journals say `Closed`: nothing follows that.
    closed: BTreeSet<RunId>,
    books: BTreeMap<PlanName, Book>,
}

impl Shelf {
    /// Takes a ledger down, read up to its end. Somebody else who asks meanwhile opens it anew; one that could not be
    /// read on is not put back, and is opened anew the next time.
    pub async fn take_book(&self, store: &Arc<dyn Store>, plan: &PlanName) -> Result<Book, LogError> {
        let shelved = self.lock().books.remove(plan);
        match shelved {
            None => Book::open(store, plan).await,
            Some(mut book) => book.catch_up().await.map(|()| book),
        }
    }

    pub fn put_book(&self, book: Book) {
        let plan = book.plan().clone();
        self.lock().books.insert(plan, book);
    }

    /// Whether the run is known to be closed.
    pub fn is_closed(&self, run: &RunId) -> bool {
        self.lock().closed.contains(run)
    }

    /// Whether the run is known to have a journal.
    pub fn is_begun(&self, run: &RunId) -> bool {
        let shelved = self.lock();
        shelved.open.contains_key(run) || shelved.closed.contains(run)
    }

    /// Takes a journal down, read up to its end. `None` when the run has none yet.
    pub async fn take(&self, store: &Arc<dyn Store>, run: &RunId) -> Result<Option<Journal>, JournalError> {
        let shelved = self.lock().open.remove(run);
        match shelved {
            None => Journal::open(store, run).await,
            Some(mut journal) => journal.catch_up().await.map(|_| Some(journal)),
        }
    }

    /// Puts a journal back. Of a closed run only that it is closed is kept.
    pub fn put(&self, journal: Journal) {
        let run = journal.run().clone();
        let mut shelved = self.lock();
        match journal.state().closed {
            true => drop(shelved.closed.insert(run)),
            false => drop(shelved.open.insert(run, journal)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Shelved> {
        // Every change is one insert or removal: a panic elsewhere leaves nothing half done.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
