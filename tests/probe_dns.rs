//! Names and where they point, asked of a real DNS server on loopback.

use crate::support::dns::DnsServer;
use reveille::probe::dns::{Dns, DnsError};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const WRITER: &str = "sonar.writer.postgres.test";

async fn world() -> (DnsServer, Dns) {
    let server = DnsServer::start().await;
    server.address_of("pg-east.postgres.test", Ipv4Addr::new(127, 0, 3, 1));
    server.address_of("pg-west.postgres.test", Ipv4Addr::new(127, 0, 3, 2));
    let dns = Dns::new(&[server.address]).unwrap();
    (server, dns)
}

#[tokio::test]
async fn the_whole_chain_of_aliases_is_told_and_its_end_is_the_target() {
    let (server, dns) = world().await;
    server.alias(WRITER, "middle.postgres.test");
    server.alias("middle.postgres.test", "PG-East.postgres.test");
    let found = dns.resolve(WRITER).await.unwrap();
    assert_eq!(found.aliases, ["middle.postgres.test", "pg-east.postgres.test"]);
    assert_eq!(found.target(), Some("pg-east.postgres.test"));
    assert_eq!(found.addresses, [IpAddr::from([127, 0, 3, 1])]);
}

#[tokio::test]
async fn a_name_with_an_address_of_its_own_has_no_target() {
    let (_server, dns) = world().await;
    assert_eq!(dns.resolve("pg-west.postgres.test").await.unwrap().target(), None);
}

#[tokio::test]
async fn a_moved_name_is_seen_although_its_ttl_is_an_hour() {
    let (server, dns) = world().await;
    server.alias(WRITER, "pg-east.postgres.test");
    assert_eq!(dns.resolve(WRITER).await.unwrap().target(), Some("pg-east.postgres.test"));
    server.alias(WRITER, "pg-west.postgres.test");
    for _ in 0..300 {
        if dns.resolve(WRITER).await.unwrap().target() == Some("pg-west.postgres.test") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the old answer was believed for half a minute");
}

#[tokio::test]
async fn a_burst_of_questions_is_one_question_to_the_server() {
    let (server, dns) = world().await;
    server.alias(WRITER, "pg-east.postgres.test");
    for _ in 0..50 {
        dns.clone().resolve(WRITER).await.unwrap();
    }
    // Two, should the machine be so slow that the burst outlives the cache.
    assert!((1..=2).contains(&server.times_asked(WRITER)), "{}", server.times_asked(WRITER));
}

#[tokio::test]
async fn a_missing_name_is_told_from_a_name_without_address_and_from_a_dead_server() {
    let (server, dns) = world().await;
    assert!(
        matches!(dns.resolve("gone.postgres.test").await, Err(DnsError::NoSuchName { name }) if name == "gone.postgres.test")
    );
    server.alias(WRITER, "nowhere.postgres.test");
    assert!(matches!(dns.resolve(WRITER).await, Err(DnsError::NoAddress { .. } | DnsError::NoSuchName { .. })));
    // Nobody listens on this port any more.
    let dead = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failed = Dns::new(&[dead]).unwrap().resolve("pg-east.postgres.test").await;
    assert!(matches!(failed, Err(DnsError::Failed { .. })), "{failed:?}");
}

#[tokio::test]
async fn a_chain_that_bites_its_tail_ends() {
    let (server, dns) = world().await;
    server.alias("a.postgres.test", "a.postgres.test");
    assert!(dns.resolve("a.postgres.test").await.is_err());
}

#[tokio::test]
async fn addresses_and_localhost_need_no_server() {
    let (server, dns) = world().await;
    assert_eq!(dns.resolve("10.1.2.3").await.unwrap().addresses, [IpAddr::from([10, 1, 2, 3])]);
    assert_eq!(dns.resolve("localhost").await.unwrap().addresses[0], IpAddr::from([127, 0, 0, 1]));
    assert_eq!(server.times_asked("localhost"), 0);
    assert!(matches!(dns.resolve("two..dots").await, Err(DnsError::NotAName { .. })));
}
