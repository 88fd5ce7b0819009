//! When a host's certificate ends, over real TLS connections.

use crate::support::ca::Ca;
use crate::support::dns::DnsServer;
use crate::support::https::{HttpsServer, answer};
use chrono::{DateTime, TimeDelta, Utc};
use reveille::domain::resource::HostPort;
use reveille::probe::Probe;
use reveille::probe::certificate::CertificateError;
use reveille::probe::dns::Dns;
use std::net::Ipv4Addr;
use std::time::Duration;

const HOST: &str = "sonar-east.example.test";
const LONG: Duration = Duration::from_secs(30);

struct Bench {
    ca: Ca,
    probe: Probe,
    _dns: DnsServer,
}

impl Bench {
    async fn new() -> Self {
        let (ca, dns) = (Ca::new(), DnsServer::start().await);
        dns.address_of(HOST, Ipv4Addr::LOCALHOST);
        let probe = Probe::new(Dns::new(&[dns.address]).unwrap(), ca.trust()).unwrap();
        Self { ca, probe, _dns: dns }
    }

    /// The end of a certificate that ends in so many days.
    async fn end_of(&self, days: i64) -> Result<DateTime<Utc>, CertificateError> {
        let leaf = self.ca.leaf_until(&[HOST], Utc::now() + TimeDelta::days(days));
        let server = HttpsServer::start(&leaf, answer("200 OK", &[], "")).await;
        let end = self.probe.certificate_end(&at(server.port()), LONG).await;
        assert!(server.seen().requests.is_empty(), "nothing is said over the connection");
        end
    }
}

fn at(port: u16) -> HostPort {
    HostPort { host: HOST.into(), port: Some(port) }
}

#[tokio::test]
async fn the_end_is_the_certificates_own() {
    let bench = Bench::new().await;
    let left = bench.end_of(20).await.unwrap() - Utc::now();
    assert!(left.num_hours() >= 20 * 24 - 1 && left.num_hours() <= 20 * 24, "{left}");
}

#[tokio::test]
async fn one_that_has_ended_or_is_of_somebody_else_is_not_believed() {
    let bench = Bench::new().await;
    let ended = bench.end_of(-1).await.unwrap_err();
    assert!(matches!(ended, CertificateError::Tls { .. }) && ended.text().contains("expired"), "{}", ended.text());
    let stranger = HttpsServer::start(&Ca::new().leaf(&[HOST]), answer("200 OK", &[], "")).await;
    let error = bench.probe.certificate_end(&at(stranger.port()), LONG).await.unwrap_err();
    assert!(matches!(error, CertificateError::Tls { .. }) && !error.is_silence(), "{}", error.text());
}

#[tokio::test]
async fn a_site_that_sleeps_is_silent() {
    let bench = Bench::new().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = bench.probe.certificate_end(&at(free), LONG).await.unwrap_err();
    assert!(refused.is_silence(), "{}", refused.text());
    let nowhere = HostPort { host: "gone.example.test".into(), port: None };
    assert!(bench.probe.certificate_end(&nowhere, LONG).await.unwrap_err().is_silence());
    let deaf = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = deaf.local_addr().unwrap().port();
    let mute = bench.probe.certificate_end(&at(port), Duration::from_millis(200)).await.unwrap_err();
    assert!(matches!(mute, CertificateError::TimedOut { .. }) && mute.is_silence(), "{}", mute.text());
}
