//! Whatever goes wrong in one invocation stays in that invocation, and the host is told.

use super::support::{Capture, Served, Worker, http_call};
use reveille::host::routes::{ALERT, RUN, Route, WATCH};
use reveille::host::{Answer, FunctionError, Functions, HttpAnswer};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::sync::{Notify, mpsc, oneshot};

const CALL: &str = "{\"Data\":{}}";

/// Answers with the length of the body it got.
fn measuring(functions: Functions) -> Functions {
    functions.with(ALERT, |invocation| async move {
        let body = invocation.http(ALERT.input)?.body;
        let length = body.and_then(|body| body.text().map(str::len)).unwrap_or_default();
        Ok(Answer::http(HttpAnswer::text(200, "text/plain", length.to_string())))
    })
}

fn output(worker: &Worker) -> Value {
    assert_eq!(worker.status, 200, "what a caller must see is an http output: {worker:?}");
    worker.envelope()["Outputs"]["res"].take()
}

/// A caller waits, and Azure Monitor delivers again after 503 only.
#[track_caller]
fn come_again(worker: &Worker) {
    let answer = output(worker);
    assert_eq!(answer["statusCode"], 503);
    assert_eq!(answer["headers"]["Content-Type"], "application/problem+json");
}

#[tokio::test]
async fn a_caller_hears_of_a_function_that_overran_its_deadline() {
    let route = Route { deadline: Duration::from_millis(50), ..ALERT };
    let functions = Functions::new().with(route, |_| std::future::pending());
    come_again(&Served::start(functions).await.post("alert", CALL).await);
}

#[tokio::test]
async fn a_panic_fails_its_own_invocation_only() {
    let (entered, mut inside) = mpsc::unbounded_channel();
    let go_on = Arc::new(Notify::new());
    let release = go_on.clone();
    let functions = Functions::new()
        .with(RUN, move |_| {
            let (entered, go_on) = (entered.clone(), go_on.clone());
            async move {
                entered.send(()).unwrap();
                go_on.notified().await;
                Ok(Answer::done())
            }
        })
        .with(WATCH, |_| async { panic!("in the work") })
        .with(ALERT, |_| -> std::future::Ready<Result<Answer, FunctionError>> { panic!("before the work") });
    let served = Arc::new(Served::start(functions).await);
    let other = tokio::spawn({
        let served = served.clone();
        async move { served.post("run", CALL).await }
    });
    inside.recv().await.unwrap();
    for _ in 0..2 {
        let worker = served.post("watch", CALL).await;
        assert_eq!(worker.status, 500, "{worker:?}");
        worker.envelope();
        come_again(&served.post("alert", CALL).await);
    }
    release.notify_one();
    assert_eq!(other.await.unwrap().status, 200, "the invocation beside it goes on");
}

#[tokio::test]
async fn an_invocation_that_overruns_its_deadline_is_ended_and_failed() {
    struct Ended(Option<oneshot::Sender<()>>);
    impl Drop for Ended {
        fn drop(&mut self) {
            let _ = self.0.take().unwrap().send(());
        }
    }
    let (tell, told) = oneshot::channel();
    let guard = std::sync::Mutex::new(Some(Ended(Some(tell))));
    let route = Route { deadline: Duration::from_millis(50), ..RUN };
    let functions = Functions::new().with(route, move |_| {
        let guard = guard.lock().unwrap().take();
        async move {
            std::future::pending::<()>().await;
            drop(guard);
            Ok(Answer::done())
        }
    });
    let worker = Served::start(functions).await.post("run", CALL).await;
    assert_eq!(worker.status, 504, "{worker:?}");
    worker.envelope();
    told.await.expect("its work was ended, not left behind");
}

