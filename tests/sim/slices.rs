//! Slices and claims, one case at a time: two drivers of one run, and a step that only sends.

use super::host::Tenant;
use super::process::Life;
use super::time::{Ms, SECOND, SimClock, ms_of, sleep_ms};
use super::weather::Weather;
use super::world::World;
use super::{plan, process};
use async_trait::async_trait;
use reveille::domain::chain::Entry;
use reveille::domain::look::Look;
use reveille::domain::names::{IncidentId, RunId, SiteName};
use reveille::domain::observation::Observation;
use reveille::domain::outcome::Outcome;
use reveille::domain::run::{Call, Created, Driver, RunEvent, Sent, StartedBy, Verb};
use reveille::domain::runbook::{self, RunKind, StepName};
use reveille::engine::journal::Journal;
use reveille::engine::ports::{Clock, Step, StepView, Store};
use reveille::engine::{Advance, Engine, Settings, WakeUp};
use reveille::store::{Call as StoreCall, Fault, Harm, MemoryStore, Operation};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

const FENCE: StepName = StepName::FencePrimary;

/// One run, its store, and what was really done for it.
#[derive(Clone)]
struct Bench {
    store: MemoryStore,
    world: Arc<World>,
    looks: Arc<Mutex<Vec<(StepName, Ms)>>>,
    calls: Arc<Mutex<Vec<(String, Ms)>>>,
    /// How long a call takes.
    call_takes: Ms,
}

/// A step that calls once and then waits.
struct Caller {
    name: StepName,
    who: String,
    bench: Bench,
}

#[async_trait]
impl Step for Caller {
    fn name(&self) -> StepName {
        self.name
    }

    async fn look(&self, view: &StepView) -> Look {
        self.bench.looks.lock().unwrap().push((self.name, self.bench.world.now()));
        match view.record().intents.is_empty() {
            true => Look::Call { call: stop(), saw: None },
            false => Look::Pending { saw: None, again_in: Duration::from_secs(20) },
        }
    }

    async fn send(&self, _call: &Call, _view: &StepView) -> Sent {
        self.bench.calls.lock().unwrap().push((self.who.clone(), self.bench.world.now()));
        sleep_ms(self.bench.call_takes).await;
        Sent::Accepted { operation: None, request_ids: Vec::new() }
    }
}

fn stop() -> Call {
    Call::on(Verb::StopCluster, "cluster")
}

fn run() -> RunId {
    RunId::new("sonar.run")
}

fn driver(name: &str) -> Driver {
    Driver { instance: name.into(), worker: name.into() }
}

fn claimed(name: &str, slice: u64) -> RunEvent {
    RunEvent::Claimed { by: driver(name), slice }
}

fn intent(clock: &dyn Clock) -> RunEvent {
    RunEvent::Intent { step: FENCE, call: stop(), send_before: clock.now() + chrono::TimeDelta::seconds(10) }
}

impl Bench {
    async fn of(kind: RunKind, call_takes: Ms) -> Self {
        let bench = Self {
            store: MemoryStore::new(),
            world: World::new(Weather { outages: Vec::new(), ..Weather::calm() }),
            looks: Arc::default(),
            calls: Arc::default(),
            call_takes,
        };
        bench.begin(kind, None).await;
        bench
    }

    /// A fence that was decided upon: one mutating step, asked of nobody.
    async fn fence(call_takes: Ms) -> Self {
        Self::of(RunKind::Fence, call_takes).await
    }

    async fn begin(&self, kind: RunKind, preempts: Option<RunId>) {
        let created = Created {
            run: run(),
            incident: IncidentId::new("i"),
            kind,
            runbook: runbook::VERSION,
            standby_workload: Default::default(),
            expected: Vec::new(),
            started_by: StartedBy::Debt { of_run: RunId::new("before") },
            plan: (*plan::configured(&self.world.weather).plan).clone(),
            config_digest: String::new(),
            primary: SiteName::new("eastus2"),
            standby: SiteName::new("centralus"),
            outage_since: SimClock::at(0),
            first_sign: "test".into(),
            writer_target: None,
            remembered: Default::default(),
            preempts,
        };
        let created = RunEvent::RunCreated(Box::new(created));
        Journal::begin(&self.log(), &self.world.clock, &run(), created).await.unwrap();
    }

