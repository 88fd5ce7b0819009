//! A hash-chained log over the store: append exactly once, whatever becomes of the answer.

use super::ports::{LogRead, Store, StoreError};
use crate::domain::chain::{self, ChainError, Entry, Head};
use crate::telemetry::metrics::STORE_RETRIES;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Pauses before the further tries of one operation; after the last the store counts as unavailable. One answer lost on
/// the way, or a storage server that is being replaced, must not end a slice.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_millis(200)];

/// Why a log could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    #[error("log {name}")]
    Store {
        name: String,
        #[source]
        source: StoreError,
    },
    #[error("log {name} cannot be read on")]
    Chain {
        name: String,
        #[source]
        source: ChainError,
    },
    #[error("log {name}: an event cannot be written as JSON")]
    Encode {
        name: String,
        #[source]
        source: serde_json::Error,
    },
    /// Somebody else appended first; catch up and decide again.
    #[error("log {name} was written by somebody else meanwhile")]
    Moved { name: String },
}

impl LogError {
    pub fn is_moved(&self) -> bool {
        matches!(self, LogError::Moved { .. })
    }

    /// Whether the log itself is at fault, so that trying again cannot help.
    pub fn is_chain(&self) -> bool {
        matches!(self, LogError::Chain { .. })
    }
}

/// An open log: where it ends, as far as this reader has come.
#[derive(Clone)]
pub struct ChainLog<E> {
    store: Arc<dyn Store>,
    name: String,
    head: Head,
    end: u64,
    quiet_for: Duration,
    events: PhantomData<fn() -> E>,
}

impl<E: Serialize + DeserializeOwned> ChainLog<E> {
    /// A log about which nothing is known yet. `head` is what its first line must follow.
    pub fn at_start(store: Arc<dyn Store>, name: impl Into<String>, head: Head) -> Self {
        Self { store, name: name.into(), head, end: 0, quiet_for: Duration::ZERO, events: PhantomData }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How long the log had been quiet when it was last read, by the store's clock.
    pub fn quiet_for(&self) -> Duration {
        self.quiet_for
    }

    /// Makes the log if it does not exist. Making it twice does no harm.
    pub async fn create(&self) -> Result<(), LogError> {
        patiently(|| self.store.create(&self.name)).await.map_err(|source| self.store_error(source))
    }

    async fn read(&self) -> Result<Option<LogRead>, LogError> {
        let read = patiently(|| self.store.read(&self.name, self.end)).await;
        read.map_err(|source| self.store_error(source))
    }

    /// Reads what was appended since. `None` when the log does not exist.
    pub async fn catch_up(&mut self) -> Result<Option<Vec<Entry<E>>>, LogError> {
        let Some(read) = self.read().await? else { return Ok(None) };
        if read.end < self.end {
            return Err(self.chain_error(ChainError::Shorter { seq: self.head.seq }));
        }
        self.quiet_for = read.quiet_for;
        let mut entries = Vec::new();
        for line in chain::lines(&read.bytes) {
            let (entry, head) = self.head.follow(line).map_err(|source| self.chain_error(source))?;
            self.head = head;
            self.end += line.len() as u64 + 1;
            entries.push(entry);
        }
        Ok(Some(entries))
    }

    /// Appends one event right behind what was read, or not at all.
    pub async fn append(&mut self, event: E, at: DateTime<Utc>) -> Result<Entry<E>, LogError> {
        let mut entries = self.append_all(vec![event], at).await?;
        entries.pop().ok_or_else(|| LogError::Moved { name: self.name.clone() })
    }

    /// Appends events right behind what was read, all of them or none.
    ///
    /// After a lost answer the position is read back, and finding the very bytes there means success: the nonces in
    /// them are nobody else's.
    pub async fn append_all(&mut self, events: Vec<E>, at: DateTime<Utc>) -> Result<Vec<Entry<E>>, LogError> {
        let (mut lines, mut entries, mut head) = (Vec::new(), Vec::new(), self.head.clone());
        for event in events {
            let nonce = uuid::Uuid::new_v4().simple().to_string();
            let (line, next) = head.extend(&event, at, &nonce).map_err(|source| self.encode_error(source))?;
            entries.push(Entry { format: chain::FORMAT, seq: next.seq, at, nonce, prev: head.hash, event });
            lines.extend(line);
            head = next;
        }
        self.append_bytes(&lines).await?;
        self.end += lines.len() as u64;
        self.head = head;
        self.quiet_for = Duration::ZERO;
        Ok(entries)
    }

    async fn append_bytes(&self, lines: &[u8]) -> Result<(), LogError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            match self.store.append(&self.name, self.end, lines).await {
                Ok(_) => return Ok(()),
                // A conflict may be our own bytes, whose answer was lost before the store's client sent them again.
                Err(error) if !error.is_conflict() && !error.is_unavailable() => return Err(self.store_error(error)),
                Err(error) => match (self.read_back(lines).await?, pauses.next()) {
                    (ReadBack::Ours, _) => return Ok(()),
                    (ReadBack::Unknown, Some(pause)) => again("append", pause).await,
                    (ReadBack::Unknown, None) => return Err(self.store_error(error)),
                },
            }
        }
    }

    /// Finds out what became of an append that did not answer well.
    async fn read_back(&self, lines: &[u8]) -> Result<ReadBack, LogError> {
        match self.store.read(&self.name, self.end).await {
            Ok(Some(read)) if read.bytes.starts_with(lines) => Ok(ReadBack::Ours),
            Ok(Some(read)) if !read.bytes.is_empty() => Err(LogError::Moved { name: self.name.clone() }),
            _ => Ok(ReadBack::Unknown),
        }
    }

    fn store_error(&self, source: StoreError) -> LogError {
        LogError::Store { name: self.name.clone(), source }
    }

    fn chain_error(&self, source: ChainError) -> LogError {
        LogError::Chain { name: self.name.clone(), source }
    }

    fn encode_error(&self, source: serde_json::Error) -> LogError {
        LogError::Encode { name: self.name.clone(), source }
    }
}

enum ReadBack {
    Ours,
    /// It is not there, or the store does not say.
    Unknown,
}

/// Waits before another try.
async fn again(operation: &str, pause: Duration) {
    STORE_RETRIES.count(&[operation]);
    sleep(pause).await;
}

/// Repeats what the store did not answer, after short and growing pauses.
async fn patiently<T, F>(call: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    for pause in PAUSES {
        match call().await {
            Err(error) if error.is_unavailable() => again("read", pause).await,
            other => return other,
        }
    }
    call().await
}
