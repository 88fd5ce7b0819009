//! The simulated Functions host: it starts processes, hands them wake-ups, ticks and alerts, and kills them.

use super::process::{self, Life};
use super::steps::Eyes;
use super::time::{MINUTE, Ms, SECOND, sleep_ms};
use super::weather::{Drivers, Standby};
use super::workload;
use super::world::{Happening, SITES, World};
use chrono::{DateTime, Utc};
use reveille::domain::drill::{Asked, Facts, Parking};
use reveille::domain::ledger::{self, Cause, LedgerEvent, PlanState, Request};
use reveille::domain::names::{PlanName, RunId, SiteName};
use reveille::domain::parking::ParkingState;
use reveille::domain::run::{Driver, StartedBy};
use reveille::engine::book::Book;
use reveille::engine::ports::{Clock, Store};
use reveille::engine::{Advance, Configured, Engine, IntakeError, Taken, WakeUp, WayBack};
use reveille::store::MemoryStore;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};
use tokio::task::AbortHandle;
use tokio::time::Instant;

/// Time between two ticks of the watch.
const TICK: Ms = 30 * SECOND;
/// Deliveries of one wake-up before the queue gives it up.
const DEQUEUES: u32 = 5;
/// Longest time of one invocation of `run`.
const INVOCATION: Duration = Duration::from_secs(300);

pub struct Host {
    pub world: Arc<World>,
    /// The store without faults: for the oracle, and for people who look.
    pub store: MemoryStore,
    pub plan: Configured,
    pub reader: super::peek::Reader,
    /// The site of which the watch has seen a healthy metric since it became primary.
    seen_healthy: Mutex<Option<usize>>,
    deaths: UnboundedSender<u32>,
    /// Shared by all plans of the app.
    processes: Arc<Mutex<Vec<Process>>>,
    tenants: Arc<Vec<Tenant>>,
}

/// A plan of the app, with the world it protects.
pub struct Tenant {
    pub world: Arc<World>,
    pub plan: Configured,
}

impl Tenant {
    /// The plan of a world's own weather.
    pub fn of(world: &Arc<World>) -> Self {
        Self { world: Arc::clone(world), plan: super::plan::configured(&world.weather) }
    }
}

struct Process {
    id: u32,
    instance: String,
    engine: Engine,
    tasks: Vec<AbortHandle>,
}

impl Host {
    /// Begins the world and everything that acts in it.
    pub fn start(world: Arc<World>, plan: Configured) -> Arc<Self> {
        Self::house(vec![Tenant { world, plan }]).remove(0)
    }

    /// The same for several plans of one app: one store, one set of processes.
    pub fn house(tenants: Vec<Tenant>) -> Vec<Arc<Self>> {
        let (deaths, heard) = mpsc::unbounded_channel();
        let (store, processes, tenants) = (MemoryStore::new(), Arc::default(), Arc::new(tenants));
        let host = |tenant: &Tenant| {
            Arc::new(Self {
                world: Arc::clone(&tenant.world),
                store: store.clone(),
                plan: tenant.plan.clone(),
                reader: super::peek::Reader::default(),
                seen_healthy: Mutex::new(Some(0)),
                deaths: deaths.clone(),
                processes: Arc::clone(&processes),
                tenants: Arc::clone(&tenants),
            })
        };
        let hosts: Vec<Arc<Self>> = tenants.iter().map(host).collect();
        hosts.iter().for_each(|host| host.remember_parking());
        hosts.iter().for_each(|host| host.world.begin());
        hosts[0].boot_all();
        tokio::spawn(Arc::clone(&hosts[0]).bury(heard));
        for host in &hosts {
            tokio::spawn(Arc::clone(host).tick());
            tokio::spawn(Arc::clone(host).raise_alerts());
            tokio::spawn(Arc::clone(host).kill_at_random());
        }
        hosts
    }

