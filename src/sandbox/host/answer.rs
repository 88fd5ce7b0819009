//! What the host makes of the handler's answer: the envelope, its traps, and the http output in it.
//!
//! Rules: github.com/Azure/azure-functions-host, DefaultHttpWorkerService and HttpScriptInvocationResultExtensions; held line by line by
//! captures in the tests. Where the host's JSON reader is more lenient than the standard (comments, single quotes), this one is not.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::client::WorkerAnswer;
use super::json_text::indent;

/// Members of a JSON object as they were written.
pub type Members = BTreeMap<String, Box<RawValue>>;

/// An answer that was understood.
#[derive(Debug, Default)]
pub struct Envelope {
    /// `None`: absent or null.
    pub outputs: Option<Members>,
    pub logs: Vec<String>,
    pub return_value: Option<Box<RawValue>>,
}

/// The three ways an answer can be taken.
#[derive(Debug)]
pub enum Taken {
    Answer(Envelope),
    /// An empty or null answer: the host waits on, until the function's time is over.
    Nothing,
    Failed(String),
}

/// Reads the handler's answer.
pub fn take(answer: &WorkerAnswer) -> Taken {
    if !(200..300).contains(&answer.status) {
        return Taken::Failed(format!("the handler answered {}", answer.status));
    }
    if answer.body.is_empty() {
        return Taken::Nothing;
    }
    if !is_json(answer.content_type.as_deref()) {
        return Taken::Failed(format!("content type {:?} is not JSON", answer.content_type));
    }
    let text = String::from_utf8_lossy(&answer.body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    match serde_json::from_str::<Option<Members>>(text) {
        Ok(None) => Taken::Nothing,
        Ok(Some(members)) => envelope(members).map_or_else(Taken::Failed, Taken::Answer),
        Err(error) => Taken::Failed(format!("the answer is no JSON object: {error}")),
    }
}

/// `application/problem+json` and its like are not JSON to the host.
fn is_json(content_type: Option<&str>) -> bool {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    matches!(kind.as_str(), "application/json" | "text/json")
}

fn envelope(members: Members) -> Result<Envelope, String> {
    let mut envelope = Envelope::default();
    for (name, raw) in members {
        match name.to_ascii_lowercase().as_str() {
            "outputs" => envelope.outputs = read(&raw, "Outputs is no object")?,
            "logs" => envelope.logs = logs(&raw)?,
            "returnvalue" => envelope.return_value = Some(raw).filter(|raw| raw.get() != "null"),
            _ => {}
        }
    }
    Ok(envelope)
}

fn logs(raw: &RawValue) -> Result<Vec<String>, String> {
    let lines: Option<Vec<Option<String>>> = read(raw, "Logs is no array of strings")?;
    Ok(lines.unwrap_or_default().into_iter().flatten().collect())
}

fn read<'a, T: serde::Deserialize<'a>>(raw: &'a RawValue, problem: &str) -> Result<T, String> {
    serde_json::from_str(raw.get()).map_err(|error| format!("{problem}: {error}"))
}

/// What goes back to the HTTP client.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl HttpAnswer {
    /// An answer without body or content type: 204, 401, 404, 500.
    pub fn bare(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }
}

/// An http output that is an object, before its headers are looked at.
#[derive(Debug)]
pub struct HttpOutput {
    status: u16,
    headers: Value,
    body: String,
}

impl HttpOutput {
    /// Reads an output: an object, or the text of one.
    ///
    /// # Errors
    /// Anything else.
    pub fn read(raw: &RawValue) -> Result<Self, String> {
        let text = serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned());
        let members: Members = serde_json::from_str(&text).map_err(|_| "the http output is no object".to_owned())?;
        Self::of_members(&members)
    }

    fn of_members(members: &Members) -> Result<Self, String> {
        let value = |name: &str| members.get(name).map_or(Ok(Value::Null), |raw| read(raw, name));
        Ok(Self {
            status: status(&value("statusCode")?),
            headers: value("headers")?,
            body: members.get("body").map_or_else(String::new, |raw| body(raw)),
        })
    }

    /// The client's answer.
    ///
    /// # Errors
    /// A header value that is no plain value, or that no web server would send.
    pub fn finish(self) -> Result<HttpAnswer, String> {
        let mut headers = Vec::new();
        let given = match self.headers {
            Value::Null => serde_json::Map::new(),
            Value::Object(map) => map,
            _ => return Err("headers is no object".into()),
        };
        for (name, value) in given {
            headers.push((name.clone(), header_value(&name, value)?));
        }
        let given = headers.iter().position(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = given.map_or_else(|| "text/plain".to_owned(), |at| headers.remove(at).1);
        headers.insert(0, ("Content-Type".into(), with_charset(kind)));
        Ok(HttpAnswer { status: self.status, headers, body: self.body })
    }
}

