//! Why a call to Azure did not give an answer. Each error names the operation and its object.

use super::credential::CredentialError;
use super::link::BadLink;
use super::service_error::ServiceError;
use crate::domain::causes::with_causes;
use crate::domain::failure::FailureClass;
use std::fmt;
use std::time::Duration;

/// What was asked, and of what: `read cluster /subscriptions/…/aks-a`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    pub operation: &'static str,
    pub object: String,
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.operation, self.object)
    }
}

/// A refusal that Azure put into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    pub error: ServiceError,
    pub class: FailureClass,
    /// How long Azure asks to wait.
    pub retry_after: Option<Duration>,
    pub request_ids: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}, {}", self.status, self.error)
    }
}

/// No usable answer from Azure Resource Manager.
#[derive(Debug, thiserror::Error)]
pub enum ArmError {
    /// Without a token nothing is sent.
    #[error("{call}: not sent, there is no token")]
    Token {
        call: CallName,
        #[source]
        source: CredentialError,
    },
    /// No attempt ever connected.
    #[error("{call}: not sent, Azure Resource Manager cannot be reached")]
    Unreachable {
        call: CallName,
        #[source]
        source: reqwest::Error,
    },
    /// A mutating call whose time to be sent was over before it could be sent.
    #[error("{call}: not sent, its time to be sent is over")]
    TooLate { call: CallName },
    /// Not sent yet, so as not to be turned away and make everybody's wait longer.
    #[error("{call}: held back for {}, Azure takes no more calls of this kind before", crate::domain::duration::text(*.wait))]
    HeldBack { call: CallName, wait: Duration },
    /// Sent, but no complete answer came back.
    #[error("{call}: no complete answer")]
    Lost {
        call: CallName,
        client_request_id: String,
        #[source]
        source: reqwest::Error,
    },
    /// Azure answered, and said no.
    #[error("{call}: {refusal}")]
    Refused { call: CallName, refusal: Box<Refusal> },
    /// Azure answered something that cannot be read.
    #[error("{call}: the answer cannot be read, {why}")]
    Unreadable { call: CallName, why: String, request_ids: Vec<String> },
    /// A link in an answer is not followed.
    #[error("{call}: a link in the answer is not followed")]
    Link {
        call: CallName,
        #[source]
        source: BadLink,
    },
}

impl ArmError {
    pub fn call(&self) -> &CallName {
        match self {
            Self::Token { call, .. } | Self::Unreachable { call, .. } | Self::TooLate { call } => call,
            Self::Lost { call, .. } | Self::Refused { call, .. } | Self::HeldBack { call, .. } => call,
            Self::Unreadable { call, .. } | Self::Link { call, .. } => call,
        }
    }

    pub fn class(&self) -> FailureClass {
        match self {
            Self::Token { .. } => FailureClass::Identity,
            Self::Unreachable { .. } | Self::Lost { .. } | Self::TooLate { .. } => FailureClass::Transient,
            Self::HeldBack { .. } => FailureClass::Throttled,
            Self::Refused { refusal, .. } => refusal.class,
            Self::Unreadable { .. } | Self::Link { .. } => FailureClass::Other,
        }
    }

    /// Whether the resource is not there (as far as this answer tells).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.status == 404)
    }

    /// How long to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { refusal, .. } => refusal.retry_after,
            Self::HeldBack { wait, .. } => Some(*wait),
            _ => None,
        }
    }

    /// Ids for a support case.
    pub fn request_ids(&self) -> Vec<String> {
        match self {
            Self::Refused { refusal, .. } => refusal.request_ids.clone(),
            Self::Unreadable { request_ids, .. } => request_ids.clone(),
            Self::Lost { client_request_id, .. } => vec![client_request_id.clone()],
            _ => Vec::new(),
        }
    }

    /// The error with everything below it, in one line for journals and reports.
    pub fn text(&self) -> String {
        with_causes(self)
    }
}
