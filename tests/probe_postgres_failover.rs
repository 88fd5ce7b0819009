//! A failover of a real primary and its streaming standby, seen through the writer name.

use crate::support::ca::Ca;
use crate::support::dns::DnsServer;
use crate::support::postgres::{PASSWORD, Server, USER};
use reveille::domain::secret::Secret;
use reveille::domain::writer::{WriteProof, WriterVerdict, WriterView};
use reveille::probe::Probe;
use reveille::probe::canary::{CANARY_SQL, canary_grant};
use reveille::probe::dns::Dns;
use reveille::probe::postgres::WriterQuestion;
use std::net::Ipv4Addr;
use std::time::Duration;

const WRITER: &str = "sonar.writer.test";
const EAST: &str = "pg-east.test";
const WEST: &str = "pg-west.test";
const DATABASE: &str = "sonarqube";

struct World {
    probe: Probe,
    dns: DnsServer,
}

impl World {
    async fn new(ca: &Ca) -> Self {
        let dns = DnsServer::start().await;
        for name in [EAST, WEST] {
            dns.address_of(name, Ipv4Addr::LOCALHOST);
        }
        dns.alias(WRITER, EAST);
        let probe = Probe::new(Dns::new(&[dns.address]).unwrap(), ca.trust()).unwrap();
        Self { probe, dns }
    }

    /// Looks until the name is seen to point to `target`: a moved name may be cached for a moment, not for ever.
    async fn look(&self, target: &str, port: u16) -> WriterView {
        let question = WriterQuestion {
            host: WRITER.into(),
            port,
            database: DATABASE.into(),
            user: USER.into(),
            password: Secret::new(PASSWORD),
            written_by: "failover".into(),
            stage_limit: Duration::from_secs(20),
            total_limit: Duration::from_secs(60),
        };
        for _ in 0..300 {
            let view = self.probe.writer(&question).await;
            if view.target.as_deref() == Some(target) {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("the moved writer name was never seen to point to {target}");
    }
}

fn until_replayed(primary: &Server, standby: &Server) {
    let at = primary.sql(DATABASE, "SELECT pg_current_wal_lsn()");
    for _ in 0..600 {
        if standby.sql(DATABASE, &format!("SELECT pg_last_wal_replay_lsn() >= '{at}'")) == "t" {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the standby does not replay");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failover_is_seen_as_it_goes_and_only_the_promoted_standby_counts_as_writer() {
    let ca = Ca::new();
    let leaf = ca.leaf(&[WRITER, EAST, WEST]);
    let world = World::new(&ca).await;
    let mut east = Server::primary(&leaf);
    east.sql("postgres", &format!("CREATE DATABASE {DATABASE}"));
    east.sql(DATABASE, CANARY_SQL);
    east.sql(DATABASE, &canary_grant(USER));
    let west = east.standby(&leaf);
    assert!(world.look(EAST, east.port).await.is_writable());
    until_replayed(&east, &west);

    // The region goes dark; the name still points there.
    let east_port = east.port;
    east.stop();
    let view = world.look(EAST, east_port).await;
    assert!(matches!(&view.verdict, WriterVerdict::Unreachable { stage, .. } if stage == "tcp"), "{view:?}");

    // The name moves, nobody has promoted yet.
    world.dns.alias(WRITER, WEST);
    let view = world.look(WEST, west.port).await;
    assert_eq!(view.verdict, WriterVerdict::InRecovery, "{view:?}");
    assert_eq!(view.stages.last().map(|stage| stage.name.as_str()), Some("recovery"), "nothing was written");

    // A server that starts up answers, but takes no one in.
    let west = west.restart_refusing();
    let view = world.look(WEST, west.port).await;
    assert!(matches!(&view.verdict, WriterVerdict::Refused { why } if why.contains("57P03")), "{view:?}");

    let west = west.restart();
    assert_eq!(world.look(WEST, west.port).await.verdict, WriterVerdict::InRecovery);
    west.promote();
    let view = world.look(WEST, west.port).await;
    // The canary came over with the data: the counter goes on where the lost primary left it.
    assert_eq!(view.verdict, WriterVerdict::Writable { proof: WriteProof::Canary { counter: 2 } }, "{view:?}");
}
