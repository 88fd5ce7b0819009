use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, Method};
use reqwest::StatusCode;
use reveille::sandbox::ca::Authority;
use reveille::sandbox::planes::Planes;
use reveille::sandbox::tls::TlsListener;
use reveille::sandbox::world::{Darkness, Outcome, ProbeMethod, Workload, World};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_origin_gets_no_traffic_and_a_better_priority_gets_all() {
    let stage = Stage::set().await;
    stage.world.start_cluster(&stage.workload.sites[1].cluster, Outcome::default()).unwrap();
    let change = |change: &dyn Fn(&mut [reveille::sandbox::world::Origin])| {
        stage.world.change_profile("afd-sonarqube", |it| change(&mut it.origins));
    };
    change(&|origins| origins[0].enabled = false);
    eventually("the standby serves", async || served_by(&stage).await.as_deref() == Some("centralus")).await;
    change(&|origins| origins[0].enabled = true);
    eventually("the primary serves again", async || served_by(&stage).await.as_deref() == Some("eastus2")).await;
    change(&|origins| origins[0].priority = Some(5));
    eventually("the standby is the first", async || served_by(&stage).await.as_deref() == Some("centralus")).await;
}

/// An origin that keeps the method and the agent of whoever asks.
async fn listening_origin(world: &World, socket: tokio::net::TcpListener, authority: &Authority) -> Seen {
    let seen = Seen::default();
    let kept = seen.clone();
    let config = authority.server_config(world.names().all(), &["http/1.1"]).unwrap();
    let router = Router::new().fallback(async move |method: Method, headers: HeaderMap| {
        let agent = headers["user-agent"].to_str().unwrap().to_owned();
        kept.lock().unwrap().insert((method.to_string(), agent));
    });
    let listener = TlsListener::new(socket, config).unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    seen
}

type Seen = Arc<Mutex<BTreeSet<(String, String)>>>;

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_probes_as_its_origin_group_says() {
    let host = "watched.example.com";
    let (world, mut sockets) = World::bind(vec![Workload::named("sonar")], &[host]).await.unwrap();
    world.configure(|settings| settings.probe_interval = std::time::Duration::from_millis(20));
    world.change_profile("afd-sonarqube", |it| it.origins[0].host = host.to_owned());
    let authority = Authority::new().unwrap();
    let seen = listening_origin(&world, sockets.https.remove(host).unwrap(), &authority).await;
    let _planes = Planes::start(&world, &mut sockets.https, &mut sockets.postgres, &authority).await.unwrap();
    let probe = |method: &str| (method.to_owned(), "Edge Health Probe".to_owned());
    eventually("probed", async || !seen.lock().unwrap().is_empty()).await;
    assert_eq!(*seen.lock().unwrap(), [probe("HEAD")].into());
    world.change_profile("afd-sonarqube", |it| it.probe_method = ProbeMethod::Get);
    eventually("probed otherwise", async || seen.lock().unwrap().contains(&probe("GET"))).await;
}
