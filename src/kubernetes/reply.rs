//! What came back from a cluster, by whichever way: a status, a body, ids. And what a refusal in it says.

use super::Seen;
use super::error::{CallName, KubernetesError, Refusal};
use crate::domain::failure::FailureClass;
use crate::domain::workload::Via;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// How much of a text that is no `Status` object is kept.
const TEXT_LIMIT: usize = 600;

/// An answer of the API server.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub status: u16,
    pub via: Via,
    pub request_ids: Vec<String>,
    pub retry_after: Option<Duration>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The refusal in it: a `Status` object, or any text.
    pub fn refusal(&self) -> Refusal {
        let status: Option<kube::core::Status> = serde_json::from_slice(&self.body).ok();
        let status = status.filter(|status| !status.message.is_empty() || !status.reason.is_empty());
        let asked =
            status.as_ref().and_then(|status| status.details.as_ref()).map(|details| details.retry_after_seconds);
        let asked = asked.filter(|seconds| *seconds > 0).map(|seconds| Duration::from_secs(seconds.into()));
        let (reason, message) = match status {
            Some(status) => (status.reason, status.message),
            None => (String::new(), self.text().trim().chars().take(TEXT_LIMIT).collect()),
        };
        Refusal {
            status: self.status,
            class: class_of(self.status, &reason),
            reason,
            message,
            retry_after: self.retry_after.or(asked),
            via: self.via,
            request_ids: self.request_ids.clone(),
        }
    }

    /// The body as a value, or the refusal as an error.
    pub fn read<T: DeserializeOwned>(self, call: &CallName) -> Result<Seen<T>, KubernetesError> {
        let reply = self.accepted(call)?;
        match serde_json::from_slice(&reply.body) {
            Ok(value) => Ok(Seen { value, via: reply.via, request_ids: reply.request_ids }),
            Err(error) => Err(reply.unreadable(call, format!("it is not what was asked for: {error}"))),
        }
    }

    /// Itself, if it is a success.
    pub fn accepted(self, call: &CallName) -> Result<Self, KubernetesError> {
        if self.is_success() {
            return Ok(self);
        }
        Err(KubernetesError::Refused { call: call.boxed(), refusal: Box::new(self.refusal()) })
    }

    pub fn unreadable(self, call: &CallName, why: String) -> KubernetesError {
        KubernetesError::Unreadable { call: call.boxed(), via: self.via, why, request_ids: self.request_ids }
    }
}

/// kubernetes.io, API conventions: HTTP status codes and reasons.
pub(super) fn class_of(status: u16, reason: &str) -> FailureClass {
    match (status, reason) {
        (_, "AlreadyExists") => FailureClass::Other,
        (401, _) => FailureClass::Identity,
        (403, _) => FailureClass::Permission,
        (404, _) => FailureClass::NotFound,
        (409, _) => FailureClass::Busy,
        (429, _) => FailureClass::Throttled,
        // 410: the place in a list that was asked for is too old.
        (408 | 410 | 500 | 502 | 503 | 504, _) => FailureClass::Transient,
        _ => FailureClass::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let body = body.as_bytes().to_vec();
        Reply { status, via: Via::Direct, request_ids: vec!["a".into()], retry_after: None, body }
    }

    #[test]
    fn a_status_object_and_plain_text_are_understood() {
        let forbidden = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"nodes is forbidden",
            "reason":"Forbidden","details":{"kind":"nodes"},"code":403}"#;
        let refusal = reply(403, forbidden).refusal();
        assert_eq!(refusal.to_string(), "HTTP 403, Forbidden, nodes is forbidden");
        assert_eq!(refusal.class, FailureClass::Permission);
        assert_eq!(reply(502, "<html>bad gateway</html>").refusal().to_string(), "HTTP 502, <html>bad gateway</html>");
        assert_eq!(reply(500, "").refusal().to_string(), "HTTP 500");
    }

    #[test]
    fn a_wait_is_read_from_the_status_object_where_no_header_names_one() {
        let body = r#"{"kind":"Status","status":"Failure","message":"slow down","reason":"TooManyRequests",
            "details":{"retryAfterSeconds":7},"code":429}"#;
        assert_eq!(reply(429, body).refusal().retry_after, Some(Duration::from_secs(7)));
        let mut with_header = reply(429, body);
        with_header.retry_after = Some(Duration::from_secs(1));
        assert_eq!(with_header.refusal().retry_after, Some(Duration::from_secs(1)));
    }

    proptest::proptest! {
        #[test]
        fn no_body_upsets_the_reading(status in 100u16..600, body in ".{0,60}") {
            reply(status, &body).refusal();
        }
    }
}
