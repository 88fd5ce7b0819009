//! A store in a directory: one file per log, one per document, shared by the processes of one machine.
//!
//! ```text
//! state/logs/plans/sonarqube/ledger.log        positioned writes under an exclusive flock, fsync before the answer
//! state/documents/…/witness.document           written beside, synced, renamed into place
//! state/documents/…/.witness.document.lock     held while comparing and setting
//! state/.clock                                 touched to learn what the file system's clock says
//! ```
//! An append of several lines must be there as a whole or not at all, even when the process is killed between two
//! pages of the write. So its inner newlines go out as record separators (0x1E): until the one newline at its end is
//! written the append is a torn tail, which readers ignore and the next append cuts. Once synced, the inner
//! newlines are put in place, and the file is plain JSON lines for everybody.
//!
//! Locks are `flock`, which the kernel drops with its process; a network file system may not keep them.

mod directory;
mod document;
mod log;

use super::call::Operation;
use super::name::{DOCUMENT_SUFFIX, LOG_SUFFIX};
use super::{check_lines, name};
use crate::engine::ports::{Document, LogRead, Name, Store, StoreError};
use async_trait::async_trait;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Logs and documents in a directory.
#[derive(Debug, Clone)]
pub struct FileStore {
    place: Arc<Place>,
}

/// Where everything lies, and what of it is known to be durable.
#[derive(Debug)]
struct Place {
    root: PathBuf,
    durable: directory::Durable,
}

/// How a call on files can end badly.
#[derive(Debug)]
enum Failure {
    Conflict,
    Missing,
    Io(io::Error),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl FileStore {
    /// Opens the directory and makes what is missing of it. Blocks for a moment.
    ///
    /// # Errors
    /// When the directory cannot be made or is not a directory.
    pub fn open(directory: &Path) -> io::Result<Self> {
        let root = std::path::absolute(directory)?;
        directory::ensure(&root.join("logs"))?;
        directory::ensure(&root.join("documents"))?;
        Ok(Self { place: Arc::new(Place { root, durable: directory::Durable::default() }) })
    }

    fn log_path(&self, operation: Operation, log: &str) -> Result<PathBuf, StoreError> {
        self.path(operation, "logs", log, LOG_SUFFIX)
    }

    fn document_path(&self, operation: Operation, document: &str) -> Result<PathBuf, StoreError> {
        self.path(operation, "documents", document, DOCUMENT_SUFFIX)
    }

    fn path(&self, operation: Operation, kind: &str, entry: &str, suffix: &str) -> Result<PathBuf, StoreError> {
        if !name::is_legal(entry) {
            return Err(operation.illegal(entry));
        }
        Ok(self.place.root.join(kind).join(format!("{entry}{suffix}")))
    }
}

/// Runs `work` where it may block, and gives its failure the words of the contract.
async fn blocking<T: Send + 'static>(
    operation: Operation,
    name: &str,
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(Failure::Conflict)) => Err(StoreError::Conflict { name: name.to_owned() }),
        Ok(Err(Failure::Missing)) => Err(StoreError::Missing { name: name.to_owned() }),
        Ok(Err(Failure::Io(error))) => Err(operation.unavailable(name, error)),
        Err(stopped) => Err(operation.unavailable(name, stopped)),
    }
}

#[async_trait]
impl Store for FileStore {
    async fn create(&self, log: Name<'_>) -> Result<(), StoreError> {
        let path = self.log_path(Operation::Create, log)?;
        let place = Arc::clone(&self.place);
        blocking(Operation::Create, log, move || Ok(log::create(&path, &place)?)).await
    }

    async fn append(&self, log: Name<'_>, at: u64, bytes: &[u8]) -> Result<u64, StoreError> {
        let path = self.log_path(Operation::Append, log)?;
        check_lines(bytes).map_err(|source| Operation::Append.unavailable(log, source))?;
        let lines = bytes.to_vec();
        blocking(Operation::Append, log, move || log::append(&path, at, lines)).await
    }

    async fn read(&self, log: Name<'_>, from: u64) -> Result<Option<LogRead>, StoreError> {
        let path = self.log_path(Operation::Read, log)?;
        let place = Arc::clone(&self.place);
        blocking(Operation::Read, log, move || Ok(log::read(&path, from, &place.root)?)).await
    }

    async fn list(&self, prefix: Name<'_>) -> Result<Vec<String>, StoreError> {
        if !name::is_prefix(prefix) {
            return Err(Operation::List.illegal(prefix));
        }
        let (logs, wanted) = (self.place.root.join("logs"), prefix.to_owned());
        blocking(Operation::List, prefix, move || Ok(directory::list(&logs, &wanted)?)).await
    }

    async fn remove(&self, log: Name<'_>) -> Result<bool, StoreError> {
        let path = self.log_path(Operation::Remove, log)?;
        blocking(Operation::Remove, log, move || Ok(log::remove(&path)?)).await
    }

    async fn remove_document(&self, document: Name<'_>) -> Result<bool, StoreError> {
        let path = self.document_path(Operation::Remove, document)?;
        blocking(Operation::Remove, document, move || Ok(directory::remove(&path)?)).await
    }

    async fn get(&self, document: Name<'_>) -> Result<Option<Document>, StoreError> {
        let path = self.document_path(Operation::Get, document)?;
        blocking(Operation::Get, document, move || Ok(document::get(&path)?)).await
    }

    async fn put(&self, document: Name<'_>, bytes: &[u8], expected: Option<&str>) -> Result<String, StoreError> {
        let path = self.document_path(Operation::Put, document)?;
        let place = Arc::clone(&self.place);
        let (bytes, expected) = (bytes.to_vec(), expected.map(str::to_owned));
        blocking(Operation::Put, document, move || document::put(&path, &place, &bytes, expected.as_deref())).await
    }
}
