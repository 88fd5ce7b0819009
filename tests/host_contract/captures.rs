//! Every request captured on a real host decodes to what its client, timer or queue sent.

use super::support::{Capture, Served, capture_names};
use reveille::host::routes::{ALERT, OPERATOR, ROUTES, RUN, Route, WATCH};
use reveille::host::{Answer, Body, Caller, Functions, HttpAnswer, HttpRequestData, Invocation};
use std::collections::BTreeSet;
use std::sync::mpsc;

fn invocation(name: &str) -> Invocation {
    let capture = Capture::named(name);
    let id = capture.header("X-Azure-Functions-InvocationId");
    Invocation::decode(capture.function(), id, None, capture.body.as_bytes()).unwrap()
}

fn request(name: &str) -> HttpRequestData {
    invocation(name).http("req").unwrap()
}

fn body(name: &str) -> Option<String> {
    request(name).body.map(|body| body.text().unwrap().to_owned())
}

fn message(name: &str) -> String {
    invocation(name).message("msg").unwrap().text
}

#[test]
fn bodies_arrive_as_their_clients_sent_them() {
    assert_eq!(body("http-json").as_deref(), Some("{\"k\":1}"));
    assert_eq!(body("http-array").as_deref(), Some("[1,2]"));
    assert_eq!(body("http-text").as_deref(), Some("häll \"o\""));
    assert_eq!(body("http-image").as_deref(), Some("\0\u{1}\u{FFFD}\u{FFFD}"), "the host has damaged these bytes");
    assert_eq!(body("http-chunked"), None, "the host loses chunked bodies");
    assert_eq!(body("http-query"), None);
    assert_eq!(request("http-octet-stream").body, Some(Body::Bytes(vec![0, 1, 255])));
    let forged = body("http-forged").unwrap();
    assert!(forged.contains("\"DequeueCount\":9") && forged.contains("\"req\":\"x\""), "{forged}");
}

#[test]
fn method_path_query_headers_and_route_parameters_are_told() {
    let query = request("http-query");
    assert_eq!((query.method.as_str(), query.path.as_str()), ("GET", "/api/alert"));
    assert_eq!((query.query("a"), query.query("b")), (Some("1,2"), Some("x y")));
    assert_eq!(query.header("host"), Some("app.example.net"));
    let route = request("http-route");
    assert_eq!(route.path, "/api/v1/plans/a%2Fb/runs");
    assert_eq!(route.param("rest"), Some("plans/a%2Fb/runs"));
    assert_eq!((route.query("after"), route.query("wait")), (Some("3"), Some("25")));
    assert_eq!(request("http-route-empty").param("rest"), None);
}

