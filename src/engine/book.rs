//! A plan's ledger in the store: segments of bounded length, each beginning with a snapshot.

use super::log::{ChainLog, LogError};
use super::ports::{Clock, Store};
use crate::domain::chain::{Entry, Head};
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::names::PlanName;
use crate::telemetry;
use chrono::{DateTime, Utc};
use std::sync::Arc;

/// Longest segment. The last line of a full one seals it, so that a slow writer cannot append to it any more.
const SEGMENT_EVENTS: u64 = 1_000;

/// An open ledger: the newest segment and the state folded up to its end.
pub struct Book {
    store: Arc<dyn Store>,
    plan: PlanName,
    segment: u32,
    log: ChainLog<LedgerEvent>,
    state: PlanState,
    sealed: bool,
    last_at: DateTime<Utc>,
    limit: u64,
}

/// Prefix of a plan's segments in the store.
pub fn prefix(plan: &PlanName) -> String {
    format!("ledger/{plan}/")
}

fn segment_name(plan: &PlanName, segment: u32) -> String {
    format!("{}{segment:06}", prefix(plan))
}

impl Book {
    /// Opens a plan's ledger at its newest segment; begins it when there is none.
    pub async fn open(store: &Arc<dyn Store>, plan: &PlanName) -> Result<Self, LogError> {
        Self::open_with_limit(store, plan, SEGMENT_EVENTS).await
    }

    /// When the newest event was written; the beginning of time where there is none.
    pub fn last_at(&self) -> DateTime<Utc> {
        self.last_at
    }

    /// Opens it only to look: `None` when there is none, and nothing is written.
    pub async fn look(store: &Arc<dyn Store>, plan: &PlanName) -> Result<Option<Self>, LogError> {
        let names = store.list(&prefix(plan)).await.map_err(|source| LogError::Store { name: prefix(plan), source })?;
        if names.is_empty() { Ok(None) } else { Self::open(store, plan).await.map(Some) }
    }

    /// The same with another segment length, for tests of the change-over.
    pub async fn open_with_limit(store: &Arc<dyn Store>, plan: &PlanName, limit: u64) -> Result<Self, LogError> {
        let names = store.list(&prefix(plan)).await.map_err(|source| LogError::Store { name: prefix(plan), source })?;
        let newest = names.iter().filter_map(|name| name.rsplit('/').next()?.parse().ok()).max().unwrap_or(1);
        let mut book = Self::at_segment(store, plan, newest, limit);
        if names.is_empty() {
            book.log.create().await?;
        }
        book.catch_up().await?;
        if newest > 1 && book.head().seq == 0 {
            // Whoever made this segment died before its snapshot was in it. It is written from the segment before.
            book = Self::at_segment(store, plan, newest - 1, limit);
            book.catch_up().await?;
        }
        Ok(book)
    }

    fn at_segment(store: &Arc<dyn Store>, plan: &PlanName, segment: u32, limit: u64) -> Self {
        Self {
            store: store.clone(),
            plan: plan.clone(),
            segment,
            log: ChainLog::at_start(store.clone(), segment_name(plan, segment), Head::default()),
            state: PlanState::default(),
            sealed: false,
            last_at: DateTime::UNIX_EPOCH,
            limit,
        }
    }

    pub fn plan(&self) -> &PlanName {
        &self.plan
    }

    pub fn state(&self) -> &PlanState {
        &self.state
    }

    pub fn head(&self) -> &Head {
        self.log.head()
    }

    /// Takes in what others appended, across segments.
    pub async fn catch_up(&mut self) -> Result<(), LogError> {
        loop {
            let entries = self.log.catch_up().await?.unwrap_or_default();
            entries.iter().for_each(|entry| self.apply(entry));
            if !self.sealed {
                telemetry::known(&self.plan, &self.state);
                return Ok(());
            }
            self.turn_over().await?;
        }
    }

    /// Appends at the version that was read, or fails with [`LogError::Moved`].
    pub async fn append(&mut self, clock: &dyn Clock, event: LedgerEvent) -> Result<(), LogError> {
        self.append_all(clock, vec![event]).await
    }

    /// The same for events that belong together: all are written, or none.
    pub async fn append_all(&mut self, clock: &dyn Clock, events: Vec<LedgerEvent>) -> Result<(), LogError> {
        if self.sealed {
            self.turn_over().await?;
        }
        self.append_at(events, clock.now()).await?;
        if self.log.head().seq >= self.limit - 1 {
            // The event is there. Sealing and turning over may be done by whoever comes next as well: failing in them is
            // no failure of this append, or it would be taken for one that did not happen.
            if self.append_at(vec![LedgerEvent::Sealed], clock.now()).await.is_ok() {
                drop(self.turn_over().await);
            }
        }
        Ok(())
    }

    async fn append_at(&mut self, events: Vec<LedgerEvent>, now: DateTime<Utc>) -> Result<(), LogError> {
        let entries = self.log.append_all(events, now).await?;
        entries.iter().for_each(|entry| self.apply(entry));
        entries.iter().for_each(|entry| telemetry::noted(&self.plan, &entry.event));
        telemetry::known(&self.plan, &self.state);
        Ok(())
    }

    fn apply(&mut self, entry: &Entry<LedgerEvent>) {
        self.sealed = entry.event == LedgerEvent::Sealed;
        self.last_at = entry.at;
        self.state.apply(&entry.event, entry.at);
    }

    /// Goes on to the segment behind a sealed one; writes its snapshot when nobody has yet. Failing in between changes
    /// nothing here: an event must not become the first line of a segment.
    async fn turn_over(&mut self) -> Result<(), LogError> {
        let mut next = Self::at_segment(&self.store, &self.plan, self.segment + 1, self.limit);
        (next.state, next.last_at) = (self.state.clone(), self.last_at);
        next.log.create().await?;
        let entries = next.log.catch_up().await?.unwrap_or_default();
        entries.iter().for_each(|entry| next.apply(entry));
        if entries.is_empty() {
            let (state, after) = (Box::new(self.state.clone()), self.log.head().clone());
            match next.append_at(vec![LedgerEvent::Snapshot { state, after }], self.last_at).await {
                Err(error) if error.is_moved() => {}
                written => written?,
            }
        }
        *self = next;
        Ok(())
    }
}
