//! Why a cluster did not give an answer. Each error names the verb, the resource and the cluster.

use super::access::AccessError;
use crate::azure::ArmError;
use crate::domain::causes::with_causes;
use crate::domain::failure::FailureClass;
use crate::domain::workload::Via;
use std::fmt;
use std::time::Duration;

/// What was asked, in the words of Kubernetes's roles: verb, resource with its group, and of what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallName {
    /// `get`, `list`, `patch`, `create`, `delete`.
    pub verb: &'static str,
    /// `nodes`, `deployments.apps/scale`, `pods/log`.
    pub resource: &'static str,
    /// Namespace and name, as far as there are.
    pub object: String,
    /// The cluster's name.
    pub cluster: String,
}

impl CallName {
    /// Itself, as errors hold it.
    pub(super) fn boxed(&self) -> Box<Self> {
        Box::new(self.clone())
    }
}

impl fmt::Display for CallName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.verb, self.resource)?;
        if !self.object.is_empty() {
            write!(f, " {}", self.object)?;
        }
        write!(f, " in cluster {}", self.cluster)
    }
}

/// A refusal that the API server put into words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status; of a command the one that its words stand for.
    pub status: u16,
    /// `reason` of the answer, such as `Forbidden`.
    pub reason: String,
    pub message: String,
    pub class: FailureClass,
    /// How long the server asks to wait.
    pub retry_after: Option<Duration>,
    pub via: Via,
    pub request_ids: Vec<String>,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        for said in [&self.reason, &self.message] {
            if !said.is_empty() {
                write!(f, ", {said}")?;
            }
        }
        Ok(())
    }
}

/// No usable answer from a cluster.
#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    /// Azure gave no kubeconfig or no token, so nothing was sent.
    #[error("{call}: not sent, there is no access to the cluster")]
    Access {
        call: Box<CallName>,
        #[source]
        source: AccessError,
    },
    /// The call cannot be put together: a name that no object can have.
    #[error("{call}: not sent, {why}")]
    NotSendable { call: Box<CallName>, why: String },
    /// Nothing could connect to the API server, and there was no way around.
    #[error("{call}: not sent, the API server cannot be reached ({why}); {around}")]
    Unreachable { call: Box<CallName>, why: String, around: String },
    /// Something answers at the API server's address, but does not prove to be it.
    #[error("{call}: not sent, the server does not prove to be the cluster's API server: {why}")]
    Untrusted { call: Box<CallName>, why: String },
    /// An act whose time to be sent was over before it could be sent.
    #[error("{call}: not sent, its time to be sent is over")]
    TooLate { call: Box<CallName> },
    /// Sent, but no complete answer came back.
    #[error("{call}: no complete answer: {why}")]
    Lost { call: Box<CallName>, why: String, request_ids: Vec<String> },
    /// The API server answered, and said no.
    #[error("{call}: {refusal}")]
    Refused { call: Box<CallName>, refusal: Box<Refusal> },
    /// The answer cannot be read.
    #[error("{call}: the answer cannot be read, {why}")]
    Unreadable { call: Box<CallName>, via: Via, why: String, request_ids: Vec<String> },
    /// The API server cannot be reached, and Azure did not run the command that was to go around it.
    #[error("{call}: the API server cannot be reached ({unreachable}), and the command around it failed")]
    Around {
        call: Box<CallName>,
        unreachable: String,
        #[source]
        source: Box<ArmError>,
    },
    /// The same, where Azure gave no error but no usable result either.
    #[error("{call}: the API server cannot be reached ({unreachable}), and the command around it failed: {why}")]
    CommandFailed {
        call: Box<CallName>,
        unreachable: String,
        why: String,
        class: FailureClass,
        request_ids: Vec<String>,
    },
}

impl KubernetesError {
    pub fn call(&self) -> &CallName {
        match self {
            Self::Access { call, .. } | Self::NotSendable { call, .. } | Self::Unreachable { call, .. } => call,
            Self::Untrusted { call, .. } | Self::TooLate { call } | Self::Lost { call, .. } => call,
            Self::Refused { call, .. } | Self::Unreadable { call, .. } => call,
            Self::Around { call, .. } | Self::CommandFailed { call, .. } => call,
        }
    }

    pub fn class(&self) -> FailureClass {
        match self {
            Self::Access { source, .. } => source.class(),
            Self::Unreachable { .. } | Self::Lost { .. } | Self::TooLate { .. } => FailureClass::Transient,
            Self::Refused { refusal, .. } => refusal.class,
            Self::Around { source, .. } => source.class(),
            Self::CommandFailed { class, .. } => *class,
            Self::NotSendable { .. } | Self::Untrusted { .. } | Self::Unreadable { .. } => FailureClass::Other,
        }
    }

    /// The cluster could not be asked at all: nobody knows whether it runs.
    pub fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Around { .. } | Self::CommandFailed { .. })
    }

    /// Not accepted as who we are (401).
    pub fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.status == 401)
    }

    /// Not allowed to do this (403); [`Self::call`] names verb and resource.
    pub fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.status == 403)
    }

    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused { refusal, .. } if refusal.status == 404)
    }

    pub fn is_throttled(&self) -> bool {
        self.class() == FailureClass::Throttled
    }

    /// How long to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused { refusal, .. } => refusal.retry_after,
            Self::Around { source, .. } => source.retry_after(),
            Self::Access { source, .. } => source.retry_after(),
            _ => None,
        }
    }

    /// Ids for a support case.
    pub fn request_ids(&self) -> Vec<String> {
        match self {
            Self::Refused { refusal, .. } => refusal.request_ids.clone(),
            Self::Lost { request_ids, .. } | Self::Unreadable { request_ids, .. } => request_ids.clone(),
            Self::CommandFailed { request_ids, .. } => request_ids.clone(),
            Self::Around { source, .. } => source.request_ids(),
            Self::Access { source, .. } => source.request_ids(),
            _ => Vec::new(),
        }
    }

    /// The error with everything below it, in one line for journals and reports. What was not allowed is named as a role
    /// names it, since the server's own words may not.
    pub fn text(&self) -> String {
        let text = with_causes(self);
        let CallName { verb, resource, .. } = self.call();
        if self.is_forbidden() {
            return format!("{text}; missing is the verb {verb:?} on {resource:?}");
        }
        text
    }
}
