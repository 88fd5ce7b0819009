//! The state in a storage account: the real binary on a real Azurite, over a line that loses answers or falls silent.

use crate::store_contract::blob::BlobBackend;
use crate::support::aftermath::Aftermath;
use crate::support::alerts::fired;
use crate::support::azurite::HOST;
use crate::support::secrets::Secrets;
use crate::support::stage::{HANDLER, Stage, calm};
use crate::support::storage_proxy::Harm;
use reveille::sandbox::scenario::{Scenario, named};
use reveille::sandbox::{Account, Options};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// Azure Monitor gives up on an answer that takes longer than some seconds.
const LONGEST: Duration = Duration::from_secs(3);
/// Time for a run to close after the world shows what is expected.
const CLOSING: Duration = Duration::from_secs(60);

fn options(scenario: Scenario, backend: &BlobBackend) -> Options {
    let mut options = Options::new(scenario, HANDLER);
    options.account = Some(Account {
        host: HOST.to_owned(),
        container: backend.containers.container.clone(),
        behind: backend.proxy.address,
        ca_pem: backend.azurite.ca.pem(),
    });
    options
}

/// What the handler left in the storage, as soon as every admitted run is closed.
async fn closed(backend: &BlobBackend) -> Aftermath {
    let deadline = Instant::now() + CLOSING;
    loop {
        let aftermath = Aftermath::of(Arc::new(backend.store())).await.unwrap();
        if aftermath.open_runs().is_empty() || Instant::now() > deadline {
            return aftermath;
        }
        sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_recovered_from_while_the_answer_of_every_write_is_lost() {
    let backend = BlobBackend::start().await;
    backend.proxy.lose_every_success();
    let stage = Stage::open_with(options(named("primary-outage").unwrap().clone(), &backend)).await;
    let verdict = stage.sandbox.play().await;
    let wrong: Vec<_> =
        verdict.checks.iter().filter(|check| !check.ok).map(|check| (check.what.clone(), check.saw.clone())).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{}", stage.transcript.handler().join("\n"));
    let aftermath = closed(&backend).await;
    assert_eq!(aftermath.runs.len(), 1);
    assert!(aftermath.open_runs().is_empty(), "{:?}", aftermath.open_runs());
    let faults = aftermath.report_faults(&Secrets::of(&stage.sandbox)).await;
    assert!(faults.is_empty(), "{faults:?}");
    assert!(!stage.state().exists(), "the state went into the folder");
    stage.close().await;
}

/// The alert is answered in time, and is taken when it comes again.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_is_told_to_come_again_in_time_while_the_storage_is_silent() {
    let backend = BlobBackend::start().await;
    let stage = Stage::open_with(options(calm(), &backend)).await;
    stage.go_dark();
    backend.proxy.harm(|_| Harm::Late(Duration::from_secs(3600)));
    let begun = Instant::now();
    stage.alert(fired(1).to_string()).await.problem(503);
    assert!(begun.elapsed() < LONGEST, "answered after {:?}", begun.elapsed());
    backend.proxy.harm(|_| Harm::None);
    let reply = stage.alert(fired(1).to_string()).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    stage.close().await;
}
