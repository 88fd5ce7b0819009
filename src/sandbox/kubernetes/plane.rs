//! The clusters' insides as a part of the world.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::chart::Part;
use super::cluster::{Beginning, Cluster};
use super::index::Found;
use super::probe_pod;
use super::settings::Settings;
use super::store::Key;
use crate::sandbox::scenario;
use crate::sandbox::world::{Event, Site, Workload, World};

/// All clusters by name, made when first looked at.
#[derive(Default)]
struct Clusters(Mutex<Option<BTreeMap<String, Cluster>>>);

/// When the application of a workload last wrote, by workload and region.
#[derive(Default)]
struct Writes(Mutex<BTreeMap<(String, String), DateTime<Utc>>>);

/// How the search index of a site stands: what the product shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Indexation {
    /// Everything is found, as far as the product can tell.
    Complete,
    /// It is being rebuilt: so much of it, from 0 to 1.
    Going(f64),
    /// There is none, and nothing builds it: it was taken away from a running application.
    Missing,
}

/// How the search index on a cluster really is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    /// As far as anybody has looked, it has what the database has.
    Current,
    /// The application opened it although the database had gone on without it.
    Stale,
    /// It is being rebuilt.
    Rebuilding,
    /// There is none.
    Missing,
}

impl IndexState {
    /// As a scenario has it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Stale => "stale",
            Self::Rebuilding => "rebuilding",
            Self::Missing => "missing",
        }
    }
}

impl World {
    /// Works on a cluster after everything that is due has happened. `None` when there is no such cluster.
    pub(super) fn with_cluster<T>(
        &self,
        name: &str,
        work: impl FnOnce(&mut Cluster, DateTime<Utc>, &Settings) -> T,
    ) -> Option<T> {
        let settings = self.kubernetes();
        let plane = self.plane::<Clusters>();
        let mut clusters = plane.0.lock().unwrap_or_else(PoisonError::into_inner);
        let clusters = clusters.get_or_insert_with(|| beginnings(self, &settings));
        let cluster = clusters.get_mut(name)?;
        let (nodes_running, now) = (self.nodes_run(name), self.now());
        cluster.advance(now, nodes_running, &settings);
        let result = work(cluster, now, &settings);
        cluster.advance(now, nodes_running, &settings);
        let (happened, started) = (std::mem::take(&mut cluster.happened), std::mem::take(&mut cluster.started));
        // Logged while the cluster is held, so that the log is in the order in which things happened.
        for (event, text) in happened {
            self.log(event, text);
        }
        for key in started {
            probe_pod::run(self, cluster, key);
        }
        Some(result)
    }

    /// Which start of the application at a site its containers are of, while they run, and whether it can search.
    pub(in crate::sandbox) fn pods_run(&self, site: &Site) -> (Option<u64>, bool) {
        let state = |it: &mut Cluster| (it.app_runs.then_some(it.app_starts), it.search_ready);
        self.with_cluster(&site.cluster, |it, _, _| state(it)).unwrap_or_default()
    }

    /// The application at a site says whether it may get traffic.
    pub(in crate::sandbox) fn set_application_ready(&self, site: &Site, ready: bool) {
        self.with_cluster(&site.cluster, |it, _, _| {
            if it.app_ready != ready {
                (it.app_ready, it.settled) = (ready, false);
            }
        });
    }

    /// The application at a site has just come up, and opens its search index.
    pub(in crate::sandbox) fn open_index(&self, workload: &Workload, site: &Site) {
        let writes = self.plane::<Writes>();
        let writes = writes.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let others = writes.iter().filter(|((name, region), _)| *name == workload.name && *region != site.region);
        let missed = others.map(|(_, at)| *at).max();
        self.with_cluster(&site.cluster, |it, now, settings| it.open_index(now, missed, settings));
    }

