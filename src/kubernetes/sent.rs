//! What became of an act, as the caller has to know it.

use super::error::Refusal;
use super::reply::Reply;
use crate::domain::duration;
use crate::domain::failure::FailureClass;
use crate::domain::secret::SignedUrl;
use crate::domain::workload::Via;
use std::time::Duration;

/// The outcome of asking a cluster to change something. None of these says that the change took place: only looking
/// again does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// Taken; the cluster's controllers do the rest.
    Accepted {
        via: Via,
        /// Of a command that still runs: where [its outcome](super::Cluster::command_outcome) will be.
        operation: Option<SignedUrl>,
        request_ids: Vec<String>,
    },
    /// It was so already: what is to be deleted is gone, what is to be made is there.
    AlreadyThere { via: Via, text: String, request_ids: Vec<String> },
    /// Refused for a reason that asking again at once does not change.
    Rejected { via: Via, class: FailureClass, code: String, message: String, request_ids: Vec<String> },
    /// Not taken: too many requests.
    Throttled { via: Via, retry_after: Option<Duration>, request_ids: Vec<String> },
    /// Sent, but whether it was taken is unknown. Look at the object.
    Unknown { via: Via, reason: String, request_ids: Vec<String> },
}

/// Which refusal means that the act has been done before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DoneWhen {
    /// A deletion.
    Gone,
    /// A creation.
    There,
    /// A change.
    Never,
}

impl Sent {
    pub(super) fn of(reply: Reply, done: DoneWhen) -> Self {
        if reply.is_success() {
            return Self::Accepted { via: reply.via, operation: None, request_ids: reply.request_ids };
        }
        let refusal = reply.refusal();
        let (text, done) = (refusal.to_string(), done.is(&refusal));
        let Refusal { status, reason, message, class, retry_after, via, request_ids } = refusal;
        match class {
            _ if done => Self::AlreadyThere { via, text, request_ids },
            FailureClass::Throttled => Self::Throttled { via, retry_after, request_ids },
            // A server that broke while it worked, or one in front of it that gave up: it may still have been taken.
            FailureClass::Transient | FailureClass::Other if status >= 500 || status == 408 => {
                Self::Unknown { via, reason: text, request_ids }
            }
            class => Self::Rejected { via, class, code: reason, message, request_ids },
        }
    }

    pub fn via(&self) -> Via {
        match self {
            Self::Accepted { via, .. } | Self::AlreadyThere { via, .. } | Self::Rejected { via, .. } => *via,
            Self::Throttled { via, .. } | Self::Unknown { via, .. } => *via,
        }
    }

    /// Ids for a support case.
    pub fn request_ids(&self) -> &[String] {
        match self {
            Self::Accepted { request_ids, .. } | Self::AlreadyThere { request_ids, .. } => request_ids,
            Self::Rejected { request_ids, .. } | Self::Throttled { request_ids, .. } => request_ids,
            Self::Unknown { request_ids, .. } => request_ids,
        }
    }

    /// One sentence for journals and reports.
    pub fn text(&self) -> String {
        match self {
            Self::Accepted { operation: Some(_), .. } => "accepted as a command, which still runs".into(),
            Self::Accepted { operation: None, .. } => "accepted".into(),
            Self::AlreadyThere { text, .. } => format!("already done: {text}"),
            Self::Rejected { class, code, message, .. } if code.is_empty() => format!("rejected ({class}): {message}"),
            Self::Rejected { class, code, message, .. } => format!("rejected ({class}): {code}: {message}"),
            Self::Throttled { retry_after: Some(wait), .. } => {
                format!("throttled, to be asked again after {}", duration::text(*wait))
            }
            Self::Throttled { retry_after: None, .. } => "throttled".into(),
            Self::Unknown { reason, .. } => format!("outcome unknown: {reason}"),
        }
    }
}

impl DoneWhen {
    fn is(self, refusal: &Refusal) -> bool {
        match self {
            Self::Gone => refusal.status == 404,
            Self::There => refusal.reason == "AlreadyExists",
            Self::Never => false,
        }
    }
}
