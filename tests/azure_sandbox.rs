//! The Azure clients against the simulated Azure: whole stories, with the simulated world's own log as the judge.

use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as Span, OffsetDateTime};
use chrono::Utc;
use reveille::azure::{
    AlertId, AlertState, Azure, OperationStatus, Poll, ReplicationRole, Sent, Settings, Since, Verdict,
};
use reveille::domain::cluster::ClusterPhase;
use reveille::domain::failure::FailureClass;
use reveille::domain::resource::ResourceId;
use reveille::domain::secret::SignedUrl;
use reveille::sandbox::arm;
use reveille::sandbox::ca::Authority;
use reveille::sandbox::identity::IdentityEndpoint;
use reveille::sandbox::tls::TlsListener;
use reveille::sandbox::world::{ArmFault, Darkness, Event, FaultAction, Outcome, Workload, World};
use reveille::sandbox::world::{PromoteMode, PromoteOption, Promotion};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const ARM_HOST: &str = "management.azure.com";
const PRIMARY: usize = 0;
const STANDBY: usize = 1;

/// Asks the simulated identity endpoint, without the environment that the SDK would read.
#[derive(Debug)]
pub struct FromSandbox {
    pub url: String,
    pub header: String,
}

#[async_trait]
impl TokenCredential for FromSandbox {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let resource = scopes[0].trim_end_matches("/.default");
        let url = format!("{}?resource={resource}&api-version=2019-08-01", self.url);
        let request = reqwest::Client::builder().no_proxy().build().unwrap().get(url);
        let answer = request.header("X-IDENTITY-HEADER", &self.header).send().await.unwrap();
        let body: serde_json::Value = answer.json().await.unwrap();
        let token = body["access_token"].as_str().unwrap().to_owned();
        Ok(AccessToken::new(token, OffsetDateTime::now_utc() + Span::hours(1)))
    }
}

/// A world with its Azure Resource Manager, and our clients pointed at it by its real name.
struct Rig {
    world: World,
    azure: Azure,
    _identity: IdentityEndpoint,
}