    /// The application at a site writes at this moment; what is up keeps its index at it.
    pub(in crate::sandbox) fn wrote(&self, workload: &Workload, site: &Site, up: bool) {
        let now = self.now();
        let writes = self.plane::<Writes>();
        let key = (workload.name.clone(), site.region.clone());
        writes.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, now);
        if up {
            self.with_cluster(&site.cluster, |it, now, _| {
                if it.search_ready && it.index.rebuilt_at.is_none() {
                    let claims = it.store.keys(super::kinds::Kind::Claim);
                    it.index.follow(claims, now);
                }
            });
        }
    }

    /// How the search index at a site stands.
    pub fn indexation(&self, site: &Site) -> Indexation {
        let indexation = |it: &mut Cluster, now, settings: &Settings| match (it.index.rebuilt_at, it.index.found()) {
            (Some(due), _) => Indexation::Going(progress(due, now, settings.reindex)),
            (None, Found::AsOf(_)) if it.search_ready => Indexation::Complete,
            _ => Indexation::Missing,
        };
        self.with_cluster(&site.cluster, indexation).unwrap_or(Indexation::Missing)
    }

    /// How the search index on a cluster really is; `None` for an unknown cluster.
    pub fn index(&self, cluster: &str) -> Option<IndexState> {
        self.with_cluster(cluster, |it, _, _| match (it.index.rebuilt_at, it.index.found()) {
            (Some(_), _) => IndexState::Rebuilding,
            (None, Found::Empty) => IndexState::Missing,
            (None, Found::AsOf(_)) if it.index.stale => IndexState::Stale,
            (None, Found::AsOf(_)) => IndexState::Current,
        })
    }

    /// Whether everything of the product is scaled to zero on a cluster, which may be stopped.
    pub fn is_parked(&self, cluster: &str) -> bool {
        let parked = |it: &mut Cluster| {
            let wanted = |part| it.store.get(&it.release.key(part)).map(|it| it["spec"]["replicas"].clone());
            [Part::Search, Part::App].into_iter().all(|part| wanted(part) == Some(0.into()))
        };
        self.with_cluster(cluster, |it, _, _| parked(it)).unwrap_or_default()
    }

    /// A person scales a part of the product.
    pub fn scale(&self, cluster: &str, part: scenario::Part, replicas: u32) {
        let part = match part {
            scenario::Part::Search => Part::Search,
            scenario::Part::App => Part::App,
        };
        self.with_cluster(cluster, |it, _, _| {
            let key = it.release.key(part);
            it.store.change(&key, |object| object["spec"]["replicas"] = replicas.into());
            it.settled = false;
            it.tell(Event::Note, format!("a person scales {} on {} to {replicas}", key.name, it.name));
        });
    }

    /// The names of the pods on a cluster, and whether each is ready: for scenarios and tests.
    pub fn pods(&self, cluster: &str) -> BTreeMap<String, bool> {
        let list = |it: &mut Cluster| {
            let pods = it.store.list(super::kinds::Kind::Pod, None);
            pods.map(|(Key { name, .. }, pod)| (name.clone(), super::pods::is_ready(pod))).collect()
        };
        self.with_cluster(cluster, |it, _, _| list(it)).unwrap_or_default()
    }
}

/// How much of the rebuilding that ends then is done.
fn progress(due: DateTime<Utc>, now: DateTime<Utc>, takes: Duration) -> f64 {
    let left = (due - now).to_std().unwrap_or_default().as_secs_f64();
    (1.0 - left / takes.as_secs_f64().max(f64::MIN_POSITIVE)).clamp(0.0, 1.0)
}

fn beginnings(world: &World, settings: &Settings) -> BTreeMap<String, Cluster> {
    let mut clusters = BTreeMap::new();
    for workload in world.workloads() {
        for (place, site) in workload.sites.iter().enumerate() {
            let Some(found) = world.cluster(&site.cluster) else { continue };
            let from = Beginning {
                name: site.cluster.clone(),
                release: workload.product.clone(),
                pools: found.pools.iter().map(|it| (it.name.clone(), it.count)).collect(),
                running: found.nodes_running,
                autoscaled: settings.autoscaled.contains(&workload.name),
                parked: place == 1 && settings.parked.contains(&workload.name),
            };
            clusters.insert(site.cluster.clone(), Cluster::begin(from, world.now()));
        }
    }
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    #[test]
    fn an_index_grows_while_it_is_rebuilt() {
        let (now, takes) = (DateTime::UNIX_EPOCH, Duration::from_secs(10));
        let part = |left: i64| progress(now + TimeDelta::seconds(left), now, takes);
        assert_eq!([part(10), part(5), part(0), part(-3)], [0.0, 0.5, 1.0, 1.0]);
        assert_eq!(progress(now, now, Duration::ZERO), 1.0);
    }
}
