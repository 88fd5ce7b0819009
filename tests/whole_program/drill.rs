//! Schedules on the deployed binary: what is due is asked for once, refused with its reason, and survives a restart.

use crate::support::stage::{PLAN, Stage, calm};
use reveille::domain::drill::{DrillRecord, How, Skip};
use reveille::domain::names::DrillName;
use reveille::domain::report::Report;
use reveille::sandbox::scenario::named;
use serde_json::Value;
use serde_json::json;

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

/// A stopped standby shows no certificate, so what the drill saw has to do.
#[tokio::test(flavor = "multi_thread")]
async fn what_a_drill_saw_of_the_standby_is_known_to_readiness_and_its_record_names_the_readiness() {
    let mut scenario = named("drill").unwrap().clone();
    // One occurrence in a minute leaves time to ask.
    scenario.plan.drill[0].insert("schedule".to_owned(), "*/30 * * * * *".into());
    let stage = Stage::open(scenario).await;
    let park = json!({ "kind": "park", "why": "deployed with no pods" });
    assert_eq!(stage.post(&format!("v1/plans/{PLAN}/runs"), &park).await.status, 202);
    let rehearsing = async || {
        let plan = stage.plan().await;
        (plan["active"]["kind"] == "standby-drill").then_some(plan)
    };
    let plan = stage.until("a drill under way", rehearsing).await;
    assert_eq!(plan["light"], "green", "a rehearsal is no trouble: {plan}");
    assert_eq!(stage.closed(1).await.outcome.unwrap().word(), "rehearsed");
    let ask = json!({ "kind": "drill", "drill": "readiness", "why": "before the freeze" });
    assert_eq!(stage.post(&format!("v1/plans/{PLAN}/runs"), &ask).await.status, 202);
    let asked = stage.closed(2).await;
    let report = Report::of(&asked, &Default::default());
    let findings = &report.readiness.as_ref().unwrap().findings;
    let certificate = findings.iter().find(|it| it.check == "certificate-standby").unwrap();
    assert_eq!(certificate.severity.as_str(), "ok", "{certificate:?}");
    assert!(certificate.saw.starts_with("the one that a rehearsal saw on "), "{certificate:?}");
    let next = stage.closed(3).await.created.run;
    let record = stage.get(&format!("v1/runs/{next}/record")).await.json();
    let told =
        record["preconditions"].as_array().unwrap().iter().find(|it| it["what"] == "Readiness was checked").unwrap();
    assert_eq!(told["met"], true, "{told}");
    assert!(told["shown_by"].as_str().unwrap().contains(asked.created.run.as_str()), "{told}");
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