#[tokio::test]
async fn a_host_that_hangs_up_does_not_stop_the_work_halfway() {
    let (started, mut begun) = mpsc::unbounded_channel();
    let (ended, mut done) = mpsc::unbounded_channel();
    let go_on = Arc::new(Notify::new());
    let release = go_on.clone();
    let functions = Functions::new().with(RUN, move |_| {
        let (started, ended, go_on) = (started.clone(), ended.clone(), go_on.clone());
        async move {
            started.send(()).unwrap();
            go_on.notified().await;
            ended.send(()).unwrap();
            Ok(Answer::done())
        }
    });
    let served = Served::start(functions).await;
    let mut stream = served.connect().await;
    let request = format!("POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{CALL}", CALL.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    begun.recv().await.unwrap();
    drop(stream);
    // Another call makes sure that the server has seen the connection end.
    assert_eq!(served.post("nothing", CALL).await.status, 404);
    release.notify_one();
    done.recv().await.expect("the work ends by itself");
}

#[tokio::test]
async fn errors_and_unknown_functions_are_failures_the_host_understands() {
    let functions = Functions::new().with(RUN, |_| async {
        Err(FunctionError::failed("reading the ledger", std::io::Error::other("disk on fire")))
    });
    let served = Served::start(functions).await;
    let failed = served.post("run", CALL).await;
    assert_eq!(failed.status, 500);
    assert!(!failed.body.contains("fire"), "the reason goes to the log");
    failed.envelope();
    for unknown in ["Run", "nothing", "a/b"] {
        let worker = served.post(unknown, CALL).await;
        assert_eq!(worker.status, 404, "{unknown}");
        worker.envelope();
    }
    assert_eq!(served.raw(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.status, 200);
}

#[tokio::test]
async fn a_megabyte_passes_also_when_its_escapes_and_metadata_triple_it() {
    let served = Served::start(measuring(Functions::new())).await;
    for filler in ["x", "\"", "\\", "ü", "\u{1}"] {
        let body = filler.repeat(1024 * 1024 / filler.len());
        let mut call: Value = serde_json::from_str(&http_call(&body)).unwrap();
        call["Metadata"]["copy"] = body.clone().into();
        let answer = output(&served.post("alert", &call.to_string()).await);
        assert_eq!(answer["body"], body.len().to_string());
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_told_to_callers_and_failed_elsewhere() {
    let served = Served::start(measuring(Functions::new()).with(RUN, |_| async { Ok(Answer::done()) })).await;
    let whole = Capture::named("http-json").body;
    let cuts = (0..whole.len()).filter(|cut| whole.is_char_boundary(*cut)).step_by(41);
    for broken in cuts.map(|cut| whole[..cut].to_owned()).chain(["\u{0}".to_owned(), "[".repeat(100_000)]) {
        let answer = output(&served.post("alert", &broken).await);
        assert_eq!(answer["statusCode"], 400, "{broken:.80}");
        assert_eq!(answer["headers"]["Content-Type"], "application/problem+json");
        let worker = served.post("run", &broken).await;
        assert_eq!(worker.status, 400, "{broken:.80}");
        worker.envelope();
    }
    assert_eq!(output(&served.post("alert", &whole).await)["body"], "7", "and the whole one is fine");
}

/// The connection ends in the middle of the body: nobody is called, and the next invocation is served.
#[tokio::test]
async fn a_request_cut_off_on_the_wire_reaches_no_function() {
    let (called, mut calls) = mpsc::unbounded_channel();
    let functions = Functions::new().with(RUN, move |_| {
        called.send(()).unwrap();
        async { Ok(Answer::done()) }
    });
    let served = Served::start(functions).await;
    let wire = Capture::named("queue-json").wire();
    for cut in [40, wire.len() / 2, wire.len() - 3] {
        let mut stream = served.connect().await;
        stream.write_all(&wire[..cut]).await.unwrap();
        stream.shutdown().await.unwrap();
    }
    assert_eq!(served.raw(&wire).await.status, 200);
    calls.recv().await.unwrap();
    assert!(calls.try_recv().is_err(), "only the whole request counts");
}

#[test]
fn without_a_port_there_is_a_reason() {
    let reason = |port: Option<&'static str>| {
        reveille::host::server::bind(&|_| port.map(str::to_owned)).map(drop).unwrap_err().to_string()
    };
    assert!(reason(None).contains("FUNCTIONS_CUSTOMHANDLER_PORT is not set"));
    assert!(reason(Some("http")).contains("\"http\", not a port"));
}

/// A restarted handler gets the port of the one before it, whose connections may linger.
#[tokio::test]
async fn the_port_of_an_earlier_handler_can_be_taken_over() {
    let served = Served::start(Functions::new()).await;
    let port = served.port;
    served.post("nothing", CALL).await;
    drop(served);
    let again = || reveille::host::server::bind(&|_| Some(port.to_string()));
    let mut bound = again();
    for _ in 0..200 {
        if bound.is_ok() {
            break;
        }
        // The aborted server lets go of its listener when its task is next polled.
        tokio::time::sleep(Duration::from_millis(10)).await;
        bound = again();
    }
    let listener = bound.unwrap();
    assert!(listener.local_addr().unwrap().ip().is_loopback() && listener.local_addr().unwrap().is_ipv4());
}
