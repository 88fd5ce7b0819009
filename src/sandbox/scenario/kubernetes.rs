//! The inside of the clusters in a scenario: how it is set up, what goes wrong, what it must look like at the end.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Deserialize;

use super::check::Check;
use super::duration;
use super::expect::Expect;
use crate::sandbox::kubernetes::{KubeFault, KubeFaultAction, Settings};
use crate::sandbox::world::{Event, World};

/// How the inside of every cluster is set up. What is missing has the default: nothing is parked, and pods run as soon as
/// nodes do.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct KubernetesKnobs {
    /// Names of the workloads whose standby was parked before it was stopped.
    pub parked: BTreeSet<String>,
    /// Names of the workloads whose application has an autoscaler.
    pub autoscaled: BTreeSet<String>,
    /// From running nodes to nodes that are ready.
    #[serde(with = "duration")]
    pub node_ready: Duration,
    /// From a pod that can be placed to its running containers.
    #[serde(with = "duration")]
    pub pod_start: Duration,
    /// From a pod's deletion to its end.
    #[serde(with = "duration")]
    pub termination: Duration,
    /// Rebuilding an empty search index.
    #[serde(with = "duration")]
    pub reindex: Duration,
    /// API servers take Entra tokens; otherwise kubeconfigs carry a client certificate.
    pub entra: bool,
    /// API servers cannot be reached from outside.
    pub private_api: bool,
    /// `runCommand` works.
    pub run_command: bool,
}

impl Default for KubernetesKnobs {
    fn default() -> Self {
        let usual = Settings::default();
        Self {
            parked: usual.parked,
            autoscaled: usual.autoscaled,
            node_ready: usual.node_ready,
            pod_start: usual.pod_start,
            termination: usual.termination,
            reindex: usual.reindex,
            entra: usual.entra,
            private_api: usual.private_api,
            run_command: usual.run_command,
        }
    }
}

impl KubernetesKnobs {
    pub(super) fn apply(&self, world: &World) {
        world.tune_kubernetes(|settings| {
            settings.parked = self.parked.clone();
            settings.autoscaled = self.autoscaled.clone();
            settings.node_ready = self.node_ready;
            settings.pod_start = self.pod_start;
            settings.termination = self.termination;
            settings.reindex = self.reindex;
            settings.entra = self.entra;
            settings.private_api = self.private_api;
            settings.run_command = self.run_command;
        });
    }
}

/// A fault of API servers.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only this cluster; every one when missing.
    pub cluster: Option<String>,
    /// Only this verb of access rules; any when missing.
    pub verb: Option<String>,
    /// Only this resource, such as `deployments/scale`, or this path, such as `/readyz`.
    pub resource: Option<String>,
    /// How many requests it hits; all when missing.
    pub times: Option<u32>,
    /// What happens to them.
    pub then: KubeFaultAction,
}

impl From<Fault> for KubeFault {
    fn from(fault: Fault) -> Self {
        let Fault { cluster, verb, resource, times, then } = fault;
        Self { cluster, verb, resource, times, action: then }
    }
}

/// What is wrong with the pods of a cluster; what is missing stays as it is.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pods {
    /// Cluster name.
    pub cluster: String,
    /// Deleted pods never end.
    pub stuck: Option<bool>,
    /// There is no room for new ones.
    pub unschedulable: Option<bool>,
    /// New bare ones get no image.
    pub image_pull_fails: Option<bool>,
    /// In the cluster's network databases have no name.
    pub unlinked_dns: Option<bool>,
}

impl Pods {
    pub(crate) fn apply(&self, world: &World) {
        world.tune_kubernetes(|settings| {
            let sets = [
                (self.stuck, &mut settings.stuck_pods),
                (self.unschedulable, &mut settings.unschedulable),
                (self.image_pull_fails, &mut settings.image_pull_fails),
                (self.unlinked_dns, &mut settings.unlinked_dns),
            ];
            for (wanted, set) in sets {
                match wanted {
                    Some(true) => drop(set.replace(self.cluster.clone())),
                    Some(false) => drop(set.take(&self.cluster)),
                    None => {}
                }
            }
        });
    }
}

