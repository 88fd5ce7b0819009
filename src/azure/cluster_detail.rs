//! A cluster in the detail that a readiness drill needs, and the versions of Kubernetes that a region offers.
//!
//! Source: learn.microsoft.com, managedClusters REST reference: get, list Kubernetes versions. Standard support of a
//! version is its capability `KubernetesOfficial`; what is left for Premium clusters is `AKSLongTermSupport`.

use super::aks::{Aks, READ, VERSION, cluster_view};
use super::answer::Answer;
use super::api::{Api, On};
use super::arm::unreadable;
use super::error::ArmError;
use super::lenient;
use crate::domain::readiness::{ClusterDetail, PoolDetail, VersionOffer};
use crate::domain::resource::ResourceId;
use serde_json::Value;

/// Below a subscription.
pub(super) const VERSIONS: Api = Api::get(
    "list Kubernetes versions of",
    "/providers/Microsoft.ContainerService/locations/{}/kubernetesVersions",
    VERSION,
    "Microsoft.ContainerService/locations/kubernetesVersions/read",
);

impl Aks<'_> {
    /// The control plane's view of a cluster, with what its pools are made of.
    pub async fn detail(self, cluster: &ResourceId) -> Result<Answer<ClusterDetail>, ArmError> {
        let call = self.call(READ, cluster);
        let answer = self.arm.get_json(&call).await?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| detail(&body).ok_or_else(|| unreadable(&call.name, "it describes no cluster", ids)))
    }

    /// The versions that a region offers to a subscription.
    pub async fn versions(self, subscription: &str, region: &str) -> Result<Answer<Vec<VersionOffer>>, ArmError> {
        let scope = format!("/subscriptions/{subscription}");
        let call = self.arm.call(VERSIONS, region, On { names: &[region], ..On::just(&scope) });
        let answer = self.arm.get_json(&call).await?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| match body.get("values").and_then(Value::as_array) {
            Some(values) => Ok(values.iter().filter_map(offer).collect()),
            None => Err(unreadable(&call.name, "there is no list in it", ids)),
        })
    }
}

fn detail(body: &Value) -> Option<ClusterDetail> {
    let view = cluster_view(body)?;
    let properties = body.get("properties")?;
    let current = lenient::text(properties, "/currentKubernetesVersion");
    let plan = lenient::text(properties, "/supportPlan");
    Some(ClusterDetail {
        view,
        region: lenient::region(&lenient::text(body, "/location").unwrap_or_default()),
        version: current.or_else(|| lenient::text(properties, "/kubernetesVersion")),
        long_term_support: plan.is_some_and(|plan| plan.eq_ignore_ascii_case("AKSLongTermSupport")),
        pools: lenient::items(properties, "/agentPoolProfiles").map(pool).collect(),
    })
}

fn pool(pool: &Value) -> PoolDetail {
    let scales = lenient::flag(pool, "/enableAutoScaling") == Some(true);
    PoolDetail {
        name: lenient::text(pool, "/name").unwrap_or_default(),
        vm_size: lenient::text(pool, "/vmSize"),
        count: lenient::whole(pool, "/count"),
        max: lenient::whole(pool, "/maxCount").filter(|_| scales),
        reserved: lenient::text(pool, "/capacityReservationGroupID").is_some(),
    }
}

fn offer(value: &Value) -> Option<VersionOffer> {
    let mut plans = lenient::items(value, "/capabilities/supportPlan").filter_map(Value::as_str);
    // Answers without the capability are of a time when there was only standard support.
    let told = value.pointer("/capabilities/supportPlan").is_some_and(Value::is_array);
    Some(VersionOffer {
        minor: lenient::text(value, "/version")?,
        preview: lenient::flag(value, "/isPreview") == Some(true),
        standard: !told || plans.any(|plan| plan.eq_ignore_ascii_case("KubernetesOfficial")),
    })
}
