//! What a function answers: outputs in the shapes that the host takes without changing or losing anything.

use super::redact;
use super::routes::Route;
use crate::domain::status::Problem;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// The outcome of an invocation that succeeded as far as the host is concerned. What a caller must see, an error
/// included, is in its [`HttpAnswer`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    http: Option<HttpAnswer>,
    messages: Vec<String>,
    logs: Vec<String>,
}

/// Why an answer does not fit its function. Always a mistake in the program.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AnswerError {
    #[error("{function} has callers who wait, but gave them no http answer")]
    HttpMissing { function: &'static str },
    #[error("{function} gave an http answer, but has no http output")]
    NoHttpOutput { function: &'static str },
    #[error("{function} sent wake-ups, but has no queue output")]
    NoQueueOutput { function: &'static str },
}

impl Answer {
    /// Nothing to say, which is an answer: an empty one would hang the invocation.
    pub fn done() -> Self {
        Self::default()
    }

    /// What the caller sees.
    pub fn http(http: HttpAnswer) -> Self {
        Self { http: Some(http), ..Self::default() }
    }

    /// Sends a wake-up: the text of one queue message.
    ///
    /// Several messages travel as an array, whose elements the host takes as they are as long as they do not look like
    /// a date alone; wake-ups are JSON objects and never do.
    pub fn wake(mut self, message: impl Into<String>) -> Self {
        self.messages.push(message.into());
        self
    }

    /// A line for the invocation's log at the host. It is lost when the invocation fails, so what matters goes to
    /// standard output as well.
    pub fn log(mut self, line: impl AsRef<str>) -> Self {
        self.logs.push(redact::text(line.as_ref()).into_owned());
        self
    }

    /// The caller's part, for tests and for whoever wants to look at it before it leaves.
    pub fn http_answer(&self) -> Option<&HttpAnswer> {
        self.http.as_ref()
    }

    /// The wake-ups so far.
    pub fn messages(&self) -> &[String] {
        &self.messages
    }

    /// The answer as the host reads it. Never empty, never null.
    pub(super) fn render(&self, route: &Route) -> Result<Value, AnswerError> {
        let function = route.name;
        let mut outputs = Map::new();
        match (&self.http, route.http_output) {
            (Some(http), Some(binding)) => outputs.insert(binding.to_owned(), http.render()),
            (None, None) => None,
            (None, Some(_)) => return Err(AnswerError::HttpMissing { function }),
            (Some(_), None) => return Err(AnswerError::NoHttpOutput { function }),
        };
        match (queue_value(&self.messages), route.queue_output) {
            (Some(messages), Some(binding)) => outputs.insert(binding.to_owned(), messages),
            (None, _) => None,
            (Some(_), None) => return Err(AnswerError::NoQueueOutput { function }),
        };
        Ok(json!({ "Outputs": outputs, "Logs": self.logs }))
    }
}

/// One message as base64 of its exact text, which the host decodes again: plain text would be taken for base64
/// whenever it happens to be valid (seen: `abcd` became three bytes). Inside an array nothing is decoded.
fn queue_value(messages: &[String]) -> Option<Value> {
    match messages {
        [] => None,
        [one] => Some(Value::String(STANDARD.encode(one))),
        many => Some(json!(many)),
    }
}

/// What the caller of an HTTP function sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    pub status: u16,
    headers: BTreeMap<String, String>,
    body: String,
}

impl HttpAnswer {
    pub fn text(status: u16, content_type: &str, body: impl Into<String>) -> Self {
        let headers = BTreeMap::from([("Content-Type".to_owned(), content_type.to_owned())]);
        Self { status, headers, body: body.into() }
    }

    pub fn json(status: u16, body: &impl Serialize) -> Result<Self, serde_json::Error> {
        Ok(Self::text(status, "application/json", serde_json::to_string(body)?))
    }

    /// An error as RFC 9457 describes it, with what to do next.
    pub fn problem(problem: &Problem) -> Self {
        let body = serde_json::to_string(problem).unwrap_or_default();
        Self::text(problem.status, "application/problem+json", body)
    }

    /// Adds a header. `Content-Length` is left out because it breaks the answer at the host (seen), and what cannot
    /// stand in a header value becomes a space.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if !name.eq_ignore_ascii_case("content-length") {
            self.headers.retain(|other, _| !other.eq_ignore_ascii_case(name));
            self.headers.insert(name.to_owned(), value.replace(char::is_control, " "));
        }
        self
    }

    pub fn body(&self) -> &str {
        &self.body
    }

    fn render(&self) -> Value {
        json!({ "statusCode": self.status, "headers": self.headers, "body": self.body })
    }
}