#[test]
fn keys_are_told_by_name_and_never_kept() {
    for name in ["http-function-key", "http-key-header"] {
        let request = request(name);
        assert_eq!(request.caller, Caller::Key("default".to_owned()));
        assert!(!format!("{request:?} {:?}", invocation(name)).contains("KEY"), "{request:?}");
        assert_eq!((request.query("code"), request.header("x-functions-key")), (None, None));
    }
    assert_eq!(request("http-function-key").url, "http://app.example.net/api/secured?code=redacted");
    let trace = invocation("http-key-header").trace_parent;
    assert_eq!(trace.as_deref(), Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
}

#[test]
fn queue_messages_arrive_letter_by_letter() {
    assert_eq!(message("queue-text"), "hello world");
    assert_eq!(message("queue-json"), "{\"run\":\"r1\"}");
    assert_eq!(message("queue-quoted"), "\"quoted\"");
    assert_eq!(message("queue-number"), "7");
    assert_eq!(message("queue-array"), "[1,2]");
    assert_eq!(message("queue-empty"), "");
    assert_eq!(message("queue-forged"), "{\"a\":1,\"DequeueCount\":9,\"Id\":\"forged\",\"list\":[1,2]}");
    assert!(message("queue-retry").starts_with("{\"do\":"));
    let object = invocation("queue-json").message("msg").unwrap().object().unwrap();
    assert_eq!(object["run"], "r1");
}

#[test]
fn timers_tell_when_they_last_ran() {
    let first = invocation("timer-monitor-first").timer("timer");
    assert_eq!((first.is_past_due, first.last), (false, None), "the year 1 means never");
    assert_eq!(first.next.unwrap().to_rfc3339(), "2026-11-23T03:14:00+00:00");
    let none = invocation("timer-no-monitor").timer("timer");
    assert_eq!((none.is_past_due, none.last, none.next), (false, None, None));
}

/// Other versions of the host, and hand-made calls, encode less.
#[test]
fn values_encoded_once_or_not_at_all_mean_the_same() {
    let of = |data: &str| {
        Invocation::decode("run", None, None, format!("{{\"Data\":{data},\"Metadata\":{{}}}}").as_bytes()).unwrap()
    };
    let text = |data: &str| of(data).message("msg").unwrap().text;
    assert_eq!(text(r#"{"msg":"hello"}"#), "hello");
    assert_eq!(text(r#"{"msg":"[1,2]"}"#), "[1,2]");
    assert_eq!(text(r#"{"msg":{"run":"r1"}}"#), r#"{"run":"r1"}"#);
    assert_eq!(text(r#"{"msg":7}"#), "7");
    let object = |data: &str| of(data).message("msg").unwrap().object();
    assert_eq!(object(r#"{"msg":"eyJydW4iOiJyMSJ9"}"#).unwrap()["run"], "r1", "base64 around JSON");
    assert_eq!(object(r#"{"msg":"\"\\\"{\\\\\\\"run\\\\\\\":1}\\\"\""}"#).unwrap()["run"], 1, "a text too many");
    assert_eq!(object(r#"{"msg":"hello"}"#), None);
    assert!(of(r#"{"msg":null}"#).message("msg").is_err());
    assert!(of(r#"{"other":"x"}"#).message("msg").is_err());
    let in_text =
        of(r#"{"req":"{\"Method\":\"get\",\"Url\":\"/api/x?a=1\",\"Body\":{\"k\":1}}"}"#).http("req").unwrap();
    assert_eq!((in_text.method.as_str(), in_text.path.as_str()), ("GET", "/api/x"));
    assert_eq!(in_text.body.unwrap().text(), Some("{\"k\":1}"));
    assert!(of(r#"{"timer":{"IsPastDue":true,"ScheduleStatus":{"Last":"soon"}}}"#).timer("timer").is_past_due);
}

#[test]
fn an_envelope_without_data_is_refused() {
    for body in ["", "null", "[]", "{}", "{\"Data\":null}", "{\"Data\":[1]}", "{\"Data\":\"x\"}", "{\"Metadata\":{}}"] {
        assert!(Invocation::decode("run", None, None, body.as_bytes()).is_err(), "{body:?}");
    }
    assert!(Invocation::decode("run", None, None, b"\xEF\xBB\xBF{\"data\":{}}").is_ok(), "a byte order mark and case");
}

/// What the captures were posted to, when that is no function of this app any more.
fn route_of(function: &str) -> Route {
    let input = if function == "run" { "msg" } else { "req" };
    let known = ROUTES.into_iter().find(|route| route.name == function);
    Route { input, ..known.unwrap_or(Route { name: "secured", ..ALERT }) }
}

/// A table that tells what it was called with.
fn recording(tell: &mpsc::Sender<Invocation>) -> Functions {
    let record = |functions: Functions, route: Route| {
        let tell = tell.clone();
        functions.with(route, move |invocation| {
            tell.send(invocation).unwrap();
            let done = || Answer::done();
            let answer =
                route.http_output.map_or_else(done, |_| Answer::http(HttpAnswer::text(200, "text/plain", "ok")));
            async move { Ok(answer) }
        })
    };
    [ALERT, RUN, WATCH, OPERATOR, route_of("secured")].into_iter().fold(Functions::new(), record)
}

/// Byte for byte as the host sent them: bare readiness probe, chunked bodies, its own headers.
#[tokio::test]
async fn every_captured_request_is_served() {
    let (tell, told) = mpsc::channel();
    let served = Served::start(recording(&tell)).await;
    let mut functions = BTreeSet::new();
    let names = capture_names();
    assert!(names.len() >= 21, "captures are missing: {names:?}");
    for capture in names.iter().map(|name| Capture::named(name)) {
        let wire = capture.wire();
        let answer = served.raw(&wire).await;
        assert_eq!(answer.status, 200, "{}: {answer:?}", capture.name);
        if capture.method == "GET" {
            assert!(!answer.body.is_empty());
            continue;
        }
        answer.envelope();
        let invocation = told.try_recv().unwrap_or_else(|_| panic!("{} reached no handler", capture.name));
        assert_eq!(invocation.function, capture.function());
        assert_eq!(invocation.invocation_id, capture.header("X-Azure-Functions-InvocationId"));
        functions.insert(invocation.function);
    }
    assert_eq!(functions, ["alert", "operator", "run", "secured", "watch"].map(str::to_owned).into());
}