    fn boot_all(self: &Arc<Self>) {
        self.boot("host-0");
        match self.world.weather.hosting.drivers {
            Drivers::One => {}
            Drivers::TwoInstances => self.boot("host-1"),
            Drivers::TwoOfOneInstance => self.boot("host-0"),
        }
    }

    /// The ledger of a plan whose standby was parked long ago.
    fn remember_parking(&self) {
        if self.world.weather.standby != Standby::Parked {
            return;
        }
        let store: Arc<dyn Store> = Arc::new(self.store.clone());
        let state = ParkingState::Parked { counts: workload::counts() };
        let (site, run) = (SiteName::new(SITES[1]), RunId::new(format!("{}.before", self.name())));
        futures::executor::block_on(async {
            let mut book = Book::open(&store, self.name()).await.unwrap();
            book.append(&self.world.clock, LedgerEvent::WorkloadSeen { site, run, state }).await.unwrap();
        });
    }

    /// Whether something happened in any of the app's worlds.
    pub fn hears(&self, wanted: impl Fn(Ms, &Happening) -> bool) -> bool {
        let in_world = |tenant: &Tenant| tenant.world.state().log.iter().any(|(at, it)| wanted(*at, it));
        self.tenants.iter().any(in_world)
    }

    pub fn name(&self) -> &PlanName {
        &self.plan.plan.name
    }

    fn boot(self: &Arc<Self>, instance: &str) {
        let mut processes = self.processes.lock().unwrap();
        let id = processes.len() as u32;
        let life = Life::new(id, &self.world, &self.deaths);
        let driver = Driver { instance: instance.to_owned(), worker: format!("worker-{id}") };
        let engine = process::engine(&self.tenants, &self.store, &life, driver);
        processes.push(Process { id, instance: instance.to_owned(), engine, tasks: Vec::new() });
        self.world.log(Happening::Process { what: format!("process {id} starts on {instance}") });
    }

    fn kill(&self, id: u32) -> Option<String> {
        let mut processes = self.processes.lock().unwrap();
        let process = processes.iter_mut().find(|process| process.id == id && !process.instance.is_empty())?;
        process.tasks.drain(..).for_each(|task| task.abort());
        Some(std::mem::take(&mut process.instance))
    }

    /// Hears of deaths, and starts another process after a while.
    async fn bury(self: Arc<Self>, mut heard: UnboundedReceiver<u32>) {
        while let Some(id) = heard.recv().await {
            let Some(instance) = self.kill(id) else { continue };
            let host = Arc::clone(&self);
            tokio::spawn(async move {
                let other = host.world.chance(0.2);
                let (pause, instance) = match other {
                    false => (host.world.between(100, 2 * SECOND), instance),
                    true => (host.world.between(20 * SECOND, 2 * MINUTE), format!("host-{}", id + 10)),
                };
                sleep_ms(pause).await;
                host.boot(&instance);
            });
        }
    }

