//! A host with a real handler process: this very test binary, told to act as one.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use reveille::sandbox::host::{
    Env, FunctionsHost, HostOptions, Level, Log, LogLine, Outcome, Storage, StorageTimes, WorkerState,
};
use serde_json::{Value, json};

use super::client::post;
use super::{AppFolder, eventually, fast_queues, handler, started};

/// Starts as the handler of another test; the host gives it the port.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "is the handler that the tests beside it start"]
async fn acts_as_a_handler() {
    let port = std::env::var("FUNCTIONS_CUSTOMHANDLER_PORT").expect("started by a host");
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await.unwrap();
    handler::serve(listener, Arc::default()).await;
}

fn app(timeout: &str) -> AppFolder {
    // A failed message must not use up its deliveries while the handler starts again.
    let queues = json!({ "maxPollingInterval": "00:00:00.2", "visibilityTimeout": "00:00:01" });
    let app = AppFolder::new(queues, timeout).http("alert", "alert", "anonymous").queue("run", "jobs");
    std::os::unix::fs::symlink(std::env::current_exe().unwrap(), app.path().join("handler")).unwrap();
    app
}

fn good(extra: Value) -> Value {
    let mut order = json!({ "status": 200, "content_type": "application/json", "body": "{}" });
    order.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({ "do": order })
}

async fn status(host: &FunctionsHost, order: Value) -> u16 {
    post(host.address(), "/api/alert", &good(order)).await.status
}

/// Waits for a new process that answers.
async fn restarted(host: &FunctionsHost, old: Option<u32>) {
    eventually("another handler", || {
        host.handler_pid().is_some_and(|pid| Some(pid) != old) && host.state() == WorkerState::Ready
    })
    .await;
}

fn is_running(pid: u32) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_restarts_the_handler_and_the_third_stops_the_host() {
    let app = app("00:05:00");
    let host = started(HostOptions::new(app.path())).await;
    for order in [json!({ "exit": 200 }), json!({ "exit": 3 }), json!({ "exit": 101 })] {
        let old = host.handler_pid();
        assert_eq!(status(&host, order).await, 500);
        restarted(&host, old).await;
        assert_eq!(status(&host, json!({})).await, 204);
    }
    host.kill_handler();
    eventually("the host stops", || matches!(host.state(), WorkerState::HostStopped(_))).await;
    let WorkerState::HostStopped(reason) = host.state() else { panic!("{:?}", host.state()) };
    assert!(reason.contains("restart retry count"), "{reason}");
    let refused = || tokio::net::TcpStream::connect(host.address());
    for _ in 0..200 {
        if refused().await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a stopped host still listens");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_exits_with_zero_is_never_started_again() {
    let app = app("00:05:00");
    let host = started(HostOptions::new(app.path())).await;
    assert_eq!(status(&host, json!({ "exit": 0 })).await, 500);
    eventually("it is down", || host.state() == WorkerState::Down).await;
    assert_eq!(status(&host, json!({})).await, 500);
    assert_eq!(host.handler_pid(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_over_its_time_costs_everybody_the_handler_but_no_crash() {
    let app = app("00:00:01");
    let host = started(HostOptions::new(app.path())).await;
    for _ in 0..2 {
        let old = host.handler_pid();
        assert_eq!(status(&host, json!({ "wait_ms": 600_000 })).await, 500);
        restarted(&host, old).await;
    }
    let old = host.handler_pid();
    host.kill_handler();
    restarted(&host, old).await;
    let outcomes: Vec<_> = host.invocations().into_iter().filter_map(|call| call.outcome).collect();
    assert_eq!(outcomes, [Outcome::TimedOut, Outcome::TimedOut]);
    let old = host.handler_pid();
    host.kill_handler();
    restarted(&host, old).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_handler_loses_its_calls_and_messages_come_back() {
    let app = app("00:05:00");
    let host = started(HostOptions::new(app.path())).await;
    let old = host.handler_pid();
    host.storage().send("jobs", &good(json!({ "wait_ms": 1500 })).to_string()).unwrap();
    eventually("it is in hand", || host.invocations().len() == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    host.kill_handler();
    restarted(&host, old).await;
    eventually("the message is worked", || host.queue_lengths()["jobs"] == 0).await;
    let outcomes: Vec<_> = host.invocations().into_iter().map(|call| call.outcome.unwrap()).collect();
    assert!(matches!(&outcomes[..], [Outcome::Failed(_), .., Outcome::Succeeded]), "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_or_dropped_host_takes_its_handler_with_it() {
    let app = app("00:05:00");
    let host = started(HostOptions::new(app.path())).await;
    let pid = host.handler_pid().unwrap();
    assert!(is_running(pid));
    host.stop().await;
    assert!(!is_running(pid));
    let host = started(HostOptions::new(app.path())).await;
    let pid = host.handler_pid().unwrap();
    drop(host);
    eventually("it is dead", || !is_running(pid)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_host_leaves_an_orphan_and_its_message_hidden() {
    let app = app("00:05:00");
    let times = StorageTimes { hiding: Duration::from_secs(3), ..StorageTimes::default() };
    let options = HostOptions { storage: Storage::new(times), ..HostOptions::new(app.path()) };
    let host = started(options.clone()).await;
    host.storage().send("jobs", &good(json!({ "wait_ms": 60_000 })).to_string()).unwrap();
    eventually("it is in hand", || host.invocations().len() == 1).await;
    let mut orphan = host.kill_host_leaving_orphan().await.expect("a process");
    assert!(orphan.is_alive());
    assert_eq!(options.storage.queue_lengths()["jobs"], 1);
    let next = started(options).await;
    assert_ne!(next.handler_pid(), orphan.pid());
    eventually("the next host gets the message", || next.invocations().len() == 1).await;
    let pid = orphan.pid().unwrap();
    drop(orphan);
    eventually("the orphan is gone", || !is_running(pid)).await;
}

fn recorded() -> (Log, Arc<Mutex<Vec<LogLine>>>) {
    let lines: Arc<Mutex<Vec<LogLine>>> = Arc::default();
    let sink = lines.clone();
    (Log::new(move |line| sink.lock().unwrap().push(line.clone())), lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_both_streams_reach_the_log() {
    let app = app("00:05:00");
    let (log, lines) = recorded();
    let host = started(HostOptions { log, ..HostOptions::new(app.path()) }).await;
    status(&host, json!({ "stdout": "{\"level\":\"info\"}", "stderr": "it broke" })).await;
    // On a single core the test runner of the handler has begun the line with the test's name.
    let level = |text: &str| lines.lock().unwrap().iter().find(|line| line.text.ends_with(text)).map(|line| line.level);
    eventually("stdout", || level("{\"level\":\"info\"}") == Some(Level::Information)).await;
    eventually("stderr", || level("it broke") == Some(Level::Error)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_cannot_be_started_stops_the_host_at_the_first_call() {
    let app = AppFolder::new(fast_queues(), "00:05:00").http("alert", "alert", "anonymous");
    let (log, lines) = recorded();
    let key = "AzureFunctionsJobHost__customHandler__initializationTimeout";
    let env = Env::from([(key.into(), "00:00:00.1".into())]);
    let host = FunctionsHost::start(HostOptions { log, env, ..HostOptions::new(app.path()) }).await.unwrap();
    assert!(host.ready().await.is_err());
    host.stopped().await;
    assert!(lines.lock().unwrap().iter().any(|line| line.text.starts_with("cannot start handler")));
}
