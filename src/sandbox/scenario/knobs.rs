//! How a scenario sets up the world and the plan.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::duration;
use super::kubernetes::KubernetesKnobs;
use crate::sandbox::planes::Unreachable;
use crate::sandbox::vault;
use crate::sandbox::world::{Cluster, SlowRestart, Workload, World};

/// The world of a scenario. What is missing has the default: a region that fails and recovers in seconds.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldKnobs {
    /// Names of the workloads.
    pub workloads: Vec<String>,
    /// From an accepted start of a cluster to running nodes.
    #[serde(with = "duration")]
    pub start: Duration,
    /// From an accepted stop to no running nodes.
    #[serde(with = "duration")]
    pub stop: Duration,
    /// A promotion of a replica.
    #[serde(with = "duration")]
    pub promote: Duration,
    /// From running nodes to an application that is up.
    #[serde(with = "duration")]
    pub app_boot: Duration,
    /// The part of it in which only the ingress answers.
    #[serde(with = "duration")]
    pub web_boot: Duration,
    /// Time between two probes of the edge.
    #[serde(with = "duration")]
    pub probe_interval: Duration,
    /// Time between two evaluations of the alert rule.
    #[serde(with = "duration")]
    pub monitor_period: Duration,
    /// The handler's timers fire this often, whatever their schedules say.
    #[serde(with = "duration")]
    pub timer: Duration,
    /// How long ARM waits for a region whose control plane is dark before it answers 504.
    #[serde(with = "duration")]
    pub gateway_timeout: Duration,
    /// How what is dark fails.
    pub unreachable: Unreachable,
    /// The ingress says which region served.
    pub served_by_header: bool,
    /// The canary table exists.
    pub canary: bool,
    /// What becomes of the alert's webhook call.
    pub webhook: Webhook,
    /// The standbys' clusters run when the scenario begins.
    pub standby_runs: bool,
    /// A start that comes too soon after a stop takes long, as AKS warns; without it starts never do.
    pub slow_restart: Option<TooSoon>,
    /// The inside of the clusters.
    pub kubernetes: KubernetesKnobs,
    /// There is a rule that always fires, and the app expects its alerts.
    pub heartbeat: Option<Heartbeat>,
    /// The region in which the function app sits, as the platform tells it.
    pub app_region: String,
}

/// The rule that always fires.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Time between two alerts.
    #[serde(with = "duration")]
    pub every: Duration,
    /// From then on the app misses them.
    #[serde(with = "duration")]
    pub overdue: Duration,
}

/// A start within so long after the end of a stop takes so long.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TooSoon {
    /// Too soon is less than this.
    #[serde(with = "duration")]
    pub within: Duration,
    /// What the start takes then.
    #[serde(with = "duration")]
    pub takes: Duration,
}

/// What becomes of the alert's webhook call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Webhook {
    /// It reaches the function.
    #[default]
    Delivered,
    /// The address leads nowhere.
    Lost,
}

impl Default for WorldKnobs {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            workloads: vec!["sonar".to_owned()],
            start: millis(3_000),
            stop: millis(1_500),
            promote: millis(2_000),
            app_boot: millis(2_000),
            web_boot: millis(700),
            probe_interval: millis(250),
            monitor_period: millis(500),
            timer: millis(1_000),
            gateway_timeout: millis(1_000),
            unreachable: Unreachable::Refused,
            served_by_header: true,
            canary: true,
            webhook: Webhook::Delivered,
            standby_runs: false,
            slow_restart: None,
            kubernetes: KubernetesKnobs::default(),
            heartbeat: None,
            app_region: "South Central US".to_owned(),
        }
    }
}

impl WorldKnobs {
    /// The workloads, from their names.
    pub fn workloads(&self) -> Vec<Workload> {
        self.workloads.iter().map(|name| Workload::named(name)).collect()
    }

    /// Turns the world's knobs.
    pub fn apply(&self, world: &World) {
        world.tune(|knobs| {
            knobs.start = self.start;
            knobs.stop = self.stop;
            knobs.promote_planned = self.promote;
            knobs.promote_forced = self.promote;
            knobs.server_power = self.stop;
            knobs.gateway_timeout = self.gateway_timeout;
            knobs.slow_restart = self.slow_restart.map(|it| SlowRestart { within: it.within, takes: it.takes });
        });
        world.configure(|settings| {
            settings.app_boot = self.app_boot;
            settings.web_boot = self.web_boot;
            settings.probe_interval = self.probe_interval;
            settings.unreachable = self.unreachable;
            settings.served_by_header = self.served_by_header;
            settings.canary = self.canary;
        });
        self.kubernetes.apply(world);
        world.put_secret(vault::PASSWORD, &world.settings().password);
        if self.standby_runs {
            for workload in self.workloads() {
                world.change_cluster(&workload.sites[1].cluster, Cluster::turn_on);
            }
        }
    }
}

/// What every plan of the scenario says otherwise than the default plan of the sandbox.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// `observe`, `approve` or `act`.
    pub automation: String,
    /// `starts-with-cluster` or `parked`.
    pub workload: String,
    /// What to do about a primary that cannot be fenced: `ask` or `continue`.
    pub unable: String,
    /// Time between two automatic runs.
    pub cooldown: String,
    /// Target of the recovery time.
    pub rto: String,
    /// How fast the handler goes about it.
    pub pace: Pace,
    /// Keys of the plan's `timing` table, as they stand in the file.
    pub timing: BTreeMap<String, toml::Value>,
    /// Its `drill` tables, as they stand in the file.
    pub drill: Vec<toml::Table>,
    /// How a primary is fenced: `scale-workload`, `stop-cluster`.
    pub fence: Vec<String>,
    /// A failover resets the standby's search index.
    pub reset_search_index: bool,
    /// It may ask the application how far the new one is.
    pub search_index_token: bool,
    /// How long it waits for that.
    pub search_index_wait: String,
    /// Where the database password is kept.
    pub password: PasswordIn,
}

/// Where the database password is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PasswordIn {
    /// In an app setting.
    #[default]
    Setting,
    /// In the Key Vault.
    Vault,
}

/// How fast the handler polls, renews and gives up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Fast enough for a scenario of seconds.
    #[default]
    Fast,
    /// As in production: the program's own defaults, of which the configuration says nothing.
    Production,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            automation: "act".to_owned(),
            workload: "starts-with-cluster".to_owned(),
            unable: "ask".to_owned(),
            cooldown: "10m".to_owned(),
            rto: "5m".to_owned(),
            pace: Pace::default(),
            timing: BTreeMap::new(),
            drill: Vec::new(),
            fence: vec!["stop-cluster".to_owned()],
            reset_search_index: false,
            search_index_token: true,
            search_index_wait: "0s".to_owned(),
            password: PasswordIn::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_world_waits_as_long_as_the_scenario_says() {
        let knobs: WorldKnobs = toml::from_str(
            "stop = \"8s\"\ngateway_timeout = \"5s\"\nslow_restart = { within = \"20s\", takes = \"9s\" }",
        )
        .unwrap();
        let (world, _sockets) = World::bind(knobs.workloads(), &[]).await.unwrap();
        knobs.apply(&world);
        let slow = SlowRestart { within: Duration::from_secs(20), takes: Duration::from_secs(9) };
        assert_eq!(world.knobs().slow_restart, Some(slow));
        assert_eq!(
            (world.knobs().stop, world.knobs().gateway_timeout),
            (Duration::from_secs(8), Duration::from_secs(5))
        );
    }
}
