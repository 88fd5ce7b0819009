//! The store in an Azure storage account: a log is an append blob, a document a block blob.
//!
//! ```text
//! {container}             logs: plans/sonarqube/ledger.log, runs/…/journal.log      immutable, appends allowed
//! {container}-documents   small documents: plans/sonarqube/witness.document         plain, overwritten by ETag
//!
//! mod ── log · document ── attempts     what is asked; again within limits, and what became of a lost answer
//!                             │
//!            place ── bearer ─┘          the official client of a container, with the tokens of this crate
//!            refusal · error             what the storage said, and what to do about it
//! ```
//! An append names the position that it was decided at (`x-ms-blob-condition-appendpos`), which makes the storage the
//! referee; after a time-out or a broken connection the position is read back, and finding the own bytes there is
//! success. Ages are the storage's own: its `Date` minus its `Last-Modified`, never this machine's clock.
//!
//! Facts: learn.microsoft.com, "Append Block", "Put Blob", "Blob service error codes", "Immutable storage for blobs"
//! (a time-based policy of a container with `allowProtectedAppendWrites` lets append blobs grow and nothing else).

mod attempts;
mod bearer;
mod document;
mod error;
mod log;
mod place;
mod refusal;
mod remove;

pub use attempts::Patience;
pub use error::BlobError;
pub use refusal::{Meaning, Refusal};

use super::{Azure, SetUpError};
use crate::config::Containers;
use crate::engine::ports::{Document, LogRead, Name, Store, StoreError};
use crate::store::name::{DOCUMENT_SUFFIX, LOG_SUFFIX};
use crate::store::{Operation, check_lines, name};
use async_trait::async_trait;
use place::{Place, Use};
use reqwest::ClientBuilder;
use std::sync::Arc;
use std::time::Duration;

/// Time for a connection to the storage, TLS included.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// The storage closes idle connections after minutes; one that is taken just then costs an attempt.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);

/// Logs and documents in two containers. Cheap to clone; clones share connections.
#[derive(Clone, Debug)]
pub struct BlobStore {
    logs: Arc<Place>,
    documents: Arc<Place>,
}

impl Azure {
    /// The store in these containers, as the identity of this client. Opens no connection. The caller's `builder` brings
    /// name resolution and trust.
    ///
    /// # Errors
    /// When an address is not one, or the HTTP client cannot be made.
    pub fn blob_store(
        &self,
        containers: &Containers,
        patience: Patience,
        builder: ClientBuilder,
    ) -> Result<BlobStore, SetUpError> {
        let client = builder
            .https_only(true)
            .redirect(reqwest::redirect::Policy::none())
            .http1_only()
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(IDLE_TIMEOUT)
            .build()
            .map_err(SetUpError::Client)?;
        let client = Arc::new(client);
        let place = |url: &str, of| Place::new(self, url, of, patience.clone(), client.clone()).map(Arc::new);
        Ok(BlobStore {
            logs: place(&containers.logs_url(), Use::Logs)?,
            documents: place(&containers.documents_url(), Use::Documents)?,
        })
    }
}

/// A name that every store takes.
fn legal(operation: Operation, name: &str) -> Result<(), StoreError> {
    if name::is_legal(name) { Ok(()) } else { Err(operation.illegal(name)) }
}

#[async_trait]
impl Store for BlobStore {
    async fn create(&self, log: Name<'_>) -> Result<(), StoreError> {
        legal(Operation::Create, log)?;
        log::create(&self.logs, log).await.map_err(|error| Operation::Create.unavailable(log, error))
    }

    async fn append(&self, log: Name<'_>, at: u64, bytes: &[u8]) -> Result<u64, StoreError> {
        legal(Operation::Append, log)?;
        check_lines(bytes).map_err(|source| Operation::Append.unavailable(log, source))?;
        match log::append(&self.logs, log, at, bytes).await {
            Ok(end) => Ok(end),
            Err(error) if error.means(Meaning::Moved) => Err(StoreError::Conflict { name: log.to_owned() }),
            Err(error) if error.means(Meaning::NoBlob) => Err(StoreError::Missing { name: log.to_owned() }),
            Err(error) => Err(Operation::Append.unavailable(log, error)),
        }
    }

    async fn read(&self, log: Name<'_>, from: u64) -> Result<Option<LogRead>, StoreError> {
        legal(Operation::Read, log)?;
        found(log::read(&self.logs, log, from).await).map_err(|error| Operation::Read.unavailable(log, error))
    }

    async fn list(&self, prefix: Name<'_>) -> Result<Vec<String>, StoreError> {
        if !name::is_prefix(prefix) {
            return Err(Operation::List.illegal(prefix));
        }
        log::list(&self.logs, prefix).await.map_err(|error| Operation::List.unavailable(prefix, error))
    }

    async fn remove(&self, log: Name<'_>) -> Result<bool, StoreError> {
        legal(Operation::Remove, log)?;
        removed(remove::remove(&self.logs, log, LOG_SUFFIX).await, log)
    }

    async fn remove_document(&self, document: Name<'_>) -> Result<bool, StoreError> {
        legal(Operation::Remove, document)?;
        removed(remove::remove(&self.documents, document, DOCUMENT_SUFFIX).await, document)
    }

    async fn get(&self, document: Name<'_>) -> Result<Option<Document>, StoreError> {
        legal(Operation::Get, document)?;
        found(document::get(&self.documents, document).await)
            .map_err(|error| Operation::Get.unavailable(document, error))
    }

    async fn put(&self, document: Name<'_>, bytes: &[u8], expected: Option<&str>) -> Result<String, StoreError> {
        legal(Operation::Put, document)?;
        match document::put(&self.documents, document, bytes, expected).await {
            Ok(tag) => Ok(tag),
            Err(error) if error.is_conflict() => Err(StoreError::Conflict { name: document.to_owned() }),
            Err(error) => Err(Operation::Put.unavailable(document, error)),
        }
    }
}

/// Whether it was removed, in the words of the contract.
fn removed(removed: Result<bool, BlobError>, name: &str) -> Result<bool, StoreError> {
    match removed {
        Err(error) if error.means(Meaning::Immutable) => Err(StoreError::Bound { name: name.to_owned() }),
        other => other.map_err(|error| Operation::Remove.unavailable(name, error)),
    }
}

/// What is not there is an answer too. A container that is not there is none.
fn found<T>(read: Result<T, BlobError>) -> Result<Option<T>, BlobError> {
    match read {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.means(Meaning::NoBlob) => Ok(None),
        Err(error) => Err(error),
    }
}
