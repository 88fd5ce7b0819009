//! AKS clusters: read, start, stop.
//!
//! Source: learn.microsoft.com, AKS start/stop and the managedClusters REST reference. Start and stop are not
//! idempotent; callers read first, act only if needed, and read again.

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::{Arm, Call, unreadable};
use super::error::ArmError;
use super::lenient;
use super::sent::Sent;
use crate::domain::cluster::{ClusterView, PoolView};
use crate::domain::failure::FailureClass;
use crate::domain::resource::ResourceId;
use serde_json::Value;
use tokio::time::Instant;

pub(super) const VERSION: &str = "2025-10-01";
pub(super) const READ: Api = Api::get("read cluster", "", VERSION, "Microsoft.ContainerService/managedClusters/read");
pub(super) const START: Api =
    Api::post("start cluster", "/start", VERSION, "Microsoft.ContainerService/managedClusters/start/action");
pub(super) const STOP: Api =
    Api::post("stop cluster", "/stop", VERSION, "Microsoft.ContainerService/managedClusters/stop/action");

/// Access to AKS clusters.
#[derive(Clone, Copy)]
pub struct Aks<'a> {
    pub(super) arm: &'a Arm,
}

/// The two things that can be asked of a cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Power {
    Start,
    Stop,
}

impl Aks<'_> {
    /// The control plane's view of a cluster and its pools.
    pub async fn get(self, cluster: &ResourceId) -> Result<Answer<ClusterView>, ArmError> {
        let call = self.call(READ, cluster);
        let answer = self.arm.get_json(&call).await?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| cluster_view(&body).ok_or_else(|| unreadable(&call.name, "it describes no cluster", ids)))
    }

    /// Asks for a start. Not sent after `send_before`; an error means that it was not sent at all.
    pub async fn start(self, cluster: &ResourceId, send_before: Instant) -> Result<Sent, ArmError> {
        self.power(Power::Start, cluster, send_before).await
    }

    /// Asks for a stop. Not sent after `send_before`; an error means that it was not sent at all.
    pub async fn stop(self, cluster: &ResourceId, send_before: Instant) -> Result<Sent, ArmError> {
        self.power(Power::Stop, cluster, send_before).await
    }

    async fn power(self, power: Power, cluster: &ResourceId, send_before: Instant) -> Result<Sent, ArmError> {
        let api = match power {
            Power::Start => START,
            Power::Stop => STOP,
        };
        let posted = self.arm.send(&self.call(api, cluster), None, send_before).await?;
        Ok(already_there(power, Sent::of(posted)))
    }

    pub(super) fn call(self, api: Api, cluster: &ResourceId) -> Call {
        self.arm.call(api, cluster.as_str(), On::just(cluster.as_str()))
    }
}

/// `OperationNotAllowed` also says "it is in that state already", only in words.
fn already_there(power: Power, sent: Sent) -> Sent {
    let Sent::Rejected { class: FailureClass::Other, code, message, request_ids } = sent else { return sent };
    let said = message.to_ascii_lowercase();
    let there = match power {
        Power::Start => said.contains("power state(running)") && said.contains("starting cannot be performed"),
        Power::Stop => said.contains("not currently running") && said.contains("stopping cannot be performed"),
    };
    // A start while it stops (or the other way round) is refused in the same words with the other state.
    let held = said.contains("cannot be performed");
    match (code.eq_ignore_ascii_case("OperationNotAllowed"), there, held) {
        (true, true, _) => Sent::AlreadyThere { text: message, request_ids },
        (true, false, true) => Sent::Busy { text: message, request_ids },
        _ => Sent::Rejected { class: FailureClass::Other, code, message, request_ids },
    }
}

/// Reads a cluster's body. A resource without `provisioningState` counts as settled (learn.microsoft.com, async
/// operations); one without `properties` is no cluster.
pub(super) fn cluster_view(body: &Value) -> Option<ClusterView> {
    let properties = body.get("properties").filter(|properties| properties.is_object())?;
    Some(ClusterView {
        provisioning: lenient::text(properties, "/provisioningState").unwrap_or_else(|| "Succeeded".into()),
        power: lenient::text(properties, "/powerState/code"),
        pools: lenient::items(properties, "/agentPoolProfiles").map(pool_view).collect(),
    })
}

fn pool_view(pool: &Value) -> PoolView {
    PoolView {
        name: lenient::text(pool, "/name").unwrap_or_default(),
        provisioning: lenient::text(pool, "/provisioningState"),
        power: lenient::text(pool, "/powerState/code"),
        count: lenient::whole(pool, "/count"),
    }
}
