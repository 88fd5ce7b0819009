//! Each duty of tending a plan, one at a time.

use super::host::Tenant;
use super::host::cause;
use super::process;
use super::process::Life;
use super::time::{MINUTE, SECOND, SimClock, sleep_ms};
use super::weather::Weather;
use super::world::World;
use reveille::domain::ledger::{LedgerEvent, Request};
use reveille::domain::names::{IncidentId, PlanName, RunId, SiteName};
use reveille::domain::run::{Driver, RunEvent, StartedBy};
use reveille::domain::runbook::RunKind;
use reveille::engine::book::Book;
use reveille::engine::journal::{Journal, log_name};
use reveille::engine::ports::Store;
use reveille::engine::{Engine, Taken, Tended};
use reveille::store::MemoryStore;
use std::sync::Arc;
use tokio::sync::mpsc;

pub(super) struct Watch {
    pub engine: Engine,
    pub store: Arc<dyn Store>,
    pub memory: MemoryStore,
}

pub(super) fn name() -> PlanName {
    PlanName::new("sonar")
}

pub(super) fn watch() -> Watch {
    let weather = Weather { outages: Vec::new(), ..Weather::calm() };
    let (world, store) = (World::new(weather.clone()), MemoryStore::new());
    let life = Life::new(0, &world, &mpsc::unbounded_channel().0);
    let driver = Driver { instance: "watch".into(), worker: "watch".into() };
    let engine = process::engine(&[Tenant::of(&world)], &store, &life, driver);
    Watch { engine, store: Arc::new(store.clone()), memory: store }
}

impl Watch {
    async fn tend(&self, reachable: bool) -> Tended {
        self.engine.tend(&name(), |_| std::future::ready(reachable)).await.unwrap()
    }

    pub async fn tell(&self, events: Vec<LedgerEvent>) {
        let mut book = Book::open(&self.store, &name()).await.unwrap();
        for event in events {
            book.append(self.engine.clock.as_ref(), event).await.unwrap();
        }
    }

    pub async fn journal(&self, run: &RunId, events: Vec<RunEvent>) {
        let mut journal = Journal::open(&self.store, run).await.unwrap().unwrap();
        for event in events {
            journal.append(self.engine.clock.as_ref(), event).await.unwrap();
        }
    }

    pub async fn start(&self) -> RunId {
        let by = StartedBy::Alert { alert: None, rule: None };
        let taken = self.engine.take(&name(), &Request::Outage(cause(self.engine.clock.now(), by, None))).await;
        let Ok(Taken::Started { run, .. }) = taken else { panic!("{taken:?}") };
        run
    }
}

pub(super) fn opened() -> LedgerEvent {
    let cause = cause(SimClock::at(0), StartedBy::Alert { alert: None, rule: None }, None);
    LedgerEvent::IncidentOpened { incident: IncidentId::new("i"), primary: SiteName::new("eastus2"), cause }
}

pub(super) fn admitted(run: &RunId) -> LedgerEvent {
    LedgerEvent::RunAdmitted {
        run: run.clone(),
        incident: IncidentId::new("i"),
        kind: RunKind::Failover,
        leave: SiteName::new("eastus2"),
        by: StartedBy::Alert { alert: None, rule: None },
        key: None,
        config_digest: String::new(),
    }
}

fn woken(tended: &Tended) -> Vec<&str> {
    tended.wake.iter().map(|wake| wake.run.as_str()).collect()
}

pub(super) fn other() -> Driver {
    Driver { instance: "other".into(), worker: "w".into() }
}

#[tokio::test(start_paused = true)]
async fn a_quiet_plan_needs_nothing() {
    assert_eq!(watch().tend(true).await, Tended::default());
}