    fn log(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    fn engine(&self, who: &str) -> Engine {
        let life = Life::new(0, &self.world, &mpsc::unbounded_channel().0);
        let engine = process::engine(&[Tenant::of(&self.world)], &self.store, &life, driver(who));
        let step = |name| Arc::new(Caller { name, who: who.into(), bench: self.clone() }) as Arc<dyn Step>;
        let names = [FENCE, StepName::StartReplica, StepName::VerifyWriter];
        let steps: BTreeMap<_, _> = names.into_iter().map(|name| (name, step(name))).collect();
        Engine { store: self.log(), steps: Arc::new(steps), channels: Arc::default(), ..engine }
    }

    /// The same with a store that has its moods.
    fn engine_on(&self, who: &str, moods: impl Fn(&StoreCall<'_>) -> Fault + Send + Sync + 'static) -> Engine {
        Engine { store: Arc::new(self.store.with_faults(moods)), ..self.engine(who) }
    }

    async fn append(&self, events: Vec<RunEvent>) {
        let mut journal = Journal::open(&self.log(), &run()).await.unwrap().unwrap();
        for event in events {
            journal.append(&self.world.clock, event).await.unwrap();
        }
    }

    async fn entries(&self) -> Vec<Entry<RunEvent>> {
        Journal::open_with_entries(&self.log(), &run()).await.unwrap().unwrap().1
    }

    async fn last(&self) -> RunEvent {
        self.entries().await.pop().unwrap().event
    }

    async fn sent(&self) -> Vec<Sent> {
        let sent = |entry: Entry<RunEvent>| match entry.event {
            RunEvent::Sent { outcome, .. } => Some(outcome),
            _ => None,
        };
        self.entries().await.into_iter().filter_map(sent).collect()
    }

    fn callers(&self) -> Vec<String> {
        self.calls.lock().unwrap().iter().map(|(who, _)| who.clone()).collect()
    }
}

/// Drives for that long, in the background.
fn drive(engine: Engine, time: Ms) -> tokio::task::JoinHandle<Result<Advance, String>> {
    let deadline = Instant::now() + Duration::from_millis(time);
    let wake = WakeUp { run: run(), after: 0 };
    tokio::spawn(async move { engine.advance(&wake, deadline).await.map_err(|error| format!("{error:?}")) })
}

fn writes(call: &StoreCall<'_>, part: &str) -> bool {
    call.operation == Operation::Append && String::from_utf8_lossy(call.bytes).contains(part)
}

/// A store that answers late when the intent is appended, so that others may write behind it before the call.
fn slow_behind_the_intent(call: &StoreCall<'_>) -> Fault {
    let after = if writes(call, "\"intent\"") { Duration::from_secs(3) } else { Duration::ZERO };
    Fault { after, ..Fault::default() }
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_lost_the_run_while_its_call_was_under_way_writes_nothing_more() {
    let bench = Bench::fence(8 * SECOND).await;
    let first = drive(bench.engine("a"), 3 * SECOND);
    sleep_ms(5 * SECOND).await;
    assert_eq!(bench.callers(), ["a"]);
    bench.append(vec![claimed("b", 2), intent(&bench.world.clock)]).await;
    assert_eq!(first.await.unwrap().unwrap(), Advance::Theirs);
    assert!(matches!(bench.last().await, RunEvent::Intent { .. }), "{:?}", bench.last().await);
}

#[tokio::test(start_paused = true)]
async fn a_claim_is_renewed_while_the_end_of_a_slice_waits_for_its_call() {
    let bench = Bench::fence(9 * SECOND).await;
    let mut engine = bench.engine("a");
    engine.settings = Settings { renew: Duration::from_secs(2), ..Settings::default() };
    let ended = drive(engine, SECOND).await.unwrap().unwrap();
    assert_eq!(ended, Advance::Continue(WakeUp { run: run(), after: 1 }));
    let times: Vec<Ms> = bench.entries().await.iter().map(|entry| ms_of(entry.at)).collect();
    let longest = times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap();
    assert!(longest <= 2 * SECOND, "{times:?}");
    assert!(matches!(bench.sent().await[..], [Sent::Accepted { .. }]));
}

#[tokio::test(start_paused = true)]
async fn a_late_release_frees_nobody_elses_claim() {
    let bench = Bench::fence(0).await;
    bench.append(vec![claimed("a", 1), claimed("b", 2), RunEvent::Released { slice: 1, next: None }]).await;
    let journal = Journal::open(&bench.log(), &run()).await.unwrap().unwrap();
    assert!(journal.state().claim.is_held_by(&driver("b"), 2));
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_lost_the_run_behind_its_intent_does_not_send() {
    let bench = Bench::fence(0).await;
    let first = drive(bench.engine_on("a", slow_behind_the_intent), 60 * SECOND);
    sleep_ms(2 * SECOND).await;
    bench.append(vec![claimed("b", 2)]).await;
    assert_eq!(first.await.unwrap().unwrap(), Advance::Theirs);
    assert_eq!(bench.callers(), [""; 0]);
    assert_eq!(bench.last().await, claimed("b", 2));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_was_called_off_behind_its_intent_does_not_send() {
    let abort = RunEvent::AbortRequested { by: "ann".into(), said: None, why: "test".into() };
    for word in [RunEvent::Preempted { by_run: RunId::new("other") }, abort] {
        let bench = Bench::fence(0).await;
        let driving = drive(bench.engine_on("a", slow_behind_the_intent), 20 * SECOND);
        sleep_ms(2 * SECOND).await;
        bench.append(vec![word]).await;
        driving.await.unwrap().unwrap();
        assert_eq!(bench.callers(), [""; 0]);
        assert!(matches!(bench.sent().await[..], [Sent::NotSent { .. }]), "{:?}", bench.sent().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_whose_time_is_over_is_not_sent() {
    let bench = Bench::fence(0).await;
    let behind = AtomicBool::new(false);
    let slow_last_look = move |call: &StoreCall<'_>| {
        let late = call.operation == Operation::Read && behind.swap(false, Ordering::Relaxed);
        behind.fetch_or(writes(call, "\"intent\""), Ordering::Relaxed);
        Fault { before: Duration::from_secs(if late { 11 } else { 0 }), ..Fault::default() }
    };
    drive(bench.engine_on("a", slow_last_look), 20 * SECOND).await.unwrap().unwrap();
    assert_eq!(bench.callers(), [""; 0]);
    assert!(matches!(&bench.sent().await[..], [Sent::NotSent { reason }] if reason.contains("time was over")));
}

#[tokio::test(start_paused = true)]
async fn what_another_driver_may_have_in_flight_is_waited_out_by_the_own_clock() {
    let bench = Bench::fence(0).await;
    // The other machine's clock is five minutes behind: its intent looks long over.
    let send_before = bench.world.clock.now() - chrono::TimeDelta::minutes(5);
    let intent = RunEvent::Intent { step: FENCE, call: stop(), send_before };
    bench.append(vec![claimed("b", 1), RunEvent::StepStarted { step: FENCE }, intent]).await;
    sleep_ms(4 * SECOND).await;
    let successor = Engine { driver: Driver { instance: "b".into(), worker: "next".into() }, ..bench.engine("b") };
    drive(successor, 20 * SECOND).await.unwrap().unwrap();
    let looks = bench.looks.lock().unwrap().clone();
    assert!(looks.iter().all(|(_, at)| *at >= 14 * SECOND) && !looks.is_empty(), "{looks:?}");
    assert!(matches!(bench.sent().await[..], [Sent::Unknown { .. }]), "{:?}", bench.sent().await);
}

#[tokio::test(start_paused = true)]
async fn a_failover_waits_out_what_the_run_that_gave_way_may_have_in_flight() {
    let bench = Bench::fence(0).await;
    let bench = Bench { store: MemoryStore::new(), ..bench };
    bench.begin(RunKind::Failover, Some(RunId::new("lesser"))).await;
    let step = StepName::ConfirmOutage;
    let proof = Observation::Override { by: "ann".into(), why: "test".into() };
    bench.append(vec![RunEvent::StepStarted { step }, RunEvent::StepSucceeded { step, proof }]).await;
    drive(bench.engine("a"), 30 * SECOND).await.unwrap().unwrap();
    let calls: Vec<Ms> = bench.calls.lock().unwrap().iter().map(|(_, at)| *at).collect();
    assert!(calls.iter().all(|at| *at >= 10 * SECOND) && !calls.is_empty(), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_driver_that_meets_a_live_claim_leaves_it_and_sends_nothing() {
    let bench = Bench::fence(0).await;
    let first = drive(bench.engine("a"), 120 * SECOND);
    sleep_ms(5 * SECOND).await;
    let second = drive(bench.engine("b"), 100 * SECOND).await.unwrap().unwrap();
    assert_eq!(second, Advance::Theirs);
    assert!(bench.world.now() < 30 * SECOND, "it knew when the claim was renewed");
    first.await.unwrap().unwrap();
    assert_eq!(bench.callers(), ["a"]);
    assert!(
        bench
            .entries()
            .await
            .iter()
            .all(|entry| !matches!(&entry.event, RunEvent::Claimed { by, .. } if *by == driver("b")))
    );
}

#[tokio::test(start_paused = true)]
async fn a_wake_up_that_a_later_slice_has_overtaken_ends_at_once() {
    let bench = Bench::fence(0).await;
    let release = |slice| RunEvent::Released { slice, next: None };
    bench.append(vec![claimed("a", 1), release(1), claimed("a", 2), release(2)]).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    let overtaken = bench.engine("b").advance(&WakeUp { run: run(), after: 1 }, deadline).await.unwrap();
    assert_eq!(overtaken, Advance::Overtaken);
    assert_eq!(bench.last().await, release(2));
    let mine = bench.engine("b").advance(&WakeUp { run: run(), after: 2 }, deadline).await.unwrap();
    assert_ne!(mine, Advance::Overtaken);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_kills_three_drivers_in_a_row_is_parked() {
    for (deaths, parked) in [(2, false), (3, true)] {
        let bench = Bench::fence(0).await;
        for slice in 1..=deaths {
            bench.append(vec![claimed("dead", slice)]).await;
            sleep_ms(31 * SECOND).await;
        }
        drive(bench.engine("a"), 30 * SECOND).await.unwrap().unwrap();
        let entries = bench.entries().await;
        let ended = entries.iter().any(
            |entry| matches!(&entry.event, RunEvent::RunEnded { outcome: Outcome::Parked { why } } if why.contains("3 drivers")),
        );
        assert_eq!((ended, bench.callers().is_empty()), (parked, parked), "{deaths}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_written_behind_the_closing() {
    let bench = Bench::fence(8 * SECOND).await;
    let driving = drive(bench.engine("a"), 3 * SECOND);
    sleep_ms(5 * SECOND).await;
    bench.append(vec![RunEvent::Closed]).await;
    driving.await.unwrap().unwrap();
    assert_eq!(bench.last().await, RunEvent::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_away_for_a_moment_costs_no_slice() {
    let bench = Bench::fence(0).await;
    let start = Instant::now();
    let away = move |_: &StoreCall<'_>| {
        let now = start.elapsed().as_millis();
        let harm = if (5_000..5_200).contains(&now) { Harm::FailBefore } else { Harm::None };
        Fault { harm, ..Fault::default() }
    };
    let ended = drive(bench.engine_on("a", away), 20 * SECOND).await.unwrap();
    assert_eq!(ended, Ok(Advance::Continue(WakeUp { run: run(), after: 1 })));
}

#[tokio::test(start_paused = true)]
async fn a_slice_that_fails_hands_the_run_on() {
    let bench = Bench::fence(0).await;
    let outcome = Outcome::Parked { why: "test".into() };
    bench.append(vec![RunEvent::RunEnded { outcome }]).await;
    let no_reports = |call: &StoreCall<'_>| {
        let harm = if call.operation == Operation::Put { Harm::FailBefore } else { Harm::None };
        Fault { harm, ..Fault::default() }
    };
    let ended = drive(bench.engine_on("a", no_reports), 20 * SECOND).await.unwrap();
    assert!(ended.is_err(), "{ended:?}");
    assert_eq!(bench.last().await, RunEvent::Released { slice: 1, next: None });
}
