//! The simulated world: two sites, a database, Front Door, and a log of its own. The oracle reads that log, never our
//! reports.

use super::cluster::{Arrival, Power};
use super::probes::Probes;
use super::time::{Ms, SECOND, SimClock, Timeline, sleep_ms};
use super::weather::{Database, Standby, Weather};
use super::workload::{self, Workload};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reveille::domain::names::RunId;
use reveille::domain::parking::Scale;
use reveille::domain::run::Verb;
use reveille::domain::workload::WorkloadView;
use std::sync::{Arc, Mutex, MutexGuard};

/// The two sites, by index. The first is preferred.
pub const SITES: [&str; 2] = ["eastus2", "centralus"];

/// A line of the world's own log.
#[derive(Debug, Clone)]
pub enum Happening {
    Outage { site: usize },
    Back { site: usize },
    Power { site: usize, power: Power },
    Arrived { run: RunId, verb: Verb, site: usize, before: Power, arrival: Arrival },
    Scaled { run: RunId, site: usize, scale: Scale },
    ClaimDeleted { run: RunId, site: usize, made: Option<Ms> },
    Probed { run: RunId, site: usize, verb: Verb },
    Writes { site: usize, writes: bool },
    SplitBrain,
    Database(Database),
    Alert { what: String },
    Process { what: String },
    Person { what: String },
}

impl Happening {
    /// One line of a trace.
    pub fn text(&self) -> String {
        match self {
            Self::Outage { site } => format!("{} goes dark", SITES[*site]),
            Self::Back { site } => format!("{} is back", SITES[*site]),
            Self::Power { site, power } => format!("{}: cluster is {power:?}", SITES[*site]),
            Self::Arrived { run, verb, site, before, arrival } => {
                format!("{} of {} arrives from {run} while it is {before:?}: {arrival:?}", verb.text(), SITES[*site])
            }
            Self::Probed { run, site, verb } => format!("{run}: {} a probe pod at {}", verb.text(), SITES[*site]),
            Self::Scaled { run, site, scale } => format!("{run} scales {scale} at {}", SITES[*site]),
            Self::ClaimDeleted { run, site, made } => {
                format!("{run} deletes a claim at {} that was made at {made:?}", SITES[*site])
            }
            Self::Writes { site, writes } => {
                format!("{} {}", SITES[*site], if *writes { "writes" } else { "is quiet" })
            }
            Self::SplitBrain => "SPLIT BRAIN: both sites write".into(),
            Self::Database(state) => format!("the database is {state:?}"),
            Self::Alert { what } | Self::Process { what } => what.clone(),
            Self::Person { what } => format!("a person says {what}"),
        }
    }
}

pub struct World {
    pub weather: Weather,
    pub clock: SimClock,
    state: Mutex<State>,
}

pub struct State {
    pub dice: StdRng,
    pub sites: [Site; 2],
    pub database: Timeline<Database>,
    pub log: Vec<(Ms, Happening)>,
    /// Mutating calls that were begun to be sent, in the whole simulation.
    pub calls: usize,
    failing_starts: u32,
    failing_stops: u32,
}

#[derive(Debug, Clone)]
pub struct Site {
    pub power: Timeline<Power>,
    /// Whether its region works at all.
    pub alive: Timeline<bool>,
    pub ingress: Timeline<bool>,
    booted_at: Option<Ms>,
    came_up: bool,
    /// Whether its origin answers as a healthy one.
    pub origin: Timeline<bool>,
    pub writes: Timeline<bool>,
    pub workload: Workload,
    pub probes: Probes,
}

impl Site {
    fn of(power: Power, parked: bool) -> Self {
        let up = power == Power::Up;
        Self {
            power: Timeline::of(power),
            alive: Timeline::of(true),
            ingress: Timeline::of(true),
            booted_at: up.then_some(0),
            came_up: up,
            origin: Timeline::of(up),
            writes: Timeline::of(up),
            workload: Workload::of(parked),
            probes: Probes::default(),
        }
    }

    fn runs(&self, now: Ms) -> bool {
        self.power.now().runs() && *self.alive.now() && self.workload.runs(now)
    }

    /// Whether application pods may have run at that time.
    pub fn may_run(&self, at: Ms) -> bool {
        self.power.at(at).runs() && self.workload.runs(at)
    }

    /// Whether the cluster's API server answers.
    pub fn api_answers(&self) -> bool {
        self.power.now().runs() && *self.alive.now()
    }
}

impl World {
    pub fn new(weather: Weather) -> Arc<Self> {
        let parked = matches!(weather.standby, Standby::Parked | Standby::NotKnown { parked: true });
        let state = State {
            dice: StdRng::seed_from_u64(weather.seed ^ 0x5EED),
            sites: [Site::of(Power::Up, false), Site::of(Power::Stopped, parked)],
            database: Timeline::of(Database::Writable),
            log: Vec::new(),
            calls: 0,
            failing_starts: weather.clusters.failing_starts,
            failing_stops: weather.clusters.failing_stops,
        };
        Arc::new(Self { weather, clock: SimClock::start(), state: Mutex::new(state) })
    }

