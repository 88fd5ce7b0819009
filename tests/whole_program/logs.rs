//! The log of a failover: every line about a run tells whose it is.

use crate::support::alerts::fired;
use crate::support::stage::{SERVING, Stage, calm};
use serde_json::Value;

const FIELDS: [&str; 4] = ["function", "invocation_id", "plan", "run"];

#[tokio::test(flavor = "multi_thread")]
async fn every_line_about_a_run_names_function_invocation_plan_and_run() {
    let mut scenario = calm();
    scenario.plan.automation = "approve".to_owned();
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    stage.until("the question", async || (stage.plan().await["active"]["needs_operator"] == true).then_some(())).await;
    assert_eq!(stage.say(&format!("runs/{run}/approve")).await.status, 200);
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    let lines = stage.transcript.json();
    let about: Vec<&Value> = lines.iter().filter(|line| line.to_string().contains(&run)).collect();
    for line in &about {
        for field in FIELDS {
            assert!(line[field].as_str().is_some_and(|text| !text.is_empty()), "{field}: {line}");
        }
        assert_eq!(line["run"], run, "{line}");
    }
    for function in ["alert", "run", "operator"] {
        assert!(about.iter().any(|line| line["function"] == function), "{function}: {about:?}");
    }
    stage.close().await;
}
