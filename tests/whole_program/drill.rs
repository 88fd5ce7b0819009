//! Schedules on the deployed binary: what is due is asked for once, refused with its reason, and survives a restart.

use crate::support::stage::{PLAN, Stage, calm};
use reveille::domain::drill::{DrillRecord, How, Skip};
use reveille::domain::names::DrillName;
use serde_json::Value;

/// A plan with these drills.
async fn stage(drills: &str) -> Stage {
    let mut scenario = calm();
    let tables: toml::Table = toml::from_str(drills).unwrap();
    let tables = tables["drill"].as_array().unwrap().iter();
    scenario.plan.drill = tables.map(|table| table.as_table().unwrap().clone()).collect();
    Stage::open(scenario).await
}

async fn record(stage: &Stage, drill: &str) -> Option<DrillRecord> {
    stage
        .aftermath()
        .await
        .plans
        .get(&reveille::domain::names::PlanName::new(PLAN))?
        .drills
        .get(&DrillName::new(drill))
        .cloned()
}

fn line<'a>(plan: &'a Value, drill: &str) -> &'a Value {
    plan["drills"].as_array().unwrap().iter().find(|line| line["drill"] == drill).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drill_that_must_not_begin_is_refused_once_for_each_occurrence_through_restarts_too() {
    let stage = stage(
        "[[drill]]\nkind = \"standby\"\nschedule = \"*/20 * * * * *\"\n\
         [[drill]]\nname = \"never\"\nkind = \"standby\"\nschedule = \"* * * * * *\"\nblocked = [\"2020-01-01..2027-12-31\"]\n",
    )
    .await;
    let first =
        stage.until("a refusal", async || Some(record(&stage, "standby").await?.refused.first()?.clone())).await;
    assert_eq!(first.refusal.word(), "starts-with-cluster");
    let lines = stage.aftermath().await.ledger_lines;
    stage.sandbox.host().kill_handler();
    let fired = || stage.sandbox.host().invocations().iter().filter(|call| call.function == "drill").count();
    let before = fired();
    let second = stage
        .until("more ticks", async || (fired() > before + 3).then_some(record(&stage, "standby").await?.refused))
        .await;
    assert_eq!(second.len(), 1, "one reason, one line: {second:?}");
    let after = record(&stage, "standby").await.unwrap().refused.pop().unwrap();
    let occurrences = (after.occurrence - first.occurrence).num_seconds() as usize / 20;
    let told = stage.aftermath().await.ledger_lines;
    assert!(told <= lines + occurrences + 1, "ticks leave no lines: {told} after {lines}");
    let never = record(&stage, "never").await.unwrap();
    assert_eq!(never.last.unwrap().how, How::Skipped(Skip::Blocked));
    let plan = stage.plan().await;
    let told = line(&plan, "standby");
    assert!(told["refused"][0].as_str().unwrap().contains("workload = \"parked\" lifts this"), "{told}");
    assert!(line(&plan, "never")["next"].as_str().unwrap().starts_with("2028-01-01T00:00:00"), "{plan}");
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_without_drills_leaves_no_trace_of_the_timer() {
    let stage = Stage::open(calm()).await;
    stage
        .until("the drill timer", async || {
            let calls = stage.sandbox.host().invocations();
            (calls.iter().filter(|call| call.function == "drill").count() > 1).then_some(())
        })
        .await;
    assert_eq!(stage.aftermath().await.ledger_lines, 0);
    assert!(stage.plan().await.get("drills").is_none());
    stage.close().await;
}
