//! What holds a run holds it for a while, and the outage is never forgotten.

use crate::support::alerts::{STANDBY, fired, fired_about};
use crate::support::stage::{PLAN, Reply, SERVING, Stage, calm};
use reveille::sandbox::world::Darkness;
use serde_json::Value;

/// An alert that a guard holds: taken, with what holds it and how to lift that.
#[track_caller]
fn held(reply: &Reply, guard: &str) {
    assert_eq!(reply.status, 202, "{reply:?}");
    let outcome = &reply.json()["outcomes"][0];
    assert_eq!(outcome["did"], "deferred", "{reply:?}");
    assert!(outcome["sentence"].as_str().unwrap().contains(guard), "{reply:?}");
}

async fn incident(stage: &Stage) -> Value {
    stage.plan().await["incident"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_during_a_pause_waits_and_is_acted_on_after_resume() {
    let stage = Stage::open(calm()).await;
    assert_eq!(stage.say(&format!("plans/{PLAN}/pause")).await.status, 200);
    stage.go_dark();
    held(&stage.alert(fired(1).to_string()).await, "paused by key alice");
    held(&stage.alert(fired(1).to_string()).await, "reveille resume");
    let waiting = stage.plan().await;
    assert_eq!(waiting["light"], "red", "{waiting}");
    assert_eq!(waiting["incident"]["deferred"]["guard"], "paused");
    assert!(stage.aftermath().await.runs.is_empty());
    assert_eq!(stage.touched(), Vec::<String>::new());
    assert_eq!(stage.say(&format!("plans/{PLAN}/resume")).await.status, 200);
    let run = stage.closed(0).await;
    assert_eq!(run.outcome.unwrap().word(), SERVING);
    assert_eq!(Value::from(run.created.incident.as_str()), waiting["incident"]["id"], "the incident that waited");
    assert!(incident(&stage).await.is_null());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_during_the_cool_down_waits_until_it_is_over() {
    let mut scenario = calm();
    scenario.plan.cooldown = "6s".to_owned();
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    stage.alert(fired(1).to_string()).await;
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    // Now centralus is primary, and the next outage is there.
    stage.come_back();
    stage.until("a look at the new primary", async || seen_healthy(&stage, "centralus")).await;
    stage.world().set_darkness("centralus", Darkness::outage());
    held(&stage.alert(fired_about(STANDBY, 2).to_string()).await, "the cool-down is over at");
    assert!(incident(&stage).await.is_object(), "it is open");
    let second = stage.closed(1).await;
    assert_eq!(second.outcome.unwrap().word(), SERVING, "{}", stage.story());
    assert_eq!(second.created.standby.as_str(), "eastus2");
    let first = stage.aftermath().await.plan(PLAN).runs[0].clone();
    let pause = second.created_at - first.closed_at.unwrap();
    assert!(pause.num_milliseconds() >= 6_000, "started {pause} after the first run");
    stage.close().await;
}

/// Both witnesses have seen the site healthy.
fn seen_healthy(stage: &Stage, site: &str) -> Option<()> {
    let path = stage.state().join(format!("documents/witness/{PLAN}/{site}.json.document"));
    let seen: Value = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (seen["probe_healthy"].is_string() && seen["metric_healthy"].is_string()).then_some(())
}

/// A plan that asks, and nobody answers.
async fn nobody_approves(cooldown: &str) -> Stage {
    let mut scenario = calm();
    scenario.plan.automation = "approve".to_owned();
    scenario.plan.cooldown = cooldown.to_owned();
    scenario.plan.timing.insert("approval_wait".to_owned(), "1500ms".into());
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    stage.alert(fired(1).to_string()).await;
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), "approval-timed-out");
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_that_nobody_approved_is_asked_again_after_the_cool_down() {
    let stage = nobody_approves("3s").await;
    let waiting = stage.plan().await;
    assert_eq!(waiting["light"], "red", "{waiting}");
    let first = incident(&stage).await;
    assert!(first.is_object(), "it is still open");
    let second = stage
        .until("the second question", async || {
            let active = stage.plan().await["active"].clone();
            active["needs_operator"].as_bool()?.then(|| active["run"].as_str().unwrap().to_owned())
        })
        .await;
    assert_eq!(stage.touched(), Vec::<String>::new());
    assert_eq!(stage.say(&format!("runs/{second}/approve")).await.status, 200);
    let run = stage.closed(1).await;
    assert_eq!((run.outcome.unwrap().word(), run.created.run.as_str()), (SERVING, second.as_str()));
    assert_eq!(Value::from(run.created.incident.as_str()), first["id"]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_acknowledgement_ends_the_cool_down_at_once() {
    let stage = nobody_approves("1h").await;
    held(&stage.alert(fired(2).to_string()).await, "as soon as a person acknowledges");
    assert_eq!(stage.aftermath().await.runs.len(), 1);
    assert_eq!(stage.say(&format!("plans/{PLAN}/acknowledge")).await.status, 200);
    let second = stage.closed(1).await;
    assert_eq!(second.outcome.unwrap().word(), "approval-timed-out");
    stage.say(&format!("plans/{PLAN}/acknowledge")).await;
    stage.until("the third question", async || (stage.aftermath().await.runs.len() == 3).then_some(())).await;
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.close().await;
}