#[tokio::test(start_paused = true)]
async fn an_incident_that_waits_is_taken_up() {
    let watch = watch();
    watch.tell(vec![opened()]).await;
    let tended = watch.tend(true).await;
    assert_eq!(tended.wake.len(), 1, "{tended:?}");
    assert!(Journal::open(&watch.store, &tended.wake[0].run).await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_journal_was_never_begun_gets_one_and_is_woken() {
    let (watch, run) = (watch(), RunId::new("sonar.lost"));
    watch.tell(vec![opened(), admitted(&run)]).await;
    assert_eq!(woken(&watch.tend(true).await), [""; 0], "its wake-up may be on its way");
    assert!(Journal::open(&watch.store, &run).await.unwrap().is_some());
    sleep_ms(6 * SECOND).await;
    assert_eq!(woken(&watch.tend(true).await), [run.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn a_run_is_woken_when_its_driver_is_dead_and_not_before() {
    let watch = watch();
    let run = watch.start().await;
    watch.journal(&run, vec![RunEvent::Claimed { by: other(), slice: 1 }]).await;
    sleep_ms(29 * SECOND).await;
    assert_eq!(woken(&watch.tend(true).await), [""; 0]);
    sleep_ms(2 * SECOND).await;
    assert_eq!(woken(&watch.tend(true).await), [run.as_str()]);
}

#[tokio::test(start_paused = true)]
async fn a_run_at_rest_is_woken_when_something_is_due_or_was_said() {
    let watch = watch();
    let run = watch.start().await;
    let next = Some(watch.engine.clock.now() + chrono::TimeDelta::minutes(10));
    let rest = |slice| vec![RunEvent::Claimed { by: other(), slice }, RunEvent::Released { slice, next }];
    watch.journal(&run, rest(1)).await;
    sleep_ms(9 * MINUTE).await;
    assert_eq!(woken(&watch.tend(true).await), [""; 0]);
    sleep_ms(MINUTE).await;
    assert_eq!(woken(&watch.tend(true).await), [run.as_str()]);

    let next = Some(watch.engine.clock.now() + chrono::TimeDelta::minutes(10));
    let rest = vec![RunEvent::Claimed { by: other(), slice: 2 }, RunEvent::Released { slice: 2, next }];
    watch.journal(&run, rest).await;
    watch.engine.abort(&run, "ann", None, "test").await.unwrap();
    sleep_ms(6 * SECOND).await;
    assert_eq!(woken(&watch.tend(true).await), [run.as_str()], "its wake-up was lost");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_the_ledger_knows_to_be_over_is_woken_until_its_journal_is_closed() {
    let watch = watch();
    let run = watch.start().await;
    let closed = LedgerEvent::RunClosed { run: run.clone(), outcome: "failed".into(), closes: true, serves: None };
    watch.tell(vec![closed]).await;
    sleep_ms(6 * SECOND).await;
    assert_eq!(woken(&watch.tend(true).await), [run.as_str()]);
    watch.journal(&run, vec![RunEvent::Closed]).await;
    sleep_ms(6 * SECOND).await;
    assert_eq!(woken(&watch.tend(true).await), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_debt_is_taken_up_at_first_contact() {
    let watch = watch();
    let run = RunId::new("sonar.r1");
    let owed = LedgerEvent::FenceOwed { site: SiteName::new("eastus2"), run: run.clone(), why: "test".into() };
    let serves = Some(SiteName::new("centralus"));
    let closed = LedgerEvent::RunClosed { run: run.clone(), outcome: "recovered".into(), closes: true, serves };
    watch.tell(vec![opened(), admitted(&run), owed, closed]).await;
    assert_eq!(watch.tend(false).await, Tended::default());
    let tended = watch.tend(true).await;
    let [wake] = &tended.wake[..] else { panic!("{tended:?}") };
    let journal = Journal::open(&watch.store, &wake.run).await.unwrap().unwrap();
    assert_eq!(journal.state().created.kind, RunKind::Fence);
    assert_eq!(watch.tend(true).await.did, [""; 0], "one run pays it");
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_nobody_here_can_read_is_named() {
    let (watch, run) = (watch(), RunId::new("sonar.later"));
    watch.store.create(&log_name(&run)).await.unwrap();
    let line = "{\"format\":9,\"seq\":1,\"event\":\"of-a-later-version\"}\n";
    watch.store.append(&log_name(&run), 0, line.as_bytes()).await.unwrap();
    watch.tell(vec![opened(), admitted(&run)]).await;
    let tended = watch.engine.tend(&name(), |_| std::future::ready(true)).await;
    let tended = tended.unwrap();
    assert!(matches!(&tended.stuck[..], [(of, why)] if *of == run && why.contains("format 9")), "{tended:?}");
}
