//! What is answered is what the real host was seen to take without changing it.

use super::support::{Served, http_call, list};
use reveille::domain::status::Problem;
use reveille::host::routes::{ALERT, RUN, WATCH};
use reveille::host::{Answer, Functions, HttpAnswer};
use serde_json::{Value, json};

/// Serves `answer` as the alert function and gives the envelope that the host would read.
async fn envelope(answer: Answer) -> Value {
    let functions = Functions::new().with(ALERT, move |_| std::future::ready(Ok(answer.clone())));
    let worker = Served::start(functions).await.post("alert", &http_call("{}")).await;
    assert_eq!(worker.status, 200, "{worker:?}");
    worker.envelope()
}

fn ok() -> Answer {
    Answer::http(HttpAnswer::text(200, "text/plain", "ok"))
}

/// The host's own table of what it did with queue outputs says that these two shapes arrive exactly.
#[tokio::test]
async fn wake_ups_arrive_letter_by_letter() {
    let seen = list("queue-outputs");
    let delivers = |output: &Value, messages: Value| {
        assert!(
            seen.iter().any(|case| case["output"] == *output && case["messages"] == messages),
            "the host was never seen to deliver {messages} for {output}"
        );
    };
    let one = envelope(ok().wake("{\"run\":\"r1\"}")).await;
    delivers(&one["Outputs"]["wakeup"], json!(["{\"run\":\"r1\"}"]));
    let two = envelope(ok().wake("m1").wake("m2")).await;
    delivers(&two["Outputs"]["wakeup"], json!(["m1", "m2"]));
    assert!(envelope(ok()).await["Outputs"].get("wakeup").is_none(), "no message, no output");
}

#[tokio::test]
async fn http_outputs_have_the_shape_the_host_reads() {
    let answer = HttpAnswer::json(202, &json!({ "a": 1 })).unwrap().header("X-A", "1");
    let seen = list("answers");
    let full = seen.iter().find(|case| case["case"] == "http out full").unwrap();
    let theirs: Value = serde_json::from_str(full["worker"]["body"].as_str().unwrap()).unwrap();
    let ours = envelope(Answer::http(answer).log("L")).await;
    let http = &ours["Outputs"]["res"];
    assert_eq!(http["statusCode"], theirs["Outputs"]["res"]["statusCode"]);
    assert_eq!(http["body"], theirs["Outputs"]["res"]["body"], "a body is always text");
    assert_eq!(http["headers"], json!({ "Content-Type": "application/json", "X-A": "1" }));
    assert_eq!(ours["Logs"], theirs["Logs"]);
}

#[tokio::test]
async fn headers_that_break_the_host_are_never_sent() {
    let answer = HttpAnswer::problem(&Problem::new(429, "Too many", "too many at once", "Wait."))
        .header("content-length", "3")
        .header("Retry-After", "7")
        .header("X-Text", "a\r\nb")
        .header("content-type", "application/problem+json; charset=utf-8");
    let headers = envelope(Answer::http(answer)).await["Outputs"]["res"]["headers"].take();
    let expected = json!({
        "Retry-After": "7", "X-Text": "a  b", "content-type": "application/problem+json; charset=utf-8",
    });
    assert_eq!(headers, expected);
}

#[tokio::test]
async fn an_answer_with_nothing_in_it_is_still_an_object() {
    let functions = Functions::new().with(WATCH, |_| std::future::ready(Ok(Answer::done())));
    let worker = Served::start(functions).await.post("watch", "{\"Data\":{}}").await;
    assert_eq!((worker.status, worker.body.as_str()), (200, "{\"Logs\":[],\"Outputs\":{}}"));
}

/// A caller who waits would get an empty 200, and a wake-up without a binding would be lost without a word.
#[tokio::test]
async fn an_answer_that_does_not_fit_its_function_fails() {
    let http = |_| std::future::ready(Ok(Answer::http(HttpAnswer::text(200, "text/plain", "x"))));
    let mute = reveille::host::routes::Route { name: "mute", queue_output: None, ..WATCH };
    let functions = Functions::new()
        .with(ALERT, |_| std::future::ready(Ok(Answer::done())))
        .with(RUN, http)
        .with(mute, |_| std::future::ready(Ok(Answer::done().wake("x"))));
    let served = Served::start(functions).await;
    for function in ["alert", "run", "mute"] {
        let worker = served.post(function, "{\"Data\":{}}").await;
        assert_eq!(worker.status, 500, "{function}: {worker:?}");
        worker.envelope();
    }
}
