//! Every request that a real host was seen to send: the simulator sends the same, field by field.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reveille::sandbox::host::{FunctionsHost, HostOptions, Keys};
use serde_json::{Map, Value, json};

use super::client::exchange;
use super::handler::{Handler, Request};
use super::{AppFolder, eventually, fast_queues, fixture, started};

const HTTP: &[&str] = &[
    "http-array",
    "http-chunked",
    "http-forged",
    "http-function-key",
    "http-image",
    "http-json",
    "http-key-header",
    "http-octet-stream",
    "http-query",
    "http-route-empty",
    "http-route",
    "http-text",
];
const QUEUE: &[&str] = &[
    "queue-array",
    "queue-empty",
    "queue-forged",
    "queue-json",
    "queue-number",
    "queue-quoted",
    "queue-retry",
    "queue-text",
];

async fn setup() -> (AppFolder, Handler, FunctionsHost) {
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), "00:05:00")
        .http("alert", "alert", "anonymous")
        .http("operator", "v1/{*rest}", "anonymous")
        .http("secured", "secured", "function")
        .queue("run", "jobs");
    let keys = Keys { named: BTreeMap::from([("default".into(), "KEY".into())]), master: None };
    let host = started(HostOptions { keys, ..app.attached(handler.address) }).await;
    (app, handler, host)
}

/// Sends what the captured client must have sent.
async fn replay(host: SocketAddr, name: &str, capture: &Value) {
    let data = &payload(&capture["request"])["Data"]["req"];
    let url = data["Url"].as_str().unwrap();
    let target = url.strip_prefix("http://app.example.net").unwrap();
    let headers: Vec<_> = data["Headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, values)| (name.clone(), values[0].as_str().unwrap().to_owned()))
        .collect();
    let text = data["Body"].as_str().unwrap_or_default();
    let body = match name {
        "http-image" => vec![0, 1, 0xff, 0xfe],
        "http-octet-stream" => STANDARD.decode(text).unwrap(),
        "http-chunked" => br#"{"k":1}"#.to_vec(),
        _ => text.as_bytes().to_vec(),
    };
    exchange(host, &format!("{} {target}", data["Method"].as_str().unwrap()), &headers, &body).await;
}

fn payload(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

/// What is different at each call becomes its shape; everything else stays.
fn comparable(request: &Value) -> Value {
    let mut headers: Map<String, Value> = request["headers"].as_object().unwrap().clone();
    headers["Host"] = json!("127.0.0.1:PORT");
    headers["X-Azure-Functions-InvocationId"] = shape(&headers["X-Azure-Functions-InvocationId"]);
    json!({ "method": request["method"], "path": request["path"], "headers": headers, "body": masked(&payload(request)) })
}

pub fn masked(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mask = |(name, value): (&String, &Value)| {
                let hidden = name == "PopReceipt";
                (name.clone(), if hidden { json!("receipt") } else { masked(value) })
            };
            Value::Object(map.iter().map(mask).collect())
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::String(_) => shape(value),
        other => other.clone(),
    }
}

/// Ids and times lose their value but keep their form.
fn shape(value: &Value) -> Value {
    let text = value.as_str().unwrap();
    let bare = text.trim_matches('"');
    let quotes = if bare.len() < text.len() { "quoted " } else { "" };
    if uuid::Uuid::parse_str(bare).is_ok() {
        return json!(format!("{quotes}guid of {}", bare.len()));
    }
    if chrono::DateTime::parse_from_rfc3339(bare).is_err() || bare.starts_with("0001-") {
        return value.clone();
    }
    let zone = if bare.ends_with('Z') { "Z" } else { &bare[bare.len() - 6..] };
    json!(format!("{quotes}time, fraction {}, zone {zone}", bare.contains('.')))
}

pub fn as_json(request: &Request) -> Value {
    let headers: Map<String, Value> = request.headers.iter().map(|(n, v)| (n.clone(), json!(v))).collect();
    json!({ "method": request.method, "path": request.path, "headers": headers, "body": request.body })
}

#[tokio::test(flavor = "multi_thread")]
async fn an_http_call_reaches_the_handler_as_captured() {
    let (_app, handler, host) = setup().await;
    for name in HTTP {
        let capture = fixture(&format!("{name}.json"));
        replay(host.address(), name, &capture).await;
        let sent = as_json(handler.requests().last().unwrap());
        assert_eq!(comparable(&sent), comparable(&capture["request"]), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_reaches_the_handler_as_captured() {
    let (_app, handler, host) = setup().await;
    for name in QUEUE {
        let capture = fixture(&format!("{name}.json"));
        let text = payload(&capture["request"])["Data"]["msg"].as_str().unwrap().to_owned();
        let text: String = serde_json::from_str(&text).unwrap();
        let before = handler.calls("run").len();
        host.storage().send("jobs", &text).unwrap();
        let deliveries = if *name == "queue-retry" { 5 } else { 1 };
        eventually(name, || handler.calls("run").len() == before + deliveries).await;
        let sent = as_json(handler.calls("run").last().unwrap());
        assert_eq!(comparable(&sent), comparable(&capture["request"]), "{name}");
        check_times(&payload(&sent)["Metadata"]);
    }
}

/// Seven days to live, ten minutes hidden.
fn check_times(metadata: &Value) {
    let time = |value: &Value| value.as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(time(&metadata["ExpirationTime"]) - time(&metadata["InsertionTime"]), chrono::TimeDelta::days(7));
    assert!(time(&metadata["NextVisibleTime"]) - time(&metadata["InsertionTime"]) >= chrono::TimeDelta::minutes(10));
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_is_asked_with_a_bare_get() {
    let (_app, handler, _host) = setup().await;
    let capture = fixture("readiness.json")["request"].clone();
    let mut sent = as_json(&handler.requests()[0]);
    sent["headers"]["Host"] = json!("127.0.0.1:PORT");
    assert_eq!(sent, capture);
}

#[test]
fn every_captured_request_is_held_by_a_test() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/functions");
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<_> = files.filter(|name| name.ends_with(".json")).collect();
    found.sort();
    let others = ["answers", "queue-outputs", "readiness", "timer-monitor-first", "timer-no-monitor"];
    let mut held: Vec<_> = HTTP.iter().chain(QUEUE).chain(&others).map(|name| format!("{name}.json")).collect();
    held.sort();
    assert_eq!(found, held);
}