/// A part of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// The StatefulSet of the search nodes.
    Search,
    /// The Deployment of the application.
    App,
}

/// Compares the inside of the clusters with what is expected of it.
pub(super) fn checks(expect: &Expect, world: &World) -> Vec<Check> {
    let mut checks = Vec::new();
    for (cluster, parked) in &expect.parked {
        checks.push(Check::new(format!("{cluster} is parked"), parked, &world.is_parked(cluster)));
    }
    for (cluster, pods) in &expect.pods {
        checks.push(Check::new(format!("pods on {cluster}"), pods, &world.pods(cluster).len()));
    }
    checks.extend(claims(&expect.claims_deleted, world));
    checks.extend(indexes(&expect.index, world));
    let unspent: Vec<String> = world.unspent_kube_faults().iter().map(|fault| format!("{fault:?}")).collect();
    checks.push(Check::none("faults of Kubernetes that were met less often than they should", &unspent));
    checks
}

/// Claims are gone with everything on their volumes, so each counts.
fn claims(wanted: &BTreeMap<String, usize>, world: &World) -> Vec<Check> {
    let log = world.entries();
    let check = |cluster: String| {
        let is_one = |event: &Event| matches!(event, Event::ClaimDeleted { cluster: of, .. } if *of == cluster);
        let saw = log.iter().filter(|entry| is_one(&entry.event)).count();
        Check::new(
            format!("volume claims deleted on {cluster}"),
            &wanted.get(&cluster).copied().unwrap_or_default(),
            &saw,
        )
    };
    let sites = world.workloads().into_iter().flat_map(|workload| workload.sites);
    sites.map(|site| check(site.cluster)).collect()
}

fn indexes(wanted: &BTreeMap<String, String>, world: &World) -> Vec<Check> {
    let check = |(cluster, wanted): (&String, &String)| {
        let saw = world.index(cluster).map_or("unknown", |it| it.word()).to_owned();
        Check::new(format!("the search index on {cluster}"), wanted, &saw)
    };
    wanted.iter().map(check).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::scenario::{Action, Scenario};

    const TEXT: &str = r#"
        name = "x"
        about = "x."
        exit = 0
        settle = "1s"
        [world.kubernetes]
        parked = ["sonar"]
        reindex = "9s"
        [[at]]
        do = { kube-fault = { verb = "patch", resource = "deployments/scale", times = 1, then = { fault = "forbidden" } } }
        [[at]]
        do = { pods = { cluster = "aks-sonar-eastus2", stuck = true } }
        [expect]
        parked = { aks-sonar-centralus = true, aks-sonar-eastus2 = true }
        pods = { aks-sonar-eastus2 = 5, aks-sonar-centralus = 0 }
        index = { aks-sonar-eastus2 = "current", aks-sonar-centralus = "stale" }
    "#;

    #[tokio::test]
    async fn a_scenario_sets_up_breaks_and_judges_the_inside_of_clusters() {
        let scenario = Scenario::parse("x", TEXT).unwrap();
        let (world, _sockets) = World::bind(scenario.world.workloads(), &[]).await.unwrap();
        scenario.world.apply(&world);
        assert_eq!(world.kubernetes().reindex, Duration::from_secs(9));
        for moment in scenario.at {
            match moment.action {
                Action::KubeFault(fault) => world.add_kube_fault(fault.into()),
                Action::Pods(pods) => pods.apply(&world),
                other => panic!("{other:?}"),
            }
        }
        assert!(world.kubernetes().stuck_pods.contains("aks-sonar-eastus2"));
        let wrong: Vec<String> =
            checks(&scenario.expect, &world).into_iter().filter(|it| !it.ok).map(|it| it.what).collect();
        // Nothing is stale before somebody has opened it, the primary is not parked, and nothing met the fault.
        let unspent = "faults of Kubernetes that were met less often than they should";
        let expected = ["aks-sonar-eastus2 is parked", "the search index on aks-sonar-centralus", unspent];
        assert_eq!(wrong, expected);
        world.scale("aks-sonar-eastus2", Part::App, 0);
        world.scale("aks-sonar-eastus2", Part::Search, 0);
        assert!(world.is_parked("aks-sonar-eastus2"));
    }
}
