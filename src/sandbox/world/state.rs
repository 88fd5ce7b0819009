//! Everything behind the world's mutex.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::broadcast;

use super::alert::Alert;
use super::cluster::Cluster;
use super::endpoint::VirtualEndpoint;
use super::fault::ArmFault;
use super::front_door::Profile;
use super::knobs::Knobs;
use super::liveness::Liveness;
use super::log::{Entry, Event};
use super::metric::ProbeHistory;
use super::operation::Operation;
use super::region::Region;
use super::server::Server;
use super::token::Tokens;
use super::workload::Workload;

/// How many entries a slow subscriber may be behind before it has to read the gap.
const LOG_BACKLOG: usize = 4096;

pub(super) struct State {
    pub clock: Clock,
    pub knobs: Knobs,
    pub workloads: Vec<Workload>,
    pub regions: BTreeMap<String, Region>,
    pub clusters: BTreeMap<String, Cluster>,
    pub servers: BTreeMap<String, Server>,
    pub endpoints: Vec<VirtualEndpoint>,
    pub profiles: BTreeMap<String, Profile>,
    pub probes: BTreeMap<String, ProbeHistory>,
    pub liveness: Liveness,
    pub operations: BTreeMap<String, Operation>,
    pub due: Vec<Due>,
    pub alerts: Vec<Alert>,
    pub faults: Vec<ArmFault>,
    pub tokens: Tokens,
    pub log: Vec<Entry>,
    pub sender: broadcast::Sender<Entry>,
}

/// Something that happens by itself at a known time.
#[derive(Debug, Clone)]
pub(super) struct Due {
    pub at: DateTime<Utc>,
    pub what: DueEvent,
}

#[derive(Debug, Clone)]
pub(super) enum DueEvent {
    /// The operation with this id ends.
    OperationEnds(String),
    /// The DNS records of this virtual endpoint follow its members.
    NamesMove(String),
}

impl State {
    pub fn new(workloads: Vec<Workload>) -> Self {
        let clock = Clock::start();
        let now = clock.now();
        Self {
            clock,
            knobs: Knobs::default(),
            regions: super::region::all(),
            clusters: super::cluster::of(&workloads, now),
            servers: super::server::of(&workloads, now),
            endpoints: super::endpoint::of(&workloads),
            profiles: super::front_door::of(&workloads),
            probes: super::metric::of(&workloads),
            workloads,
            liveness: Liveness::default(),
            operations: BTreeMap::new(),
            due: Vec::new(),
            alerts: Vec::new(),
            faults: Vec::new(),
            tokens: Tokens::new(),
            log: Vec::new(),
            sender: broadcast::channel(LOG_BACKLOG).0,
        }
    }

    pub fn log(&mut self, event: Event, text: impl Into<String>) {
        let at = self.clock.now();
        self.log_at(at, event, text);
    }

    pub fn log_at(&mut self, at: DateTime<Utc>, event: Event, text: impl Into<String>) {
        let seq = self.log.len() as u64 + 1;
        let entry = Entry { seq, at, event, text: text.into() };
        self.log.push(entry.clone());
        // Nobody listening is fine: the log itself is complete.
        let _ = self.sender.send(entry);
    }

    /// Lets everything happen that is due, in the order of its due dates.
    pub fn settle(&mut self) {
        let now = self.clock.now();
        while let Some(due) = self.take_due(now) {
            match due.what {
                DueEvent::OperationEnds(id) => self.end_operation(&id, due.at),
                DueEvent::NamesMove(endpoint) => self.move_names(&endpoint, due.at),
            }
        }
    }

    pub fn until_next_due(&self) -> Option<Duration> {
        let next = self.due.iter().map(|it| it.at).min()?;
        Some((next - self.clock.now()).to_std().unwrap_or_default())
    }

    fn take_due(&mut self, now: DateTime<Utc>) -> Option<Due> {
        let (index, _) = self.due.iter().enumerate().filter(|(_, it)| it.at <= now).min_by_key(|(_, it)| it.at)?;
        Some(self.due.remove(index))
    }
}

/// UTC counted by a monotonic clock from the world's start.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clock {
    instant: Instant,
    utc: DateTime<Utc>,
}

impl Clock {
    fn start() -> Self {
        Self { instant: Instant::now(), utc: Utc::now() }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.utc + TimeDelta::from_std(self.instant.elapsed()).unwrap_or_default()
    }

    pub fn started(&self) -> DateTime<Utc> {
        self.utc
    }
}
