//! HTTP looks over real TLS connections: what each kind of answer and silence is taken for.

use crate::support::ca::Ca;
use crate::support::dns::DnsServer;
use crate::support::https::{Behaviour, HttpsServer, answer};
use reveille::domain::application::{AppView, OriginView, RouteView};
use reveille::domain::names::SiteName;
use reveille::domain::plan::{App, AppKind, Site};
use reveille::domain::resource::{HostPort, ResourceId};
use reveille::probe::Probe;
use reveille::probe::dns::Dns;
use reveille::probe::http::{BODY_LIMIT, RouteQuestion};
use reveille::probe::tls::{Trust, http_client};
use std::net::Ipv4Addr;
use std::time::Duration;

const HOST: &str = "sonar-east.example.test";
const UP: &str = r#"{"id":"20150504120436","version":"2026.4.0","status":"UP"}"#;
const LONG: Duration = Duration::from_secs(30);
const CHILD_DNS: &str = "REVEILLE_TEST_DNS";
const CHILD_HOST: &str = "REVEILLE_TEST_HOST";

struct Bench {
    ca: Ca,
    dns: DnsServer,
    probe: Probe,
}

impl Bench {
    async fn new() -> Self {
        let (ca, dns) = (Ca::new(), DnsServer::start().await);
        dns.address_of(HOST, Ipv4Addr::LOCALHOST);
        let probe = Probe::new(Dns::new(&[dns.address]).unwrap(), ca.trust()).unwrap();
        Self { ca, dns, probe }
    }

    async fn serve(&self, behaviour: Behaviour) -> (HttpsServer, HostPort) {
        let server = HttpsServer::start(&self.ca.leaf(&[HOST]), behaviour).await;
        let host = HostPort { host: HOST.into(), port: Some(server.port()) };
        (server, host)
    }

    async fn origin(&self, behaviour: Behaviour, timeout: Duration) -> OriginView {
        let (_server, host) = self.serve(behaviour).await;
        self.probe.origin(&host, &AppKind::Sonarqube, timeout).await
    }
}

