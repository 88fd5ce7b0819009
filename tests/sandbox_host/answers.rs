//! Every handler answer whose effect on the client was captured, and the keys that let a client in.

use std::collections::BTreeMap;

use reveille::sandbox::host::{FunctionsHost, HostOptions, Keys, Level, Log, Outcome};
use serde_json::{Value, json};

use super::client::{Answer, exchange, post, post_with};
use super::handler::Handler;
use super::{AppFolder, fast_queues, fixture, started};

/// The shortest time-out that host.json allows.
const SHORT: &str = "00:00:01";

async fn setup(timeout: &str) -> (AppFolder, Handler, FunctionsHost) {
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), timeout).http("alert", "alert", "anonymous");
    let host = started(app.attached(handler.address)).await;
    (app, handler, host)
}

fn cases(hanging: bool) -> Vec<Value> {
    let all = fixture("answers.json").as_array().unwrap().clone();
    all.into_iter().filter(|case| case["client"]["none"].is_string() == hanging).collect()
}

fn check(case: &Value, answer: &Answer) {
    let (name, expected) = (&case["case"], &case["client"]);
    assert_eq!(answer.status, expected["status"], "{name}: {answer:?}");
    assert_eq!(answer.body, expected["body"], "{name}");
    for (header, value) in expected["headers"].as_object().unwrap() {
        assert_eq!(answer.header(header), value.as_str(), "{name}: {header}");
    }
    let framing = ["content-length", "connection"];
    let own = answer.headers.iter().filter(|(header, _)| !framing.contains(&header.to_ascii_lowercase().as_str()));
    assert_eq!(own.count(), expected["headers"].as_object().unwrap().len(), "{name}: {answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_reaches_the_client_as_captured() {
    let (_app, _handler, host) = setup("00:05:00").await;
    let cases = cases(false);
    assert_eq!(cases.len(), 42);
    for case in cases {
        let answer = post(host.address(), "/api/alert", &json!({ "do": case["worker"] })).await;
        check(&case, &answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_or_null_answer_hangs_until_the_functions_time_is_over() {
    let (_app, _handler, host) = setup(SHORT).await;
    let cases = cases(true);
    assert_eq!(cases.len(), 5);
    let orders: Vec<_> = cases.iter().map(|case| json!({ "do": case["worker"] })).collect();
    let calls = orders.iter().map(|order| post(host.address(), "/api/alert", order));
    for answer in futures::future::join_all(calls).await {
        assert_eq!((answer.status, answer.body.as_str()), (500, ""));
    }
    let outcomes: Vec<_> = host.invocations().into_iter().map(|call| call.outcome).collect();
    assert_eq!(outcomes, vec![Some(Outcome::TimedOut); 5]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_set_by_the_function_breaks_its_answer() {
    let (_app, _handler, host) = setup("00:05:00").await;
    let output = json!({ "Outputs": { "res": { "headers": { "Content-Length": "1" }, "body": "xyz" } } });
    let order = json!({ "do": { "status": 200, "content_type": "application/json", "body": output.to_string() } });
    let request = reqwest::Client::new().post(format!("{}/api/alert", host.url())).body(order.to_string());
    let read = match request.send().await {
        Ok(answer) => answer.bytes().await,
        Err(error) => Err(error),
    };
    assert!(read.is_err(), "a strict client sees a broken answer");
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_of_a_good_answer_are_the_functions_own_lines() {
    let lines: std::sync::Arc<std::sync::Mutex<Vec<_>>> = std::sync::Arc::default();
    let sink = lines.clone();
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), "00:05:00").http("alert", "alert", "anonymous");
    let log = Log::new(move |line| sink.lock().unwrap().push(line.clone()));
    let host = started(HostOptions { log, ..app.attached(handler.address) }).await;
    for status in [200, 500] {
        let body = json!({ "Logs": [format!("said at {status}")] }).to_string();
        let order = json!({ "status": status, "content_type": "application/json", "body": body });
        post(host.address(), "/api/alert", &json!({ "do": order })).await;
    }
    let lines = lines.lock().unwrap();
    let own: Vec<_> = lines.iter().filter(|line| line.category == "Function.alert.User").collect();
    assert_eq!(own.len(), 1, "{lines:?}");
    assert_eq!((own[0].level, own[0].text.as_str()), (Level::Information, "said at 200"));
}

async fn guarded() -> (AppFolder, Handler, FunctionsHost) {
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), "00:05:00")
        .http("secured", "secured", "function")
        .http("admin1", "internal", "admin")
        .http("open", "open", "anonymous");
    let named = BTreeMap::from([("alice".into(), "key-a".into()), ("bob".into(), "key-b".into())]);
    let keys = Keys { named, master: Some("master".into()) };
    let host = started(HostOptions { keys, ..app.attached(handler.address) }).await;
    (app, handler, host)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_right_key_reaches_the_handler() {
    let (_app, handler, host) = guarded().await;
    let key = "x-functions-key";
    for (path, header, expected) in [
        ("/api/secured", None, 401),
        ("/api/secured", Some("wrong"), 401),
        ("/api/secured", Some("key-a"), 204),
        ("/api/secured?code=key-b", None, 204),
        ("/api/secured?code=key-b", Some("wrong"), 401),
        ("/api/secured", Some("master"), 204),
        ("/api/internal", Some("key-a"), 401),
        ("/api/internal", Some("master"), 204),
        ("/api/open", None, 204),
        ("/api/open", Some("wrong"), 204),
        ("/api/nothing", Some("master"), 404),
    ] {
        let before = handler.requests().len();
        let extra: Vec<_> = header.map(|value| (key, value)).into_iter().collect();
        let answer = post_with(host.address(), path, &extra, &json!({})).await;
        assert_eq!(answer.status, expected, "{path} {header:?}");
        assert_eq!(handler.requests().len() > before, expected == 204, "{path} {header:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handler_learns_the_keys_name_and_the_master_has_none() {
    let (_app, handler, host) = guarded().await;
    for (path, key, level, name) in [
        ("/api/secured", "key-b", Some("Function"), Some("bob")),
        ("/api/secured", "master", Some("Admin"), None),
        ("/api/open", "key-a", Some("Function"), Some("alice")),
        ("/api/open", "wrong", None, None),
    ] {
        post_with(host.address(), path, &[("X-Functions-Key", key)], &json!({})).await;
        let sent: Value = serde_json::from_str(&handler.requests().last().unwrap().body).unwrap();
        let identity = &sent["Data"]["req"]["Identities"][0];
        let claims = identity["Claims"].as_array().unwrap();
        let claim = |kind: &str| {
            let found = claims.iter().find(|claim| claim["Type"].as_str().unwrap().ends_with(kind));
            found.map(|claim| claim["Value"].as_str().unwrap())
        };
        assert_eq!((claim("/authlevel"), claim("/keyid")), (level, name), "{path} {key}");
        assert_eq!(identity["IsAuthenticated"], json!(level.is_some()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_asks_first_and_one_that_talks_nonsense_are_answered() {
    let (_app, handler, host) = setup("00:05:00").await;
    let headers = [("Host", "h"), ("Connection", "close"), ("Expect", "100-continue"), ("Content-Length", "2")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let answer = exchange(host.address(), "POST /api/alert", &headers, b"{}").await;
    assert_eq!(answer.status, 100);
    assert_eq!(handler.calls("alert").len(), 1);
    assert_eq!(exchange(host.address(), "not http at all", &[], b"").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_front_speaks_tls() {
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certificate.signing_key.serialize_der()).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.cert.der().clone()], key)
        .unwrap();
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), "00:05:00").http("alert", "alert", "anonymous");
    let options = HostOptions { tls: Some(tls.into()), host_name: "localhost".into(), ..app.attached(handler.address) };
    let host = started(options).await;
    let root = reqwest::Certificate::from_der(certificate.cert.der()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([root]).build().unwrap();
    let answer = client.post(format!("{}/api/alert", host.url())).body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 204);
    assert!(handler.calls("alert")[0].body.contains("https://localhost:"));
}
