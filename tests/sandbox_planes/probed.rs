//! The probes of the product against the simulated database: each verdict for the state that the world is in.

use std::time::Duration;

use reveille::domain::secret::Secret;
use reveille::domain::writer::{WriteProof, WriterVerdict, WriterView};
use reveille::probe::Probe;
use reveille::probe::dns::Dns;
use reveille::probe::postgres::WriterQuestion;
use reveille::probe::tls::Trust;
use reveille::sandbox::dns::DnsServer;
use reveille::sandbox::planes::Unreachable;
use reveille::sandbox::world::{Darkness, World};

use super::support::{Stage, eventually};

async fn looked(stage: &Stage, password: &str) -> WriterView {
    let server = DnsServer::start(stage.world.clone()).await.unwrap();
    let dns = Dns::new(&[server.address()]).unwrap();
    let trust = Trust::from_roots([stage.certificate()]).unwrap();
    let question = WriterQuestion {
        host: stage.workload.writer_host(),
        port: stage.world.ports().postgres,
        database: "sonarqube".into(),
        user: "reveille".into(),
        password: Secret::new(password),
        written_by: "run-1".into(),
        stage_limit: Duration::from_secs(1),
        total_limit: Duration::from_secs(4),
    };
    Probe::new(dns, trust).unwrap().writer(&question).await
}

async fn verdict(prepare: impl FnOnce(&World)) -> WriterVerdict {
    let stage = Stage::set_with(prepare).await;
    let view = looked(&stage, "sandbox-password").await;
    assert!(stage.unknown().is_empty(), "{:?}", stage.unknown());
    view.verdict
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_with_the_canary_is_writable() {
    let found = verdict(|_| {}).await;
    assert!(matches!(found, WriterVerdict::Writable { proof: WriteProof::Canary { counter: 1 } }), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_without_the_canary_is_writable_by_the_weaker_proof() {
    let found = verdict(|world| world.configure(|settings| settings.canary = false)).await;
    assert!(matches!(found, WriterVerdict::Writable { proof: WriteProof::LogicalMessage { .. } }), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_recovery_is_called_so() {
    let found =
        verdict(|world| world.change_server("pg-sonar-eastus2", |server| server.stuck_in_recovery = true)).await;
    assert!(matches!(found, WriterVerdict::InRecovery), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_server_is_called_so() {
    let found = verdict(|world| world.change_server("pg-sonar-eastus2", |server| server.read_only = true)).await;
    assert!(matches!(found, WriterVerdict::ReadOnly { .. }), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_called_so() {
    let stage = Stage::set().await;
    let view = looked(&stage, "wrong").await;
    assert!(matches!(view.verdict, WriterVerdict::WrongCredentials { .. }), "{view:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dark_database_is_unreachable_whether_it_refuses_or_hangs() {
    for unreachable in [Unreachable::Refused, Unreachable::Hangs] {
        let stage = Stage::set_with(|world| world.configure(|settings| settings.unreachable = unreachable)).await;
        stage.world.set_darkness("eastus2", Darkness::with_database());
        eventually("unreachable", async || {
            let view = looked(&stage, "sandbox-password").await;
            matches!(view.verdict, WriterVerdict::Unreachable { .. })
        })
        .await;
    }
}
