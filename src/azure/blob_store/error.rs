//! Why a call to the storage did not do what it was to do.

use super::place::Use;
use super::refusal::{Meaning, Refusal};
use crate::azure::CredentialError;
use crate::domain::duration;
use azure_core::error::{Error, ErrorKind};
use std::time::Duration;

/// No usable answer from the storage. The operation and its object stand in the error around it.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// Without a token nothing is sent.
    #[error("not sent, there is no token")]
    Token(#[source] CredentialError),
    /// Nothing was sent.
    #[error("the storage at {place} cannot be reached")]
    Unreachable {
        place: String,
        #[source]
        source: Error,
    },
    /// Sent, perhaps carried out.
    #[error("the storage at {place} gave no complete answer")]
    Lost {
        place: String,
        #[source]
        source: Error,
    },
    /// Sent, perhaps carried out.
    #[error("the storage at {place} did not answer within {}", duration::text(*limit))]
    TimedOut { place: String, limit: Duration },
    /// The storage answered, and said no.
    #[error("{0}")]
    Refused(Box<Refusal>),
    #[error("the storage at {place} answered something that cannot be read")]
    Unreadable {
        place: String,
        #[source]
        source: Error,
    },
    /// A document never had this tag.
    #[error("the expected tag is none that a storage gives")]
    StrangeTag,
}

impl BlobError {
    pub(super) fn read(error: Error, place: &str, of: Use) -> Self {
        let here = || place.to_owned();
        match error.kind() {
            ErrorKind::HttpResponse { .. } => Self::Refused(Box::new(Refusal::read(error, place, of))),
            ErrorKind::Connection => Self::Unreachable { place: here(), source: error },
            ErrorKind::Credential => no_token(error, here()),
            ErrorKind::DataConversion | ErrorKind::Other => Self::Unreadable { place: here(), source: error },
            ErrorKind::Io => Self::Lost { place: here(), source: error },
        }
    }

    pub(super) fn means(&self, meaning: Meaning) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.meaning == meaning)
    }

    /// Whether a document has another tag than the expected one, or exists, or is gone.
    pub(super) fn is_conflict(&self) -> bool {
        let refused = [Meaning::Moved, Meaning::Exists, Meaning::NoBlob].into_iter().any(|it| self.means(it));
        refused || matches!(self, Self::StrangeTag)
    }

    /// Whether nobody can tell from this alone if it was carried out.
    pub(super) fn is_uncertain(&self) -> bool {
        match self {
            Self::Lost { .. } | Self::TimedOut { .. } | Self::Unreadable { .. } => true,
            Self::Refused(refusal) => refusal.meaning == Meaning::Busy,
            Self::Token(_) | Self::Unreachable { .. } | Self::StrangeTag => false,
        }
    }

    /// Whether the same call may well succeed a moment later.
    pub(super) fn may_pass(&self) -> bool {
        self.is_uncertain() || matches!(self, Self::Unreachable { .. })
    }

    /// How long the storage asks to wait.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            _ => None,
        }
    }
}

fn no_token(error: Error, place: String) -> BlobError {
    match error.into_inner().map(|inner| inner.downcast::<CredentialError>()) {
        Ok(Ok(source)) => BlobError::Token(*source),
        Ok(Err(other)) => BlobError::Unreadable { place, source: Error::new(ErrorKind::Credential, other) },
        Err(error) => BlobError::Unreadable { place, source: error },
    }
}
