//! Queue messages: wake-ups in whatever wrapping they come, and what a doubled one costs.

use crate::support::alerts::fired;
use crate::support::stage::{PLAN, SERVING, Stage, calm};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reveille::sandbox::world::Event;
use serde_json::json;
use std::time::Duration;

const QUEUE: &str = "reveille-runs";

#[tokio::test(flavor = "multi_thread")]
async fn a_wake_up_is_understood_whatever_was_put_around_it() {
    let mut scenario = calm();
    // Whatever is looked at below, no timer made it so.
    scenario.world.timer = Duration::from_secs(3_600);
    let stage = Stage::open(scenario).await;
    let seen = stage.state().join(format!("documents/witness/{PLAN}/eastus2.json.document"));
    let plain = r#"{"look":true}"#;
    let twice = STANDARD.encode(plain);
    for text in [plain.to_owned(), twice.clone(), json!(plain).to_string(), json!(twice).to_string()] {
        let _ = std::fs::remove_file(&seen);
        stage.sandbox.host().storage().send(QUEUE, &text).unwrap();
        stage.until(&format!("a look because of {text}"), async || seen.exists().then_some(())).await;
    }
    stage.sandbox.host().storage().send(QUEUE, "good morning").unwrap();
    let dropped = || stage.transcript.text().contains("is no wake-up and is dropped");
    stage.until("the word about a message that is none", async || dropped().then_some(())).await;
    stage.close().await;
}

/// How often people were told that an alert is being seen to.
fn acknowledged(stage: &Stage) -> usize {
    stage.world().entries().iter().filter(|entry| matches!(entry.event, Event::AlertChanged { .. })).count()
}

/// A run that an alert of the world itself has started.
async fn started(automation: &str) -> (Stage, String) {
    let mut scenario = calm();
    scenario.plan.automation = automation.to_owned();
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    let alert = stage.world().fire_alert("sonar", 0.0).unwrap();
    let mut body = fired(1);
    body["data"]["essentials"]["alertId"] = json!(alert.resource_id());
    let reply = stage.alert(body.to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    (stage, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_acknowledged_once_however_often_its_run_is_woken() {
    let (stage, run) = started("act").await;
    stage.until("the acknowledgement", async || (acknowledged(&stage) > 0).then_some(())).await;
    let wake = json!({"run": run, "after": 0}).to_string();
    stage.sandbox.host().storage().send(QUEUE, &wake).unwrap();
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    let calls = stage.sandbox.host().invocations().len();
    stage.sandbox.host().storage().send(QUEUE, &wake).unwrap();
    let woken = async || {
        let calls = stage.sandbox.host().invocations().split_off(calls);
        calls.iter().any(|call| call.function == "run" && call.outcome.is_some()).then_some(())
    };
    stage.until("the end of the last wake-up", woken).await;
    assert_eq!(acknowledged(&stage), 1);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_observes_acknowledges_nothing() {
    let (stage, _) = started("observe").await;
    stage.closed(0).await;
    assert_eq!(acknowledged(&stage), 0);
    stage.close().await;
}
