//! What became of a mutating call, as the caller has to know it.

use super::arm::Posted;
use super::error::Refusal;
use super::http::Reply;
use crate::domain::failure::FailureClass;
use crate::domain::secret::SignedUrl;
use std::time::Duration;

/// The outcome of asking Azure to change something. None of these says that the change took place: only reading the
/// resource again does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Accepted; the operation goes on.
    Accepted {
        /// Status URL to poll, if Azure gave one.
        operation: Option<SignedUrl>,
        request_ids: Vec<String>,
    },
    /// Accepted, and there is nothing to wait for (204).
    NothingToDo { request_ids: Vec<String> },
    /// Refused because the resource seems to be in that state already. Only a hint: read the resource.
    AlreadyThere { text: String, request_ids: Vec<String> },
    /// Refused because another operation is going on, or came first.
    Busy { text: String, request_ids: Vec<String> },
    /// Refused for a reason that asking again at once does not change.
    Rejected { class: FailureClass, code: String, message: String, request_ids: Vec<String> },
    /// Not accepted: too many requests. Asking earlier than `retry_after` makes it worse.
    Throttled { retry_after: Option<Duration>, request_ids: Vec<String> },
    /// Sent, but whether it was accepted is unknown. Read the resource. Where no answer came, the id is the one that
    /// we sent as `x-ms-client-request-id`.
    Unknown { reason: String, request_ids: Vec<String> },
}

impl Sent {
    pub(super) fn of(posted: Posted) -> Self {
        match posted {
            Posted::Unknown { reason, client_request_id } => {
                Self::Unknown { reason, request_ids: vec![client_request_id] }
            }
            Posted::Replied(Reply { status: 204, request_ids, .. }) => Self::NothingToDo { request_ids },
            Posted::Replied(Reply { status: 200..=299, operation, request_ids, .. }) => {
                Self::Accepted { operation, request_ids }
            }
            Posted::Replied(reply) => Self::refused(reply.refusal()),
        }
    }

    fn refused(refusal: Refusal) -> Self {
        let Refusal { status, error, class, retry_after, request_ids } = refusal;
        let text = error.to_string();
        match class {
            FailureClass::Busy | FailureClass::Preempted => Self::Busy { text, request_ids },
            FailureClass::Throttled => Self::Throttled { retry_after, request_ids },
            // A gateway that gave up, or a service that broke while it worked: it may still have been accepted.
            FailureClass::Transient | FailureClass::Other if status >= 500 || status == 408 => {
                Self::Unknown { reason: format!("HTTP {status}, {text}"), request_ids }
            }
            class => Self::Rejected { class, code: error.code, message: error.message, request_ids },
        }
    }

    /// Ids for a support case.
    pub fn request_ids(&self) -> &[String] {
        match self {
            Self::Accepted { request_ids, .. } | Self::NothingToDo { request_ids } => request_ids,
            Self::AlreadyThere { request_ids, .. } | Self::Busy { request_ids, .. } => request_ids,
            Self::Rejected { request_ids, .. } | Self::Throttled { request_ids, .. } => request_ids,
            Self::Unknown { request_ids, .. } => request_ids,
        }
    }

    /// One sentence for journals and reports.
    pub fn text(&self) -> String {
        match self {
            Self::Accepted { .. } => "accepted".into(),
            Self::NothingToDo { .. } => "accepted, nothing to wait for".into(),
            Self::AlreadyThere { text, .. } => format!("refused as already done: {text}"),
            Self::Busy { text, .. } => format!("refused, another operation is going on: {text}"),
            Self::Rejected { class, code, message, .. } if code.is_empty() => format!("rejected ({class}): {message}"),
            Self::Rejected { class, code, message, .. } => format!("rejected ({class}): {code}: {message}"),
            Self::Throttled { retry_after: Some(wait), .. } => {
                format!("throttled, to be asked again after {}", crate::domain::duration::text(*wait))
            }
            Self::Throttled { retry_after: None, .. } => "throttled".into(),
            Self::Unknown { reason, .. } => format!("outcome unknown: {reason}"),
        }
    }
}