    /// Runs something in one of the living processes; `None` when the process died before it was done.
    pub async fn invoke<T, F>(&self, what: impl FnOnce(Engine) -> F) -> Option<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        let invoked = {
            let mut processes = self.processes.lock().unwrap();
            let living: Vec<usize> =
                (0..processes.len()).filter(|index| !processes[*index].instance.is_empty()).collect();
            let chosen = *living.get(self.world.between(0, 1_000) as usize % living.len().max(1))?;
            let task = tokio::spawn(what(processes[chosen].engine.clone()));
            processes[chosen].tasks.retain(|task| !task.is_finished());
            processes[chosen].tasks.push(task.abort_handle());
            task
        };
        match invoked.await {
            Ok(done) => Some(done),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => None,
        }
    }

    /// Puts a wake-up into the queue, which may lose, double or delay it.
    pub fn send(self: &Arc<Self>, wake: WakeUp) {
        let noise = self.world.weather.noise;
        let chance = |probability| self.world.chance(self.world.noise(probability));
        let copies = if chance(noise.wake_lost) { 0 } else { 1 + u32::from(chance(noise.wake_doubled)) };
        for _ in 0..copies {
            let longest = if chance(noise.wake_late) { 90 * SECOND } else { 2 * SECOND };
            let delay = self.world.between(10, longest);
            tokio::spawn(Arc::clone(self).deliver(wake.clone(), delay));
        }
    }

    async fn deliver(self: Arc<Self>, wake: WakeUp, delay: Ms) {
        sleep_ms(delay).await;
        for _ in 0..DEQUEUES {
            let message = wake.clone();
            let invoked = self.invoke(move |engine| advance(engine, message)).await;
            match invoked {
                Some(Ok(Advance::Continue(next))) => return self.send(next),
                Some(Ok(_)) => return,
                Some(Err(())) | None => sleep_ms(self.world.between(SECOND, 12 * SECOND)).await,
            }
        }
    }

    /// Sleeps that long; in a month, while nothing happens and nothing is due, until something is.
    pub async fn nap(&self, ms: Ms) {
        sleep_ms(ms).await;
        let Some(month) = &self.world.weather.month else { return };
        if super::month::is_quiet(self).await {
            sleep_ms(month.next_event(self.world.now()).saturating_sub(self.world.now())).await;
        }
    }

    async fn tick(self: Arc<Self>) {
        loop {
            self.nap(TICK).await;
            let host = Arc::clone(&self);
            let wakes = self.invoke(move |engine| watch(host, engine)).await;
            wakes.into_iter().flatten().for_each(|wake| self.send(wake));
            if self.world.weather.drills {
                let host = Arc::clone(&self);
                let wakes = self.invoke(move |engine| rehearse(host, engine)).await;
                wakes.into_iter().flatten().for_each(|wake| self.send(wake));
            }
        }
    }

    async fn raise_alerts(self: Arc<Self>) {
        let alert = self.world.weather.alert;
        for (number, outage) in self.world.weather.outages.iter().enumerate().filter(|_| !alert.lost) {
            for _ in 0..alert.copies {
                let delay = outage.at + alert.after + self.world.between(0, 20 * SECOND);
                tokio::spawn(Arc::clone(&self).raise(format!("alert-{number}"), delay));
            }
        }
        if let Some(at) = alert.false_one {
            self.raise("false-alert".to_owned(), at).await;
        }
    }

    /// Posts an alert, again when nobody answers.
    async fn raise(self: Arc<Self>, key: String, at: Ms) {
        sleep_ms(at).await;
        self.world.log(Happening::Alert { what: key.clone() });
        let by = StartedBy::Alert { alert: Some(key.clone()), rule: None };
        let request = Request::Outage(cause(self.world.clock.now(), by, Some(key)));
        for _ in 0..5 {
            let (plan, request) = (self.name().clone(), request.clone());
            let taken = self.invoke(move |engine| async move { engine.take(&plan, &request).await }).await;
            if let Some(Ok(taken)) = taken {
                return self.wake_started(&taken);
            }
            sleep_ms(15 * SECOND).await;
        }
    }

    /// What follows an answer that says that a run is to be driven.
    pub fn wake_started(self: &Arc<Self>, taken: &Taken) {
        if let Taken::Started { run, .. } | Taken::Joined { run } = taken {
            self.send(WakeUp { run: run.clone(), after: 0 });
        }
    }

    fn victim(&self) -> Option<u32> {
        let living: Vec<u32> = {
            let processes = self.processes.lock().unwrap();
            processes.iter().filter(|process| !process.instance.is_empty()).map(|process| process.id).collect()
        };
        let among = living.len().checked_sub(1)?;
        living.get(self.world.between(0, among as u64) as usize).copied()
    }

    async fn kill_at_random(self: Arc<Self>) {
        let Some(every) = self.world.weather.hosting.kill_every else { return };
        while !self.world.is_calm() {
            self.nap(self.world.between(every / 4, every * 2)).await;
            let Some(victim) = self.victim() else { continue };
            self.world.log(Happening::Process { what: format!("process {victim} is killed") });
            self.deaths.send(victim).unwrap();
        }
    }
}

