//! Admission beside another run: what it tells that run, and what stays in the ledger when it fails half-way.

use super::host::cause;
use super::tending::{Watch, admitted, name, opened, watch};
use super::time::{SECOND, sleep_ms};
use reveille::domain::ledger::{LedgerEvent, PlanState, Request};
use reveille::domain::names::{RunId, SiteName};
use reveille::domain::run::{RunEvent, RunState, StartedBy};
use reveille::engine::book::Book;
use reveille::engine::journal::{Journal, log_name};
use reveille::engine::{Engine, Taken};
use reveille::store::{Call, Fault, Harm, MemoryStore, Operation};
use std::sync::Arc;
use std::time::Duration;

/// A plan that owes a fence, and the run that pays it.
async fn fencing() -> (Watch, RunId) {
    let (watch, first) = (watch(), RunId::new("sonar.first"));
    let owed = LedgerEvent::FenceOwed { site: SiteName::new("eastus2"), run: first.clone(), why: "test".into() };
    let serves = Some(SiteName::new("centralus"));
    let closed = LedgerEvent::RunClosed { run: first.clone(), outcome: "recovered".into(), closes: true, serves };
    let acknowledged = LedgerEvent::Acknowledged { by: "ann".into(), said: None, why: "test".into() };
    watch.tell(vec![opened(), admitted(&first), owed, closed, acknowledged]).await;
    let request = Request::PayDebt { site: SiteName::new("eastus2") };
    let taken = watch.engine.take(&name(), &request).await.unwrap();
    let Taken::Started { run, .. } = taken else { panic!("{taken:?}") };
    (watch, run)
}

fn outage(engine: &Engine) -> Request {
    Request::Outage(cause(engine.clock.now(), StartedBy::Alert { alert: None, rule: None }, None))
}

fn by_hand(engine: &Engine, force: bool) -> Request {
    let by = StartedBy::Person { by: "ann".into(), said: None, why: "test".into(), force };
    Request::Failover { cause: cause(engine.clock.now(), by, None), force }
}

async fn run(watch: &Watch, run: &RunId) -> Arc<RunState> {
    Journal::open(&watch.store, run).await.unwrap().unwrap().state().clone()
}

async fn plan(watch: &Watch) -> PlanState {
    Book::open(&watch.store, &name()).await.unwrap().state().clone()
}

#[tokio::test(start_paused = true)]
async fn a_fence_gives_way_to_the_failover_that_was_admitted_and_that_knows_of_it() {
    let (watch, lesser) = fencing().await;
    let taken = watch.engine.take(&name(), &outage(&watch.engine)).await.unwrap();
    let Taken::Started { run: failover, .. } = taken else { panic!("{taken:?}") };
    assert_eq!(run(&watch, &lesser).await.preempted_by.as_ref(), Some(&failover));
    assert_eq!(run(&watch, &failover).await.created.preempts, Some(lesser));
}

/// Whoever admits a run may die before it tells the lesser one.
#[tokio::test(start_paused = true)]
async fn a_fence_that_was_not_told_to_give_way_is_told_before_the_failover_begins() {
    let (watch, lesser) = fencing().await;
    let failover = RunId::new("sonar.failover");
    watch.tell(vec![opened(), admitted(&failover)]).await;
    watch.engine.tend(&name(), |_| std::future::ready(true)).await.unwrap();
    assert_eq!(run(&watch, &lesser).await.preempted_by.as_ref(), Some(&failover));
    assert_eq!(run(&watch, &failover).await.created.preempts, Some(lesser));
}

#[tokio::test(start_paused = true)]
async fn no_run_gives_way_to_one_that_was_not_admitted_in_the_end() {
    let (watch, lesser) = fencing().await;
    let store = Arc::clone(&watch.store);
    let pause = LedgerEvent::Paused { by: "ann".into(), said: None, why: "test".into() };
    let slow = |call: &Call<'_>| {
        let admission = String::from_utf8_lossy(call.bytes).contains("\"run-admitted\"");
        Fault { before: Duration::from_secs(if admission { 2 } else { 0 }), ..Fault::default() }
    };
    let engine = Engine { store: Arc::new(watch.memory.with_faults(slow)), ..watch.engine.clone() };
    let engine = Engine { shelf: Default::default(), ..engine };
    let taking = tokio::spawn(async move { engine.take(&name(), &outage(&engine)).await });
    sleep_ms(SECOND).await;
    let mut book = Book::open(&store, &name()).await.unwrap();
    book.append(watch.engine.clock.as_ref(), pause).await.unwrap();
    let taken = taking.await.unwrap().unwrap();
    assert!(matches!(taken, Taken::Deferred { .. }), "{taken:?}");
    assert_eq!(run(&watch, &lesser).await.preempted_by, None);
}

