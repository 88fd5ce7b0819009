//! The Kubernetes client against the simulated clusters: whole stories, with the simulated world's own log as the judge.

use crate::sandbox_kubernetes::{Raised, raise};
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as Span, OffsetDateTime};
use chrono::Utc;
use reveille::azure::Azure;
use reveille::domain::failure::FailureClass;
use reveille::domain::resource::ResourceId;
use reveille::domain::search_index::OnVolumes;
use reveille::domain::secret::Secret;
use reveille::domain::workload::{PodPhase, Standing, Via, WorkloadKind, WorkloadSelector, WorkloadView};
use reveille::kubernetes::{Cluster, Kubernetes, PgTarget, ProbePod, Sent, Settings};
use reveille::probe::dns::Dns;
use reveille::sandbox::ca::Authority;
use reveille::sandbox::dns::DnsServer;
use reveille::sandbox::kubernetes::{KubeFault, KubeFaultAction};
use reveille::sandbox::planes::Planes;
use reveille::sandbox::world::{Event, GROUP, Outcome, SUBSCRIPTION, Workload, World};
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const PRIMARY: &str = "aks-sonar-eastus2";
const ARM_HOST: &str = "management.azure.com";
const PATIENCE: Duration = Duration::from_secs(20);

/// The world's own tokens.
struct FromWorld(World);

impl fmt::Debug for FromWorld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromWorld")
    }
}

#[async_trait]
impl TokenCredential for FromWorld {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let audience = scopes[0].trim_end_matches("/.default");
        let token = self.0.issue_token(&self.0.system_identity().unwrap(), audience).0;
        Ok(AccessToken::new(token, OffsetDateTime::now_utc() + Span::hours(1)))
    }
}

/// A world with a running primary, and our client pointed at it by its real names.
struct Rig {
    world: World,
    workload: Workload,
    cluster: Cluster,
    _planes: Planes,
    _dns: DnsServer,
}

impl Rig {
    async fn start(prepare: impl FnOnce(&World)) -> Self {
        let Raised { world, workload, authority, planes } = raise(prepare).await;
        let dns = DnsServer::start(world.clone()).await.unwrap();
        let cluster = client(&world, &authority, &dns).cluster(&id());
        Self { world, workload, cluster, _planes: planes, _dns: dns }
    }

    async fn workload(&self) -> WorkloadView {
        self.cluster.workload(&selector()).await.unwrap().value
    }

    fn count(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.world.entries().iter().filter(|it| wanted(&it.event)).count()
    }

    /// Nothing that we asked was unknown to the simulated world.
    fn assert_understood(&self) {
        let unknown: Vec<_> =
            self.world.entries().into_iter().filter(|it| matches!(it.event, Event::Unknown { .. })).collect();
        assert!(unknown.is_empty(), "{unknown:#?}");
    }
}

fn client(world: &World, authority: &Authority, dns: &DnsServer) -> Kubernetes {
    let port = world.ports().https;
    let address = SocketAddr::from((world.names().address(ARM_HOST).unwrap(), port));
    let certificate = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).resolve(ARM_HOST, address);
    let settings = reveille::azure::Settings {
        arm: format!("https://{ARM_HOST}:{port}"),
        retry_pause: Duration::from_millis(5),
        ..Default::default()
    };
    let azure = Azure::with_credential(settings, Arc::new(FromWorld(world.clone())), http).unwrap();
    let settings = Settings {
        connect_timeout: Duration::from_secs(1),
        call_timeout: Duration::from_secs(2),
        command_poll: Duration::from_millis(50),
        ..Settings::default()
    };
    Kubernetes::new(azure, settings, Dns::new(&[dns.address()]).unwrap())
}

fn id() -> ResourceId {
    let provider = "Microsoft.ContainerService/managedClusters";
    let text = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/{provider}/{PRIMARY}");
    ResourceId::parse(&text).unwrap()
}

