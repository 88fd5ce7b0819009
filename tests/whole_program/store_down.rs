//! A ledger that cannot be written: the caller is told to come again, and is taken when it does.

use crate::support::alerts::fired;
use crate::support::stage::{PLAN, Reply, SERVING, Stage, calm};
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Azure Monitor gives up on an answer that takes longer than some seconds.
const LONGEST: Duration = Duration::from_secs(3);

/// An alert, told to come again; and how long that took.
async fn turned_away(stage: &Stage) -> Duration {
    let begun = Instant::now();
    let reply = stage.alert(fired(1).to_string()).await;
    let took = begun.elapsed();
    let problem = reply.problem(503);
    assert!(problem["next"].as_str().unwrap().contains("Deliver it again"), "{problem}");
    took
}

#[track_caller]
fn taken(reply: &Reply) {
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.json()["outcomes"][0]["did"], "started", "{reply:?}");
}

fn ledger(stage: &Stage) -> PathBuf {
    stage.state().join("logs/ledger").join(PLAN)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_cannot_be_written_down_is_taken_when_it_comes_again() {
    let stage = Stage::open(calm()).await;
    let aside = stage.folder().join("aside");
    std::fs::rename(ledger(&stage), &aside).unwrap();
    std::fs::write(ledger(&stage), "no folder any more").unwrap();
    stage.go_dark();
    turned_away(&stage).await;
    stage.get("v1/plans").await.problem(503);
    stage.say(&format!("plans/{PLAN}/pause")).await.problem(503);
    std::fs::remove_file(ledger(&stage)).unwrap();
    std::fs::rename(&aside, ledger(&stage)).unwrap();
    taken(&stage.alert(fired(1).to_string()).await);
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    let statuses: Vec<_> = stage.deliveries().await.iter().map(|line| line["delivery"]["status"].clone()).collect();
    assert_eq!(statuses, [503, 202]);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_somebody_holds_for_ever_hides_nothing_from_the_caller() {
    let mut scenario = calm();
    // What could start the run below is the alert that comes again, and nothing else.
    scenario.world.timer = Duration::from_secs(3_600);
    let stage = Stage::open(scenario).await;
    stage.plan().await;
    let lock = lock(&ledger(&stage).join("000001.log"));
    stage.go_dark();
    let mut took = Vec::new();
    for _ in 0..3 {
        took.push(turned_away(&stage).await);
    }
    // The quickest of three: a busy machine may hold up one or another.
    assert!(took.iter().min().unwrap() < &LONGEST, "{took:?}");
    stage.get(&format!("v1/plans/{PLAN}")).await.problem(503);
    drop(lock);
    taken(&stage.alert(fired(1).to_string()).await);
    stage
        .until("the run's first step", async || {
            let left = stage.aftermath().await;
            left.only_run().steps.values().any(|step| step.is_active()).then_some(())
        })
        .await;
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_that_is_not_there_at_the_start_is_taken_up_without_a_restart() {
    let stage = Stage::open(calm()).await;
    let (host, aside) = (stage.sandbox.host(), stage.folder().join("aside"));
    let before = host.handler_pid();
    std::fs::rename(stage.state(), &aside).unwrap();
    std::fs::write(stage.state(), "not mounted yet").unwrap();
    host.kill_handler();
    let handler = stage.until("another handler", async || host.handler_pid().filter(|pid| Some(*pid) != before)).await;
    host.ready().await.unwrap();
    let told = stage.alert(fired(1).to_string()).await.problem(503);
    assert!(told["detail"].as_str().unwrap().contains("the store cannot be set up"), "{told}");
    assert!(told["next"].as_str().unwrap().contains("without a restart"), "{told}");
    stage.get("v1/plans").await.problem(503);
    std::fs::remove_file(stage.state()).unwrap();
    std::fs::rename(&aside, stage.state()).unwrap();
    stage.go_dark();
    stage
        .until("an alert that is taken", async || (stage.alert(fired(1).to_string()).await.status == 202).then_some(()))
        .await;
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    assert_eq!(host.handler_pid(), Some(handler), "it was not restarted");
    stage.close().await;
}

/// Two plans behind one Front Door; the ledger of the second cannot be written.
#[tokio::test(flavor = "multi_thread")]
async fn one_plan_that_fails_costs_no_other_its_wake_up() {
    let mut scenario = calm();
    scenario.world.timer = Duration::from_secs(3_600);
    let stage = Stage::open(scenario).await;
    let path = stage.folder().join("app/reveille.toml");
    let one = std::fs::read_to_string(&path).unwrap();
    let (before, from) = one.split_at(one.find("[[plan]]").unwrap());
    let (first, after) = from.split_at(from.find("\n[store]").unwrap_or(from.len()));
    let second = first.replace(&format!("name = \"{PLAN}\""), "name = \"zz\"");
    let second = second.replace("managedClusters/aks-", "managedClusters/zz-").replace("Servers/pg-", "Servers/zz-");
    super::wrong_config::restart_with(&stage, &format!("{before}{first}\n{second}\n{after}")).await;
    assert_eq!(stage.get("v1/plans").await.json()["plans"].as_array().unwrap().len(), 2);
    let broken = stage.state().join("logs/ledger/zz");
    let _ = std::fs::remove_dir_all(&broken);
    std::fs::write(&broken, "no folder").unwrap();
    let plans = stage.get("v1/plans").await.json()["plans"].clone();
    assert_eq!((&plans[0]["plan"], &plans[1]["plan"], &plans[1]["light"]), (&PLAN.into(), &"zz".into(), &"red".into()));
    assert!(plans[1]["sentence"].as_str().unwrap().contains("its ledger cannot be read"), "{plans}");
    assert!(!plans[0]["sentence"].as_str().unwrap().contains("its ledger cannot be read"), "{plans}");
    turned_away(&stage).await;
    stage
        .until("the first plan's run", async || {
            let left = stage.aftermath().await;
            left.only_run().steps.values().any(|step| step.is_active()).then_some(())
        })
        .await;
    stage.close().await;
}

/// An exclusive lock held by this process, which is not the handler's.
fn lock(path: &std::path::Path) -> File {
    let file = OpenOptions::new().read(true).write(true).open(path).unwrap();
    file.lock().unwrap();
    file
}