impl Rig {
    async fn start() -> Self {
        let (world, mut sockets) = World::bind(vec![Workload::named("sonar")], &[]).await.unwrap();
        let authority = Authority::new().unwrap();
        let config = authority.server_config(world.names().all(), &["http/1.1"]).unwrap();
        let listener = TlsListener::new(sockets.https.remove(ARM_HOST).unwrap(), config).unwrap();
        tokio::spawn(arm::serve(world.clone(), listener));
        let identity = IdentityEndpoint::start(world.clone()).await.unwrap();
        let credential = FromSandbox { url: identity.url.clone(), header: identity.header.clone() };
        let port = world.ports().https;
        let address = SocketAddr::from((world.names().address(ARM_HOST).unwrap(), port));
        let certificate = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]).resolve(ARM_HOST, address);
        let settings = Settings {
            arm: format!("https://{ARM_HOST}:{port}"),
            retry_budget: Duration::from_secs(10),
            retry_pause: Duration::from_millis(5),
            retry_pause_limit: Duration::from_millis(20),
            ..Settings::default()
        };
        let azure = Azure::with_credential(settings, Arc::new(credential), client).unwrap();
        Self { world, azure, _identity: identity }
    }

    fn workload(&self) -> Workload {
        self.world.workload("sonar").unwrap()
    }

    fn cluster(&self, site: usize) -> ResourceId {
        ResourceId::parse(&self.workload().sites[site].cluster_id()).unwrap()
    }

    fn servers(&self) -> Vec<ResourceId> {
        self.workload().sites.iter().map(|site| ResourceId::parse(&site.server_id()).unwrap()).collect()
    }

    fn profile(&self) -> ResourceId {
        ResourceId::parse(&self.workload().profile_id()).unwrap()
    }

    async fn phase(&self, site: usize) -> ClusterPhase {
        self.azure.aks().get(&self.cluster(site)).await.unwrap().value.phase()
    }

    async fn start_standby(&self) -> Sent {
        self.azure.aks().start(&self.cluster(STANDBY), Instant::now() + Duration::from_secs(30)).await.unwrap()
    }

    /// Polls until the operation has ended, and gives every status on the way.
    async fn follow(&self, resource: &ResourceId, operation: &SignedUrl) -> Vec<OperationStatus> {
        let mut seen = Vec::new();
        for _ in 0..400 {
            let polled = self.azure.operations().poll(resource, operation).await.unwrap().value;
            let Poll::Status(status) = polled.poll else { panic!("{polled:?}") };
            let ended = status.verdict.is_final();
            seen.push(status);
            if ended {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the operation never ended: {seen:?}")
    }

    /// Mutating calls that the world saw, with what it answered.
    fn calls(&self) -> Vec<Option<u16>> {
        let entries = self.world.entries();
        entries
            .iter()
            .filter_map(|it| if let Event::ArmCall { status, .. } = &it.event { Some(*status) } else { None })
            .collect()
    }

    fn assert_nothing_unknown(&self) {
        let entries = self.world.entries();
        let wrong = |event: &Event| matches!(event, Event::Unknown { .. } | Event::Unauthorized { .. });
        let found: Vec<_> = entries.iter().filter(|it| wrong(&it.event)).collect();
        assert!(found.is_empty(), "{found:?}");
    }
}

fn operation(sent: Sent) -> SignedUrl {
    match sent {
        Sent::Accepted { operation: Some(operation), .. } => operation,
        other => panic!("not accepted: {other:?}"),
    }
}

#[tokio::test]
async fn a_start_is_followed_to_its_end_though_azure_shows_an_error_beside_it() {
    let rig = Rig::start().await;
    assert_eq!(rig.phase(STANDBY).await, ClusterPhase::Down);
    let url = operation(rig.start_standby().await);
    assert_eq!(rig.phase(STANDBY).await, ClusterPhase::Starting);
    let seen = rig.follow(&rig.cluster(STANDBY), &url).await;
    assert!(seen.iter().all(|status| status.error.is_some() && status.failure().is_none()), "{seen:?}");
    assert_eq!(seen.last().unwrap().verdict, Verdict::Succeeded);
    assert_eq!(rig.phase(STANDBY).await, ClusterPhase::Up);
    rig.assert_nothing_unknown();
}

#[tokio::test]
async fn a_stop_is_followed_and_doing_either_twice_is_only_a_hint() {
    let rig = Rig::start().await;
    let soon = || Instant::now() + Duration::from_secs(30);
    let already = rig.azure.aks().start(&rig.cluster(PRIMARY), soon()).await.unwrap();
    assert!(matches!(already, Sent::AlreadyThere { .. }), "{already:?}");
    let url = operation(rig.azure.aks().stop(&rig.cluster(PRIMARY), soon()).await.unwrap());
    rig.follow(&rig.cluster(PRIMARY), &url).await;
    assert_eq!(rig.phase(PRIMARY).await, ClusterPhase::Down);
    let already = rig.azure.aks().stop(&rig.cluster(PRIMARY), soon()).await.unwrap();
    assert!(matches!(already, Sent::AlreadyThere { .. }), "{already:?}");
    rig.assert_nothing_unknown();
}

#[tokio::test]
async fn a_start_accepted_without_an_answer_is_unknown_and_not_repeated() {
    let rig = Rig::start().await;
    rig.world.add_fault(ArmFault::on("POST", "/start", FaultAction::AcceptAndReset));
    let sent = rig.start_standby().await;
    assert!(matches!(sent, Sent::Unknown { .. }), "{sent:?}");
    assert_eq!(rig.calls(), [None], "one call, its answer cut");
    assert_eq!(rig.phase(STANDBY).await, ClusterPhase::Starting, "the resource tells what the answer did not");
}

#[tokio::test]
async fn reads_get_through_resets_throttling_and_server_errors() {
    let rig = Rig::start().await;
    for action in [
        FaultAction::Reset,
        FaultAction::throttled(Some(0)),
        FaultAction::throttled(None),
        FaultAction::error(500, "InternalServerError", "m"),
        FaultAction::error(503, "ServiceUnavailable", "m"),
    ] {
        rig.world.add_fault(ArmFault::on("GET", "/managedClusters/", action).times(2));
    }
    assert_eq!(rig.phase(STANDBY).await, ClusterPhase::Down);
}

#[tokio::test]
async fn a_region_without_capacity_shows_in_the_operation_and_in_the_cluster() {
    let rig = Rig::start().await;
    rig.world.add_fault(ArmFault::on("POST", "/start", FaultAction::no_capacity()));
    let url = operation(rig.start_standby().await);
    let seen = rig.follow(&rig.cluster(STANDBY), &url).await;
    let last = seen.last().unwrap();
    assert_eq!((last.verdict, last.failure()), (Verdict::Failed, Some(FailureClass::Capacity)));
    assert_eq!(rig.phase(STANDBY).await, ClusterPhase::BrokenStart);
}

#[tokio::test]
async fn an_expired_or_forbidden_operation_sends_the_caller_to_the_resource() {
    let rig = Rig::start().await;
    let url = operation(rig.start_standby().await);
    rig.world
        .add_fault(ArmFault::on("GET", "/operations/", FaultAction::error(403, "AuthorizationFailed", "m")).times(1));
    let polled = rig.azure.operations().poll(&rig.cluster(STANDBY), &url).await.unwrap().value;
    assert!(matches!(polled.poll, Poll::LookAtResource { .. }), "{polled:?}");
    rig.follow(&rig.cluster(STANDBY), &url).await;
    assert_eq!(rig.phase(STANDBY).await, ClusterPhase::Up);
}

#[tokio::test]
async fn a_dark_region_is_a_passing_fault_and_not_a_missing_cluster() {
    let rig = Rig::start().await;
    let dark = Darkness { control_plane: true, ..Darkness::with_database() };
    rig.world.tune(|knobs| knobs.gateway_timeout = Duration::from_millis(50));
    rig.world.set_darkness("eastus2", dark);
    let fence = rig.azure.aks().stop(&rig.cluster(PRIMARY), Instant::now() + Duration::from_secs(30)).await.unwrap();
    assert!(matches!(fence, Sent::Unknown { .. }), "{fence:?}");
    rig.world.add_fault(ArmFault::on("GET", "aks-sonar-eastus2", FaultAction::throttled(Some(120))));
    let error = rig.azure.aks().get(&rig.cluster(PRIMARY)).await.unwrap_err();
    assert_eq!((error.class(), error.is_not_found()), (FailureClass::Throttled, false));
}

#[tokio::test]
async fn the_database_is_read_before_and_after_a_promotion() {
    let rig = Rig::start().await;
    let servers = rig.servers();
    let postgres = rig.azure.postgres();
    assert_eq!(postgres.server(&servers[PRIMARY]).await.unwrap().value.role, ReplicationRole::Primary);
    let replica = postgres.server(&servers[STANDBY]).await.unwrap().value;
    assert!(replica.role.is_replica() && replica.is_ready(), "{replica:?}");
    assert_eq!((replica.region.as_str(), replica.source.as_ref()), ("centralus", Some(&servers[PRIMARY])));
    assert_eq!(postgres.replicas(&servers[PRIMARY]).await.unwrap().value.len(), 1);

    let promotion = Promotion { mode: PromoteMode::Switchover, option: PromoteOption::Forced };
    let promoted = rig.world.promote(servers[STANDBY].name(), promotion, Outcome::default()).unwrap();
    rig.world.finish_operation(&promoted.id);
    assert_eq!(postgres.server(&servers[STANDBY]).await.unwrap().value.role, ReplicationRole::Primary);
    let endpoint = postgres.virtual_endpoint(&servers, "sonar").await.unwrap().value.unwrap();
    assert_eq!(endpoint.writer.as_deref(), Some("sonar.writer.postgres.database.azure.com"));
    assert_eq!(postgres.virtual_endpoints(&servers).await.unwrap().value, [endpoint]);
}

#[tokio::test]
async fn without_a_virtual_endpoint_there_is_none() {
    let rig = Rig::start().await;
    rig.world.remove_virtual_endpoint("sonar");
    assert_eq!(rig.azure.postgres().virtual_endpoint(&rig.servers(), "sonar").await.unwrap().value, None);
    assert!(rig.azure.postgres().virtual_endpoints(&rig.servers()).await.unwrap().value.is_empty());
}

#[tokio::test]
async fn front_door_and_its_metric_are_read() {
    let rig = Rig::start().await;
    let (workload, profile) = (rig.workload(), rig.profile());
    let front_door = rig.azure.front_door();
    let origins = front_door.origins(&profile, workload.origin_group()).await.unwrap().value;
    let hosts: Vec<_> = origins.iter().map(|origin| (origin.host.as_str(), origin.priority)).collect();
    assert_eq!(hosts, [("sonar-eastus2.example.com", Some(1)), ("sonar-centralus.example.com", Some(2))]);
    assert!(front_door.origin_group(&profile, workload.origin_group()).await.unwrap().value.probe.is_some());
    assert_eq!(front_door.endpoints(&profile).await.unwrap().value[0].host, workload.endpoint_host());
    front_door.profile(&profile).await.unwrap();

    let (primary, standby) = (&workload.sites[PRIMARY].origin, &workload.sites[STANDBY].origin);
    rig.world.record_origin_probe(primary, true);
    rig.world.record_origin_probe(standby, false);
    let (from, to) = (Utc::now() - chrono::Duration::minutes(10), Utc::now());
    let of = |host: String| {
        let (azure, profile) = (rig.azure.clone(), profile.clone());
        async move { azure.monitor().origin_health(&profile, &host, from, to).await.unwrap().value }
    };
    let newest = |points: Vec<reveille::azure::Point>| points.iter().rev().find_map(|point| point.average);
    assert_eq!(newest(of(primary.clone()).await), Some(100.0));
    assert_eq!(newest(of(standby.clone()).await), Some(0.0));
    assert!(of("nobody.example.com".into()).await.is_empty());
    rig.assert_nothing_unknown();
}

#[tokio::test]
async fn a_fired_alert_is_found_read_and_acknowledged() {
    let rig = Rig::start().await;
    let fired = rig.world.fire_alert("sonar", 0.0).unwrap();
    let listed = rig.azure.alerts().fired(&rig.profile(), Since::Day).await.unwrap().value;
    assert_eq!(listed.len(), 1);
    let id = AlertId::parse(&fired.resource_id()).unwrap();
    assert_eq!(rig.azure.alerts().get(&id).await.unwrap().value, listed[0]);
    let soon = Instant::now() + Duration::from_secs(30);
    let changed = rig.azure.alerts().change_state(&id, AlertState::Acknowledged, "in hand", soon).await.unwrap().value;
    assert_eq!(changed.state.as_deref(), Some("Acknowledged"));
    assert!(changed.is_fired());
    rig.assert_nothing_unknown();
}

#[tokio::test]
async fn database_operations_are_polled_through_addresses_with_an_encoded_space() {
    let rig = Rig::start().await;
    let replica = rig.servers()[STANDBY].clone();
    let promotion = Promotion { mode: PromoteMode::Switchover, option: PromoteOption::Forced };
    let begun = rig.world.promote(replica.name(), promotion, Outcome::default()).unwrap();
    let query = format!("api-version=2025-08-01&{}", begun.signature);
    rig.world.sign_operation(&begun.id, &query);
    let url = format!(
        "https://{ARM_HOST}:{}/subscriptions/{}/providers/Microsoft.DBforPostgreSQL/locations/{}/azureAsyncOperation/{}?{query}",
        rig.world.ports().https,
        replica.subscription(),
        begun.location.replace(' ', "%20"),
        begun.id
    );
    assert!(url.contains("%20"), "{}", begun.location);
    let seen = rig.follow(&replica, &SignedUrl::new(url)).await;
    assert_eq!(seen.last().unwrap().verdict, Verdict::Succeeded);
    rig.assert_nothing_unknown();
}
