//! The weather of one simulation: everything that will go wrong in it, drawn from the seed before it begins.

pub use super::hosting::{Crash, Drivers, Hosting, Point};
use super::month::Month;
use super::time::{MINUTE, Ms, SECOND};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reveille::domain::plan::{Automation, FenceUnable};

/// How long the chaos of an hour lasts.
pub const CALM: Ms = 24 * MINUTE;

#[derive(Debug, Clone)]
pub struct Weather {
    pub seed: u64,
    pub automation: Automation,
    pub fence_unable: FenceUnable,
    pub outages: Vec<Outage>,
    pub clusters: Clusters,
    /// When Azure Resource Manager answers nothing about a site.
    pub arm_dark: Vec<(usize, Ms, Ms)>,
    pub database: Vec<(Ms, Database)>,
    pub app_boot: Ms,
    /// The standby's application never comes up.
    pub app_broken: bool,
    /// Time after which Front Door believes a change of an origin, and the metric shows it.
    pub route_lag: Ms,
    pub metric_lag: Ms,
    pub metric_gaps: Vec<(Ms, Ms)>,
    /// The own probe never saw the primary healthy.
    pub blind: bool,
    pub alert: Alert,
    pub noise: Noise,
    pub hosting: Hosting,
    pub people: People,
    pub channels: Vec<Channel>,
    pub crash: Option<Crash>,
    pub standby: Standby,
    /// The standby is rehearsed every few minutes while the chaos lasts.
    pub drills: bool,
    /// The rehearsal is the planned move, there and back, where the standby is parked.
    pub switchovers: bool,
    /// A failover resets the standby's search index.
    pub reset_index: bool,
    /// The old site's workload is scaled to zero before its cluster is stopped.
    pub fence_scales: bool,
    /// The plan's name.
    pub plan: &'static str,
    /// When chaos ends. What is still wrong afterwards is wrong for good.
    pub calm: Ms,
    /// A month instead of an hour.
    pub month: Option<Month>,
}

/// What the standby's workload does when its cluster starts, and what the ledger knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standby {
    StartsWithCluster,
    /// Scaled to zero, and the ledger says so.
    Parked,
    /// Meant to be parked; the ledger does not know. It may be so or not.
    NotKnown {
        parked: bool,
    },
}

/// A site goes dark.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    pub site: usize,
    pub at: Ms,
    pub back: Option<Ms>,
    /// Only its ingress fails: its application goes on writing.
    pub ingress_only: bool,
}

#[derive(Debug, Clone, Copy)]
pub struct Clusters {
    pub start_takes: Ms,
    pub stop_takes: Ms,
    /// Starts that fail first, and how.
    pub failing_starts: u32,
    pub failure: Failure,
    pub failing_stops: u32,
    /// Stops are refused for good.
    pub stop_forbidden: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    Capacity,
    Quota,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Writable,
    /// A replica answers behind the writer name, until somebody promotes.
    InRecovery,
    Unreachable,
    ReadOnly,
}

#[derive(Debug, Clone, Copy)]
pub struct Alert {
    pub lost: bool,
    pub copies: u32,
    pub after: Ms,
    /// An alert although nothing is wrong.
    pub false_one: Option<Ms>,
}

/// What goes wrong now and then, as probabilities.
#[derive(Debug, Clone, Copy, Default)]
pub struct Noise {
    /// A look brings nothing.
    pub unknown: f64,
    pub throttled: f64,
    /// A mutating call arrives, its answer does not.
    pub answer_lost: f64,
    pub store_fails: f64,
    pub store_loses_answer: f64,
    pub store_lands_late: f64,
    pub store_slow: f64,
    pub wake_lost: f64,
    pub wake_doubled: f64,
    pub wake_late: f64,
}

#[derive(Debug, Clone, Copy)]
pub struct People {
    /// Somebody answers what is asked, after about that time.
    pub answers_after: Option<Ms>,
    /// Somebody says things at random while the chaos lasts.
    pub meddles: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    Works,
    Fails,
    Hangs,
}

