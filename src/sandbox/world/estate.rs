//! What surrounds the running parts: offers and quotas of regions, alert rules and whom they call, roles. Nothing of it
//! happens by itself; a scenario or a test changes it by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::World;

/// A minor version of Kubernetes on offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubernetesVersion {
    /// `1.33`.
    pub minor: &'static str,
    /// Newest patch.
    pub patch: &'static str,
    /// In standard support; without it only long-term support is left.
    pub standard: bool,
}

/// A size of machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineSize {
    /// `Standard_D4s_v5`.
    pub name: String,
    /// The quota it counts against.
    pub family: String,
    /// Virtual processors of one machine.
    pub vcpus: u32,
    /// Regions in which the subscription may not have it.
    pub restricted_in: BTreeSet<String>,
}

/// How the metric alert rule of every workload is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSettings {
    /// The rule is there.
    pub exists: bool,
    /// `enabled`.
    pub enabled: bool,
    /// Values of the dimension `Origin`; the primary's host when missing, no dimension at all when empty.
    pub origins: Option<Vec<String>>,
    /// What it watches; the workload's profile when missing.
    pub scope: Option<String>,
    /// Whether it calls the action group.
    pub calls: bool,
}

/// How the action group is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    /// `enabled`.
    pub enabled: bool,
    /// `useCommonAlertSchema` of its webhooks.
    pub common_schema: bool,
    /// Addresses of its webhooks, keys included.
    pub webhooks: Vec<String>,
}

/// A role of the caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// What it grants.
    pub actions: Vec<String>,
    /// What it takes out again.
    pub not_actions: Vec<String>,
}

/// The whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Estate {
    /// The same in every region.
    pub versions: Vec<KubernetesVersion>,
    /// The same in every region, restrictions apart.
    pub sizes: Vec<MachineSize>,
    /// Limits of quotas by region and name; others have [`Estate::USUAL_LIMIT`].
    pub limits: BTreeMap<(String, String), u64>,
    /// The rule of every workload.
    pub rule: RuleSettings,
    /// The action group.
    pub group: GroupSettings,
    /// Roles of every caller, at every resource.
    pub roles: Vec<Role>,
}

impl Estate {
    /// The limit of a quota that nobody changed.
    pub const USUAL_LIMIT: u64 = 100;
    /// Name of the action group.
    pub const ACTION_GROUP: &str = "ag-dr";
}

/// What a machine of a cluster is made of: the one size that the pools of the sandbox have.
pub const POOL_SIZE: &str = "Standard_D4s_v5";

impl Default for Estate {
    fn default() -> Self {
        let version = |minor, patch, standard| KubernetesVersion { minor, patch, standard };
        let size = |name: &str, family: &str, vcpus| MachineSize {
            name: name.to_owned(),
            family: family.to_owned(),
            vcpus,
            restricted_in: BTreeSet::new(),
        };
        Self {
            versions: vec![
                version("1.31", "1.31.11", false),
                version("1.32", "1.32.9", true),
                version("1.33", "1.33.5", true),
                version("1.34", "1.34.1", true),
            ],
            sizes: vec![
                size("Standard_D2s_v5", "standardDSv5Family", 2),
                size(POOL_SIZE, "standardDSv5Family", 4),
                size("Standard_E4s_v5", "standardESv5Family", 4),
            ],
            limits: BTreeMap::new(),
            rule: RuleSettings { exists: true, enabled: true, origins: None, scope: None, calls: true },
            group: GroupSettings { enabled: true, common_schema: true, webhooks: Vec::new() },
            roles: vec![Role::of_reveille()],
        }
    }
}

impl Role {
    /// What a custom role for Reveille holds.
    fn of_reveille() -> Self {
        let acts = ["start/action", "stop/action", "listClusterUserCredential/action", "runcommand/action"];
        let acts = acts.map(|act| format!("Microsoft.ContainerService/managedClusters/{act}"));
        Self { actions: ["*/read".to_owned()].into_iter().chain(acts).collect(), not_actions: Vec::new() }
    }
}

#[derive(Default)]
struct Held(Mutex<Estate>);

impl World {
    /// What surrounds the running parts, as it is now.
    pub fn estate(&self) -> Estate {
        self.plane::<Held>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes it by hand.
    pub fn change_estate(&self, change: impl FnOnce(&mut Estate)) {
        change(&mut self.plane::<Held>().0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// vCPUs of a family that clusters use in a region: those of pools whose nodes run.
    pub fn vcpus_in_use(&self, region: &str, family: Option<&str>) -> u64 {
        let sizes = self.estate().sizes;
        let running = self.clusters().into_iter().filter(|it| it.region == region && it.nodes_running);
        let of =
            |size: &str| sizes.iter().find(|it| it.name == size && family.is_none_or(|family| it.family == family));
        let pools = running.flat_map(|it| it.pools);
        pools.map(|pool| u64::from(pool.count) * of(&pool.size).map_or(0, |size| u64::from(size.vcpus))).sum()
    }
}