fn unreachable_why(view: OriginView) -> String {
    match view {
        OriginView::Unreachable { why } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_look_is_one_get_on_a_connection_of_its_own_that_names_reveille() {
    let bench = Bench::new().await;
    let (server, host) = bench.serve(answer("200 OK", &[("content-type", "application/json")], UP)).await;
    for _ in 0..3 {
        assert!(bench.probe.origin(&host, &AppKind::Sonarqube, LONG).await.is_healthy());
    }
    let seen = server.seen();
    assert_eq!((seen.connections, seen.requests.len()), (3, 3));
    let head = seen.requests[0].to_ascii_lowercase();
    assert!(head.starts_with("get /api/system/status http/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("user-agent: reveille/{}\r\n", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(head.contains(&format!("host: {host}\r\n")), "{head}");
}

#[tokio::test]
async fn a_starting_application_and_a_serving_one_are_told_apart() {
    let bench = Bench::new().await;
    for (behaviour, serving) in [
        (answer("200 OK", &[], UP), true),
        (answer("503 Service Unavailable", &[("content-type", "text/html")], "<html>wait</html>"), false),
        (answer("200 OK", &[], ""), false),
    ] {
        let (_server, host) = bench.serve(behaviour).await;
        match bench.probe.app(&host, &AppKind::Sonarqube, LONG).await {
            AppView::Serving { .. } => assert!(serving),
            AppView::Starting { .. } => assert!(!serving),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn refused_reset_and_silent_origins_are_unreachable_and_say_how() {
    let bench = Bench::new().await;
    let short = Duration::from_millis(300);
    let why = unreachable_why(bench.origin(Behaviour::Silence, short).await);
    assert_eq!(why, "no answer within 300ms");
    unreachable_why(bench.origin(Behaviour::Close, LONG).await);

    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let closed = HostPort { host: HOST.into(), port: Some(port) };
    let why = unreachable_why(bench.probe.origin(&closed, &AppKind::Sonarqube, LONG).await);
    assert!(why.to_lowercase().contains("connection refused"), "{why}");

    let gone = HostPort { host: "gone.example.test".into(), port: None };
    let why = unreachable_why(bench.probe.origin(&gone, &AppKind::Sonarqube, LONG).await);
    assert!(why.contains("gone.example.test does not exist"), "{why}");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_ill_but_not_silent() {
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"status\":".to_vec();
    let short = Duration::from_millis(300);
    let view = Bench::new().await.origin(Behaviour::AnswerThenSilence(half), short).await;
    let OriginView::Unhealthy { said } = view else { panic!("{view:?}") };
    assert!(said.starts_with("answered 200, but"), "{said}");
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_a_stranger_is_unreachable() {
    let bench = Bench::new().await;
    let (server, _) = bench.serve(answer("200 OK", &[], UP)).await;
    bench.dns.address_of("other.example.test", Ipv4Addr::LOCALHOST);
    let other = HostPort { host: "other.example.test".into(), port: Some(server.port()) };
    let why = unreachable_why(bench.probe.origin(&other, &AppKind::Sonarqube, LONG).await);
    assert!(why.contains("certificate") && why.contains("other.example.test"), "{why}");

    let stranger = Probe::new(bench.probe.dns().clone(), Ca::new().trust()).unwrap();
    let host = HostPort { host: HOST.into(), port: Some(server.port()) };
    let why = unreachable_why(stranger.origin(&host, &AppKind::Sonarqube, LONG).await);
    assert!(why.contains("certificate"), "{why}");
    assert_eq!(server.seen().requests.len(), 0, "nothing was sent to a server that is not verified");
}

#[tokio::test]
async fn a_redirect_is_looked_at_and_not_followed() {
    let bench = Bench::new().await;
    let (target, target_host) = bench.serve(answer("200 OK", &[], UP)).await;
    let location = format!("https://{target_host}/api/system/status");
    let view = bench.origin(answer("302 Found", &[("location", &location)], ""), LONG).await;
    assert!(matches!(&view, OriginView::Unhealthy { said } if said.contains("302 Found to https://")), "{view:?}");
    assert_eq!(target.seen().connections, 0);
}

#[tokio::test]
async fn an_endless_body_is_read_up_to_the_limit_and_no_further() {
    let bench = Bench::new().await;
    // Longer than the limit and never finished: only a reader that stops by itself gets an answer.
    let mut endless = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..(BODY_LIMIT / 4096 + 1) {
        endless.extend_from_slice(b"1000\r\n");
        endless.extend_from_slice(&[b' '; 4096]);
        endless.extend_from_slice(b"\r\n");
    }
    let view = bench.origin(Behaviour::AnswerThenSilence(endless), LONG).await;
    assert!(matches!(view, OriginView::Unhealthy { .. }), "{view:?}");
}

fn site(name: &str) -> Site {
    let id = format!("/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/{name}");
    Site {
        name: SiteName::new(name),
        preferred: name == "east",
        cluster: ResourceId::parse(&id).unwrap(),
        origin: HostPort::parse(&format!("{name}.example.test")).unwrap(),
        served_by: name.into(),
    }
}

#[tokio::test]
async fn the_route_tells_its_site_and_front_doors_request_id() {
    let bench = Bench::new().await;
    let headers = [("X-Served-By", "west"), ("X-Azure-Ref", "0abc-ref")];
    let (_server, front_door) = bench.serve(answer("200 OK", &headers, UP)).await;
    let app = App { kind: AppKind::Sonarqube, served_by_header: Some("X-Served-By".into()) };
    let (sites, west) = ([site("east"), site("west")], SiteName::new("west"));
    let question = RouteQuestion { front_door: &front_door, app: &app, sites: &sites, expected: Some(&west) };
    let seen = bench.probe.route(&question, LONG).await;
    assert!(matches!(&seen.view, RouteView::ServedBy { site, .. } if site == &west), "{seen:?}");
    assert_eq!(seen.request_ids, ["0abc-ref"]);
}

#[tokio::test]
async fn a_front_door_that_is_silent_is_told_from_one_that_fails() {
    let bench = Bench::new().await;
    let app = App { kind: AppKind::Sonarqube, served_by_header: None };
    let look = async |behaviour, timeout| {
        let (_server, front_door) = bench.serve(behaviour).await;
        let question = RouteQuestion { front_door: &front_door, app: &app, sites: &[], expected: None };
        bench.probe.route(&question, timeout).await
    };
    let short = Duration::from_millis(300);
    assert!(matches!(look(Behaviour::Silence, short).await.view, RouteView::Unreachable { .. }));
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n".to_vec();
    assert!(matches!(look(Behaviour::AnswerThenSilence(half), short).await.view, RouteView::Failing { .. }));
    let seen = look(answer("503 Service Unavailable", &[("x-azure-ref", "ref-7")], ""), LONG).await;
    assert!(matches!(seen.view, RouteView::Failing { .. }), "{seen:?}");
    assert_eq!(seen.request_ids, ["ref-7"]);
}

#[tokio::test]
async fn the_common_client_uses_the_same_names_and_trust_and_keeps_its_connections() {
    let bench = Bench::new().await;
    let (server, host) = bench.serve(answer("200 OK", &[], UP)).await;
    let client = http_client(bench.probe.dns(), &bench.ca.trust(), LONG).unwrap();
    for _ in 0..2 {
        let body = client.get(format!("{}/x", host.https())).send().await.unwrap().text().await.unwrap();
        assert_eq!(body, UP);
    }
    assert_eq!((server.seen().connections, server.seen().requests.len()), (1, 2));
}

/// What the next test does in a process of its own, where the environment was set before it began.
async fn look_as_child(dns: &str) {
    let host = HostPort::parse(&std::env::var(CHILD_HOST).unwrap()).unwrap();
    let probe = Probe::new(Dns::new(&[dns.parse().unwrap()]).unwrap(), Trust::system().unwrap()).unwrap();
    let view = probe.origin(&host, &AppKind::Sonarqube, LONG).await;
    println!("THE CHILD SAW: {}", view.text());
}

#[tokio::test]
async fn ssl_cert_file_decides_what_is_trusted() {
    if let Ok(dns) = std::env::var(CHILD_DNS) {
        return look_as_child(&dns).await;
    }
    let bench = Bench::new().await;
    let (_server, host) = bench.serve(answer("200 OK", &[], UP)).await;
    let folder = tempfile::tempdir().unwrap();
    for (ca, trusted) in [(bench.ca.pem(), true), (Ca::new().pem(), false)] {
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, ca).unwrap();
        let output = tokio::process::Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "probe_http::ssl_cert_file_decides_what_is_trusted", "--nocapture"])
            .env("SSL_CERT_FILE", &file)
            .env_remove("SSL_CERT_DIR")
            .env(CHILD_DNS, bench.dns.address.to_string())
            .env(CHILD_HOST, host.to_string())
            .kill_on_drop(true)
            .output()
            .await
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(said.contains("THE CHILD SAW: healthy"), trusted, "{said}");
        assert_eq!(said.contains("invalid peer certificate"), !trusted, "{said}");
    }
}
