//! Alerts that are no outage of the plan's primary: a clear answer each, nothing started, nothing lost.

use crate::support::alerts::{STANDBY, fired, fired_about, fired_by, resolved};
use crate::support::stage::{Reply, SERVING, Stage, calm, reply};
use reveille::domain::run::StartedBy;
use serde_json::Value;
use std::time::Duration;

/// An alert that was read and leads to nothing, with the reason.
#[track_caller]
fn ignored(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 200, "{reply:?}");
    let outcome = &reply.json()["outcomes"][0];
    assert_eq!(outcome["did"], "ignored", "{reply:?}");
    assert!(outcome["sentence"].as_str().unwrap().contains(why), "{why}: {reply:?}");
}

/// Nothing was touched, no incident was opened, and every delivery is in the day log.
async fn nothing_came_of(stage: &Stage, deliveries: usize) -> Vec<Value> {
    let recorded = stage
        .until("the day log", async || Some(stage.deliveries().await).filter(|recorded| recorded.len() >= deliveries))
        .await;
    assert_eq!(recorded.len(), deliveries);
    assert_eq!(stage.touched(), Vec::<String>::new());
    assert!(stage.aftermath().await.runs.is_empty());
    assert!(stage.plan().await["incident"].is_null());
    recorded
}

#[tokio::test(flavor = "multi_thread")]
async fn alerts_that_tell_of_no_outage_are_answered_with_the_reason() {
    let stage = Stage::open(calm()).await;
    ignored(&stage.alert(resolved(1).to_string()).await, "a resolved alert never starts or reverts anything");
    ignored(&stage.alert(fired_about(STANDBY, 2).to_string()).await, "the standby's own origin");
    ignored(&stage.alert(fired_by("cpu-high", 3).to_string()).await, "cpu-high is not one of the plan's alert_rules");
    looked(&stage.alert(fired_about("elsewhere.example.com", 4).to_string()).await);
    let mut test = fired(5);
    test["data"]["alertContext"]["condition"]["allOf"][0]["metricName"] = "Transactions".into();
    ignored(&stage.alert(test.to_string()).await, "not about origin health");
    let mut odd = fired(6);
    odd["data"]["essentials"]["monitorCondition"] = "Suspected".into();
    ignored(&stage.alert(odd.to_string()).await, "\"Suspected\" is neither Fired nor Resolved");
    let recorded = nothing_came_of(&stage, 6).await;
    assert_eq!(recorded[0]["delivery"]["rule"], "afd-primary-origin-health");
    assert_eq!(recorded[2]["delivery"]["rule"], "cpu-high");
    assert!(recorded.iter().all(|line| line["delivery"]["by"] == "key alice"), "{recorded:?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_published_alert_body_gets_a_clear_answer() {
    let stage = Stage::open(calm()).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/alerts");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut bodies: Vec<_> = files.filter(|path| path.extension().is_some_and(|kind| kind == "json")).collect();
    bodies.sort();
    assert!(bodies.len() >= 12, "{bodies:?}");
    for path in &bodies {
        let answer = stage.alert(std::fs::read_to_string(path).unwrap()).await;
        let name = path.file_name().unwrap().to_string_lossy();
        match &*name {
            // Only parts of a payload.
            part if part.starts_with("context-") => drop(answer.problem(400)),
            // About our Front Door, and about an origin that no plan has: somebody has to look.
            other if other.starts_with("synthetic-") && other.ends_with("-fired.json") => looked(&answer),
            _ => ignored(&answer, ""),
        }
    }
    nothing_came_of(&stage, bodies.len()).await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_a_right_key_is_turned_away_by_the_host() {
    let stage = Stage::open(calm()).await;
    stage.go_dark();
    let url = stage.url("alert");
    let body = fired(1).to_string();
    let none = stage.http.post(&url).body(body.clone());
    assert_eq!(reply(none).await.status, 401);
    let wrong = stage.http.post(&url).header("x-functions-key", "no-such-key").body(body.clone());
    assert_eq!(reply(wrong).await.status, 401);
    assert_eq!(reply(stage.http.post(format!("{url}?code=no-such-key")).body(body)).await.status, 401);
    assert!(!stage.transcript.text().contains("alert answered"), "the handler was never asked");
    stage.close().await;
}

/// The host loses the body of a chunked request, so all that is known is that somebody meant to tell something.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_without_a_body_makes_the_watch_look_at_once() {
    let mut scenario = calm();
    // Whatever is looked at below, no timer made it so.
    scenario.world.timer = Duration::from_secs(3_600);
    let stage = Stage::open(scenario).await;
    looked(&stage.alert("").await);
    stage.until("a look", async || looks(&stage).then_some(())).await;
    nothing_came_of(&stage, 1).await;
    stage.go_dark();
    let run = stage
        .until("the run", async || {
            looked(&stage.send(stage.http.post(stage.url("alert")).body(chunked(&fired(1)))).await);
            stage.aftermath().await.runs.into_values().next()
        })
        .await;
    assert!(matches!(run.created.started_by, StartedBy::Metric { .. }), "{:?}", run.created.started_by);
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    assert!(
        stage.deliveries().await.iter().all(|line| line["delivery"]["bytes"] == 0 && line["delivery"]["status"] == 202)
    );
    assert_eq!(stage.aftermath().await.runs.len(), 1);
    stage.close().await;
}

#[track_caller]
fn looked(reply: &Reply) {
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.json()["outcomes"][0]["did"], "looking", "{reply:?}");
}

/// Whether the handler has ever looked at the world, and remembered that it was healthy.
fn looks(stage: &Stage) -> bool {
    let text = std::fs::read_to_string(stage.state().join("documents/witness/sonarqube/eastus2.json.document"));
    text.is_ok_and(|text| text.contains("probe_healthy") && !text.contains("null"))
}

fn chunked(body: &Value) -> reqwest::Body {
    let part = Ok::<_, std::io::Error>(body.to_string());
    reqwest::Body::wrap_stream(futures::stream::iter([part]))
}
