//! One alert, posted by many at once.

use super::host::{Host, cause};
use super::time::SimClock;
use super::weather::{Drivers, Hosting, Noise, Weather};
use super::world::World;
use super::{peek, plan};
use futures::future::join_all;
use reveille::domain::ledger::{LedgerEvent, Request};
use reveille::domain::names::RunId;
use reveille::domain::run::StartedBy;
use reveille::engine::Taken;
use std::collections::BTreeSet;
use std::sync::Arc;

const CONNECTIONS: usize = 64;
const POSTS: usize = 8;

fn alert() -> Request {
    let by = StartedBy::Alert { alert: Some("a".into()), rule: None };
    Request::Outage(cause(SimClock::at(0), by, Some("a-fired".into())))
}

/// What each post of one connection was answered in the end: a caller that gets no answer posts again.
async fn post(host: Arc<Host>) -> Vec<Taken> {
    let mut answers = Vec::new();
    while answers.len() < POSTS {
        let plan = host.name().clone();
        let answer = host.invoke(move |engine| async move { engine.take(&plan, &alert()).await }).await;
        answers.extend(answer.and_then(Result::ok));
    }
    answers
}

#[tokio::test(start_paused = true)]
async fn many_connections_with_one_alert_start_one_run() {
    let hosting = Hosting { drivers: Drivers::TwoInstances, kill_every: None, wrong_clocks: true };
    let noise = Noise { store_slow: 0.2, store_loses_answer: 0.05, ..Noise::default() };
    let weather = Weather { outages: Vec::new(), noise, hosting, ..Weather::calm() };
    let host = Host::start(World::new(weather.clone()), plan::configured(&weather));

    let answers = join_all((0..CONNECTIONS).map(|_| post(Arc::clone(&host)))).await;

    let answers: Vec<_> = answers.into_iter().flatten().collect();
    assert_eq!(answers.len(), CONNECTIONS * POSTS);
    let runs: BTreeSet<RunId> = answers
        .into_iter()
        .map(|answer| match answer {
            Taken::Started { run, .. } | Taken::Joined { run } => run,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    let ledger = peek::ledger(&host).await;
    let admitted = ledger.iter().filter(|entry| matches!(entry.event, LedgerEvent::RunAdmitted { .. })).count();
    let opened = ledger.iter().filter(|entry| matches!(entry.event, LedgerEvent::IncidentOpened { .. })).count();
    assert_eq!((admitted, opened), (1, 1));
}