fn selector() -> WorkloadSelector {
    WorkloadSelector::sonarqube()
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

/// Asks again and again until the answer is yes.
async fn eventually(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !ask().await {
        assert!(Instant::now() < deadline, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_is_parked_survives_a_stop_and_is_released() {
    let rig = Rig::start(|_| {}).await;
    let cluster = &rig.cluster;
    assert!(cluster.api_ready().await.unwrap().value.ready);
    eventually("nodes are ready", async || cluster.nodes().await.unwrap().value.all_ready()).await;
    let counts = rig.workload().await.counts();
    assert_eq!(counts.values().copied().collect::<Vec<_>>(), [2, 3]);
    eventually("it runs", async || rig.workload().await.is_released(&counts)).await;

    for object in counts.keys() {
        assert!(matches!(cluster.scale(object, 0, soon()).await.unwrap(), Sent::Accepted { via: Via::Direct, .. }));
    }
    assert!(matches!(rig.workload().await.standing(), Standing::Unparked { .. }), "its pods are still ending");
    eventually("it is parked", async || rig.workload().await.is_parked()).await;
    assert!(rig.world.writers(&rig.workload).is_empty(), "what is parked writes nothing");

    rig.world.stop_cluster(PRIMARY, Outcome::default()).unwrap();
    eventually("it is off", async || !rig.world.nodes_run(PRIMARY)).await;
    let unreachable = async || cluster.workload(&selector()).await.is_err_and(|error| error.is_unreachable());
    eventually("nothing answers any more", unreachable).await;
    assert_eq!(rig.count(|it| matches!(it, Event::ArmCall { path, .. } if path.ends_with("/runCommand"))), 0);
    rig.world.start_cluster(PRIMARY, Outcome::default()).unwrap();
    eventually("it is back", async || cluster.nodes().await.is_ok_and(|seen| seen.value.all_ready())).await;
    assert!(rig.workload().await.is_parked());

    for (object, count) in &counts {
        cluster.scale(object, *count, soon()).await.unwrap();
    }
    eventually("it is released", async || rig.workload().await.is_released(&counts)).await;
    assert_eq!(rig.count(|it| matches!(it, Event::SplitBrain { .. })), 0);
    rig.assert_understood();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_search_index_is_reset_by_deleting_the_claims_of_the_search_nodes() {
    let rig = Rig::start(|_| {}).await;
    let cluster = &rig.cluster;
    let view = rig.workload().await;
    let search = view.parts.iter().find(|part| part.is_search_index()).unwrap();
    assert_eq!(search.object.kind, WorkloadKind::StatefulSet);
    let begun = Utc::now();
    let index = async || cluster.search_index(&selector()).await.unwrap().value;
    eventually("its claims are there", async || index().await.claims.len() == 3).await;
    let before = index().await;
    let OnVolumes::Old(old) = before.on_volumes(begun) else { panic!("{before:?}") };
    assert_eq!(old.len(), 3, "all of them are recognised as the search nodes' own");
    cluster.scale(&search.object, 0, soon()).await.unwrap();
    for claim in &old {
        assert!(matches!(cluster.delete_claim(&(*claim).into(), soon()).await.unwrap(), Sent::Accepted { .. }));
    }
    eventually("claims are gone", async || index().await.claims.is_empty()).await;
    assert!(matches!(cluster.delete_claim(&old[0].into(), soon()).await.unwrap(), Sent::AlreadyThere { .. }));
    cluster.scale(&search.object, 3, soon()).await.unwrap();
    eventually("new claims are there", async || cluster.claims_of(search).await.unwrap().value.len() == 3).await;
    let refused = cluster.delete_claim(&old[0].into(), soon()).await.unwrap();
    assert!(matches!(refused, Sent::Rejected { .. }), "a later claim of the same name stays: {refused:?}");
    let after = index().await;
    assert_eq!(after.on_volumes(begun), OnVolumes::New, "what is being built is not old: {after:?}");
    rig.assert_understood();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_probe_pod_proves_the_path_to_the_writer() {
    let rig = Rig::start(|_| {}).await;
    let target = |password: String| PgTarget {
        host: rig.workload.writer_host(),
        port: rig.world.ports().postgres,
        database: "sonarqube".into(),
        user: "reveille".into(),
        password: Secret::new(password),
    };
    let right = rig.world.settings().password;
    for (name, password, phase, log) in [
        ("probe-good", right, PodPhase::Succeeded, "f\n"),
        ("probe-bad", "wrong".to_owned(), PodPhase::Failed, "assword authentication failed"),
    ] {
        let pod = ProbePod::psql("sonarqube", name, "postgres:17-alpine", target(password));
        assert!(matches!(rig.cluster.create_probe_pod(&pod, soon()).await.unwrap(), Sent::Accepted { .. }));
        let seen = async || rig.cluster.pod("sonarqube", name).await.unwrap().value.unwrap();
        eventually("it ends", async || seen().await.is_over()).await;
        assert_eq!(seen().await.phase, phase);
        let said = rig.cluster.pod_log("sonarqube", name).await.unwrap().value;
        assert!(said.contains(log), "{said}");
        assert!(matches!(rig.cluster.delete_pod("sonarqube", name, soon()).await.unwrap(), Sent::Accepted { .. }));
        eventually("it is gone", async || rig.cluster.pod("sonarqube", name).await.unwrap().value.is_none()).await;
    }
    assert!(rig.workload().await.pods.iter().all(|pod| !pod.name.starts_with("probe")));
    rig.assert_understood();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_cluster_is_parked_by_commands() {
    let rig = Rig::start(|world| {
        world.tune_kubernetes(|it| (it.private_api, it.command_takes) = (true, Duration::from_millis(20)));
    })
    .await;
    let nodes = rig.cluster.nodes().await.unwrap();
    assert_eq!((nodes.via, nodes.value.nodes.is_empty()), (Via::RunCommand, false));
    let counts = rig.workload().await.counts();
    for object in counts.keys() {
        let sent = rig.cluster.scale(object, 0, soon()).await.unwrap();
        assert!(matches!(sent, Sent::Accepted { via: Via::RunCommand, .. }), "{sent:?}");
    }
    eventually("it is parked", async || rig.workload().await.is_parked()).await;
    rig.assert_understood();
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_are_disabled_say_so() {
    let rig = Rig::start(|world| {
        world.tune_kubernetes(|it| (it.private_api, it.run_command) = (true, false));
    })
    .await;
    let error = rig.cluster.nodes().await.unwrap_err();
    assert!(error.is_unreachable() && error.text().contains("Run command is disabled"), "{}", error.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_without_entra_knows_us_by_our_certificate() {
    let rig = Rig::start(|world| world.tune_kubernetes(|it| it.entra = false)).await;
    assert!(!rig.cluster.nodes().await.unwrap().value.nodes.is_empty());
    rig.assert_understood();
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_are_told_as_what_they_are() {
    let rig = Rig::start(|_| {}).await;
    let app = rig.workload().await.parts[0].object.clone();
    rig.world.add_kube_fault(KubeFault::on("list", "nodes", KubeFaultAction::Forbidden).times(1));
    let error = rig.cluster.nodes().await.unwrap_err();
    assert!(
        error.is_forbidden() && error.text().contains(r#"missing is the verb "list" on "nodes""#),
        "{}",
        error.text()
    );
    rig.world.add_kube_fault(KubeFault::on("patch", "deployments/scale", KubeFaultAction::AcceptAndReset).times(1));
    assert!(matches!(rig.cluster.scale(&app, 1, soon()).await.unwrap(), Sent::Unknown { .. }));
    assert_eq!(rig.workload().await.parts[0].wanted, 1, "it was carried out all the same");
    let slow = KubeFaultAction::Throttled { retry_after: Some(7) };
    rig.world.add_kube_fault(KubeFault::on("list", "nodes", slow).times(1));
    let error = rig.cluster.nodes().await.unwrap_err();
    assert_eq!((error.class(), error.retry_after()), (FailureClass::Throttled, Some(Duration::from_secs(7))));
    rig.world.add_kube_fault(KubeFault::on("list", "nodes", KubeFaultAction::Hang).times(1));
    assert!(!rig.cluster.nodes().await.unwrap_err().is_unreachable(), "it took the call, so nobody went around");
    rig.assert_understood();
}
