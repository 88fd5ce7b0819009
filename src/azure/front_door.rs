//! Azure Front Door Standard and Premium: profile, origin groups, origins, endpoints. Read only: what Front Door is
//! configured to do takes up to 40 minutes to spread, so no failover waits for a change there.
//!
//! Source: learn.microsoft.com, Azure Front Door REST reference (`Microsoft.Cdn/profiles`).

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::{Arm, Call, unreadable};
use super::error::ArmError;
use super::lenient;
use crate::domain::resource::ResourceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const VERSION: &str = "2025-06-01";
pub(super) const PROFILE: Api = Api::get("read Front Door profile", "", VERSION, "Microsoft.Cdn/profiles/read");
pub(super) const ORIGIN_GROUP: Api =
    Api::get("read origin group", "/originGroups/{}", VERSION, "Microsoft.Cdn/profiles/origingroups/read");
pub(super) const ORIGINS: Api = Api::get(
    "list origins of",
    "/originGroups/{}/origins",
    VERSION,
    "Microsoft.Cdn/profiles/origingroups/origins/read",
);
pub(super) const ENDPOINTS: Api =
    Api::get("list endpoints of", "/afdEndpoints", VERSION, "Microsoft.Cdn/profiles/afdendpoints/read");

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub name: String,
    /// `Standard_AzureFrontDoor` or `Premium_AzureFrontDoor`.
    pub sku: Option<String>,
    /// `Active` when it serves.
    pub resource_state: Option<String>,
    pub front_door_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginGroup {
    pub name: String,
    /// Newest probes that are looked at.
    pub sample_size: Option<u32>,
    /// How many of them must be good.
    pub successful_samples: Option<u32>,
    /// Absent when probing is off.
    pub probe: Option<HealthProbe>,
}

/// How every edge probes every enabled origin. Only status 200 counts as healthy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthProbe {
    pub path: Option<String>,
    /// `HEAD` or `GET`.
    pub method: Option<String>,
    /// `Http` or `Https`.
    pub protocol: Option<String>,
    pub interval_seconds: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub name: String,
    pub host: String,
    pub host_header: Option<String>,
    /// 1 (first) to 5; `None` is unknown, not a default.
    pub priority: Option<u32>,
    pub weight: Option<u32>,
    /// A disabled origin is neither probed nor used; `None` is unknown.
    pub enabled: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoint {
    pub name: String,
    pub host: String,
    pub enabled: Option<bool>,
}

/// Access to Front Door profiles.
#[derive(Clone, Copy)]
pub struct FrontDoor<'a> {
    pub(super) arm: &'a Arm,
}

impl FrontDoor<'_> {
    pub async fn profile(self, profile: &ResourceId) -> Result<Answer<Profile>, ArmError> {
        self.one(PROFILE, profile, &[], profile_in).await
    }

    pub async fn origin_group(self, profile: &ResourceId, group: &str) -> Result<Answer<OriginGroup>, ArmError> {
        self.one(ORIGIN_GROUP, profile, &[group], group_in).await
    }

    pub async fn origins(self, profile: &ResourceId, group: &str) -> Result<Answer<Vec<Origin>>, ArmError> {
        let answer = self.arm.list(self.call(ORIGINS, profile, &[group])).await?;
        Ok(answer.map(|list| list.iter().filter_map(origin_in).collect()))
    }

    pub async fn endpoints(self, profile: &ResourceId) -> Result<Answer<Vec<Endpoint>>, ArmError> {
        let answer = self.arm.list(self.call(ENDPOINTS, profile, &[])).await?;
        Ok(answer.map(|list| list.iter().filter_map(endpoint_in).collect()))
    }

    async fn one<T>(
        self,
        api: Api,
        profile: &ResourceId,
        names: &[&str],
        read: fn(&Value) -> Option<T>,
    ) -> Result<Answer<T>, ArmError> {
        let call = self.call(api, profile, names);
        let answer = self.arm.get_json(&call).await?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| read(&body).ok_or_else(|| unreadable(&call.name, "it is something else", ids)))
    }

    fn call(self, api: Api, profile: &ResourceId, names: &[&str]) -> Call {
        let on = On { resource: profile.as_str(), names, query: &[] };
        self.arm.call(api, &api.path(on), on)
    }
}

fn profile_in(body: &Value) -> Option<Profile> {
    Some(Profile {
        name: lenient::text(body, "/name")?,
        sku: lenient::text(body, "/sku/name"),
        resource_state: lenient::text(body, "/properties/resourceState"),
        front_door_id: lenient::text(body, "/properties/frontDoorId"),
    })
}

fn group_in(body: &Value) -> Option<OriginGroup> {
    Some(OriginGroup {
        name: lenient::text(body, "/name")?,
        sample_size: lenient::whole(body, "/properties/loadBalancingSettings/sampleSize"),
        successful_samples: lenient::whole(body, "/properties/loadBalancingSettings/successfulSamplesRequired"),
        probe: body.pointer("/properties/healthProbeSettings").filter(|probe| probe.is_object()).map(probe_in),
    })
}

fn probe_in(probe: &Value) -> HealthProbe {
    HealthProbe {
        path: lenient::text(probe, "/probePath"),
        method: lenient::text(probe, "/probeRequestType"),
        protocol: lenient::text(probe, "/probeProtocol"),
        interval_seconds: lenient::whole(probe, "/probeIntervalInSeconds"),
    }
}

fn origin_in(body: &Value) -> Option<Origin> {
    Some(Origin {
        name: lenient::text(body, "/name")?,
        host: lenient::text(body, "/properties/hostName")?,
        host_header: lenient::text(body, "/properties/originHostHeader"),
        priority: lenient::whole(body, "/properties/priority"),
        weight: lenient::whole(body, "/properties/weight"),
        enabled: lenient::enabled(body, "/properties/enabledState"),
    })
}

fn endpoint_in(body: &Value) -> Option<Endpoint> {
    Some(Endpoint {
        name: lenient::text(body, "/name")?,
        host: lenient::text(body, "/properties/hostName")?,
        enabled: lenient::enabled(body, "/properties/enabledState"),
    })
}
