//! People at the operator interface: what they read, and what becomes of what they say.

use crate::support::alerts::fired;
use crate::support::stage::{PLAN, Reply, SERVING, Stage, calm};
use reveille::domain::run::StartedBy;
use serde_json::{Value, json};

/// A plan that asks before it acts, with a run that has asked.
async fn asked() -> (Stage, String) {
    let mut scenario = calm();
    scenario.plan.automation = "approve".to_owned();
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    stage.until("the question", async || question(&view(&stage, &run, "").await)).await;
    (stage, run)
}

fn question(view: &Value) -> Option<()> {
    (view["asks"][0]["about"] == "approval").then_some(())
}

async fn view(stage: &Stage, run: &str, query: &str) -> Value {
    let reply = stage.get(&format!("v1/runs/{run}{query}")).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    reply.json()
}

fn kinds(view: &Value) -> Vec<&str> {
    view["events"].as_array().unwrap().iter().map(|event| event["kind"].as_str().unwrap()).collect()
}

async fn failover(stage: &Stage, body: Value) -> Reply {
    stage.post(&format!("v1/plans/{PLAN}/runs"), &body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_read_from_its_first_question_to_its_report() {
    let (stage, run) = asked().await;
    let plans = stage.get("v1/plans").await.json();
    assert_eq!(plans["plans"][0], stage.plan().await);
    assert_eq!(
        (&plans["plans"][0]["light"], &plans["plans"][0]["active"]["needs_operator"]),
        (&json!("red"), &json!(true))
    );
    let asks = &view(&stage, &run, "").await["asks"][0];
    assert!(asks["commands"][0].as_str().unwrap().starts_with(&format!("reveille approve {run}")), "{asks}");
    let early = stage.get(&format!("v1/runs/{run}/report")).await.json();
    assert_eq!(early["state"], "running");
    assert_eq!(stage.say(&format!("runs/{run}/approve")).await.status, 200);
    stage.closed(0).await;
    let runs = stage.get(&format!("v1/plans/{PLAN}/runs")).await.json();
    assert_eq!((&runs["runs"][0]["run"], &runs["runs"][0]["outcome"]), (&json!(run), &json!(SERVING)));
    let report = stage.get(&format!("v1/runs/{run}/report")).await;
    assert_eq!((report.kind.as_str(), &report.json()["state"]), ("application/json", &json!(SERVING)));
    let people = &report.json()["people"][0];
    assert_eq!(
        (&people["by"], &people["said"], &people["why"]),
        (&json!("key alice"), &json!("Alice"), &json!("a test"))
    );
    let markdown = stage.http.get(stage.url(&format!("v1/runs/{run}/report"))).header("accept", "text/markdown");
    let markdown = stage.send(markdown).await;
    assert_eq!(markdown.kind, "text/markdown");
    assert!(markdown.text.contains("# ") && markdown.text.contains(&run), "{}", markdown.text);
    let browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";
    let page = stage.http.get(stage.url(&format!("v1/runs/{run}/report"))).header("accept", browser);
    let page = page.header("x-functions-key", stage.key()).send().await.unwrap();
    let header = |name: &str| page.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "text/html; charset=utf-8");
    assert!(header("content-security-policy").starts_with("default-src 'none'; "));
    assert_eq!((header("x-content-type-options"), header("cache-control")), ("nosniff".into(), "no-store".into()));
    let page = page.text().await.unwrap();
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains(&run), "{page}");
    assert!(page.contains("Waited for <bdi>approval of the run</bdi>"), "{page}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_poll_brings_news_when_there_are_some_and_not_later() {
    let (stage, run) = asked().await;
    let seen = view(&stage, &run, "").await["seq"].as_u64().unwrap();
    let nothing = view(&stage, &run, &format!("?after={seen}&wait=1")).await;
    let after = nothing["seq"].as_u64().unwrap();
    let query = format!("?after={after}&wait=25");
    let (news, said) = tokio::join!(view(&stage, &run, &query), async {
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
        stage.say(&format!("runs/{run}/approve")).await
    });
    assert_eq!(said.status, 200);
    assert!(kinds(&news).contains(&"approved"), "{news}");
    assert_eq!(news["closed"], false, "a poll that waited out its time would have seen the end: {news}");
    let later = news["events"].as_array().unwrap().iter().all(|event| event["seq"].as_u64().unwrap() > after);
    assert!(later, "{news}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failover_asked_for_twice_with_one_key_is_one_run() {
    let stage = Stage::open(calm()).await;
    stage.go_dark();
    let body = json!({"who": "Alice", "why": "eastus2 is gone", "idempotency_key": "k1"});
    let dry = failover(&stage, json!({"why": "only asking", "dry_run": true})).await;
    assert_eq!((dry.status, &dry.json()["did"]), (200, &json!("would-start")));
    assert!(stage.aftermath().await.runs.is_empty());
    let (one, two) = tokio::join!(failover(&stage, body.clone()), failover(&stage, body.clone()));
    assert_eq!((one.status, two.status), (202, 202));
    assert_eq!(one.json()["run"], two.json()["run"]);
    let run = stage.closed(0).await;
    assert_eq!(run.outcome.unwrap().word(), SERVING);
    assert_eq!(one.json()["run"], run.created.run.as_str());
    let person = StartedBy::Person {
        by: "key alice".into(),
        said: Some("Alice".into()),
        why: "eastus2 is gone".into(),
        force: false,
    };
    assert_eq!(run.created.started_by, person);
    let again = failover(&stage, body).await;
    assert_eq!((&again.json()["did"], &again.json()["run"]), (&json!("joined"), &one.json()["run"]));
    assert_eq!(stage.aftermath().await.runs.len(), 1);
    assert_eq!(stage.touched().len(), 2, "{:?}", stage.touched());
    stage.close().await;
}

/// Whoever forces a failover goes on without the proof of an outage, and the site to be left may well answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_forced_failover_leaves_a_primary_that_answers() {
    let stage = Stage::open(calm()).await;
    let plain = failover(&stage, json!({"why": "to be sure"})).await;
    assert_eq!(plain.status, 202);
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), "no-outage");
    assert_eq!(stage.touched(), Vec::<String>::new());
    let forced = failover(&stage, json!({"why": "its disks are dying", "force": true})).await;
    assert_eq!(forced.status, 202, "{forced:?}");
    let run = stage.closed(1).await;
    assert_eq!(run.outcome.unwrap().word(), SERVING, "{}", stage.story());
    assert!(!stage.story().contains("split brain"), "{}", stage.story());
    let report = stage.get(&format!("v1/runs/{}/report", run.created.run)).await;
    assert!(report.text.contains("its disks are dying"), "{report:?}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declined_failover_touches_nothing_and_closes_the_incident() {
    let (stage, run) = asked().await;
    let incident = stage.plan().await["incident"]["id"].clone();
    assert!(incident.is_string());
    assert_eq!(stage.say(&format!("runs/{run}/decline")).await.json()["did"], "declined");
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), "declined");
    assert_eq!(stage.touched(), Vec::<String>::new());
    // The region is still dark, so the watch may have opened another one by now.
    assert_ne!(stage.plan().await["incident"]["id"], incident);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abort_undoes_nothing_and_says_what_is_left_running() {
    let mut scenario = calm();
    scenario.world.start = std::time::Duration::from_secs(3);
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    stage.until("the accepted start", async || (stage.touched().len() == 2).then_some(())).await;
    // The call was accepted; its answer is written down a moment later.
    let intent = async || view(&stage, &run, "").await["events"].to_string().contains("accepted").then_some(());
    stage.until("the journaled answer", intent).await;
    let said = stage.say(&format!("runs/{run}/abort")).await;
    assert_eq!(said.status, 200, "{said:?}");
    let left = said.json()["details"].to_string();
    assert!(left.contains("start cluster") && left.contains("aks-sonar-centralus"), "{said:?}");
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), "aborted");
    let report = stage.get(&format!("v1/runs/{run}/report")).await;
    assert!(report.json()["outcome"]["left_running"].to_string().contains("aks-sonar-centralus"), "{report:?}");
    stage
        .until("the standby's nodes", async || {
            stage.world().cluster("aks-sonar-centralus").filter(|it| it.nodes_running)
        })
        .await;
    assert_eq!(stage.touched().len(), 2, "{:?}", stage.touched());
    stage.close().await;
}
