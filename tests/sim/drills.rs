//! Schedules of drills in the ledger, asked for by several instances at once.

use super::plan;
use super::tending::{Watch, name, watch};
use super::time::{MINUTE, Ms, sleep_ms};
use super::weather::Weather;
use chrono::TimeDelta;
use reveille::domain::drill::{Asked, Drill, DrillDue, DrillKind, Facts, Refusal, Schedule};
use reveille::domain::ledger::{LedgerEvent, PlanState};
use reveille::domain::names::{DrillName, RunId};
use reveille::domain::plan::Plan;
use reveille::engine::book::Book;
use reveille::engine::verify::verify_plan;
use reveille::engine::{Configured, Engine};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

const HOUR: Ms = 60 * MINUTE;

/// A plan with a drill every hour.
fn hourly() -> Watch {
    let watch = watch();
    let drill = Drill {
        name: DrillName::new("hourly"),
        kind: DrillKind::Readiness,
        schedule: Schedule::parse("0 0 * * * *", "UTC".parse().unwrap()).unwrap(),
        windows: Vec::new(),
        blocked: Vec::new(),
        catch_up: Duration::from_secs(3 * 3600),
    };
    let configured = plan::configured(&Weather::calm());
    let plan = Arc::new(Plan { drills: vec![drill], ..(*configured.plan).clone() });
    let plans = Arc::new(BTreeMap::from([(name(), Configured { plan, ..configured })]));
    Watch { engine: Engine { plans, ..watch.engine }, ..watch }
}

/// Another process on the same store.
fn twin(watch: &Watch) -> Engine {
    Engine { shelf: Default::default(), ..watch.engine.clone() }
}

async fn ledger(watch: &Watch) -> PlanState {
    Book::open(&watch.store, &name()).await.unwrap().state().clone()
}

async fn lines(watch: &Watch) -> u64 {
    Book::open(&watch.store, &name()).await.unwrap().head().seq
}

/// The schedule is known, and an occurrence waits.
async fn waiting(watch: &Watch) -> (Drill, DrillDue) {
    assert!(watch.engine.drills_due(&name()).await.unwrap().is_empty(), "nothing before it was seen");
    sleep_ms(HOUR).await;
    let due = watch.engine.drills_due(&name()).await.unwrap();
    let [due] = &due[..] else { panic!("{due:?}") };
    due.clone()
}

#[tokio::test(start_paused = true)]
async fn instances_that_ask_at_once_write_everything_once() {
    let watch = hourly();
    let engines: Vec<Engine> = (0..4).map(|_| twin(&watch)).collect();
    futures::future::join_all(engines.iter().map(|engine| async { engine.drills_due(&name()).await.unwrap() })).await;
    assert_eq!(lines(&watch).await, 1, "the schedule is seen once");
    let (_, due) = waiting(&watch).await;
    watch.tell(vec![LedgerEvent::Paused { by: "ann".into(), said: None, why: "test".into() }]).await;
    let before = lines(&watch).await;
    let facts = Facts::default();
    let asked = engines.iter().map(|engine| async { engine.ask_drill(&name(), &due, &facts).await.unwrap() });
    let refused = Refusal::Paused { by: "ann".into(), why: "test".into() };
    let mut fresh = 0;
    for asked in futures::future::join_all(asked).await {
        let Asked::Refused { refusal, known } = asked else { panic!("{asked:?}") };
        assert_eq!(refusal, refused);
        fresh += usize::from(!known);
    }
    assert_eq!((fresh, lines(&watch).await), (1, before + 1));
}

#[tokio::test(start_paused = true)]
async fn an_occurrence_that_somebody_else_took_is_over_for_whoever_asks_late() {
    let watch = hourly();
    let (_, due) = waiting(&watch).await;
    let late = twin(&watch);
    assert_eq!(late.ask_drill(&name(), &due, &Facts::default()).await.unwrap(), Asked::MayBegin);
    watch.tell(vec![LedgerEvent::DrillTaken { due: due.clone(), run: RunId::new("sonar.drill") }]).await;
    assert_eq!(late.ask_drill(&name(), &due, &Facts::default()).await.unwrap(), Asked::Over);
    assert!(late.drills_due(&name()).await.unwrap().is_empty(), "a timer that fires again starts nothing twice");
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_slept_for_a_day_catches_up_one() {
    let watch = hourly();
    let (drill, first) = waiting(&watch).await;
    sleep_ms(24 * HOUR + MINUTE).await;
    let due = watch.engine.drills_due(&name()).await.unwrap();
    let [(_, newest)] = &due[..] else { panic!("{due:?}") };
    assert_eq!(newest.occurrence - first.occurrence, TimeDelta::hours(24));
    assert_eq!(watch.engine.ask_drill(&name(), &first, &Facts::default()).await.unwrap(), Asked::Over);
    watch.tell(vec![LedgerEvent::DrillTaken { due: newest.clone(), run: RunId::new("sonar.drill") }]).await;
    assert!(watch.engine.drills_due(&name()).await.unwrap().is_empty(), "the others are not made up for");
    let state = ledger(&watch).await;
    assert_eq!(state.last_occurrence(&drill.name).unwrap().occurrence, newest.occurrence);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_in_which_an_occurrence_is_taken_twice_is_told() {
    let watch = hourly();
    let (_, due) = waiting(&watch).await;
    let taken = |run: &str| LedgerEvent::DrillTaken { due: due.clone(), run: RunId::new(run) };
    watch.tell(vec![taken("sonar.one")]).await;
    let told = async || format!("{:?}", verify_plan(watch.store.as_ref(), &name()).await.unwrap());
    assert!(!told().await.contains("taken a second time"), "{}", told().await);
    watch.tell(vec![taken("sonar.two")]).await;
    assert!(told().await.contains("taken a second time"), "{}", told().await);
}
