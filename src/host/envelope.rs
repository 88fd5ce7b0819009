//! What the host posts for one invocation: `{"Data": {binding: value}, "Metadata": {…}}`.
//!
//! Only `Data` is read. Keys of a JSON body or of a queue message overwrite `Metadata` (seen on a running host), so
//! nothing in there can be believed.

use super::request::HttpRequestData;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Datelike, Utc};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// One call of a function.
#[derive(Clone, PartialEq)]
pub struct Invocation {
    pub function: String,
    /// The host's id of this invocation; the same in its own logs.
    pub invocation_id: Option<String>,
    /// W3C trace parent of whoever called, if they sent one.
    pub trace_parent: Option<String>,
    data: Map<String, Value>,
}

/// Why an invocation could not be understood.
#[derive(Debug, thiserror::Error)]
pub enum EnvelopeError {
    #[error("the invocation of {function} is not JSON")]
    NotJson {
        function: String,
        #[source]
        source: serde_json::Error,
    },
    #[error("the invocation of {function} has no Data object")]
    NoData { function: String },
    #[error("the invocation of {function} has no usable binding {binding}")]
    NoBinding { function: String, binding: String },
}

/// What a timer says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timer {
    /// The tick comes later than scheduled, because no instance was there.
    pub is_past_due: bool,
    /// The last tick; `None` at the first, and always for schedules under a minute, which the host keeps no record of.
    pub last: Option<DateTime<Utc>>,
    pub next: Option<DateTime<Utc>>,
}

/// A message is looked for inside of that many texts, itself included.
const WRAPPINGS: usize = 4;

/// A queue message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub text: String,
}

impl Message {
    /// The message as a JSON object, also when its sender put it into base64 or a JSON text once too often.
    pub fn object(&self) -> Option<Map<String, Value>> {
        let mut text = Cow::Borrowed(self.text.trim());
        for _ in 0..WRAPPINGS {
            text = match serde_json::from_str(&text) {
                Ok(Value::Object(object)) => return Some(object),
                Ok(Value::String(inner)) => Cow::Owned(inner),
                _ => Cow::Owned(String::from_utf8(STANDARD.decode(text.trim()).ok()?).ok()?),
            };
        }
        None
    }
}

impl Invocation {
    /// Decodes an invocation. The id comes from the host's `X-Azure-Functions-InvocationId` header, `trace_parent` from
    /// its `traceparent` header; one sent by the caller of an HTTP function is preferred to that.
    pub fn decode(
        function: &str,
        invocation_id: Option<String>,
        trace_parent: Option<String>,
        body: &[u8],
    ) -> Result<Self, EnvelopeError> {
        let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
        let envelope: Value = serde_json::from_slice(body)
            .map_err(|source| EnvelopeError::NotJson { function: function.to_owned(), source })?;
        let data = match member(&envelope, "Data").map(unwrap) {
            Some(Cow::Owned(Value::Object(data))) => data,
            Some(Cow::Borrowed(Value::Object(data))) => data.clone(),
            _ => return Err(EnvelopeError::NoData { function: function.to_owned() }),
        };
        let caller_trace = data.values().find_map(trace_parent_of);
        Ok(Self { function: function.to_owned(), invocation_id, trace_parent: caller_trace.or(trace_parent), data })
    }

    /// The request of an HTTP trigger.
    pub fn http(&self, binding: &str) -> Result<HttpRequestData, EnvelopeError> {
        let request = self.data.get(binding).map(unwrap);
        let request = request.as_deref().and_then(Value::as_object).ok_or_else(|| self.no_binding(binding))?;
        Ok(HttpRequestData::of(request))
    }

    /// The message of a queue trigger. The host puts text into JSON text into a JSON string; text that is not JSON
    /// text, and values that are no strings, are taken as they are.
    pub fn message(&self, binding: &str) -> Result<Message, EnvelopeError> {
        let value = self.data.get(binding).filter(|value| !value.is_null()).ok_or_else(|| self.no_binding(binding))?;
        let text = match value {
            Value::String(outer) => match serde_json::from_str(outer) {
                Ok(Value::String(inner)) => inner,
                _ => outer.clone(),
            },
            other => other.to_string(),
        };
        Ok(Message { text })
    }

    /// What the timer says. A tick is a tick: what is missing or unreadable gets its default.
    pub fn timer(&self, binding: &str) -> Timer {
        let timer = self.data.get(binding).map(unwrap).unwrap_or(Cow::Owned(Value::Null));
        let status = member(&timer, "ScheduleStatus").unwrap_or(&Value::Null);
        Timer {
            is_past_due: member(&timer, "IsPastDue").and_then(Value::as_bool).unwrap_or(false),
            last: time(status, "Last"),
            next: time(status, "Next"),
        }
    }

    fn no_binding(&self, binding: &str) -> EnvelopeError {
        EnvelopeError::NoBinding { function: self.function.clone(), binding: binding.to_owned() }
    }
}

/// Shows no data: it holds keys and whatever the caller sent.
impl std::fmt::Debug for Invocation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Invocation")
            .field("function", &self.function)
            .field("invocation_id", &self.invocation_id)
            .field("bindings", &self.data.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

/// A member of an object, its name compared ignoring case as .NET does.
pub(super) fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    object.get(name).or_else(|| object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A value that may have been put into JSON text on its way. Text that is not JSON stays what it is.
fn unwrap(value: &Value) -> Cow<'_, Value> {
    let inner = value.as_str().and_then(|text| serde_json::from_str(text).ok());
    inner.map_or(Cow::Borrowed(value), Cow::Owned)
}

fn trace_parent_of(binding: &Value) -> Option<String> {
    let header = member(member(binding, "Headers")?, "traceparent")?;
    let text = header.as_array().map_or(Some(header), |values| values.first())?.as_str()?;
    is_trace_parent(text).then(|| text.to_owned())
}

/// `version-traceid-parentid-flags` in hexadecimal (W3C Trace Context). Anything else would only be noise in the logs.
pub(super) fn is_trace_parent(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([2, 32, 16, 2]) && text.chars().all(|c| c == '-' || c.is_ascii_hexdigit())
}

/// A time of the schedule; .NET's year 1 means there is none.
fn time(status: &Value, name: &str) -> Option<DateTime<Utc>> {
    let text = member(status, name)?.as_str()?;
    let time = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (time.year() > 1).then_some(time)
}