impl Weather {
    /// A plain outage on a good day for everything else.
    pub fn calm() -> Self {
        Self {
            seed: 0,
            automation: Automation::Act,
            fence_unable: FenceUnable::Ask,
            outages: vec![Outage { site: 0, at: 2 * MINUTE, back: None, ingress_only: false }],
            clusters: Clusters {
                start_takes: 200 * SECOND,
                stop_takes: 95 * SECOND,
                failing_starts: 0,
                failure: Failure::Capacity,
                failing_stops: 0,
                stop_forbidden: false,
            },
            arm_dark: Vec::new(),
            database: Vec::new(),
            app_boot: 60 * SECOND,
            app_broken: false,
            route_lag: 45 * SECOND,
            metric_lag: 120 * SECOND,
            metric_gaps: Vec::new(),
            blind: false,
            alert: Alert { lost: false, copies: 1, after: 150 * SECOND, false_one: None },
            noise: Noise::default(),
            hosting: Hosting { drivers: Drivers::One, kill_every: None, wrong_clocks: false },
            people: People { answers_after: Some(90 * SECOND), meddles: false },
            channels: vec![Channel::Works],
            crash: None,
            standby: Standby::StartsWithCluster,
            drills: false,
            switchovers: false,
            reset_index: false,
            fence_scales: false,
            plan: "sonar",
            calm: CALM,
            month: None,
        }
    }

    /// The weather of a seed.
    pub fn of(seed: u64) -> Self {
        let mut dice = Dice(StdRng::seed_from_u64(seed));
        let outages = dice.outages();
        Self {
            seed,
            automation: dice.pick(&[Automation::Act, Automation::Act, Automation::Approve, Automation::Observe]),
            fence_unable: dice.pick(&[FenceUnable::Ask, FenceUnable::Continue]),
            clusters: dice.clusters(),
            arm_dark: dice.arm_dark(),
            database: dice.database(outages.first().map_or(MINUTE, |outage| outage.at)),
            app_boot: dice.between(20 * SECOND, 2 * MINUTE),
            app_broken: dice.chance(0.04),
            route_lag: dice.between(20 * SECOND, 90 * SECOND),
            metric_lag: dice.between(60 * SECOND, 180 * SECOND),
            metric_gaps: dice.gaps(),
            blind: dice.chance(0.03),
            alert: dice.alert(outages.is_empty()),
            noise: dice.noise(),
            hosting: dice.hosting(),
            people: dice.people(),
            channels: dice.channels(),
            crash: dice.crash(),
            standby: dice.standby(),
            drills: dice.chance(0.5),
            reset_index: dice.chance(0.4),
            fence_scales: dice.chance(0.5),
            switchovers: dice.chance(0.5),
            outages,
            plan: "sonar",
            calm: CALM,
            month: None,
        }
    }

    /// Whether something stays wrong for good that can keep the standby, or the way to it, from ever serving.
    pub fn is_hopeless(&self) -> bool {
        let database = self.database.last().is_some_and(|(_, state)| *state != Database::Writable);
        let clusters = self.clusters.failing_starts > 4
            || (self.clusters.failing_starts > 0 && self.clusters.failure == Failure::Quota);
        let alone = self.people.answers_after.is_none();
        let uncounted = self.standby == Standby::NotKnown { parked: true };
        let needs_person =
            self.automation == Automation::Approve || self.blind || self.clusters.stop_forbidden || uncounted;
        database || clusters || self.app_broken || self.automation == Automation::Observe || (alone && needs_person)
    }
}

pub struct Dice(pub StdRng);

