//! The deployed binary with its database password in the vault, and somebody who rotates it.

use crate::support::alerts::fired;
use crate::support::stage::{SERVING, Stage, calm};
use reveille::domain::runbook::StepName;
use reveille::sandbox::scenario::{PasswordIn, Scenario};
use reveille::sandbox::vault;
use serde_json::Value;

fn with_a_vault() -> Scenario {
    let mut scenario = calm();
    scenario.plan.password = PasswordIn::Vault;
    scenario
}

async fn outage(stage: &Stage) -> String {
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    reply.json()["outcomes"][0]["run"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned()
}

/// What a run says of one of its steps.
async fn step(stage: &Stage, run: &str, name: StepName) -> Value {
    let view = stage.get(&format!("v1/runs/{run}")).await.json();
    let steps = view["steps"].as_array().cloned().unwrap_or_default();
    steps.into_iter().find(|step| step["step"] == name.as_str()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_rotated_in_the_middle_of_a_run_is_taken_up() {
    let mut scenario = with_a_vault();
    scenario.world.start = std::time::Duration::from_secs(4);
    let stage = Stage::open(scenario).await;
    let run = outage(&stage).await;
    stage
        .until("a writer proven with the first password", async || {
            let writer = step(&stage, &run, StepName::VerifyWriter).await;
            writer.to_string().contains("takes writes").then_some(())
        })
        .await;
    stage.world().rotate_password("rotated-in-the-night", true);
    let closed = stage.closed(0).await;
    assert_eq!(closed.outcome.unwrap().word(), SERVING, "{}", stage.story());
    let story = stage.story();
    assert!(!story.contains("rotated-in-the-night") && !story.contains("sandbox-password"), "{story}");
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_was_not_put_into_the_vault_is_waited_for() {
    let stage = Stage::open(with_a_vault()).await;
    stage.world().rotate_password("only-in-the-database", false);
    let run = outage(&stage).await;
    stage
        .until("the refused login", async || {
            let view = stage.get(&format!("v1/runs/{run}")).await.json();
            view["asks"].to_string().contains("28P01").then_some(())
        })
        .await;
    stage.world().put_secret(vault::PASSWORD, "only-in-the-database");
    let closed = stage.closed(0).await;
    assert_eq!(closed.outcome.unwrap().word(), SERVING, "{}", stage.story());
    stage.close().await;
}
