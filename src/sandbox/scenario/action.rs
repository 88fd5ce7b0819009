//! What can happen in a scenario.

use std::time::Duration;

use serde::Deserialize;

use super::{duration, kubernetes};

use crate::sandbox::planes::{AppFault, Channel, ChannelFault};
use crate::sandbox::world::{ArmFault, Darkness, FaultAction, World};

/// One thing that happens.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Action {
    /// Sets what is dark in a region; nothing brings it back.
    Region { name: String, dark: Vec<Dark> },
    /// Sets a fault of ARM.
    Fault(Fault),
    /// Clears all faults of ARM.
    ClearFaults,
    /// Sets a fault of Kubernetes API servers.
    KubeFault(kubernetes::Fault),
    /// Clears all faults of Kubernetes API servers.
    ClearKubeFaults,
    /// Breaks, or mends, the pods of a cluster.
    Pods(kubernetes::Pods),
    /// A person scales a part of the product on a cluster.
    Scale { cluster: String, part: kubernetes::Part, replicas: u32 },
    /// Breaks, or mends, the application of the first workload in a region.
    App { region: String, fault: Option<AppFault> },
    /// Changes a database server.
    Server { name: String, in_recovery: Option<bool>, read_only: Option<bool> },
    /// The edge's probes do not reach a region's origins any more, or do again.
    EdgeBlind { region: String, blind: bool },
    /// Breaks, or mends, a notification channel.
    Channel { name: Channel, fault: Option<ChannelFault> },
    /// The alerts of the rule that always fires are lost, or arrive again.
    Heartbeats { lost: bool },
    /// Posts the newest alert again, that many times at once.
    RepeatAlert { copies: u32 },
    /// A person does a forced switchover to a replica, through ARM.
    Promote { server: String },
    /// A person tells Reveille something about the newest run of a plan.
    Person(Person),
    /// SIGKILL to the handler.
    KillHandler,
    /// The timer of a function fires so many times at once, beside its turn.
    FireTimer { function: String, times: u32 },
    /// Nothing runs the function app for so long: no handler, no timer, nobody who listens.
    HostDown {
        #[serde(rename = "for", with = "duration")]
        lasts: Duration,
    },
    /// From now on starts and stops of clusters take so long.
    Power(Power),
    /// A person stops a cluster, past Reveille.
    StopCluster { cluster: String },
    /// Somebody else changes a cluster, which takes so long.
    ClusterBusy {
        cluster: String,
        #[serde(with = "duration")]
        takes: Duration,
    },
}

/// How long starts and stops of clusters take.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    #[serde(with = "duration")]
    pub start: Duration,
    #[serde(with = "duration")]
    pub stop: Duration,
}

impl Power {
    /// Turns the world's knobs.
    pub fn apply(self, world: &World) {
        world.tune(|knobs| (knobs.start, knobs.stop) = (self.start, self.stop));
    }
}

/// A fault of ARM.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Only this method; any when missing.
    pub method: Option<String>,
    /// Only paths that contain this, whatever the case.
    pub path: String,
    /// How many requests it hits; all when missing.
    pub times: Option<u32>,
    /// What happens to them.
    pub then: FaultAction,
}

impl From<Fault> for ArmFault {
    fn from(fault: Fault) -> Self {
        Self { method: fault.method, path: fault.path, times: fault.times, action: fault.then }
    }
}

/// What a person does through the function app.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The verb of the operator API: `approve`, `decline`, `abort` (the newest run), `pause`, `resume`, `acknowledge`
    /// (the plan), or the kind of a run that is started by hand: `failover`, `park`, `drill`.
    pub verb: String,
    /// Which drill.
    pub drill: Option<String>,
    /// Plan name.
    pub plan: String,
    /// Who they say they are.
    pub who: String,
    /// Why.
    pub why: String,
}

/// A part of a region that can be dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dark {
    /// Origins, Kubernetes API servers and applications.
    Compute,
    /// Only the way from outside to the origins.
    Origins,
    /// Database servers.
    Database,
    /// ARM's way to the resource providers.
    ControlPlane,
}

impl Dark {
    /// What a list of parts amounts to.
    pub fn together(parts: &[Self]) -> Darkness {
        let compute = parts.contains(&Self::Compute);
        Darkness {
            origins: compute || parts.contains(&Self::Origins),
            cluster_api: compute,
            applications: compute,
            database: parts.contains(&Self::Database),
            control_plane: parts.contains(&Self::ControlPlane),
        }
    }
}

impl Person {
    /// Whether the verb is about a run rather than the whole plan.
    pub fn is_about_run(&self) -> bool {
        matches!(self.verb.as_str(), "approve" | "decline" | "abort")
    }

    /// Whether the verb names the kind of a run to be started.
    pub fn starts(&self) -> bool {
        matches!(self.verb.as_str(), "failover" | "park" | "drill")
    }
}
