//! A store in memory, with hooks for the faults that simulations need.
//!
//! Time comes from [`tokio::time::Instant`], so that it can be paused. Handles made by `clone` or
//! [`MemoryStore::with_faults`] share one state: each driver of a simulation gets a handle with its own faults.

use super::call::{Call, Fault, Faults, Harm, Injected, Operation};
use super::{check_lines, name};
use crate::engine::ports::{Document, LogRead, Name, Store, StoreError};
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Logs and documents in memory.
#[derive(Clone, Default)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    faults: Option<Faults>,
}

#[derive(Default)]
struct State {
    logs: BTreeMap<String, Log>,
    documents: BTreeMap<String, Document>,
    /// Grows with every document written, so that no tag comes twice; a blob's ETag does the same.
    writes: u64,
}

struct Log {
    bytes: Vec<u8>,
    written: Instant,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// Another handle on the same state, whose calls suffer `faults`.
    pub fn with_faults(&self, faults: impl Fn(&Call<'_>) -> Fault + Send + Sync + 'static) -> Self {
        Self { state: Arc::clone(&self.state), faults: Some(Arc::new(faults)) }
    }

    /// Carries out `apply` as one atomic call, with the faults of this handle around it.
    async fn call<T: Send>(
        &self,
        call: Call<'_>,
        apply: impl FnOnce(&mut State) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let fault = self.faults.as_ref().map_or_else(Fault::default, |faults| faults(&call));
        pause(fault.before).await;
        match fault.harm {
            Harm::None => {
                let answer = apply(&mut lock(&self.state));
                pause(fault.after).await;
                return answer;
            }
            Harm::LoseAnswer => drop(apply(&mut lock(&self.state))),
            Harm::LandLate(after) => land_late(Arc::clone(&self.state), after, apply),
            Harm::FailBefore => {}
        }
        pause(fault.after).await;
        Err(call.operation.unavailable(call.name, Injected))
    }
}

/// Waits, and does not even yield when there is nothing to wait for.
async fn pause(time: Duration) {
    if !time.is_zero() {
        sleep(time).await;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    // Every change is a single assignment or push; a panic elsewhere leaves nothing half done.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Carries out `apply` after a while. Nobody is left to hear the answer.
fn land_late<T>(
    state: Arc<Mutex<State>>,
    after: Duration,
    apply: impl FnOnce(&mut State) -> Result<T, StoreError> + Send + 'static,
) {
    tokio::spawn(async move {
        sleep(after).await;
        drop(apply(&mut lock(&state)));
    });
}

impl State {
    fn create(&mut self, name: String) {
        self.logs.entry(name).or_insert_with(|| Log { bytes: Vec::new(), written: Instant::now() });
    }

    fn append(&mut self, name: String, at: u64, bytes: &[u8]) -> Result<u64, StoreError> {
        let Some(log) = self.logs.get_mut(&name) else { return Err(StoreError::Missing { name }) };
        if log.bytes.len() as u64 != at {
            return Err(StoreError::Conflict { name });
        }
        log.bytes.extend_from_slice(bytes);
        log.written = Instant::now();
        Ok(log.bytes.len() as u64)
    }

    fn read(&self, name: &str, from: u64) -> Option<LogRead> {
        let log = self.logs.get(name)?;
        let from = usize::try_from(from).unwrap_or(usize::MAX).min(log.bytes.len());
        let bytes = log.bytes[from..].to_vec();
        Some(LogRead { bytes, end: log.bytes.len() as u64, quiet_for: log.written.elapsed() })
    }

    fn list(&self, prefix: &str) -> Vec<String> {
        self.logs.keys().filter(|name| name.starts_with(prefix)).cloned().collect()
    }

    fn put(&mut self, name: String, bytes: Vec<u8>, expected: Option<&str>) -> Result<String, StoreError> {
        if self.documents.get(&name).map(|document| document.tag.as_str()) != expected {
            return Err(StoreError::Conflict { name });
        }
        self.writes += 1;
        let tag = format!("{:x}", self.writes);
        self.documents.insert(name, Document { bytes, tag: tag.clone() });
        Ok(tag)
    }
}

/// A call whose name was found legal.
fn checked<'a>(operation: Operation, name: &'a str, bytes: &'a [u8]) -> Result<Call<'a>, StoreError> {
    let legal = if operation == Operation::List { name::is_prefix(name) } else { name::is_legal(name) };
    if legal { Ok(Call { operation, name, bytes }) } else { Err(operation.illegal(name)) }
}

#[async_trait]
impl Store for MemoryStore {
    async fn create(&self, log: Name<'_>) -> Result<(), StoreError> {
        let (call, name) = (checked(Operation::Create, log, &[])?, log.to_owned());
        self.call(call, move |state| {
            state.create(name);
            Ok(())
        })
        .await
    }

    async fn append(&self, log: Name<'_>, at: u64, bytes: &[u8]) -> Result<u64, StoreError> {
        let (call, name) = (checked(Operation::Append, log, bytes)?, log.to_owned());
        check_lines(bytes).map_err(|source| Operation::Append.unavailable(log, source))?;
        let bytes = bytes.to_vec();
        self.call(call, move |state| state.append(name, at, &bytes)).await
    }

    async fn read(&self, log: Name<'_>, from: u64) -> Result<Option<LogRead>, StoreError> {
        let (call, name) = (checked(Operation::Read, log, &[])?, log.to_owned());
        self.call(call, move |state| Ok(state.read(&name, from))).await
    }

    async fn list(&self, prefix: Name<'_>) -> Result<Vec<String>, StoreError> {
        let (call, name) = (checked(Operation::List, prefix, &[])?, prefix.to_owned());
        self.call(call, move |state| Ok(state.list(&name))).await
    }

    async fn remove(&self, log: Name<'_>) -> Result<bool, StoreError> {
        let (call, name) = (checked(Operation::Remove, log, &[])?, log.to_owned());
        self.call(call, move |state| Ok(state.logs.remove(&name).is_some())).await
    }

    async fn remove_document(&self, document: Name<'_>) -> Result<bool, StoreError> {
        let (call, name) = (checked(Operation::Remove, document, &[])?, document.to_owned());
        self.call(call, move |state| Ok(state.documents.remove(&name).is_some())).await
    }

    async fn get(&self, document: Name<'_>) -> Result<Option<Document>, StoreError> {
        let (call, name) = (checked(Operation::Get, document, &[])?, document.to_owned());
        self.call(call, move |state| Ok(state.documents.get(&name).cloned())).await
    }

    async fn put(&self, document: Name<'_>, bytes: &[u8], expected: Option<&str>) -> Result<String, StoreError> {
        let (call, name) = (checked(Operation::Put, document, bytes)?, document.to_owned());
        let (bytes, expected) = (bytes.to_vec(), expected.map(str::to_owned));
        self.call(call, move |state| state.put(name, bytes, expected.as_deref())).await
    }
}
