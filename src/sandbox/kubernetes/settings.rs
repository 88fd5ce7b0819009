//! Knobs of the clusters' Kubernetes side.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::sandbox::world::World;

/// How the simulated clusters' API servers and kubelets behave.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Workloads (short names, such as `sonar`) whose standby was scaled to zero before it was stopped. Looked at when
    /// the world's clusters are first used.
    pub parked: BTreeSet<String>,
    /// Workloads whose application has an autoscaler, on both clusters. Looked at when they are first used.
    pub autoscaled: BTreeSet<String>,
    /// From running nodes to nodes that are `Ready`.
    pub node_ready: Duration,
    /// From a pod that can be placed to its running containers.
    pub pod_start: Duration,
    /// From running containers of a search node to `Ready`. Application pods are ready when the application says so.
    pub search_boot: Duration,
    /// From a pod's deletion to its end, whatever grace the caller allows beyond it.
    pub termination: Duration,
    /// How long rebuilding an empty search index takes, from an application that is up.
    pub reindex: Duration,
    /// API servers take Entra tokens. Without it a kubeconfig carries a client certificate, and tokens are refused.
    pub entra: bool,
    /// API servers are private: their names lead to nothing reachable.
    pub private_api: bool,
    /// `runCommand` works.
    pub run_command: bool,
    /// How long a command of `runCommand` runs.
    pub command_takes: Duration,
    /// Clusters on which a deleted pod never ends.
    pub stuck_pods: BTreeSet<String>,
    /// Clusters that have no room: new pods are never placed.
    pub unschedulable: BTreeSet<String>,
    /// Clusters whose kubelets get no images of new bare pods.
    pub image_pull_fails: BTreeSet<String>,
    /// Clusters in whose network databases have no name: the private DNS zone is not linked to it.
    pub unlinked_dns: BTreeSet<String>,
}

impl Default for Settings {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            parked: BTreeSet::new(),
            autoscaled: BTreeSet::new(),
            node_ready: Duration::ZERO,
            pod_start: Duration::ZERO,
            search_boot: millis(100),
            termination: millis(300),
            reindex: millis(1_000),
            entra: true,
            private_api: false,
            run_command: true,
            command_takes: millis(300),
            stuck_pods: BTreeSet::new(),
            unschedulable: BTreeSet::new(),
            image_pull_fails: BTreeSet::new(),
            unlinked_dns: BTreeSet::new(),
        }
    }
}

#[derive(Default)]
struct Shared(Mutex<Settings>);

impl World {
    /// The settings of the Kubernetes side as they are now.
    pub fn kubernetes(&self) -> Settings {
        self.plane::<Shared>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the settings of the Kubernetes side.
    pub fn tune_kubernetes(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.plane::<Shared>().0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