    pub fn now(&self) -> Ms {
        self.clock.ms()
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn log(&self, happening: Happening) {
        let now = self.now();
        self.state().log.push((now, happening));
    }

    pub fn chance(&self, probability: f64) -> bool {
        probability > 0.0 && self.state().dice.random_bool(probability)
    }

    pub fn between(&self, from: Ms, to: Ms) -> Ms {
        self.state().dice.random_range(from..=to)
    }

    /// Begins everything that happens by itself.
    pub fn begin(self: &Arc<Self>) {
        for outage in self.weather.outages.clone() {
            self.later(outage.at, move |world| world.darken(outage.site, outage.ingress_only));
            if let Some(back) = outage.back {
                self.later(back, move |world| world.brighten(outage.site));
            }
        }
        for (at, database) in self.weather.database.clone() {
            self.later(at, move |world| {
                world.log(Happening::Database(database));
                let now = world.now();
                world.state().database.note(now, database);
                world.refresh();
            });
        }
    }

    /// Does something at a time, or as soon as possible after it.
    fn later(self: &Arc<Self>, at: Ms, act: impl FnOnce(&Arc<Self>) + Send + 'static) {
        let world = Arc::clone(self);
        tokio::spawn(async move {
            sleep_ms(at.saturating_sub(world.now())).await;
            act(&world);
        });
    }

    fn darken(self: &Arc<Self>, site: usize, ingress_only: bool) {
        let now = self.now();
        self.log(Happening::Outage { site });
        {
            let mut state = self.state();
            state.sites[site].ingress.note(now, false);
            state.sites[site].alive.note(now, ingress_only);
        }
        self.refresh();
    }

    fn brighten(self: &Arc<Self>, site: usize) {
        let now = self.now();
        self.log(Happening::Back { site });
        {
            let mut state = self.state();
            state.sites[site].ingress.note(now, true);
            state.sites[site].alive.note(now, true);
        }
        self.refresh();
    }

    /// A mutating call arrives at a cluster.
    pub fn arrive(self: &Arc<Self>, run: &RunId, verb: Verb, site: usize) -> Arrival {
        let now = self.now();
        let throttled = self.chance(self.noise(self.weather.noise.throttled));
        let forbidden = verb == Verb::StopCluster && self.weather.clusters.stop_forbidden;
        let before = self.state().sites[site].power.now().clone();
        let arrival = match before.arrive(verb) {
            _ if throttled => Arrival::Throttled,
            _ if forbidden => Arrival::Forbidden,
            arrival => arrival,
        };
        self.state().log.push((now, Happening::Arrived { run: run.clone(), verb, site, before, arrival }));
        if arrival == Arrival::Accepted {
            self.operate(verb, site);
        }
        arrival
    }

    /// A scaling arrives at a cluster's API server, if that answers.
    pub fn scale(self: &Arc<Self>, run: &RunId, site: usize, scale: &Scale) -> bool {
        let now = self.now();
        {
            let mut state = self.state();
            if !state.sites[site].api_answers() {
                return false;
            }
            state.sites[site].workload.scale(now, scale);
            state.log.push((now, Happening::Scaled { run: run.clone(), site, scale: scale.clone() }));
        }
        self.later(now + workload::GRACE + 1, |world| world.refresh());
        self.refresh();
        true
    }

    /// What the API server of a site's cluster shows of the workload; nothing when it does not answer.
    pub fn workload(&self, site: usize) -> Option<WorkloadView> {
        let now = self.now();
        let state = self.state();
        let site = &state.sites[site];
        site.api_answers().then(|| site.workload.view(now))
    }

    /// Begins the operation that was accepted, and ends it when its time has come.
    fn operate(self: &Arc<Self>, verb: Verb, site: usize) {
        let clusters = self.weather.clusters;
        let (during, takes) = match verb {
            Verb::StartCluster => (Power::Starting, clusters.start_takes),
            Verb::StopCluster => (Power::Stopping, clusters.stop_takes),
            _ => return,
        };
        self.turn(site, during);
        self.later(self.now() + takes, move |world| world.turn_to_end(verb, site));
    }

    fn turn_to_end(self: &Arc<Self>, verb: Verb, site: usize) {
        let failure = self.weather.clusters.failure;
        let end = {
            let mut state = self.state();
            match verb {
                Verb::StartCluster if spend(&mut state.failing_starts) => Power::StartFailed(failure),
                Verb::StartCluster => Power::Up,
                Verb::StopCluster if spend(&mut state.failing_stops) => Power::StopFailed,
                _ => Power::Stopped,
            }
        };
        self.turn(site, end);
    }

    pub fn turn(self: &Arc<Self>, site: usize, power: Power) {
        let now = self.now();
        self.log(Happening::Power { site, power: power.clone() });
        self.state().sites[site].power.note(now, power);
        self.refresh();
    }

    /// Works out anew who boots, answers and writes.
    pub fn refresh(self: &Arc<Self>) {
        let now = self.now();
        for site in 0..SITES.len() {
            if let Some(boots_at) = self.refresh_site(site, now) {
                self.later(boots_at, |world| world.refresh());
            }
        }
        let mut state = self.state();
        let both = state.sites.iter().all(|site| *site.writes.now());
        let fresh = state.sites.iter().any(|site| site.writes.since() == now);
        if both && fresh {
            state.log.push((now, Happening::SplitBrain));
        }
    }

    /// Gives the time at which the site's application will have booted, when it has just begun to.
    fn refresh_site(&self, index: usize, now: Ms) -> Option<Ms> {
        let broken = index == 1 && self.weather.app_broken;
        let mut state = self.state();
        let writable = *state.database.now() == Database::Writable;
        let site = &mut state.sites[index];
        let was_booting = site.booted_at.is_some();
        site.booted_at = match site.booted_at {
            _ if !site.runs(now) || broken => None,
            Some(at) => Some(at),
            None => Some(now + self.weather.app_boot),
        };
        let booted = site.booted_at.is_some_and(|at| at <= now);
        let works = booted && writable;
        // Like SonarQube: once up, it answers as before whatever becomes of its database.
        site.came_up = booted && (site.came_up || writable);
        let answers = site.came_up && *site.ingress.now();
        site.origin.note(now, answers);
        let changed = site.writes.note(now, works);
        let begun = site.booted_at.filter(|_| !was_booting);
        if changed {
            state.log.push((now, Happening::Writes { site: index, writes: works }));
        }
        begun
    }

    // --- what can be seen -----------------------------------------------------------------------------------------

    /// A probability while the chaos lasts; nothing goes wrong by chance afterwards.
    pub fn noise(&self, probability: f64) -> f64 {
        if self.is_calm() { 0.0 } else { probability }
    }

    pub fn is_calm(&self) -> bool {
        self.now() >= self.weather.calm
    }

    pub fn arm_is_dark(&self, site: usize) -> bool {
        let now = self.now();
        self.weather.arm_dark.iter().any(|(dark, from, to)| *dark == site && (*from..*to).contains(&now))
    }

    /// Origin health as the metric shows it, in percent; no data is no answer.
    pub fn origin_health(&self, site: usize) -> Option<f64> {
        let now = self.now();
        if self.weather.metric_gaps.iter().any(|(from, to)| (*from..*to).contains(&now)) {
            return None;
        }
        let then = now.saturating_sub(self.weather.metric_lag);
        Some(if *self.state().sites[site].origin.at(then) { 100.0 } else { 0.0 })
    }

    /// The site to which Front Door routes at a time: the first that it believes healthy; the first of all when none is.
    pub fn routed_to(&self, ms: Ms) -> usize {
        let then = ms.saturating_sub(self.weather.route_lag);
        let state = self.state();
        state.sites.iter().position(|site| *site.origin.at(then)).unwrap_or(0)
    }

    /// The site that serves users through Front Door at a time.
    pub fn serves(&self, ms: Ms) -> Option<usize> {
        let site = self.routed_to(ms);
        self.state().sites[site].origin.at(ms).then_some(site)
    }

    /// Whether a site would serve if its cluster were up.
    pub fn can_serve(&self, site: usize) -> bool {
        let state = self.state();
        *state.sites[site].alive.now() && *state.sites[site].ingress.now()
    }

    /// Whether nothing has changed for so long.
    pub fn stands_still(&self, since: Ms) -> bool {
        let now = self.now();
        let still = |site: &Site| site.origin.since() + since < now && site.power.since() + since < now;
        self.state().sites.iter().all(still)
    }

    /// Whether anything that the weather holds is still to come.
    pub fn is_settled(&self) -> bool {
        let now = self.now();
        let outages = self.weather.outages.iter().flat_map(|outage| [Some(outage.at), outage.back]).flatten();
        let last = outages.chain(self.weather.database.iter().map(|(at, _)| *at)).max().unwrap_or(0);
        let lag = self.weather.metric_lag.max(self.weather.route_lag) + 5 * SECOND;
        let state = self.state();
        let quiet = state.sites.iter().all(|site| site.origin.since() + lag < now && site.power.since() + lag < now);
        self.is_calm() && now > last + lag && quiet
    }
}

fn spend(left: &mut u32) -> bool {
    let any = *left > 0;
    *left = left.saturating_sub(u32::from(*left != u32::MAX));
    any
}