async fn advance(engine: Engine, wake: WakeUp) -> Result<Advance, ()> {
    engine.advance(&wake, Instant::now() + INVOCATION).await.map_err(drop)
}

/// One tick of the watch: tend the plan, and read the metric itself.
async fn watch(host: Arc<Host>, engine: Engine) -> Vec<WakeUp> {
    let mut wakes = Vec::new();
    let world = Arc::clone(&host.world);
    let reachable = |site: SiteName| {
        let dark = SITES.iter().position(|name| *name == site.as_str()).is_none_or(|site| world.arm_is_dark(site));
        std::future::ready(!dark)
    };
    if let Ok(tended) = engine.tend(host.name(), reachable).await {
        wakes.extend(tended.wake);
    }
    if let Ok(Some(Taken::Started { run, .. })) = read_metric(&host, &engine).await {
        wakes.push(WakeUp { run, after: 0 });
    }
    wakes
}

/// Reads the metric of the primary. One that has not been healthy since its site became primary tells of the past.
async fn read_metric(host: &Host, engine: &Engine) -> Result<Option<Taken>, IntakeError> {
    let Some(primary) = super::peek::primary(host).await else { return Ok(None) };
    let Some(health) = host.world.origin_health(primary) else { return Ok(None) };
    if health >= 50.0 {
        *host.seen_healthy.lock().unwrap() = Some(primary);
    }
    if health >= 50.0 || *host.seen_healthy.lock().unwrap() != Some(primary) {
        return Ok(None);
    }
    let by = StartedBy::Metric { health };
    let request = Request::Outage(cause(engine.clock.now(), by, None));
    engine.take(host.name(), &request).await.map(Some)
}

pub fn cause(since: DateTime<Utc>, by: StartedBy, key: Option<String>) -> Cause {
    Cause { since, sign: by.text(), by, key }
}

/// One tick of the drill timer. Like the function, it sees nothing that the ledger has not refused already.
async fn rehearse(host: Arc<Host>, engine: Engine) -> Vec<WakeUp> {
    let plan = host.name().clone();
    let mut wakes = Vec::new();
    wakes.extend(go_back(&host, &engine).await);
    // What was begun is brought to its end; nothing is begun any more.
    if host.world.is_calm() {
        return wakes;
    }
    for (_, due) in engine.drills_due(&plan).await.unwrap_or_default() {
        let Some(state) = super::peek::plan(&host).await else { continue };
        let facts = drill_facts(&host.world, &ledger::primary(&state, &host.plan.plan), &state);
        let asked = engine.ask_drill(&plan, &due, &facts).await;
        if let Ok(Asked::MayBegin) = asked
            && let Ok(Some(run)) = engine.admit_drill(&plan, due, facts).await
        {
            wakes.push(WakeUp { run, after: 0 });
        }
    }
    wakes
}

async fn go_back(host: &Host, engine: &Engine) -> Option<WakeUp> {
    let state = super::peek::plan(host).await.filter(|state| state.away.is_some())?;
    let facts = drill_facts(&host.world, &ledger::primary(&state, &host.plan.plan), &state);
    match engine.go_back(host.name(), facts).await {
        Ok(WayBack::Begun(run)) => Some(WakeUp { run, after: 0 }),
        _ => None,
    }
}

pub fn drill_facts(world: &Arc<World>, primary: &SiteName, state: &PlanState) -> Facts {
    let primary = super::steps::index(primary);
    let standby = SITES.len() - 1 - primary;
    let eyes = Eyes::open(world);
    Facts {
        primary: Some(eyes.origin(primary)),
        origin_health: None,
        standby: Some(eyes.cluster(standby)),
        parking: state.parking(&SiteName::new(SITES[standby])).map(|known| match known.state {
            ParkingState::Parked { .. } => Parking::Parked,
            ParkingState::Released => Parking::Unparked,
        }),
        standby_stopped_at: None,
    }
}
