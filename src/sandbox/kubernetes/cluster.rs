//! One cluster: its objects, the pods that run on it, and the search index on its volumes.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::chart::{APP, Part, Release, SEARCH};
use super::index::{Found, Index};
use super::kinds::Kind;
use super::pods;
use super::settings::Settings;
use super::store::{Key, Store, is_terminating};
use crate::sandbox::world::Event;

/// A cluster behind an API server.
pub(super) struct Cluster {
    pub name: String,
    pub release: Release,
    pub store: Store,
    /// How far each pod is, by its key.
    pub runs: BTreeMap<Key, Run>,
    /// What pods have printed.
    pub logs: BTreeMap<Key, String>,
    pub index: Index,
    /// Since when nodes run.
    pub nodes_since: Option<DateTime<Utc>>,
    /// The application says that it may get traffic.
    pub app_ready: bool,
    /// Nothing is to be done before something changes.
    pub settled: bool,
    /// Containers of the application run. A pod that is about to end still runs.
    pub app_runs: bool,
    /// How often the application has started: from none of its containers running to some.
    pub app_starts: u64,
    /// A search node takes queries.
    pub search_ready: bool,
    /// What happened since it was last asked.
    pub happened: Vec<(Event, String)>,
    /// Bare pods whose containers have just started.
    pub started: Vec<Key>,
}

/// How far a pod is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    pub created: DateTime<Utc>,
    pub started: Option<DateTime<Utc>>,
    /// When a deleted pod is gone.
    pub ends: Option<DateTime<Utc>>,
}

/// What a cluster is made of when the world begins.
pub(super) struct Beginning {
    pub name: String,
    pub release: String,
    pub pools: Vec<(String, u32)>,
    pub running: bool,
    pub parked: bool,
    pub autoscaled: bool,
}

/// Age of everything that was there before the world began.
const AGE: TimeDelta = TimeDelta::days(30);
/// A standby was last used that long ago.
pub(super) const ASLEEP: TimeDelta = TimeDelta::days(7);

impl Cluster {
    pub fn begin(from: Beginning, now: DateTime<Utc>) -> Self {
        let old = now - AGE;
        let mut cluster = Self {
            name: from.name,
            release: Release(from.release),
            store: Store::new(),
            runs: BTreeMap::new(),
            logs: BTreeMap::new(),
            index: Index::default(),
            nodes_since: None,
            app_ready: from.running && !from.parked,
            settled: false,
            app_runs: false,
            app_starts: 0,
            search_ready: false,
            happened: Vec::new(),
            started: Vec::new(),
        };
        cluster.install(from.parked, from.autoscaled, old);
        for (pool, count) in &from.pools {
            cluster.add_nodes(pool, *count, old);
        }
        // Where pods run from the beginning the index is at hand; elsewhere it slept.
        let serves = from.running && !from.parked;
        cluster.index.write(cluster.store.keys(Kind::Claim), if serves { now } else { now - ASLEEP });
        if from.running {
            cluster.wake(old);
        }
        cluster
    }

    /// What Helm installed, and the claims that a first start made.
    fn install(&mut self, parked: bool, autoscaled: bool, old: DateTime<Utc>) {
        let namespaces = ["default", "kube-system", &self.release.0.clone()];
        for name in namespaces {
            let object = json!({
                "metadata": {"labels": {"kubernetes.io/metadata.name": name}},
                "spec": {"finalizers": ["kubernetes"]},
                "status": {"phase": "Active"},
            });
            self.store.create(Key::new(Kind::Namespace, "", name), object, old);
        }
        for (part, replicas) in [(Part::Search, SEARCH), (Part::App, APP)] {
            let object = self.release.workload(part, if parked { 0 } else { replicas });
            self.store.create(self.release.key(part), object, old);
        }
        if autoscaled {
            let key = Key { kind: Kind::Autoscaler, ..self.release.key(Part::App) };
            self.store.create(key, self.release.autoscaler(), old);
        }
        for ordinal in 0..SEARCH {
            let pod = format!("{}-{ordinal}", self.release.key(Part::Search).name);
            self.store.create(self.release.claim(&pod), self.release.claim_object(), old);
        }
    }

    /// Everything has been running for long.
    fn wake(&mut self, old: DateTime<Utc>) {
        for _ in 0..2 {
            self.advance(old + TimeDelta::hours(1), true, &Settings::default());
        }
        self.happened.clear();
    }

    /// Enters what happened.
    pub fn tell(&mut self, event: Event, text: String) {
        self.happened.push((event, text));
    }

    /// The pods of a part that are there, those that are about to end among them.
    pub fn pods(&self, part: Part) -> impl Iterator<Item = (&Key, &Value)> {
        self.store.list(Kind::Pod, Some(&self.release.0)).filter(move |(_, pod)| Part::of(pod) == Some(part))
    }

    /// Lets everything happen that is due: machines, then controllers, then the index.
    pub fn advance(&mut self, now: DateTime<Utc>, nodes_running: bool, settings: &Settings) {
        match (self.nodes_since, nodes_running) {
            (None, true) => self.nodes_came(now),
            (Some(_), false) => self.nodes_went(now),
            _ if self.settled => return self.index_goes_on(now),
            _ => {}
        }
        self.control(now, settings);
        let started = |key: &Key| self.runs.get(key).is_some_and(|run| run.started.is_some());
        let app_runs = self.pods(Part::App).any(|(key, _)| started(key));
        let search_ready = self.pods(Part::Search).any(|(_, pod)| !is_terminating(pod) && pods::is_ready(pod));
        self.app_starts += u64::from(app_runs && !self.app_runs);
        (self.app_runs, self.search_ready) = (app_runs, search_ready);
        self.index_goes_on(now);
    }

    fn index_goes_on(&mut self, now: DateTime<Utc>) {
        let Some(due) = self.index.rebuilt_at else { return };
        if !self.app_runs {
            self.index.rebuilt_at = None;
        } else if due <= now && self.search_ready {
            self.index.rebuilt(self.store.keys(Kind::Claim), now);
            let text = format!("the search index on {} is complete", self.name);
            self.tell(Event::IndexRebuilt { cluster: self.name.clone() }, text);
        }
    }

    /// The application is up and opens the index. `missed` is the last write of the other site.
    pub fn open_index(&mut self, now: DateTime<Utc>, missed: Option<DateTime<Utc>>, settings: &Settings) {
        match self.index.found() {
            Found::Empty => {
                self.index.rebuilt_at = Some(now + TimeDelta::from_std(settings.reindex).unwrap_or_default());
                let text = format!("the search index on {} is empty and is rebuilt", self.name);
                self.tell(Event::ReindexStarted { cluster: self.name.clone() }, text);
            }
            Found::AsOf(at) if missed.is_some_and(|write| write > at) => {
                self.index.stale = true;
                let text = format!("the search index on {} is older than the database, and nobody notices", self.name);
                self.tell(Event::StaleIndex { cluster: self.name.clone() }, text);
            }
            Found::AsOf(_) => {}
        }
    }
}
