//! A notification channel that is dead neither delays a run nor fails it, and shows in its report.

use crate::support::alerts::fired;
use crate::support::stage::{SERVING, Stage, calm};
use reveille::domain::runbook::StepName;
use reveille::sandbox::planes::{Channel, ChannelFault};
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_channel_costs_nothing_but_a_line_in_the_report() {
    let faults = [ChannelFault::Hangs, ChannelFault::Resets, ChannelFault::Fails];
    futures::future::join_all(faults.map(without)).await;
}

async fn without(fault: ChannelFault) {
    let stage = Stage::open(calm()).await;
    stage.world().set_channel(Channel::Teams, Some(fault));
    stage.go_dark();
    assert_eq!(stage.alert(fired(1).to_string()).await.status, 202);
    let run = stage.closed(0).await;
    assert_eq!(run.outcome.as_ref().unwrap().word(), SERVING, "{fault:?}");
    let failed = run.notified.iter().find(|sent| !sent.delivered).unwrap();
    let began = run.step(StepName::ConfirmOutage).unwrap().started_at.unwrap();
    assert!(began < failed.at, "{fault:?}: the first step waited for the channel");
    let report = stage.get(&format!("v1/runs/{}/report", run.created.run)).await.json();
    assert!(lines(&report, "teams").iter().all(|line| line["delivered"] == false), "{fault:?}: {report}");
    assert!(lines(&report, "teams").iter().any(|line| line["moment"] == "ended"), "{fault:?}: {report}");
    let hook = lines(&report, "hook");
    assert_eq!(hook.len(), 2, "admitted and ended: {hook:?}");
    assert!(hook.iter().all(|line| line["delivered"] == true), "{fault:?}: {hook:?}");
    stage.close().await;
}

fn lines<'a>(report: &'a Value, channel: &str) -> Vec<&'a Value> {
    let all = report["notifications"].as_array().unwrap().iter();
    all.filter(|line| line["channel"] == channel).collect()
}
