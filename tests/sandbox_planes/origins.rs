use std::time::Duration;

use reqwest::StatusCode;
use reveille::sandbox::planes::{AppFault, PASSCODE, Unreachable};
use reveille::sandbox::world::{Darkness, Event, Outcome};

use super::support::{Stage, eventually};

#[tokio::test(flavor = "multi_thread")]
async fn the_running_site_is_up_and_the_sleeping_one_is_not_there() {
    let stage = Stage::set().await;
    assert_eq!(stage.status(0).await.as_deref(), Some("UP"));
    let asleep = stage.get(&stage.workload.sites[1].origin, "/").await.unwrap_err();
    assert!(asleep.is_connect(), "{asleep:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_awakened_site_boots_through_503_and_starting_to_up() {
    let stage = Stage::set().await;
    let standby = stage.workload.sites[1].clone();
    stage.world.start_cluster(&standby.cluster, Outcome::default()).unwrap();
    let mut seen = Vec::new();
    eventually("the standby is up", async || {
        let Ok(answer) = stage.get(&standby.origin, "/api/system/status").await else { return false };
        let text = match answer.status() {
            StatusCode::SERVICE_UNAVAILABLE => "503".to_owned(),
            _ => answer.json::<serde_json::Value>().await.unwrap()["status"].as_str().unwrap().to_owned(),
        };
        seen.push(text.clone());
        text == "UP"
    })
    .await;
    seen.dedup();
    assert_eq!(seen, ["503", "STARTING", "UP"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dark_region_refuses_or_hangs_and_comes_back_as_it_was() {
    let stage = Stage::set().await;
    let origin = stage.workload.sites[0].origin.clone();
    stage.world.set_darkness("eastus2", Darkness::outage());
    eventually("refused", async || stage.get(&origin, "/").await.is_err_and(|error| error.is_connect())).await;
    stage.world.configure(|settings| settings.unreachable = Unreachable::Hangs);
    eventually("hangs", async || {
        let request = stage.client.request(reqwest::Method::GET, &origin, "/");
        request.timeout(Duration::from_millis(150)).send().await.is_err_and(|error| error.is_timeout())
    })
    .await;
    stage.world.set_darkness("eastus2", Darkness::default());
    // The nodes never stopped, so nothing boots.
    eventually("up again", async || stage.status(0).await.as_deref() == Some("UP")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_kept_alive_are_cut_when_the_region_goes_dark() {
    let stage = Stage::set().await;
    let origin = stage.workload.sites[0].origin.clone();
    assert!(stage.get(&origin, "/").await.is_ok());
    stage.world.set_darkness("eastus2", Darkness::outage());
    assert!(stage.get(&origin, "/").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn sonarqube_shows_its_health_only_with_the_passcode() {
    let stage = Stage::set().await;
    let origin = stage.workload.sites[0].origin.clone();
    assert_eq!(stage.get(&origin, "/api/system/health").await.unwrap().status(), StatusCode::FORBIDDEN);
    let request = stage.client.request(reqwest::Method::GET, &origin, "/api/system/health");
    let answer = request.header("X-Sonar-Passcode", PASSCODE).send().await.unwrap();
    assert_eq!(answer.json::<serde_json::Value>().await.unwrap()["health"], "GREEN");
    assert!(stage.unknown().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ingress_says_which_region_served_unless_told_not_to() {
    let stage = Stage::set().await;
    let origin = stage.workload.sites[0].origin.clone();
    assert_eq!(stage.get(&origin, "/").await.unwrap().headers()["x-served-by"], "eastus2");
    stage.world.configure(|settings| settings.served_by_header = false);
    assert!(!stage.get(&origin, "/").await.unwrap().headers().contains_key("x-served-by"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_application_waits_for_its_migration() {
    let stage = Stage::set().await;
    let standby = stage.workload.sites[1].clone();
    stage.world.configure(|settings| {
        settings.applications.insert(standby.origin.clone(), AppFault::MigrationNeeded);
    });
    stage.world.start_cluster(&standby.cluster, Outcome::default()).unwrap();
    eventually("needs migration", async || stage.status(1).await.as_deref() == Some("DB_MIGRATION_NEEDED")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_writable_database_the_awakened_application_is_down_until_there_is_one() {
    let stage = Stage::set().await;
    stage.world.set_darkness("eastus2", Darkness::with_database());
    stage.world.start_cluster(&stage.workload.sites[1].cluster, Outcome::default()).unwrap();
    eventually("down", async || stage.status(1).await.as_deref() == Some("DOWN")).await;
    stage.world.set_darkness("eastus2", Darkness::outage());
    eventually("up", async || stage.status(1).await.as_deref() == Some("UP")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sites_that_run_at_once_are_a_split_brain() {
    let stage = Stage::set().await;
    stage.world.start_cluster(&stage.workload.sites[1].cluster, Outcome::default()).unwrap();
    eventually("split brain", async || stage.count(|event| matches!(event, Event::SplitBrain { .. })) == 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_that_takes_over_from_a_dark_site_is_none() {
    let stage = Stage::set().await;
    stage.world.set_darkness("eastus2", Darkness::outage());
    stage.world.start_cluster(&stage.workload.sites[1].cluster, Outcome::default()).unwrap();
    eventually("the standby writes", async || stage.world.writers(&stage.workload).contains_key("centralus")).await;
    assert_eq!(stage.count(|event| matches!(event, Event::SplitBrain { .. })), 0);
    stage.world.set_darkness("eastus2", Darkness::default());
    eventually("split brain", async || stage.count(|event| matches!(event, Event::SplitBrain { .. })) == 1).await;
}
