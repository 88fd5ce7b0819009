//! Heartbeats through the real function: noted, missed, told once, and told again when they are back.

use crate::support::stage::{Stage, calm};
use reveille::sandbox::scenario::Heartbeat;
use reveille::sandbox::world::Event;
use std::time::Duration;

fn beating() -> reveille::sandbox::scenario::Scenario {
    let mut scenario = calm();
    scenario.world.heartbeat = Some(Heartbeat { every: Duration::from_millis(400), overdue: Duration::from_secs(4) });
    scenario
}

/// What was told of the way of alerts, by channel: the types of CloudEvents, the words of cards.
fn told(stage: &Stage, channel: &str, words: &str) -> usize {
    let told = |event: &Event| match event {
        Event::Notification { channel: to, body } => to == channel && body.to_string().contains(words),
        _ => false,
    };
    stage.world().entries().iter().filter(|entry| told(&entry.event)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_way_of_alerts_is_told_once_to_each_channel_and_again_when_it_is_back() {
    let stage = Stage::open(beating()).await;
    let alerts = async |words: &str| {
        let status = stage.plan().await;
        status["alerts"].as_str().filter(|text| text.contains(words)).map(|_| status.clone())
    };
    stage.until("a heartbeat", async || alerts("the last heartbeat of rule reveille-heartbeat came").await).await;
    stage.sandbox.lose_heartbeats(true);
    let silent = stage.until("silence", async || alerts("no heartbeat of rule reveille-heartbeat for").await).await;
    assert!(silent["sentence"].as_str().unwrap().starts_with("alerts do not arrive"), "{silent}");
    stage.until("the notices", async || (told(&stage, "teams", "Alerts do not arrive") > 0).then_some(())).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(told(&stage, "hook", "reveille.alert-path.silent"), 1);
    assert_eq!(told(&stage, "teams", "Alerts do not arrive"), 1);
    stage.sandbox.lose_heartbeats(false);
    stage.until("the way back", async || (told(&stage, "hook", "reveille.alert-path.back") > 0).then_some(())).await;
    stage.until("a heartbeat again", async || alerts("the last heartbeat").await).await;
    assert_eq!(told(&stage, "hook", "reveille.alert-path.silent"), 1);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_expects_no_heartbeat_misses_none() {
    let stage = Stage::open(calm()).await;
    assert!(stage.plan().await["alerts"].is_null());
    stage.close().await;
}
