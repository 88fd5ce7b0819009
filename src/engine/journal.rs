//! A run's journal, open for reading and appending, with the state folded from it.

use super::log::{ChainLog, LogError};
use super::ports::{Clock, Store, StoreError};
use crate::domain::chain::{Entry, Head};
use crate::domain::names::RunId;
use crate::domain::record::Final;
use crate::domain::run::RunEvent;
use crate::domain::run::state::{FoldError, RunState};
use crate::telemetry;
use std::sync::Arc;
use std::time::Duration;

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("run {run}")]
    Log {
        run: RunId,
        #[source]
        source: LogError,
    },
    #[error("run {run}: its report could not be stored")]
    Report {
        run: RunId,
        #[source]
        source: StoreError,
    },
    #[error("run {run} cannot be folded")]
    Fold {
        run: RunId,
        #[source]
        source: FoldError,
    },
    /// Nothing, or nothing of this kind, may follow any more.
    #[error(transparent)]
    Final(#[from] Final),
}

impl JournalError {
    pub fn is_moved(&self) -> bool {
        matches!(self, JournalError::Log { source, .. } if source.is_moved())
    }

    /// Whether the journal itself cannot be understood: its run needs a person.
    pub fn is_unreadable(&self) -> bool {
        match self {
            JournalError::Fold { .. } => true,
            JournalError::Log { source, .. } => source.is_chain(),
            JournalError::Report { .. } | JournalError::Final(_) => false,
        }
    }
}

/// Name of a run's journal in the store.
pub fn log_name(run: &RunId) -> String {
    format!("runs/{run}")
}

#[derive(Clone)]
pub struct Journal {
    log: ChainLog<RunEvent>,
    state: Arc<RunState>,
    run: RunId,
}

impl Journal {
    /// Opens the journal of a run. `None` when it does not exist or holds no event yet.
    pub async fn open(store: &Arc<dyn Store>, run: &RunId) -> Result<Option<Self>, JournalError> {
        Ok(Self::open_with_entries(store, run).await?.map(|(journal, _)| journal))
    }

    /// The same, with every entry: for live events, verification and reports.
    pub async fn open_with_entries(
        store: &Arc<dyn Store>,
        run: &RunId,
    ) -> Result<Option<(Self, Vec<Entry<RunEvent>>)>, JournalError> {
        let mut log = ChainLog::at_start(store.clone(), log_name(run), Head::default());
        let entries = log.catch_up().await.map_err(|source| log_error(run, source))?.unwrap_or_default();
        if entries.is_empty() {
            return Ok(None);
        }
        let state = RunState::fold(&entries).map_err(|source| JournalError::Fold { run: run.clone(), source })?;
        Ok(Some((Self { log, state: Arc::new(state), run: run.clone() }, entries)))
    }

    /// Begins a journal, unless somebody began it already: then theirs is opened.
    pub async fn begin(
        store: &Arc<dyn Store>,
        clock: &dyn Clock,
        run: &RunId,
        created: RunEvent,
    ) -> Result<Self, JournalError> {
        let mut log = ChainLog::at_start(store.clone(), log_name(run), Head::default());
        log.create().await.map_err(|source| log_error(run, source))?;
        match log.append(created, clock.now()).await {
            Ok(first) => {
                telemetry::begun(&first);
                let state =
                    RunState::fold(&[first]).map_err(|source| JournalError::Fold { run: run.clone(), source })?;
                return Ok(Self { log, state: Arc::new(state), run: run.clone() });
            }
            Err(error) if error.is_moved() => {}
            Err(source) => return Err(log_error(run, source)),
        }
        let opened = Self::open(store, run).await?;
        opened.ok_or_else(|| JournalError::Log { run: run.clone(), source: LogError::Moved { name: log_name(run) } })
    }

    pub fn run(&self) -> &RunId {
        &self.run
    }

    pub fn state(&self) -> &Arc<RunState> {
        &self.state
    }

    pub fn head(&self) -> &Head {
        self.log.head()
    }

    pub fn quiet_for(&self) -> Duration {
        self.log.quiet_for()
    }

    /// Takes in what others appended; gives the new entries.
    pub async fn catch_up(&mut self) -> Result<Vec<Entry<RunEvent>>, JournalError> {
        let entries = self.log.catch_up().await.map_err(|source| log_error(&self.run, source))?.unwrap_or_default();
        let state = Arc::make_mut(&mut self.state);
        entries.iter().for_each(|entry| state.apply(entry));
        Ok(entries)
    }

    /// Appends an event behind what was read, or says that others were first. What may not follow is never written: a
    /// writer that has not read the end fails for being behind, and one that has read it is told.
    pub async fn append(&mut self, clock: &dyn Clock, event: RunEvent) -> Result<(), JournalError> {
        self.state.admits(&event)?;
        let entry = self.log.append(event, clock.now()).await.map_err(|source| log_error(&self.run, source))?;
        telemetry::journaled(&self.state, &entry);
        Arc::make_mut(&mut self.state).apply(&entry);
        Ok(())
    }
}

pub(super) fn log_error(run: &RunId, source: LogError) -> JournalError {
    JournalError::Log { run: run.clone(), source }
}
