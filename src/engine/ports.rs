//! The seams of the engine: where its state lives, what time it is, what the steps of a runbook do, where secrets are
//! kept, where reports go.

use crate::domain::look::Look;
use crate::domain::names::ChannelName;
use crate::domain::notice::Notice;
use crate::domain::run::{Call, RunState, Sent, StepState};
use crate::domain::runbook::StepName;
use crate::domain::secret::{Secret, SecretError, SecretRef};
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// Name of a log or document: `/`-separated segments of letters, digits, `.`, `-` and `_`.
pub type Name<'a> = &'a str;

/// Append-only logs and small overwritten documents.
///
/// A log is a growing run of bytes; its *version* is its length in bytes. That is exactly what an Azure append blob
/// offers (`append_position`), and what a file offers under a lock, so every backend keeps the same promise:
/// an append happens at the version its writer read, or not at all.
#[async_trait]
pub trait Store: Send + Sync {
    /// Makes an empty log. An existing one is left exactly as it is.
    async fn create(&self, log: Name<'_>) -> Result<(), StoreError>;

    /// Appends `bytes` when the log is `at` bytes long, durably, and gives the new length.
    ///
    /// [`StoreError::Conflict`] means the log has another length: nothing was written. After any other error the
    /// bytes may or may not be there; the writer reads back and recognises its own by their nonce.
    async fn append(&self, log: Name<'_>, at: u64, bytes: &[u8]) -> Result<u64, StoreError>;

    /// Reads from byte `from` to the end. `None` when the log does not exist.
    async fn read(&self, log: Name<'_>, from: u64) -> Result<Option<LogRead>, StoreError>;

    /// Names of logs that begin with `prefix`, sorted.
    async fn list(&self, prefix: Name<'_>) -> Result<Vec<String>, StoreError>;

    /// A document with its tag. `None` when it does not exist.
    async fn get(&self, document: Name<'_>) -> Result<Option<Document>, StoreError>;

    /// Removes a log for good; `false` when there is none. Only for what nobody writes to any more.
    ///
    /// [`StoreError::Bound`] means that the store has to keep it for now.
    async fn remove(&self, log: Name<'_>) -> Result<bool, StoreError>;

    /// The same for a document.
    async fn remove_document(&self, document: Name<'_>) -> Result<bool, StoreError>;

    /// Writes a document if its tag still is `expected` (`None`: if it does not exist yet); gives the new tag.
    async fn put(&self, document: Name<'_>, bytes: &[u8], expected: Option<&str>) -> Result<String, StoreError>;
}

/// What was read of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRead {
    pub bytes: Vec<u8>,
    /// The log's length: the version to append at.
    pub end: u64,
    /// How long ago the log was last written, by the store's own clock on both sides of the subtraction.
    pub quiet_for: Duration,
}

/// A small overwritten document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    pub bytes: Vec<u8>,
    pub tag: String,
}

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else wrote first. Read and decide again.
    #[error("{name}: written by somebody else meanwhile")]
    Conflict { name: String },
    /// An immutability policy or a legal hold forbids to remove it now. Trying again soon changes nothing.
    #[error("{name}: the store is bound to keep it")]
    Bound { name: String },
    #[error("{name}: no such log")]
    Missing { name: String },
    #[error("{operation} {name}: not a legal name")]
    IllegalName { operation: &'static str, name: String },
    /// The store did not answer or failed; whether a write took place is unknown.
    #[error("{operation} {name} failed")]
    Unavailable {
        operation: &'static str,
        name: String,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    pub fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict { .. })
    }

    /// Whether the same call may well succeed the next time.
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

/// The time of day, so that tests can hold it.
pub trait Clock: Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// One step of a runbook, wired to the world.
///
/// A step never writes the journal and keeps nothing between two looks: what it has to know of before is in the
/// folded run that it is handed.
#[async_trait]
pub trait Step: Send + Sync {
    fn name(&self) -> StepName;

    /// Observes, decides, changes nothing.
    async fn look(&self, view: &StepView) -> Look;

    /// Sends the mutating call that the look before asked for. The engine has journaled the intent.
    async fn send(&self, call: &Call, view: &StepView) -> Sent;
}

/// What a step is handed.
#[derive(Clone)]
pub struct StepView {
    pub run: Arc<RunState>,
    pub step: StepName,
    pub now: DateTime<Utc>,
    /// A call that was not begun by then is not begun at all (monotonic clock).
    pub send_by: Instant,
}

impl StepView {
    /// This step's own record in the run.
    pub fn record(&self) -> &StepState {
        // A view is only made for steps of the run's runbook, and folding enters each of them.
        &self.run.steps[&self.step]
    }

    /// Whether the step has been going on for that long. One that is only about to start has not.
    pub fn has_run_for(&self, limit: Duration) -> bool {
        let since = self.record().started_at.unwrap_or(self.now);
        (self.now - since).to_std().is_ok_and(|spent| spent >= limit)
    }
}

/// Where secrets are kept. They are read when they are needed, so that a rotated one is taken up without a restart.
#[async_trait]
pub trait Secrets: Send + Sync {
    async fn secret(&self, place: &SecretRef) -> Result<Secret, SecretError>;

    /// Another one, if there is one by now: `refused` was not taken where it was shown.
    async fn instead_of(&self, refused: &Secret, place: &SecretRef) -> Option<Secret>;
}

/// A way out to people and machines.
#[async_trait]
pub trait Channel: Send + Sync {
    fn name(&self) -> &ChannelName;

    /// Tries once, within the channel's own time-out. Whether and when to try again is the outbox's business.
    ///
    /// A notice may arrive although an error came back, so a receiver may see one twice, each time with the same id.
    async fn deliver(&self, notice: &Notice) -> Result<Delivered, DeliveryError>;
}

/// What the receiver's answer proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    pub receipt: Receipt,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The receiver's own name for this delivery, when it gave one: what its support asks for.
    pub reference: Option<String>,
}

/// How far a delivery is known to have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    /// A queue on the way took it. Whether people ever see it is not known.
    Queued,
    /// The receiver itself said yes.
    Accepted,
}

/// Why a notice was not, or perhaps not, delivered. Never shows the channel's address, which is a secret.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error("{channel}: no usable address")]
    Address {
        channel: ChannelName,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing was sent: where the address is kept, it cannot be read at the moment.
    #[error("{channel}: no address now")]
    AddressUnread {
        channel: ChannelName,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It may have arrived all the same.
    #[error("{channel}: no answer within {limit:?}")]
    TimedOut { channel: ChannelName, limit: Duration },
    #[error("{channel}: cannot be reached")]
    Unreachable {
        channel: ChannelName,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It may have arrived all the same.
    #[error("{channel}: the connection broke before an answer came")]
    Broken {
        channel: ChannelName,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    #[error("{channel}: receives too much (status 429)")]
    Throttled { channel: ChannelName, retry_after: Option<Duration> },
    #[error("{channel}: finds a message of {bytes} bytes too large (status 413)")]
    TooLarge { channel: ChannelName, bytes: usize },
    /// The receiver's own trouble.
    #[error("{channel}: failed with status {status}")]
    Failed { channel: ChannelName, status: u16, retry_after: Option<Duration> },
    /// The receiver does not want this message from this sender: the address is wrong, expired or not allowed.
    #[error("{channel}: refused with status {status}")]
    Refused { channel: ChannelName, status: u16 },
    #[error("{channel}: has moved elsewhere; configure its final address")]
    Moved { channel: ChannelName },
}

impl DeliveryError {
    /// Whether the same message may succeed later without anybody changing anything.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Unreachable { .. } | Self::Broken { .. } => true,
            Self::Throttled { .. } | Self::Failed { .. } | Self::AddressUnread { .. } => true,
            Self::Address { .. } | Self::TooLarge { .. } | Self::Refused { .. } | Self::Moved { .. } => false,
        }
    }

    /// How long the receiver asked to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after, .. } | Self::Failed { retry_after, .. } => *retry_after,
            _ => None,
        }
    }
}