/// A ledger whose second segment cannot be begun for a while.
#[tokio::test(start_paused = true)]
async fn an_event_that_is_in_the_ledger_was_appended_whatever_fails_behind_it() {
    let (memory, clock) = (MemoryStore::new(), super::time::SimClock::start());
    let no_second = move |call: &Call<'_>| {
        let second = call.operation == Operation::Create && call.name.ends_with("000002") && clock.ms() < 5 * SECOND;
        Fault { harm: if second { Harm::FailBefore } else { Harm::None }, ..Fault::default() }
    };
    let store: Arc<dyn reveille::engine::ports::Store> = Arc::new(memory.with_faults(no_second));
    let mut book = Book::open_with_limit(&store, &name(), 4).await.unwrap();
    let paused = |number: u32| LedgerEvent::Paused { by: format!("ann {number}"), said: None, why: "test".into() };
    for number in 1..=3 {
        book.append(&clock, paused(number)).await.unwrap();
    }
    assert!(book.append(&clock, paused(4)).await.is_err(), "there is no place for it yet");
    sleep_ms(5 * SECOND).await;
    book.append(&clock, paused(5)).await.unwrap();
    let read = Book::open_with_limit(&store, &name(), 4).await.unwrap();
    assert_eq!(read.state(), book.state());
    assert_eq!(read.state().paused.as_ref().unwrap().by, "ann 5");
}

/// A plan whose active run was begun by a version that nobody here knows.
async fn wrecked() -> (Watch, RunId) {
    let (watch, run) = (watch(), RunId::new("sonar.later"));
    watch.store.create(&log_name(&run)).await.unwrap();
    let line = "{\"format\":9,\"seq\":1,\"event\":\"of-a-later-version\"}\n";
    watch.store.append(&log_name(&run), 0, line.as_bytes()).await.unwrap();
    watch.tell(vec![opened(), admitted(&run)]).await;
    (watch, run)
}

#[tokio::test(start_paused = true)]
async fn only_force_gets_past_a_run_that_nobody_here_can_read() {
    let (watch, wreck) = wrecked().await;
    sleep_ms(60 * SECOND).await;
    for request in [outage(&watch.engine), by_hand(&watch.engine, false)] {
        assert_eq!(watch.engine.take(&name(), &request).await.unwrap(), Taken::Joined { run: wreck.clone() });
    }
    let taken = watch.engine.take(&name(), &by_hand(&watch.engine, true)).await.unwrap();
    let Taken::Started { run: forced, incident } = taken else { panic!("{taken:?}") };
    let plan = plan(&watch).await;
    assert_eq!(plan.active.unwrap().run, forced);
    assert_eq!(plan.incident.unwrap().id, incident, "its incident stayed open, and is the forced run's");
    let line = plan.runs.iter().find(|line| line.run == wreck).unwrap();
    assert_eq!(line.outcome.as_deref(), Some("parked"));
    assert_eq!(run(&watch, &forced).await.created.preempts, None);
}

#[tokio::test(start_paused = true)]
async fn not_even_force_gets_past_a_run_that_somebody_else_drives() {
    let (watch, wreck) = wrecked().await;
    sleep_ms(5 * SECOND).await;
    let taken = watch.engine.take(&name(), &by_hand(&watch.engine, true)).await.unwrap();
    assert_eq!(taken, Taken::Joined { run: wreck });
}

#[tokio::test(start_paused = true)]
async fn force_does_not_get_past_a_run_that_can_be_read() {
    let watch = watch();
    let run = watch.start().await;
    watch.journal(&run, vec![RunEvent::Parked { why: "test".into() }]).await;
    sleep_ms(60 * SECOND).await;
    let taken = watch.engine.take(&name(), &by_hand(&watch.engine, true)).await.unwrap();
    assert_eq!(taken, Taken::Joined { run });
}
