//! A plan: one protected workload with its two sites, as configuration describes it.

use super::drill::Drill;
use super::duration;
use super::names::{ChannelName, PlanName, SiteName};
use super::resource::{HostPort, ResourceId};
use super::secret::SecretRef;
use super::timing::Timing;
use super::workload::{Counts, WorkloadSelector};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One protected workload. Every run keeps a snapshot of the plan it was admitted under.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    pub name: PlanName,
    pub automation: Automation,
    pub workload: Workload,
    /// Target for the time from the outage's first sign until the standby serves.
    #[serde(with = "duration")]
    pub rto: Duration,
    /// Target for the span of writes that may be lost.
    #[serde(with = "duration")]
    pub rpo: Duration,
    /// Shortest time between the end of one automatic run and the start of the next.
    #[serde(with = "duration")]
    pub cooldown: Duration,
    pub front_door: FrontDoor,
    /// Exactly two, one of them preferred; validation sees to both.
    pub sites: Vec<Site>,
    pub database: Database,
    /// Without it nothing is done inside the clusters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kubernetes: Option<Kubernetes>,
    pub fence: Fence,
    pub apps: Vec<App>,
    /// Alert rules that may start a run; empty means any rule whose target, metric and origin match.
    #[serde(default)]
    pub alert_rules: Vec<String>,
    pub timing: Timing,
    #[serde(default)]
    pub channels: Vec<ChannelName>,
    /// What is rehearsed, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drills: Vec<Drill>,
}

/// How much a plan does on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Automation {
    /// Looks, and says what it would have done; touches nothing.
    Observe,
    /// Asks a person after the outage is confirmed and before the first mutating call.
    Approve,
    /// Acts.
    Act,
}

/// What the standby's workload does when its cluster starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Workload {
    /// Starting the cluster releases the workload, so the start waits for the fence outcome.
    StartsWithCluster,
    /// Scaled to zero before its cluster was stopped; a run releases it once the old site is fenced.
    Parked,
}

/// What the workload is inside its clusters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kubernetes {
    pub workload: WorkloadSelector,
    /// How many pods each object has when it runs: what a release brings back where nothing was remembered, since a
    /// standby that was deployed parked never had any.
    #[serde(default)]
    pub replicas: Counts,
    /// The image of the pod with which drills prove the path to the database; without it they do not look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe_image: Option<String>,
    /// Set where a failover resets the standby's search index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search_index: Option<SearchIndex>,
}

/// How the standby's search index is reset. What a standby has slept with is older than the database, and SonarQube does
/// not notice (docs.sonarsource.com, disaster recovery).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchIndex {
    /// A user's token: who has none is not told how far the index is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<SecretRef>,
    /// How long a run that serves already waits for the index to be complete.
    #[serde(with = "duration")]
    pub wait: Duration,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrontDoor {
    pub profile: ResourceId,
    pub origin_group: String,
    pub hostname: HostPort,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    pub name: SiteName,
    /// The site that serves in normal times; failback returns to it.
    pub preferred: bool,
    pub cluster: ResourceId,
    pub origin: HostPort,
    /// Value of the header [`App::served_by_header`] that only this site's ingress sets; the site's name by default.
    pub served_by: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    pub servers: Vec<ResourceId>,
    pub virtual_endpoint: String,
    /// The writer name, made of the virtual endpoint and the cloud's PostgreSQL suffix.
    pub writer_host: String,
    pub port: u16,
    pub database: String,
    pub user: String,
    pub auth: DatabaseAuth,
    pub promote: Promote,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DatabaseAuth {
    Password(SecretRef),
    /// A token of the plan's identity, used as the password.
    Entra,
}

/// Whether and how the replica server may be promoted by a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promote {
    Never,
    Ask,
    Forced,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    pub unable: FenceUnable,
    /// What is tried, in this order.
    #[serde(default = "Fence::stop_only")]
    pub ways: Vec<FenceWay>,
}

/// A way to make sure that the old site takes no writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FenceWay {
    /// Its workload is scaled to zero. Takes seconds and leaves the cluster as it is, and needs its API server.
    ScaleWorkload,
    /// Its cluster is stopped. Takes minutes, and AKS wants half an hour before it starts again.
    StopCluster,
}

impl Fence {
    /// What is tried where nothing is said.
    pub fn stop_only() -> Vec<FenceWay> {
        vec![FenceWay::StopCluster]
    }

    pub fn scales(&self) -> bool {
        self.ways.contains(&FenceWay::ScaleWorkload)
    }
}

/// What to do when the old site cannot be fenced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FenceUnable {
    /// Wait for a person.
    Ask,
    /// Go on and owe the fence: the debt keeps the plan's status from being green until it is paid.
    Continue,
}

/// How to tell that an application serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    pub kind: AppKind,
    /// Response header set at each site's ingress; without it nothing tells which site served.
    pub served_by_header: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum AppKind {
    /// SonarQube: `/api/system/status`.
    Sonarqube,
    /// Any HTTP application: a path that must answer as described.
    Http {
        path: String,
        /// Expected status code.
        status: u16,
        /// A header that must be there with this value.
        header: Option<(String, String)>,
        /// A JSON pointer (RFC 6901) into the body and the text or JSON value it must have.
        json: Option<(String, serde_json::Value)>,
    },
}

impl AppKind {
    /// The path that tells whether the application serves.
    pub fn path(&self) -> &str {
        match self {
            AppKind::Sonarqube => "/api/system/status",
            AppKind::Http { path, .. } => path,
        }
    }
}

impl Plan {
    pub fn site(&self, name: &SiteName) -> Option<&Site> {
        self.sites.iter().find(|site| &site.name == name)
    }

    /// How many pods each object has when it runs, where the plan says so.
    pub fn replicas(&self) -> Option<&Counts> {
        self.kubernetes.as_ref().map(|kubernetes| &kubernetes.replicas).filter(|replicas| !replicas.is_empty())
    }

    /// Whether and how a failover resets the standby's search index.
    pub fn search_index(&self) -> Option<&SearchIndex> {
        self.kubernetes.as_ref()?.search_index.as_ref()
    }

    /// The site that serves in normal times.
    pub fn preferred(&self) -> &Site {
        self.sites.iter().find(|site| site.preferred).unwrap_or(&self.sites[0])
    }

    /// The site that is not this one. Plans have exactly two.
    pub fn other(&self, name: &SiteName) -> &Site {
        self.sites.iter().find(|site| &site.name != name).unwrap_or(&self.sites[0])
    }
}
