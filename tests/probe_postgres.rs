//! Looks at real PostgreSQL servers: what each kind of trouble is taken for.

use crate::support::ca::Ca;
use crate::support::dns::DnsServer;
use crate::support::postgres::{PASSWORD, Shared, TOKEN_USER, USER, shared};
use reveille::domain::secret::Secret;
use reveille::domain::writer::{WriteProof, WriterVerdict, WriterView};
use reveille::probe::Probe;
use reveille::probe::canary::{CANARY_SQL, canary_grant};
use reveille::probe::dns::Dns;
use reveille::probe::postgres::WriterQuestion;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const WRITER: &str = "sonar.writer.test";
const SERVER: &str = "pg-east.test";

/// A probe, the shared primary behind a writer name, and a database of this test's own.
struct Bench {
    probe: Probe,
    dns: DnsServer,
    shared: Arc<Shared>,
    database: String,
}

impl Bench {
    async fn new() -> Self {
        let shared = shared(&[WRITER, SERVER]);
        let dns = DnsServer::start().await;
        dns.alias(WRITER, SERVER);
        dns.address_of(SERVER, Ipv4Addr::LOCALHOST);
        let database = shared.server.database();
        Self { probe: probe(&dns, &shared.ca), dns, shared, database }
    }

    async fn with_canary() -> Self {
        let bench = Self::new().await;
        bench.sql(CANARY_SQL);
        bench.sql(&canary_grant(USER));
        bench
    }

    fn sql(&self, sql: &str) -> String {
        self.shared.server.sql(&self.database, sql)
    }

    fn question(&self) -> WriterQuestion {
        WriterQuestion {
            host: WRITER.into(),
            port: self.shared.server.port,
            database: self.database.clone(),
            user: USER.into(),
            password: Secret::new(PASSWORD),
            written_by: "sonarqube.20261101T030000Z.ab12".into(),
            stage_limit: Duration::from_secs(20),
            total_limit: Duration::from_secs(60),
        }
    }

    async fn look(&self) -> WriterView {
        self.probe.writer(&self.question()).await
    }
}

fn probe(dns: &DnsServer, ca: &Ca) -> Probe {
    Probe::new(Dns::new(&[dns.address]).unwrap(), ca.trust()).unwrap()
}

fn stages(view: &WriterView) -> Vec<&str> {
    view.stages.iter().map(|stage| stage.name.as_str()).collect()
}

fn last_stage(view: &WriterView) -> &str {
    &view.stages.last().unwrap().detail
}