impl Dice {
    pub fn chance(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability)
    }

    pub fn between(&mut self, from: Ms, to: Ms) -> Ms {
        self.0.random_range(from..=to)
    }

    pub fn pick<T: Clone>(&mut self, among: &[T]) -> T {
        among[self.0.random_range(0..among.len())].clone()
    }

    fn outages(&mut self) -> Vec<Outage> {
        if self.chance(0.08) {
            return Vec::new();
        }
        let at = self.between(MINUTE, 4 * MINUTE);
        let back = self.chance(0.35).then(|| at + self.between(10 * SECOND, 14 * MINUTE));
        let mut outages = vec![Outage { site: 0, at, back, ingress_only: self.chance(0.3) }];
        if self.chance(0.15) {
            outages[0].back = Some(at + self.between(3 * MINUTE, 12 * MINUTE));
            let at = self.between(14 * MINUTE, 20 * MINUTE);
            outages.push(Outage { site: 1, at, back: None, ingress_only: self.chance(0.3) });
        }
        outages
    }

    fn clusters(&mut self) -> Clusters {
        let failing_starts = match self.between(0, 99) {
            0..70 => 0,
            70..90 => self.0.random_range(1..=3),
            _ => u32::MAX,
        };
        Clusters {
            start_takes: self.between(60 * SECOND, 4 * MINUTE),
            stop_takes: self.between(40 * SECOND, 4 * MINUTE),
            failing_starts,
            failure: if self.chance(0.85) { Failure::Capacity } else { Failure::Quota },
            failing_stops: if self.chance(0.1) { self.0.random_range(1..=3) } else { 0 },
            stop_forbidden: self.chance(0.05),
        }
    }

    fn arm_dark(&mut self) -> Vec<(usize, Ms, Ms)> {
        if !self.chance(0.3) {
            return Vec::new();
        }
        let from = self.between(MINUTE, 9 * MINUTE);
        let to = from + self.between(20 * SECOND, 12 * MINUTE);
        match self.chance(0.7) {
            true => vec![(0, from, to)],
            false => vec![(0, from, to), (1, from, to)],
        }
    }

    fn database(&mut self, outage: Ms) -> Vec<(Ms, Database)> {
        let at = outage + self.between(0, 5 * SECOND);
        let back = at + self.between(30 * SECOND, 14 * MINUTE);
        match self.between(0, 99) {
            0..50 => Vec::new(),
            50..64 => vec![(at, Database::Unreachable), (back, Database::Writable)],
            64..80 => vec![(at, Database::InRecovery), (back, Database::Writable)],
            80..86 => vec![(at, Database::ReadOnly), (back, Database::Writable)],
            86..90 => vec![(at, Database::InRecovery)],
            90..97 => self.lost_later(outage),
            _ => vec![(at, Database::Unreachable)],
        }
    }

    /// The database dies while the standby starts, after it may have been proven once.
    fn lost_later(&mut self, outage: Ms) -> Vec<(Ms, Database)> {
        let at = outage + self.between(3 * MINUTE, 9 * MINUTE);
        let back = at + self.between(30 * SECOND, 6 * MINUTE);
        let lost = self.pick(&[Database::InRecovery, Database::Unreachable]);
        vec![(at, lost), (back, Database::Writable)]
    }

    fn gaps(&mut self) -> Vec<(Ms, Ms)> {
        let mut gap = || {
            let from = self.between(0, 12 * MINUTE);
            (from, from + self.between(MINUTE, 8 * MINUTE))
        };
        let gaps = [gap(), gap()];
        gaps[..self.pick(&[0, 0, 1, 2])].to_vec()
    }

    fn alert(&mut self, nothing_is_wrong: bool) -> Alert {
        let false_one = (nothing_is_wrong || self.chance(0.1)).then(|| self.between(10 * SECOND, 12 * MINUTE));
        Alert {
            lost: self.chance(0.15),
            copies: self.pick(&[1, 1, 2, 4]),
            after: self.between(MINUTE, 4 * MINUTE),
            false_one,
        }
    }

    fn noise(&mut self) -> Noise {
        let level = self.pick(&[0.0, 0.3, 1.0, 1.0]);
        Noise {
            unknown: 0.08 * level,
            throttled: 0.15 * level,
            answer_lost: 0.15 * level,
            store_fails: 0.01 * level,
            store_loses_answer: 0.02 * level,
            store_lands_late: 0.005 * level,
            store_slow: 0.03 * level,
            wake_lost: 0.1 * level,
            wake_doubled: 0.2 * level,
            wake_late: 0.2 * level,
        }
    }

    fn hosting(&mut self) -> Hosting {
        Hosting {
            drivers: self.pick(&[Drivers::One, Drivers::TwoInstances, Drivers::TwoOfOneInstance]),
            kill_every: self.chance(0.6).then(|| self.between(20 * SECOND, 8 * MINUTE)),
            wrong_clocks: self.chance(0.5),
        }
    }

    fn people(&mut self) -> People {
        People {
            answers_after: self.chance(0.7).then(|| self.between(10 * SECOND, 3 * MINUTE)),
            meddles: self.chance(0.25),
        }
    }

    fn channels(&mut self) -> Vec<Channel> {
        let one = |dice: &mut Self| dice.pick(&[Channel::Works, Channel::Works, Channel::Fails, Channel::Hangs]);
        let pair = [one(self), one(self)];
        pair[..self.pick(&[0, 1, 2])].to_vec()
    }

    fn standby(&mut self) -> Standby {
        match self.between(0, 99) {
            0..40 => Standby::StartsWithCluster,
            40..85 => Standby::Parked,
            85..95 => Standby::NotKnown { parked: false },
            _ => Standby::NotKnown { parked: true },
        }
    }

    fn crash(&mut self) -> Option<Crash> {
        self.chance(0.4).then(|| Crash { call: self.0.random_range(0..4), point: self.pick(&Point::ALL) })
    }
}
