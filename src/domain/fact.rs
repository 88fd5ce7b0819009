//! Observed facts. Every one may be unknown, and unknown is never the same as down.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One observation: known with its value, or unknown with the reason; always with when and from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact<T> {
    /// When it was observed (UTC, the observer's clock).
    pub at: DateTime<Utc>,
    /// From where it was seen, for the reader of a report: `Azure Resource Manager`, `own probe from this function app`.
    pub from: String,
    #[serde(flatten)]
    pub state: FactState<T>,
    /// Correlation ids of the requests behind it (`x-ms-correlation-request-id`, `X-Azure-Ref`), for support cases.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_ids: Vec<String>,
}

/// Known or unknown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FactState<T> {
    Known(T),
    Unknown { reason: String },
}

impl<T> Fact<T> {
    pub fn known(value: T, at: DateTime<Utc>, from: impl Into<String>) -> Self {
        Self { at, from: from.into(), state: FactState::Known(value), request_ids: Vec::new() }
    }

    pub fn unknown(reason: impl Into<String>, at: DateTime<Utc>, from: impl Into<String>) -> Self {
        Self { at, from: from.into(), state: FactState::Unknown { reason: reason.into() }, request_ids: Vec::new() }
    }

    pub fn with_request_ids(mut self, ids: Vec<String>) -> Self {
        self.request_ids = ids;
        self
    }

    pub fn value(&self) -> Option<&T> {
        match &self.state {
            FactState::Known(value) => Some(value),
            FactState::Unknown { .. } => None,
        }
    }

    /// The reason why nothing is known, if so.
    pub fn unknown_reason(&self) -> Option<&str> {
        match &self.state {
            FactState::Known(_) => None,
            FactState::Unknown { reason } => Some(reason),
        }
    }

    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Fact<U> {
        let state = match self.state {
            FactState::Known(value) => FactState::Known(f(value)),
            FactState::Unknown { reason } => FactState::Unknown { reason },
        };
        Fact { at: self.at, from: self.from, state, request_ids: self.request_ids }
    }
}
