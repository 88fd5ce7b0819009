//! An HTTP call as the handler gets it: `Data.<req>` and `Metadata`.
//!
//! Rules: github.com/Azure/azure-functions-host HttpRequestExtensions, azure-webjobs-sdk-extensions HttpTriggerAttributeBindingProvider;
//! held by captures in the tests.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use serde_json::{Map, Value, json};

use super::encode::{self, BindingData};
use super::identity::Caller;
use super::payload::Payload;
use super::request_headers::canonical;
use super::route::RouteValues;
use super::wire::Headers;

/// A client's request as it arrived.
pub struct ClientRequest {
    pub method: String,
    pub https: bool,
    /// Path, decoded except for `%2F`.
    pub path: String,
    /// With its question mark, as sent; empty without.
    pub query: String,
    pub headers: Headers,
    /// Only a body whose length was announced: the host drops a chunked one.
    pub body: Option<Vec<u8>>,
}

impl ClientRequest {
    pub fn new(method: String, target: &str, headers: Headers, https: bool) -> Self {
        let (path, query) = target.find('?').map_or((target, ""), |at| target.split_at(at));
        Self { method, https, path: decode_path(path), query: query.to_owned(), headers, body: None }
    }

    /// Last value of a query key.
    pub fn query_value(&self, name: &str) -> Option<String> {
        let pairs = self.query_pairs();
        let found = pairs.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.and_then(|(_, values)| values.into_iter().next_back())
    }

    /// The worker request for a function whose trigger is named `binding`.
    pub fn payload(&self, function: &str, binding: &str, route: &RouteValues, caller: &Caller) -> Payload {
        Payload {
            name: binding.to_owned(),
            data: self.data(route, caller),
            metadata: self.metadata(function, binding, route),
        }
    }

    fn data(&self, route: &RouteValues, caller: &Caller) -> Value {
        let mut data = json!({
            "Url": self.url(),
            "Method": self.method,
            "Query": self.query_map(|values| values.join(",")),
            "Headers": self.header_map(|values| json!(values)),
            "Params": route.iter().cloned().collect::<BTreeMap<_, _>>(),
            "Identities": [caller.identity()],
        });
        if let Some(body) = &self.body {
            data["Body"] = Value::String(self.body_text(body));
        }
        data
    }

    fn metadata(&self, function: &str, binding: &str, route: &RouteValues) -> Value {
        let mut data = BindingData::default();
        if let Some(body) = &self.body {
            data.apply_json(&decode_text(body));
        }
        for (name, values) in self.query_pairs() {
            if !name.eq_ignore_ascii_case("code") {
                data.set(&name, encode::text(values.last().map_or("", String::as_str)));
            }
        }
        for (name, value) in route {
            if let Some(value) = value {
                data.set(name, encode::text(value));
            }
        }
        data.set("Query", self.query_map(|values| values.last().cloned().unwrap_or_default()));
        data.set("Headers", self.header_map(|values| json!(values.join(","))));
        let sys = if data.contains("sys") { "$sys" } else { "sys" };
        data.set(sys, encode::sys(function, Utc::now()));
        data.into_metadata(binding)
    }

    fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let host = self.headers.get("host").unwrap_or_default();
        format!("{scheme}://{host}{}{}", encode_path(&self.path), self.query)
    }

    /// Values by key, in order of first appearance; keys match ignoring case.
    fn query_pairs(&self) -> Vec<(String, Vec<String>)> {
        let Ok(url) = reqwest::Url::parse(&format!("http://host/{}", self.query)) else { return Vec::new() };
        let pairs = url.query_pairs().map(|(key, value)| (key.into_owned(), value.into_owned()));
        grouped(pairs.filter(|(key, value)| !key.is_empty() || !value.is_empty()))
    }

    fn query_map(&self, join: impl Fn(&[String]) -> String) -> Value {
        let pairs = self.query_pairs().into_iter();
        Value::Object(pairs.map(|(key, values)| (key, Value::String(join(&values)))).collect())
    }

    fn header_map(&self, join: impl Fn(&[String]) -> Value) -> Value {
        let fields = self.headers.0.iter().map(|(name, value)| (canonical(name).to_owned(), value.clone()));
        Value::Object(grouped(fields).into_iter().map(|(name, values)| (name, join(&values))).collect::<Map<_, _>>())
    }

    /// Binary types as base64; everything else as text, and binary that is not announced as such comes out damaged.
    fn body_text(&self, body: &[u8]) -> String {
        let kind = self.headers.get("content-type").unwrap_or_default().trim().to_ascii_lowercase();
        if kind.starts_with("application/octet-stream") || kind.starts_with("multipart/") {
            return STANDARD.encode(body);
        }
        decode_text(body)
    }
}

/// UTF-8 with replacement characters, without a byte order mark.
fn decode_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned()
}

fn grouped(pairs: impl Iterator<Item = (String, String)>) -> Vec<(String, Vec<String>)> {
    let mut groups: Vec<(String, Vec<String>)> = Vec::new();
    for (key, value) in pairs {
        match groups.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(&key)) {
            Some((_, values)) => values.push(value),
            None => groups.push((key, vec![value])),
        }
    }
    groups
}

/// Percent escapes are decoded, but never that of the slash. Text that would not be UTF-8 stays as sent.
fn decode_path(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let escape = after.get(..2).filter(|_| first == b'%').and_then(hex_byte).filter(|byte| *byte != b'/');
        bytes.push(escape.unwrap_or(first));
        rest = if escape.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| path.to_owned())
}

fn hex_byte(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    u8::from_str_radix(text, 16).ok()
}

fn encode_path(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~!$&'()*+,;=:@%".contains(&byte);
    path.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &str) -> ClientRequest {
        ClientRequest::new("GET".into(), target, Headers(vec![("host".into(), "h".into())]), true)
    }

    #[test]
    fn a_path_is_decoded_except_for_its_slashes() {
        let request = request("/api/v1/a%2Fb/c%20d?x=%2F+y&X=2&flag");
        assert_eq!(request.path, "/api/v1/a%2Fb/c d");
        assert_eq!(request.url(), "https://h/api/v1/a%2Fb/c%20d?x=%2F+y&X=2&flag");
        assert_eq!(request.query_pairs()[0], ("x".into(), vec!["/ y".into(), "2".into()]));
        assert_eq!(request.query_value("FLAG"), Some(String::new()));
    }

    #[test]
    fn repeated_headers_are_one_array_and_one_joined_text() {
        let mut request = request("/");
        request.headers.0.extend([("x-a".into(), "1".into()), ("X-A".into(), "2".into())]);
        assert_eq!(request.header_map(|values| json!(values))["x-a"], json!(["1", "2"]));
        assert_eq!(request.header_map(|values| json!(values.join(",")))["x-a"], "1,2");
        assert_eq!(request.header_map(|values| json!(values))["Host"], json!(["h"]));
    }
}
