//! Queue outputs as captured, and what becomes of messages that fail.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt;
use reveille::sandbox::host::{Chaos, FunctionsHost};
use serde_json::{Value, json};

use super::client::post;
use super::handler::Handler;
use super::{AppFolder, eventually, fast_queues, fixture, started};

fn app() -> AppFolder {
    AppFolder::new(fast_queues(), "00:05:00").http("alert", "alert", "anonymous")
}

async fn emit(host: &FunctionsHost, output: &Value) -> u16 {
    let body = json!({ "Outputs": { "res": { "body": "" }, "out": output } }).to_string();
    let order = json!({ "do": { "status": 200, "content_type": "application/json", "body": body } });
    post(host.address(), "/api/alert", &order).await.status
}

fn stored(host: &FunctionsHost) -> Vec<Vec<u8>> {
    host.storage().messages("out").iter().map(|wire| STANDARD.decode(wire).unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_becomes_the_captured_messages() {
    let cases = fixture("queue-outputs.json").as_array().unwrap().clone();
    assert_eq!(cases.len(), 11);
    for case in cases {
        let handler = Handler::start().await;
        let app = app();
        let host = started(app.attached(handler.address)).await;
        assert_eq!(emit(&host, &case["output"]).await, 200, "{case}");
        let expected: Vec<Vec<u8>> = match case["messages"].as_array() {
            Some(texts) => texts.iter().map(|text| text.as_str().unwrap().as_bytes().to_vec()).collect(),
            None => vec![vec![0x69, 0xb7, 0x1d]],
        };
        assert_eq!(stored(&host), expected, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_text_go_to_poison_without_a_call() {
    let handler = Handler::start().await;
    let app = app().queue("run", "out");
    let host = started(app.attached(handler.address)).await;
    emit(&host, &json!("abcd")).await;
    host.storage().send_raw("out", "{not base64}").unwrap();
    eventually("both are poison", || host.queue_lengths().get("out-poison") == Some(&2)).await;
    assert_eq!(
        host.poison()["out-poison"],
        ["abcd", "{not base64}"].map(|text| match text {
            "abcd" => STANDARD.encode([0x69, 0xb7, 0x1d]),
            other => other.to_owned(),
        })
    );
    assert!(handler.calls("run").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_output_the_service_refuses_fails_the_call_after_the_handler_worked() {
    let handler = Handler::start().await;
    let app = app();
    let host = started(app.attached(handler.address)).await;
    assert_eq!(emit(&host, &json!("word ".repeat(20_000))).await, 500);
    assert_eq!(emit(&host, &json!("{looks like JSON}")).await, 500);
    assert_eq!(handler.calls("alert").len(), 2);
    assert!(stored(&host).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_always_fails_is_tried_five_times_and_then_poison() {
    let handler = Handler::start().await;
    let app = app().queue("run", "jobs");
    let host = started(app.attached(handler.address)).await;
    let text = json!({ "do": { "status": 500 } }).to_string();
    host.storage().send("jobs", &text).unwrap();
    eventually("it is poison", || !host.poison().is_empty()).await;
    assert_eq!(host.poison()["jobs-poison"], [text]);
    assert_eq!(handler.calls("run").len(), 5);
    assert_eq!(host.queue_lengths()["jobs"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_waits_for_the_visibility_timeout() {
    let handler = Handler::start().await;
    let queues = json!({ "visibilityTimeout": "00:05:00", "maxPollingInterval": "00:00:00.1" });
    let app = AppFolder::new(queues, "00:05:00").queue("run", "jobs");
    let host = started(app.attached(handler.address)).await;
    host.storage().send("jobs", &json!({ "do": { "status": 500 } }).to_string()).unwrap();
    host.storage().send("jobs", "after it").unwrap();
    eventually("both were called", || handler.calls("run").len() == 2).await;
    eventually("the good one is gone", || host.queue_lengths()["jobs"] == 1).await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(handler.calls("run").len(), 2, "polled several times since, and still hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_messages_are_in_hand_than_the_settings_allow() {
    let handler = Handler::start().await;
    let queues = json!({ "batchSize": 2, "newBatchThreshold": 1, "maxPollingInterval": "00:00:00.1" });
    let app = AppFolder::new(queues, "00:05:00").queue("run", "jobs");
    let host = started(app.attached(handler.address)).await;
    let slow = json!({ "do": { "wait_ms": 200, "content_type": "application/json", "body": "{}" } }).to_string();
    (0..9).for_each(|_| host.storage().send("jobs", &slow).unwrap());
    let mut most = 0;
    eventually("all are done", || {
        let running = host.invocations().iter().filter(|call| call.outcome.is_none()).count();
        most = most.max(running);
        host.queue_lengths()["jobs"] == 0
    })
    .await;
    assert!((2..=3).contains(&most), "{most} at once");
    assert_eq!(handler.calls("run").len(), 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_functions_output_calls_the_function_of_that_queue() {
    let handler = Handler::start().await;
    let app = app().queue("run", "out");
    let host = started(app.attached(handler.address)).await;
    emit(&host, &json!(STANDARD.encode(r#"{"run":"r1"}"#))).await;
    eventually("the message was worked", || host.queue_lengths().get("out") == Some(&0)).await;
    let sent: Value = serde_json::from_str(&handler.calls("run")[0].body).unwrap();
    assert_eq!(sent["Data"]["msg"], r#""{\"run\":\"r1\"}""#);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_clients_on_kept_connections_are_all_answered() {
    let handler = Handler::start().await;
    let app = app();
    let host = started(app.attached(handler.address)).await;
    let client = reqwest::Client::new();
    let calls = (0..640).map(|_| client.post(format!("{}/api/alert", host.url())).body("{}").send());
    let answers: Vec<_> = futures::StreamExt::collect(futures::StreamExt::buffer_unordered(
        futures::stream::iter(calls.collect::<Vec<_>>()),
        64,
    ))
    .await;
    assert!(answers.into_iter().all(|answer| answer.unwrap().status() == 204));
    assert_eq!(handler.calls("alert").len(), 640);
}

#[tokio::test(flavor = "multi_thread")]
async fn chaos_doubles_what_functions_put_but_not_what_others_send() {
    let seed = rand::rng().random();
    println!("seed {seed}");
    let handler = Handler::start().await;
    let app = app();
    let host = started(app.attached(handler.address)).await;
    host.storage().set_chaos(Some(Chaos { seed, double: 1.0, ..Chaos::default() }));
    emit(&host, &json!("one two")).await;
    assert_eq!(stored(&host), [b"one two", b"one two"]);
    host.storage().send("out", "three").unwrap();
    assert_eq!(stored(&host).len(), 3);
    host.storage().set_chaos(None);
    emit(&host, &json!("four five")).await;
    assert_eq!(stored(&host).len(), 4);
}
