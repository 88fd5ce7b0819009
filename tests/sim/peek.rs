//! Looks at ledger and journals past every fault: for people in the simulation, and for the oracle.

use super::host::Host;
use super::steps::index;
use reveille::domain::chain::Entry;
use reveille::domain::ledger::{self, LedgerEvent, PlanState};
use reveille::domain::names::RunId;
use reveille::domain::run::{RunEvent, RunState};
use reveille::engine::book::{self, Book};
use reveille::engine::journal::Journal;
use reveille::engine::log::ChainLog;
use reveille::engine::ports::Store;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;

pub fn store(host: &Host) -> Arc<dyn Store> {
    Arc::new(host.store.clone())
}

/// Somebody who reads along. Keeps what was read, since folding everything anew takes long.
#[derive(Default)]
pub struct Reader(Mutex<Read>);

#[derive(Default)]
struct Read {
    book: Option<Book>,
    journals: BTreeMap<RunId, Journal>,
}

/// The plan's state, once its ledger was begun.
pub async fn plan(host: &Host) -> Option<PlanState> {
    let mut read = host.reader.0.lock().await;
    if read.book.is_none() {
        if store(host).list(&book::prefix(host.name())).await.unwrap().is_empty() {
            return None;
        }
        read.book = Some(Book::open(&store(host), host.name()).await.unwrap());
    }
    let book = read.book.as_mut()?;
    book.catch_up().await.unwrap();
    Some(book.state().clone())
}

pub async fn primary(host: &Host) -> Option<usize> {
    let state = plan(host).await.unwrap_or_default();
    Some(index(&ledger::primary(&state, &host.plan.plan)))
}

/// The run that is not over yet, as its journal tells.
pub async fn active(host: &Host) -> Option<Arc<RunState>> {
    run(host, &plan(host).await?.active?.run).await
}

pub async fn run(host: &Host, run: &RunId) -> Option<Arc<RunState>> {
    let mut read = host.reader.0.lock().await;
    if !read.journals.contains_key(run) {
        let journal = Journal::open(&store(host), run).await.unwrap()?;
        read.journals.insert(run.clone(), journal);
    }
    let journal = read.journals.get_mut(run)?;
    journal.catch_up().await.unwrap();
    Some(journal.state().clone())
}

pub async fn journal(host: &Host, run: &RunId) -> Option<(Journal, Vec<Entry<RunEvent>>)> {
    Journal::open_with_entries(&store(host), run).await.unwrap()
}

/// Every event of the ledger, in order.
pub async fn ledger(host: &Host) -> Vec<Entry<LedgerEvent>> {
    let mut entries = Vec::new();
    for segment in store(host).list(&book::prefix(host.name())).await.unwrap() {
        let mut log = ChainLog::at_start(store(host), segment, Default::default());
        entries.extend(log.catch_up().await.unwrap().unwrap_or_default());
    }
    entries
}
