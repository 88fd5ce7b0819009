//! What a cluster says becomes facts: with the way it came, that way's limits, and unknown where nothing came.

use super::support::*;
use crate::azure_server::{Act, Server};
use crate::azure_wire::cluster;
use reveille::domain::names::SiteName;
use reveille::domain::plan::Site;
use reveille::domain::resource::HostPort;
use reveille::engine::ports::SystemClock;
use reveille::observe::Observer;
use reveille::probe::Probe;
use reveille::probe::dns::Dns;
use reveille::store::{self, StoreTarget};
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(30);

fn minimal() -> reveille::config::Config {
    let text = include_str!("../fixtures/config/minimal.toml");
    reveille::config::parse(text, "reveille.toml", &|_| None).unwrap()
}

fn observer(bench: &Bench) -> Observer {
    let dns = Dns::new(&[bench.dns.address]).unwrap();
    Observer {
        azure: bench.azure.clone(),
        kubernetes: bench.kubernetes.clone(),
        probe: Probe::new(dns, crate::support::ca::Ca::new().trust()).unwrap(),
        store: store::open(&StoreTarget::Memory).unwrap(),
        clock: Arc::new(SystemClock),
        vantage: "a test".into(),
        surroundings: Arc::new(reveille::observe::Surroundings::of(&minimal(), |_| None)),
    }
}

fn site() -> Site {
    Site {
        name: SiteName::new("b"),
        preferred: false,
        cluster: cluster(),
        origin: HostPort::parse("b.example.test").unwrap(),
        served_by: "b".into(),
    }
}

#[tokio::test]
async fn a_fact_says_by_which_way_it_was_seen_and_what_that_way_is_worth() {
    let api = Server::play([Act::answer(200, NODES).header("audit-id", "a-1")]).await;
    let bench = Bench::of(&api).await;
    let direct = observer(&bench).nodes(&site(), LONG).await;
    assert_eq!(direct.value().unwrap().nodes.len(), 3);
    assert_eq!((direct.from.as_str(), direct.request_ids), ("Kubernetes API server", vec!["a-1".to_owned()]));

    let bench = Bench::private().await;
    bench.command(taken(), [result(Some(0), NODES)]);
    let around = observer(&bench).nodes(&site(), LONG).await;
    assert!(around.value().is_some() && around.from.contains("512 kB"), "{}", around.from);
}

#[tokio::test]
async fn what_did_not_come_is_unknown_with_its_reason() {
    let api = Server::answering(|_| Act::answer(403, FORBIDDEN)).await;
    let bench = Bench::of(&api).await;
    let fact = observer(&bench).workload(&site(), &sonarqube(), LONG).await;
    assert!(fact.unknown_reason().unwrap().contains("missing is the verb"), "{fact:?}");
    assert_eq!(fact.request_ids.len(), 1);

    let api = Server::answering(|_| Act::Hang).await;
    let bench = Bench::of(&api).await;
    let fact = observer(&bench).api_ready(&site(), Duration::from_millis(200)).await;
    assert_eq!(fact.unknown_reason(), Some("no answer within 200ms"));
}