/// The answer of an HTTP function from its whole envelope; `binding` is the name of its http output.
///
/// # Errors
/// An output that is not what the host takes.
pub fn http_output(envelope: &Envelope, binding: Option<&str>) -> Result<HttpOr, String> {
    let Some(binding) = binding else { return Ok(HttpOr::Ready(HttpAnswer::bare(204))) };
    if binding == "$return" {
        return returned(envelope.return_value.as_deref());
    }
    match envelope.outputs.as_ref().map(|outputs| outputs.get(binding)) {
        None => Ok(HttpOr::Ready(HttpAnswer::bare(204))),
        Some(None) => Ok(HttpOr::Ready(plain("{}".into(), "text/plain"))),
        Some(Some(raw)) => HttpOutput::read(raw).map(HttpOr::Output),
    }
}

/// An answer, or an output whose headers are still to be looked at.
#[derive(Debug)]
pub enum HttpOr {
    Ready(HttpAnswer),
    Output(HttpOutput),
}

impl HttpOr {
    /// # Errors
    /// As of [`HttpOutput::finish`].
    pub fn finish(self) -> Result<HttpAnswer, String> {
        match self {
            Self::Ready(answer) => Ok(answer),
            Self::Output(output) => output.finish(),
        }
    }
}

/// `$return`: an object with a `body` is read like an http output, one without is the JSON body itself, text is tried as base64 first.
fn returned(raw: Option<&RawValue>) -> Result<HttpOr, String> {
    let Some(raw) = raw else { return Ok(HttpOr::Ready(HttpAnswer::bare(204))) };
    if let Ok(members) = serde_json::from_str::<Members>(raw.get()) {
        let whole = || HttpOr::Ready(plain(indent(raw), "application/json"));
        return if members.contains_key("body") {
            HttpOutput::of_members(&members).map(HttpOr::Output)
        } else {
            Ok(whole())
        };
    }
    let text = body(raw);
    let decoded = super::queue_output::sniff_base64(&text).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(HttpOr::Ready(plain(decoded.unwrap_or(text), "text/plain")))
}

fn plain(body: String, kind: &str) -> HttpAnswer {
    HttpAnswer { status: 200, headers: vec![("Content-Type".into(), with_charset(kind.into()))], body }
}

/// A number or its text; anything else is 200.
fn status(value: &Value) -> u16 {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    text.trim().parse().unwrap_or(200)
}

/// Text as it is, null as nothing, everything else as indented JSON.
fn body(raw: &RawValue) -> String {
    match serde_json::from_str::<Option<String>>(raw.get()) {
        Ok(text) => text.unwrap_or_default(),
        Err(_) => indent(raw),
    }
}

fn header_value(name: &str, value: Value) -> Result<String, String> {
    let text = match value {
        Value::String(text) => text,
        Value::Number(number) => number.to_string(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Null | Value::Array(_) | Value::Object(_) => return Err(format!("header {name} is no plain value")),
    };
    let sendable = text.chars().all(|c| (' '..='~').contains(&c) || c == '\t');
    if sendable { Ok(text) } else { Err(format!("header {name} holds a character that cannot be sent")) }
}

fn with_charset(kind: String) -> String {
    if kind.to_ascii_lowercase().contains("charset=") { kind } else { format!("{kind}; charset=utf-8") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope_of(text: &str) -> Envelope {
        let answer = WorkerAnswer { status: 200, content_type: Some("application/json".into()), body: text.into() };
        match take(&answer) {
            Taken::Answer(envelope) => envelope,
            other => panic!("{other:?}"),
        }
    }

    fn returned_answer(text: &str) -> HttpAnswer {
        http_output(&envelope_of(text), Some("$return")).unwrap().finish().unwrap()
    }

    #[test]
    fn a_returned_object_counts_as_output_only_with_a_body() {
        let answer = returned_answer(r#"{"ReturnValue":{"statusCode":202,"body":"x"}}"#);
        assert_eq!((answer.status, answer.body.as_str()), (202, "x"));
        let answer = returned_answer(r#"{"ReturnValue":{"statusCode":202}}"#);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{\n  \"statusCode\": 202\n}"));
        assert_eq!(returned_answer(r#"{"ReturnValue":"YWJj"}"#).body, "abc");
    }

    #[test]
    fn a_header_that_no_server_can_send_fails_the_call() {
        let text = r#"{"Outputs":{"res":{"headers":{"X-A":"a\nb"},"body":"x"}}}"#;
        let output = http_output(&envelope_of(text), Some("res")).unwrap();
        assert!(output.finish().is_err());
    }

    #[test]
    fn the_text_of_an_object_is_read_like_the_object() {
        let envelope = envelope_of(r#"{"Outputs":{"res":"{\"statusCode\":418,\"body\":\"t\"}"}}"#);
        assert_eq!(http_output(&envelope, Some("res")).unwrap().finish().unwrap().status, 418);
    }
}
