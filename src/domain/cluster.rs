//! What is known of an AKS cluster, and what that means.
//!
//! Source: learn.microsoft.com, AKS start/stop. `powerState` is the *desired* power: it says Running as soon as a
//! start was accepted, and stays so when the start failed. Only both states and all pools together tell the truth.

use serde::{Deserialize, Serialize};

/// The control plane's view of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterView {
    /// `provisioningState` as Azure wrote it (an open set: Succeeded, Starting, Stopping, Failed, Updating, …).
    pub provisioning: String,
    /// `powerState.code`; absent in some answers, and absent is not Running.
    #[serde(default)]
    pub power: Option<String>,
    #[serde(default)]
    pub pools: Vec<PoolView>,
}

/// One node pool of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolView {
    pub name: String,
    #[serde(default)]
    pub provisioning: Option<String>,
    #[serde(default)]
    pub power: Option<String>,
    #[serde(default)]
    pub count: Option<u32>,
}

/// What a view means for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClusterPhase {
    /// Settled and powered on, every pool too.
    Up,
    /// Settled and powered off.
    Down,
    Starting,
    Stopping,
    /// A start ended in failure: provisioning Failed while power says Running.
    BrokenStart,
    /// Another operation holds it (the state it is in).
    Busy(String),
    /// Settled, but the answer does not say whether it is on (the reason).
    Unclear(String),
}

fn is(text: &str, wanted: &str) -> bool {
    text.eq_ignore_ascii_case(wanted)
}

impl ClusterView {
    pub fn phase(&self) -> ClusterPhase {
        let power = self.power.as_deref().unwrap_or_default();
        match self.provisioning.to_ascii_lowercase().as_str() {
            "succeeded" if is(power, "Running") => self.phase_of_pools(),
            "succeeded" if is(power, "Stopped") => ClusterPhase::Down,
            "succeeded" => ClusterPhase::Unclear(format!("powerState is {:?}", self.power)),
            "starting" => ClusterPhase::Starting,
            "stopping" => ClusterPhase::Stopping,
            "failed" if is(power, "Running") => ClusterPhase::BrokenStart,
            "failed" | "canceled" => ClusterPhase::Unclear(format!(
                "provisioningState is {}, powerState is {:?}",
                self.provisioning, self.power
            )),
            _ => ClusterPhase::Busy(self.provisioning.clone()),
        }
    }

    /// Settled and powered on, every pool too.
    pub fn is_up(&self) -> bool {
        self.phase() == ClusterPhase::Up
    }

    /// Settled and powered off.
    pub fn is_down(&self) -> bool {
        self.phase() == ClusterPhase::Down
    }

    /// Settled and powered on as a whole, whatever its pools do: it can be stopped.
    pub fn is_on(&self) -> bool {
        is(&self.provisioning, "Succeeded") && self.power.as_deref().is_some_and(|power| is(power, "Running"))
    }

    /// A cluster is not up before each of its pools is: a pool may lag behind or have failed.
    fn phase_of_pools(&self) -> ClusterPhase {
        let lagging = self.pools.iter().find(|pool| !pool.is_up());
        match lagging {
            None => ClusterPhase::Up,
            Some(pool) if pool.provisioning.as_deref().is_some_and(|state| is(state, "Failed")) => {
                ClusterPhase::Unclear(format!("pool {} is in state Failed", pool.name))
            }
            Some(pool) => ClusterPhase::Busy(format!("pool {} is not up yet", pool.name)),
        }
    }

    /// Both states in one line, for evidence.
    pub fn text(&self) -> String {
        let power = self.power.as_deref().unwrap_or("absent");
        format!("provisioningState {}, powerState {power}", self.provisioning)
    }
}

impl PoolView {
    fn is_up(&self) -> bool {
        let settled = self.provisioning.as_deref().is_none_or(|state| is(state, "Succeeded"));
        let powered = self.power.as_deref().is_none_or(|state| is(state, "Running"));
        settled && powered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(provisioning: &str, power: Option<&str>) -> ClusterView {
        ClusterView { provisioning: provisioning.into(), power: power.map(Into::into), pools: vec![] }
    }

    #[test]
    fn desired_power_alone_is_never_up() {
        assert_eq!(view("Starting", Some("Running")).phase(), ClusterPhase::Starting);
        assert_eq!(view("Failed", Some("Running")).phase(), ClusterPhase::BrokenStart);
        assert!(matches!(view("Succeeded", None).phase(), ClusterPhase::Unclear(_)));
        assert_eq!(view("succeeded", Some("running")).phase(), ClusterPhase::Up);
    }

    #[test]
    fn a_cluster_with_a_lagging_pool_is_not_up() {
        let mut cluster = view("Succeeded", Some("Running"));
        cluster.pools.push(PoolView {
            name: "system".into(),
            provisioning: Some("Starting".into()),
            power: Some("Running".into()),
            count: Some(3),
        });
        assert!(matches!(cluster.phase(), ClusterPhase::Busy(_)));
        cluster.pools[0].provisioning = Some("Failed".into());
        assert!(matches!(cluster.phase(), ClusterPhase::Unclear(_)));
    }

    #[test]
    fn states_nobody_knows_mean_busy() {
        assert_eq!(view("Migrating", Some("Running")).phase(), ClusterPhase::Busy("Migrating".into()));
    }
}
