//! The request that an HTTP-triggered function is called for, without the secrets it came with.

use super::caller::Caller;
use super::envelope::member;
use super::redact;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// Headers that carry secrets. The host has used them up by now, and nobody here may see them.
const SECRET_HEADERS: [&str; 4] = ["x-functions-key", "authorization", "cookie", "proxy-authorization"];
/// The query parameter of a function key.
const SECRET_QUERY: &str = "code";

/// An HTTP request as its caller sent it to the host.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpRequestData {
    /// In upper case.
    pub method: String,
    /// The whole URL with the values of its query redacted.
    pub url: String,
    /// The URL's path, percent-encoded as it came: `/api/v1/plans/sonarqube`.
    pub path: String,
    /// Decoded; values of a repeated name come joined by commas. Function keys are left out.
    pub query: BTreeMap<String, String>,
    /// Names in lower case; values of a repeated name joined by `, `. Headers with secrets are left out.
    pub headers: BTreeMap<String, String>,
    /// Route parameters, percent-encoded as they came; absent ones are left out.
    pub params: BTreeMap<String, String>,
    /// `None` also when the client sent it chunked: the host loses such bodies (azure-functions-host issue 4926).
    pub body: Option<Body>,
    pub caller: Caller,
}

/// A request's body. `Debug` tells its size only.
#[derive(Clone, PartialEq, Eq)]
pub enum Body {
    Text(String),
    /// Sent as binary, and no UTF-8 text.
    Bytes(Vec<u8>),
}

impl Body {
    /// The body as text, if it is.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Bytes(_) => None,
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

impl HttpRequestData {
    pub(super) fn of(request: &Map<String, Value>) -> Self {
        let request = &Value::Object(request.clone());
        let text = |name| member(request, name).and_then(Value::as_str).unwrap_or_default();
        let headers = texts(member(request, "Headers"), str::to_ascii_lowercase);
        let body = member(request, "Body").and_then(|body| body_of(body, headers.get("content-type")));
        Self {
            method: text("Method").to_ascii_uppercase(),
            url: redact::text(text("Url")).into_owned(),
            path: path_of(text("Url")).to_owned(),
            query: without(texts(member(request, "Query"), str::to_owned), &[SECRET_QUERY]),
            headers: without(headers, &SECRET_HEADERS),
            params: texts(member(request, "Params"), str::to_owned),
            body,
            caller: Caller::of(member(request, "Identities")),
        }
    }

    /// What a caller asks that no host stands in front of. `path` is that of the operator interface, `/v1/plans`.
    pub fn direct(caller: Caller, method: &str, path: String, query: BTreeMap<String, String>) -> Self {
        let (headers, params) = (BTreeMap::new(), BTreeMap::new());
        Self { method: method.to_owned(), url: path.clone(), path, query, headers, params, body: None, caller }
    }

    /// A header's value; the name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }
}

/// An object's members as texts, nulls left out.
fn texts(object: Option<&Value>, name: impl Fn(&str) -> String) -> BTreeMap<String, String> {
    let members = object.and_then(Value::as_object).into_iter().flatten();
    members.filter_map(|(key, value)| Some((name(key), joined(value)?))).collect()
}

fn joined(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => Some(values.iter().filter_map(joined).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    }
}

fn without(mut map: BTreeMap<String, String>, secrets: &[&str]) -> BTreeMap<String, String> {
    map.retain(|name, _| !secrets.iter().any(|secret| name.eq_ignore_ascii_case(secret)));
    map
}

fn path_of(url: &str) -> &str {
    let after_scheme = url.split_once("://").map_or(url, |(_, rest)| rest);
    let from_path = after_scheme.find('/').map_or("/", |slash| &after_scheme[slash..]);
    from_path.split(['?', '#']).next().unwrap_or("/")
}

/// The host sends binary content types as base64, all others as text; JSON is not parsed. A host that does parse it
/// is understood as well.
fn body_of(body: &Value, content_type: Option<&String>) -> Option<Body> {
    let text = match body {
        Value::Null => return None,
        Value::String(text) if text.is_empty() => return None,
        Value::String(text) => text,
        decoded => return Some(Body::Text(decoded.to_string())),
    };
    let decoded = content_type.filter(|kind| is_binary(kind)).and_then(|_| STANDARD.decode(text).ok());
    Some(match decoded.map(String::from_utf8) {
        None => Body::Text(text.clone()),
        Some(Ok(text)) => Body::Text(text),
        Some(Err(bytes)) => Body::Bytes(bytes.into_bytes()),
    })
}

/// Content types whose bodies the host puts into base64 (its `HttpRequestExtensions`).
fn is_binary(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    kind == "application/octet-stream" || kind.starts_with("multipart/")
}
