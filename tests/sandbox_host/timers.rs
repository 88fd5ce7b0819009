//! Timers: what they send, and that runs of one never overlap.

use std::time::Duration;

use reveille::sandbox::host::HostOptions;
use serde_json::{Value, json};

use super::handler::Handler;
use super::requests::{as_json, masked};
use super::{AppFolder, eventually, fast_queues, fixture, started};

const EVERY: Duration = Duration::from_millis(50);

fn body(request: &Value) -> Value {
    serde_json::from_str(request["body"].as_str().unwrap()).unwrap()
}

async fn first_call(schedule: &str) -> Value {
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), "00:05:00").timer("watch", schedule);
    let _host = started(HostOptions { timer_every: Some(EVERY), ..app.attached(handler.address) }).await;
    eventually("the timer fires", || !handler.calls("watch").is_empty()).await;
    as_json(&handler.calls("watch")[0])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_reaches_the_handler_as_captured() {
    for (name, schedule) in [("timer-no-monitor", "*/30 * * * * *"), ("timer-monitor-first", "0 */1 * * * *")] {
        let capture = fixture(&format!("{name}.json"));
        let sent = first_call(schedule).await;
        assert_eq!(masked(&body(&sent)), masked(&body(&capture["request"])), "{name}");
        assert_eq!(sent["path"], capture["request"]["path"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitored_timer_remembers_its_last_run_beyond_its_host() {
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), "00:05:00").timer("watch", "0 */1 * * * *");
    let options = HostOptions { timer_every: Some(EVERY), ..app.attached(handler.address) };
    let host = started(options.clone()).await;
    eventually("two runs", || handler.calls("watch").len() >= 2).await;
    let status = |at: usize| body(&as_json(&handler.calls("watch")[at]))["Data"]["timer"].clone();
    assert_eq!(status(1)["ScheduleStatus"]["Last"], status(0)["ScheduleStatus"]["Next"]);
    host.stop().await;
    tokio::time::sleep(EVERY * 2).await;
    let before = handler.calls("watch").len();
    let _next_host = started(options).await;
    eventually("the next host fires", || handler.calls("watch").len() > before).await;
    assert_eq!(status(before)["IsPastDue"], json!(true));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_of_two_hosts_fires() {
    let handler = Handler::start().await;
    let app = AppFolder::new(fast_queues(), "00:05:00").timer("watch", "*/30 * * * * *");
    let options = HostOptions { timer_every: Some(EVERY), ..app.attached(handler.address) };
    let (one, two) = (started(options.clone()).await, started(options).await);
    eventually("several runs", || handler.calls("watch").len() >= 5).await;
    let counts = [one.invocations().len(), two.invocations().len()];
    assert!(counts.contains(&0), "{counts:?}");
}
