use reqwest::StatusCode;
use reveille::sandbox::world::{Darkness, Outcome};

use super::support::{Stage, eventually};

async fn served_by(stage: &Stage) -> Option<String> {
    let answer = stage.get(&stage.workload.endpoint_host(), "/").await.ok()?;
    let reference = answer.headers()["x-azure-ref"].to_str().unwrap().to_owned();
    let header = answer.headers().get("x-served-by").and_then(|value| value.to_str().ok()).map(str::to_owned);
    assert_eq!(stage.world.answered_by(&reference), header, "the edge and the ingress agree");
    header
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_goes_to_the_first_priority() {
    let stage = Stage::set().await;
    for _ in 0..3 {
        assert_eq!(served_by(&stage).await.as_deref(), Some("eastus2"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn traffic_moves_to_the_standby_once_its_probes_pass_and_back_by_itself() {
    let stage = Stage::set().await;
    stage.world.set_darkness("eastus2", Darkness::outage());
    stage.world.start_cluster(&stage.workload.sites[1].cluster, Outcome::default()).unwrap();
    eventually("the standby serves", async || served_by(&stage).await.as_deref() == Some("centralus")).await;
    stage.world.set_darkness("eastus2", Darkness::default());
    eventually("the primary serves again", async || served_by(&stage).await.as_deref() == Some("eastus2")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_no_origin_left_the_edge_falls_open_and_shows_its_own_page() {
    let stage = Stage::set().await;
    stage.world.set_darkness("eastus2", Darkness::outage());
    let answer = stage.get(&stage.workload.endpoint_host(), "/").await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_GATEWAY);
    assert!(answer.headers().contains_key("x-azure-ref"));
    assert!(answer.text().await.unwrap().contains("Our services aren't available right now"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_edge_probes_becomes_the_metric() {
    let stage = Stage::set().await;
    let origin = stage.workload.sites[0].origin.clone();
    eventually("healthy", async || stage.world.origin_health(&origin) == Some(100.0)).await;
    stage.world.tune(|knobs| knobs.metric_window = std::time::Duration::from_millis(300));
    stage.world.set_darkness("eastus2", Darkness::outage());
    eventually("unhealthy", async || stage.world.origin_health(&origin) == Some(0.0)).await;
}