/// Waits until the server sees no connection of a look; a look that leaves one behind never ends this.
async fn until_nobody_is_connected(bench: &Bench) {
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'reveille' AND datname = current_database()";
    for _ in 0..600 {
        if bench.sql(sql) == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("a look left its connection open");
}

#[tokio::test]
async fn a_writer_is_proven_by_a_committed_update_of_the_canary() {
    let bench = Bench::with_canary().await;
    for counter in [1, 2] {
        let view = bench.look().await;
        assert_eq!(view.verdict, WriterVerdict::Writable { proof: WriteProof::Canary { counter } }, "{view:?}");
        assert_eq!(view.target.as_deref(), Some(SERVER));
        assert_eq!(stages(&view), ["dns", "tcp", "tls", "login", "recovery", "canary"]);
        assert!(last_stage(&view).contains("transaction_read_only off"), "{view:?}");
    }
    assert_eq!(
        bench.sql("SELECT counter, written_by FROM reveille_canary"),
        "2|sonarqube.20261101T030000Z.ab12",
        "what was reported is what others read"
    );
    until_nobody_is_connected(&bench).await;
}

#[tokio::test]
async fn without_the_canary_table_or_its_row_only_the_weaker_proof_is_given() {
    let bench = Bench::new().await;
    let view = bench.look().await;
    assert!(matches!(view.verdict, WriterVerdict::Writable { proof: WriteProof::LogicalMessage { .. } }), "{view:?}");
    assert!(last_stage(&view).contains("there is no table reveille_canary"), "{view:?}");

    bench.sql(CANARY_SQL);
    bench.sql(&canary_grant(USER));
    bench.sql("DELETE FROM reveille_canary");
    let view = bench.look().await;
    assert!(matches!(view.verdict, WriterVerdict::Writable { proof: WriteProof::LogicalMessage { .. } }), "{view:?}");
    assert!(last_stage(&view).contains("no row"), "{view:?}");
}

#[tokio::test]
async fn a_primary_that_is_read_only_by_default_proves_nothing_with_or_without_a_canary() {
    let bench = Bench::with_canary().await;
    bench.sql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", bench.database));
    let view = bench.look().await;
    let WriterVerdict::ReadOnly { why } = &view.verdict else { panic!("{view:?}") };
    assert!(why.contains("25006") && why.contains("transaction_read_only is on"), "{why}");

    // A logical message could still be committed there; it would prove nothing.
    bench.sql("BEGIN READ WRITE; DROP TABLE reveille_canary; COMMIT");
    let view = bench.look().await;
    let WriterVerdict::ReadOnly { why } = &view.verdict else { panic!("{view:?}") };
    assert!(why.contains("no table") && why.contains("transaction_read_only is on"), "{why}");
}

#[tokio::test]
async fn a_canary_without_its_grant_is_a_refused_write() {
    let bench = Bench::new().await;
    bench.sql(CANARY_SQL);
    let view = bench.look().await;
    assert!(matches!(&view.verdict, WriterVerdict::ReadOnly { why } if why.contains("42501")), "{view:?}");
}

#[tokio::test]
async fn wrong_password_user_or_database_are_wrong_credentials_and_the_password_stays_hidden() {
    let bench = Bench::with_canary().await;
    let wrong = [
        (WriterQuestion { password: Secret::new("open sesame"), ..bench.question() }, "28P01"),
        (WriterQuestion { user: "nobody_here".into(), ..bench.question() }, "28P01"),
        (WriterQuestion { database: "nowhere".into(), ..bench.question() }, "3D000"),
    ];
    for (question, code) in wrong {
        let view = bench.probe.writer(&question).await;
        assert!(matches!(&view.verdict, WriterVerdict::WrongCredentials { why } if why.contains(code)), "{view:?}");
        assert_eq!(stages(&view).last(), Some(&"login"));
        let shown = format!("{question:?} {view:?} {}", view.verdict.text());
        assert!(!shown.contains("open sesame") && !shown.contains(PASSWORD), "{shown}");
    }
}

#[tokio::test]
async fn a_token_as_long_as_entras_is_taken_as_a_password_in_clear_text_within_tls() {
    let bench = Bench::with_canary().await;
    let token = "eyJ0eXAi.".repeat(300);
    bench.sql(&format!("CREATE ROLE {TOKEN_USER} LOGIN PASSWORD '{token}'; {}", canary_grant(TOKEN_USER)));
    let question = WriterQuestion { user: TOKEN_USER.into(), password: Secret::new(token), ..bench.question() };
    let view = bench.probe.writer(&question).await;
    assert!(view.is_writable(), "{view:?}");
    let question = WriterQuestion { password: Secret::new("expired"), ..question };
    let view = bench.probe.writer(&question).await;
    assert!(matches!(&view.verdict, WriterVerdict::WrongCredentials { why } if why.contains("28P01")), "{view:?}");
}

#[tokio::test]
async fn a_server_that_is_full_refuses_for_now() {
    let bench = Bench::with_canary().await;
    bench.sql(&format!("ALTER DATABASE {} CONNECTION LIMIT 0", bench.database));
    let view = bench.look().await;
    assert!(matches!(&view.verdict, WriterVerdict::Refused { why } if why.contains("53300")), "{view:?}");

    bench.sql(&format!("ALTER DATABASE {} CONNECTION LIMIT -1", bench.database));
    assert!(bench.look().await.is_writable());
}

#[tokio::test]
async fn a_certificate_for_another_name_or_of_a_stranger_ends_at_tls() {
    let bench = Bench::with_canary().await;
    bench.dns.alias("other.writer.test", SERVER);
    let question = WriterQuestion { host: "other.writer.test".into(), ..bench.question() };
    let view = bench.probe.writer(&question).await;
    let WriterVerdict::Unreachable { stage, why } = &view.verdict else { panic!("{view:?}") };
    assert!(stage == "tls" && why.contains("other.writer.test"), "{view:?}");

    let view = probe(&bench.dns, &Ca::new()).writer(&bench.question()).await;
    let WriterVerdict::Unreachable { stage, why } = &view.verdict else { panic!("{view:?}") };
    assert!(stage == "tls" && why.contains("certificate"), "{view:?}");
}

#[tokio::test]
async fn a_server_is_asked_by_its_own_name_past_the_writer_name() {
    let bench = Bench::with_canary().await;
    let view = bench.probe.server(SERVER, &bench.question()).await;
    assert!(view.is_writable(), "{view:?}");
    assert_eq!((view.host.as_str(), view.target), (SERVER, None));
}

#[tokio::test]
async fn a_locked_canary_row_is_told_and_holds_nothing_up() {
    let bench = Bench::with_canary().await;
    let locked = hold_lock(&bench, "BEGIN; UPDATE reveille_canary SET counter = 100").await;
    let question = WriterQuestion { stage_limit: Duration::from_secs(2), ..bench.question() };
    let view = bench.probe.writer(&question).await;
    assert!(matches!(&view.verdict, WriterVerdict::Refused { why } if why.contains("55P03")), "{view:?}");
    until_nobody_is_connected(&bench).await;

    locked.batch_execute("ROLLBACK").await.unwrap();
    assert_eq!(bench.look().await.verdict, WriterVerdict::Writable { proof: WriteProof::Canary { counter: 1 } });
}

/// Another session of the application's that holds a lock until it is dropped.
async fn hold_lock(bench: &Bench, sql: &str) -> tokio_postgres::Client {
    let mut config = tokio_postgres::Config::new();
    let config = config.host(SERVER).hostaddr(Ipv4Addr::LOCALHOST.into()).port(bench.shared.server.port);
    let config = config.user(USER).password(PASSWORD).dbname(&bench.database).application_name("blocker");
    let tls = tokio_postgres_rustls::MakeRustlsConnect::new(bench.shared.ca.trust().client_config());
    let (client, connection) = config.ssl_mode(tokio_postgres::config::SslMode::Require).connect(tls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
    client
}

#[tokio::test]
async fn a_commit_that_did_not_wait_for_its_synchronous_standby_is_not_confirmed() {
    let bench = Bench::with_canary().await;
    bench.sql(&format!("ALTER DATABASE {} SET synchronous_commit = on", bench.database));
    let question = WriterQuestion { stage_limit: Duration::from_secs(2), ..bench.question() };
    let view = bench.probe.writer(&question).await;
    let WriterVerdict::Refused { why } = &view.verdict else { panic!("{view:?}") };
    assert!(why.contains("not confirmed") && why.contains("synchronous replication"), "{why}");
    until_nobody_is_connected(&bench).await;
}

#[tokio::test]
async fn a_name_that_is_gone_ends_at_dns_and_a_closed_port_at_tcp() {
    let bench = Bench::new().await;
    let view = bench.probe.writer(&WriterQuestion { host: "gone.writer.test".into(), ..bench.question() }).await;
    let WriterVerdict::Unreachable { stage, why } = &view.verdict else { panic!("{view:?}") };
    assert!(stage == "dns" && why.contains("gone.writer.test does not exist"), "{view:?}");

    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let view = bench.probe.writer(&WriterQuestion { port: closed, ..bench.question() }).await;
    let WriterVerdict::Unreachable { stage, why } = &view.verdict else { panic!("{view:?}") };
    assert!(stage == "tcp" && why.contains("refused"), "{view:?}");
    assert_eq!(view.target.as_deref(), Some(SERVER), "where the name points is told all the same");
}

/// A listener that takes one connection, reads the TLS request, sends `reply` and then is silent.
async fn listener(reply: &'static [u8]) -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 8];
        stream.read_exact(&mut request).await.unwrap();
        stream.write_all(reply).await.unwrap();
        std::future::pending::<()>().await;
    });
    port
}

