//! The DNS server, asked by a real resolver.

use std::net::Ipv4Addr;
use std::time::Duration;

use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::{RData, RecordType};
use hickory_resolver::{Resolver, TokioResolver};
use reveille::sandbox::dns::DnsServer;
use reveille::sandbox::world::{Event, Outcome, PromoteMode, PromoteOption, Promotion, Workload, World};

const WRITER: &str = "sonar.writer.postgres.database.azure.com.";

fn resolver(server: &DnsServer, tcp: bool) -> TokioResolver {
    let mut connection = if tcp { ConnectionConfig::tcp() } else { ConnectionConfig::udp() };
    connection.port = server.address().port();
    let name_server = NameServerConfig::new(server.address().ip(), true, vec![connection]);
    let config = ResolverConfig::from_parts(None, vec![], vec![name_server]);
    let mut options = ResolverOpts::default();
    options.cache_size = 0;
    Resolver::builder_with_config(config, TokioRuntimeProvider::default()).with_options(options).build().unwrap()
}

async fn world() -> (World, DnsServer) {
    let (world, _) = World::bind(vec![Workload::named("sonar")], &["receiver.example.com"]).await.unwrap();
    let server = DnsServer::start(world.clone()).await.unwrap();
    (world, server)
}

/// The target of the CNAME and the address behind it.
async fn follow(resolver: &TokioResolver, name: &str) -> (String, Option<Ipv4Addr>) {
    let lookup = resolver.lookup(name, RecordType::A).await.unwrap();
    let mut found = (String::new(), None);
    for record in lookup.answers() {
        match &record.data {
            RData::CNAME(target) => found.0 = target.to_string(),
            RData::A(address) => found.1 = Some(address.0),
            _ => {}
        }
    }
    found
}

#[tokio::test]
async fn every_name_has_its_own_loopback_address_by_udp_and_tcp() {
    let (world, server) = world().await;
    for tcp in [false, true] {
        let resolver = resolver(&server, tcp);
        for name in
            ["management.azure.com", "Sonar-EastUS2.example.com", "sonar-abc.z01.azurefd.net", "receiver.example.com"]
        {
            let found = resolver.ipv4_lookup(format!("{name}.")).await.unwrap();
            let addresses: Vec<Ipv4Addr> = found
                .answers()
                .iter()
                .filter_map(|it| if let RData::A(a) = &it.data { Some(a.0) } else { None })
                .collect();
            assert_eq!(addresses, [world.names().address(name).unwrap()]);
        }
    }
}

#[tokio::test]
async fn unknown_names_do_not_exist_and_known_ones_have_no_ipv6() {
    let (world, server) = world().await;
    let resolver = resolver(&server, false);
    assert!(resolver.lookup("other.example.com.", RecordType::A).await.unwrap_err().is_nx_domain());
    let none = resolver.lookup("sonar-eastus2.example.com.", RecordType::AAAA).await.unwrap_err();
    assert!(none.is_no_records_found() && !none.is_nx_domain());
    let asked = world.entries().into_iter().filter_map(|it| match it.event {
        Event::Unknown { method, path } => Some((method, path)),
        _ => None,
    });
    assert_eq!(asked.collect::<Vec<_>>(), [("DNS A".to_owned(), "other.example.com".to_owned())]);
}

#[tokio::test]
async fn names_of_this_world_are_no_mistake_with_a_search_domain_nor_without_their_endpoint() {
    let (world, server) = world().await;
    world.remove_virtual_endpoint("sonar");
    let resolver = resolver(&server, false);
    for name in ["management.azure.com.corp.example.net.", "localhost.corp.example.net.", WRITER] {
        assert!(resolver.lookup(name, RecordType::A).await.unwrap_err().is_nx_domain(), "{name}");
    }
    assert!(!world.entries().iter().any(|it| matches!(it.event, Event::Unknown { .. })));
}

#[tokio::test]
async fn the_writer_name_moves_after_a_switchover_with_its_lag() {
    let (world, server) = world().await;
    let resolver = resolver(&server, false);
    let before = follow(&resolver, WRITER).await;
    assert_eq!(before.0, "pg-sonar-eastus2.postgres.database.azure.com.");
    assert_eq!(before.1, world.names().address("pg-sonar-eastus2.postgres.database.azure.com"));

    world.tune(|it| (it.promote_forced, it.names_move) = (Duration::from_millis(20), Duration::from_millis(1000)));
    let mut log = world.subscribe();
    let promotion = Promotion { mode: PromoteMode::Switchover, option: PromoteOption::Forced };
    let operation = world.promote("pg-sonar-centralus", promotion, Outcome::default()).unwrap();
    let mut promoted = false;
    // Nobody touches the world here: the log has to tell by itself.
    while let Ok(entry) = tokio::time::timeout(Duration::from_secs(5), log.recv()).await.unwrap() {
        match entry.event {
            Event::OperationEnded { operation: ended, .. } => {
                assert_eq!(ended, operation.id);
                assert_eq!(follow(&resolver, WRITER).await.0, before.0, "the old address lives on for a while");
                promoted = true;
            }
            Event::WriterMoved { .. } => break,
            _ => {}
        }
    }
    assert!(promoted);
    assert_eq!(follow(&resolver, WRITER).await.0, "pg-sonar-centralus.postgres.database.azure.com.");
    assert_eq!(follow(&resolver, &WRITER.replace("writer", "reader")).await.0, before.0);
}

#[tokio::test]
async fn the_name_of_an_api_server_is_gone_while_its_cluster_is_stopped() {
    let (world, server) = world().await;
    let resolver = resolver(&server, false);
    let site = &Workload::named("sonar").sites[1];
    let name = format!("{}.", site.api_server_host());
    assert!(resolver.lookup(name.as_str(), RecordType::A).await.is_err());
    world.start_cluster(&site.cluster, Outcome::default()).unwrap();
    tokio::time::sleep(world.knobs().start + Duration::from_millis(50)).await;
    assert_eq!(follow(&resolver, &name).await.1, world.names().address(&site.api_server_host()));
    assert!(!world.entries().iter().any(|it| matches!(it.event, Event::Unknown { .. })));
}
