//! A primary that cannot be fenced, and a plan that only observes.

use crate::support::alerts::fired;
use crate::support::stage::{PLAN, SERVING, Stage, calm};
use reveille::domain::run::Approval;
use reveille::domain::runbook::{RunKind, StepName};
use reveille::sandbox::world::Darkness;

/// The region is dark, and Azure's control plane cannot reach it either.
fn out_of_reach() -> Darkness {
    Darkness { control_plane: true, ..Darkness::outage() }
}

#[tokio::test(flavor = "multi_thread")]
async fn going_on_without_a_fence_is_a_persons_word_and_a_debt_until_it_is_paid() {
    let mut scenario = calm();
    scenario.plan.unable = "ask".to_owned();
    scenario.plan.timing.insert("fence_deadline".to_owned(), "1500ms".into());
    let stage = Stage::open(scenario).await;
    stage.world().set_darkness("eastus2", out_of_reach());
    let reply = stage.alert(fired(1).to_string()).await;
    let run = reply.json()["outcomes"][0]["run"].as_str().unwrap().to_owned();
    let ask = stage
        .until("the question", async || {
            let view = stage.get(&format!("v1/runs/{run}")).await.json();
            Some(view["asks"][0].clone()).filter(|ask| ask["about"] == "fence-primary")
        })
        .await;
    assert!(ask["commands"][0].as_str().unwrap().starts_with("az aks stop"), "{ask}");
    assert!(ask["approve_means"].as_str().unwrap().contains("the fence is owed"), "{ask}");
    assert_eq!(stage.touched(), Vec::<String>::new(), "nothing is started before that is settled");
    assert_eq!(stage.say(&format!("runs/{run}/approve")).await.status, 200);
    let first = stage.closed(0).await;
    assert_eq!(first.outcome.as_ref().unwrap().word(), SERVING);
    assert!(first.step(StepName::FencePrimary).unwrap().approved.is_some());
    assert!(matches!(first.approval, Approval::NotAsked));
    let owing = stage.plan().await;
    assert_eq!((&owing["debts"][0]["site"], &owing["light"]), (&"eastus2".into(), &"yellow".into()), "{owing}");
    assert!(owing["sentence"].as_str().unwrap().contains("is owed"), "{owing}");
    // First contact: the debt is paid before the region serves anything again.
    stage.world().set_darkness("eastus2", Darkness::outage());
    let second = stage.closed(1).await;
    assert_eq!((second.created.kind, second.outcome.unwrap().word()), (RunKind::Fence, "fenced"));
    stage.come_back();
    assert!(stage.plan().await["debts"].as_array().unwrap().is_empty());
    assert!(!stage.world().cluster("aks-sonar-eastus2").unwrap().nodes_running);
    assert!(!stage.story().contains("split brain"), "{}", stage.story());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_observes_says_what_it_would_have_done_and_touches_nothing() {
    let mut scenario = calm();
    scenario.plan.automation = "observe".to_owned();
    let stage = Stage::open(scenario).await;
    stage.go_dark();
    let reply = stage.alert(fired(1).to_string()).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    let run = stage.closed(0).await;
    let outcome = run.outcome.unwrap();
    assert_eq!(outcome.word(), "observed");
    let said = outcome.headline();
    for would in ["stopped the cluster of eastus2", "started the cluster of centralus", "until the application serves"]
    {
        assert!(said.contains(would), "{said}");
    }
    let report = stage.get(&format!("v1/runs/{}/report", run.created.run)).await.json();
    let headline = report["headline"].as_str().unwrap();
    assert!(headline.starts_with("Observed only; at ") && headline.contains("after the first sign"), "{headline}");
    assert!(headline.contains("it would have: stopped the cluster of eastus2"), "{headline}");
    let after = report["observed"]["seconds_after_sign"].as_f64().unwrap();
    assert!(after >= report["observed"]["seconds_after_admission"].as_f64().unwrap(), "{report}");
    assert_eq!(stage.touched(), Vec::<String>::new());
    let status = stage.plan().await;
    assert_eq!((&status["light"], status["incident"].is_object()), (&"red".into(), true), "{status}");
    assert!(stage.aftermath().await.plan(PLAN).incident.is_some(), "the outage is not over");
    let told = stage.world().received();
    assert!(told.iter().any(|told| told.body.to_string().contains("would have")), "{told:?}");
    stage.close().await;
}