#[tokio::test]
async fn whoever_does_not_speak_tls_for_postgresql_ends_at_tls() {
    let bench = Bench::new().await;
    for (reply, expected) in [
        (&b"N"[..], "does not offer TLS"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "not a PostgreSQL server"),
        (b"", "no answer within"),
        (b"S", "no answer within"),
    ] {
        let question =
            WriterQuestion { port: listener(reply).await, stage_limit: Duration::from_millis(500), ..bench.question() };
        let view = bench.probe.writer(&question).await;
        let WriterVerdict::Unreachable { stage, why } = &view.verdict else { panic!("{view:?}") };
        assert!(stage == "tls" && why.contains(expected), "{reply:?}: {view:?}");
    }
}

#[tokio::test]
async fn the_total_limit_ends_a_look_whatever_the_stages_may_take() {
    let bench = Bench::new().await;
    let question = WriterQuestion {
        port: listener(b"").await,
        stage_limit: Duration::from_secs(3600),
        total_limit: Duration::from_millis(500),
        ..bench.question()
    };
    let view = bench.probe.writer(&question).await;
    assert!(matches!(&view.verdict, WriterVerdict::Unreachable { stage, .. } if stage == "tls"), "{view:?}");
}

/// What is looked at without writing.
async fn sight(bench: &Bench) -> reveille::domain::readiness::WriterSight {
    bench.probe.writer_sight(&bench.question()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_only_reads_tells_what_a_write_would_find() {
    let bench = Bench::with_canary().await;
    let seen = sight(&bench).await;
    assert_eq!((seen.target.as_deref(), seen.found.map(|found| found.canary)), (Some(SERVER), Ok(true)));
    assert_eq!(bench.sql("SELECT counter FROM reveille_canary"), "0", "nothing is written");
    let bare = Bench::new().await;
    assert_eq!(sight(&bare).await.found.map(|found| found.canary), Ok(false));
    bare.sql(&format!("ALTER DATABASE {} SET default_transaction_read_only = on", bare.database));
    let closed = sight(&bare).await.found;
    assert!(matches!(closed, Err(WriterVerdict::ReadOnly { .. })), "{closed:?}");
}
