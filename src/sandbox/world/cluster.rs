//! AKS clusters: what their power and provisioning state say, and whether nodes really run.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};

use super::World;
use super::estate::POOL_SIZE;
use super::log::Event;
use super::state::State;
use super::workload::Workload;
use crate::sandbox::arm::KUBERNETES;

/// A managed cluster.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Resource name.
    pub name: String,
    /// Region, short name.
    pub region: String,
    /// The workload that lives on it.
    pub workload: String,
    /// The *desired* power: it changes as soon as a start or stop is accepted.
    pub power: Power,
    /// State of the last operation.
    pub provisioning: Provisioning,
    /// Version of Kubernetes, as its control plane tells it.
    pub version: String,
    /// Agent pools.
    pub pools: Vec<Pool>,
    /// Whether nodes run, whatever the states say. Only this makes applications run.
    pub nodes_running: bool,
    /// Answers leave `powerState` out, as old clusters did.
    pub hides_power: bool,
    /// When its last operation began.
    pub last_operation: DateTime<Utc>,
    /// When it last came to rest.
    pub stopped_at: Option<DateTime<Utc>>,
    /// The operation in progress.
    pub operation: Option<String>,
}

/// An agent pool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// Such as `system`.
    pub name: String,
    /// `System` or `User`.
    pub mode: String,
    /// Nodes when it runs.
    pub count: u32,
    /// Size of its machines.
    pub size: String,
    /// Id of its capacity reservation group.
    pub reservation: Option<String>,
    /// State of its last operation.
    pub provisioning: Provisioning,
    /// Desired power.
    pub power: Power,
}

/// `powerState.code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Power {
    /// It runs, or is meant to.
    Running,
    /// It is stopped, or is meant to be.
    Stopped,
}

/// `provisioningState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provisioning {
    /// The last operation went well.
    Succeeded,
    /// A start is going on.
    Starting,
    /// A stop is going on.
    Stopping,
    /// Some other change is going on.
    Updating,
    /// The last operation failed.
    Failed,
    /// The last operation was cancelled.
    Canceled,
}

impl fmt::Display for Power {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

impl fmt::Display for Provisioning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, out)
    }
}

pub(super) fn of(workloads: &[Workload], now: DateTime<Utc>) -> BTreeMap<String, Cluster> {
    let mut clusters = BTreeMap::new();
    for workload in workloads {
        for (site, power) in workload.sites.iter().zip([Power::Running, Power::Stopped]) {
            let cluster = Cluster::at_rest(&site.cluster, &site.region, &workload.name, power, now);
            clusters.insert(site.cluster.clone(), cluster);
        }
    }
    clusters
}

impl Cluster {
    fn at_rest(name: &str, region: &str, workload: &str, power: Power, now: DateTime<Utc>) -> Self {
        // Long ago enough that the rule about a pause between stop and start does not bite.
        let last_operation = now - TimeDelta::days(7);
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            workload: workload.to_owned(),
            power,
            provisioning: Provisioning::Succeeded,
            version: KUBERNETES.to_owned(),
            pools: [("system", "System", 2), ("sonar", "User", 3)]
                .map(|(name, mode, count)| Pool::at_rest(name, mode, count, power))
                .into(),
            nodes_running: power == Power::Running,
            hides_power: false,
            last_operation,
            stopped_at: (power == Power::Stopped).then_some(last_operation),
            operation: None,
        }
    }

    pub(super) fn set(&mut self, power: Power, provisioning: Provisioning) {
        self.power = power;
        self.provisioning = provisioning;
        for pool in &mut self.pools {
            pool.power = power;
            pool.provisioning = provisioning;
        }
    }
}

impl Pool {
    fn at_rest(name: &str, mode: &str, count: u32, power: Power) -> Self {
        let (size, reservation) = (POOL_SIZE.to_owned(), None);
        let (name, mode) = (name.to_owned(), mode.to_owned());
        Self { name, mode, count, size, reservation, provisioning: Provisioning::Succeeded, power }
    }
}

impl Cluster {
    /// As a cluster that was started long ago.
    pub fn turn_on(&mut self) {
        (self.power, self.provisioning, self.nodes_running) = (Power::Running, Provisioning::Succeeded, true);
        for pool in &mut self.pools {
            (pool.power, pool.provisioning) = (Power::Running, Provisioning::Succeeded);
        }
    }
}

impl World {
    /// The cluster of that name, whatever its case.
    pub fn cluster(&self, name: &str) -> Option<Cluster> {
        self.state().clusters.get(&name.to_ascii_lowercase()).cloned()
    }

    /// All clusters.
    pub fn clusters(&self) -> Vec<Cluster> {
        self.state().clusters.values().cloned().collect()
    }

    /// Whether applications on this cluster run: its nodes do, and the region lets them.
    pub fn applications_run(&self, cluster: &str) -> bool {
        let state = self.state();
        let Some(found) = state.clusters.get(cluster) else { return false };
        found.nodes_running && !state.darkness(&found.region).applications
    }

    /// Whether nodes of this cluster run.
    pub fn nodes_run(&self, cluster: &str) -> bool {
        self.state().clusters.get(cluster).is_some_and(|it| it.nodes_running)
    }

    /// Changes a cluster by hand: what a scenario needs that no operation does.
    pub fn change_cluster(&self, name: &str, change: impl FnOnce(&mut Cluster)) {
        let mut state = self.state();
        if let Some(cluster) = state.clusters.get_mut(name) {
            change(cluster);
        }
        let now = state.clock.now();
        state.log_power(name, now);
    }
}

impl State {
    pub fn log_power(&mut self, name: &str, at: DateTime<Utc>) {
        let Some(cluster) = self.clusters.get(name) else { return };
        let text = format!(
            "{name} is {} and {}, nodes {}",
            cluster.provisioning,
            cluster.power,
            if cluster.nodes_running { "run" } else { "do not run" }
        );
        let event = Event::Power {
            cluster: name.to_owned(),
            power: cluster.power.to_string(),
            provisioning: cluster.provisioning.to_string(),
            nodes_running: cluster.nodes_running,
        };
        self.log_at(at, event, text);
    }
}
