//! What a readiness drill knows of the world before it judges: plain values, each read or not.

use super::own::OwnFacts;
use super::unread::Read;
use crate::domain::cluster::ClusterView;
use crate::domain::history::History;
use crate::domain::names::ChannelName;
use crate::domain::parking::StandbyWorkload;
use crate::domain::resource::ResourceId;
use crate::domain::secret::{SecretError, SecretRef};
use crate::domain::writer::WriterVerdict;
use chrono::{DateTime, Utc};

/// A cluster in more detail than a run needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterDetail {
    pub view: ClusterView,
    /// Region in lower case without spaces.
    pub region: String,
    /// `1.33.4`.
    pub version: Option<String>,
    /// Whether it is on the plan for long-term support.
    pub long_term_support: bool,
    pub pools: Vec<PoolDetail>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolDetail {
    pub name: String,
    pub vm_size: Option<String>,
    /// Nodes when it runs.
    pub count: Option<u32>,
    /// Most nodes that its autoscaler makes, where it has one.
    pub max: Option<u32>,
    /// Whether Azure keeps machines for it (a capacity reservation group).
    pub reserved: bool,
}

impl PoolDetail {
    /// The most nodes it may have.
    pub fn most(&self) -> Option<u32> {
        self.max.max(self.count)
    }
}

/// A minor version of Kubernetes that AKS offers in a region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionOffer {
    /// `1.33`.
    pub minor: String,
    pub preview: bool,
    /// In standard support; what is not is only left for long-term support.
    pub standard: bool,
}

/// How much of a quota of a region is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    /// `cores`, `standardDSv5Family`, …
    pub name: String,
    pub used: u64,
    pub limit: u64,
}

/// A size of machines as a region offers it to the subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeOffer {
    /// `Standard_D4s_v5`.
    pub name: String,
    /// The quota it counts against: `standardDSv5Family`.
    pub family: Option<String>,
    pub vcpus: Option<u32>,
    /// Why the subscription cannot have it in this region, if so.
    pub restricted: Option<String>,
}

/// What the standby's region has room for.
#[derive(Debug, Clone, PartialEq)]
pub struct RegionFacts {
    pub versions: Read<Vec<VersionOffer>>,
    pub usages: Read<Vec<Usage>>,
    pub sizes: Read<Vec<SizeOffer>>,
}

/// A database server as the control plane describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerDetail {
    pub name: String,
    pub state: String,
    pub role: ServerRole,
    pub replication_state: Option<String>,
    pub source: Option<ResourceId>,
    pub region: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerRole {
    /// It writes; with or without replicas.
    Primary,
    Replica,
    Unknown(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct DatabaseFacts {
    pub servers: Vec<(ResourceId, Read<ServerDetail>)>,
    /// Servers behind the virtual endpoint; `None` when there is no such endpoint.
    pub endpoint: Read<Option<Vec<String>>>,
    /// Newest replication delay of the replica, in seconds; `None` without data.
    pub delay: Read<Option<f64>>,
    pub writer: WriterSight,
}

/// The writer endpoint, looked at without writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterSight {
    pub host: String,
    /// The server that the name leads to.
    pub target: Option<String>,
    pub found: Result<WriterFound, WriterVerdict>,
}

/// What a session at the writer tells without writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterFound {
    /// Whether Reveille's one-row table can be read.
    pub canary: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FrontDoorFacts {
    pub group: Read<ProbeSettings>,
    pub origins: Read<Vec<OriginFacts>>,
    /// Host names of the profile's endpoints, and whether each is enabled.
    pub endpoints: Read<Vec<(String, Option<bool>)>>,
}

/// How every edge decides that an origin is healthy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeSettings {
    pub sample_size: Option<u32>,
    pub successful_samples: Option<u32>,
    /// Absent when probing is off.
    pub probe: Option<EdgeProbe>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeProbe {
    pub path: Option<String>,
    pub interval_seconds: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginFacts {
    pub name: String,
    pub host: String,
    pub priority: Option<u32>,
    pub enabled: Option<bool>,
}

/// A metric alert rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertRule {
    pub id: Option<ResourceId>,
    pub name: String,
    pub enabled: Option<bool>,
    /// Ids of what it watches.
    pub scopes: Vec<String>,
    pub criteria: Vec<RuleCriterion>,
    pub action_groups: Vec<ResourceId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCriterion {
    pub metric: String,
    /// Dimension, whether its values are included (or excluded), and the values.
    pub dimensions: Vec<RuleDimension>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleDimension {
    pub name: String,
    pub includes: bool,
    pub values: Vec<String>,
}

/// Whom an alert calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionGroup {
    pub name: String,
    pub enabled: Option<bool>,
    pub receivers: Vec<Receiver>,
}

/// A receiver that can be Reveille. Addresses carry keys, so only host and path are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receiver {
    Webhook { name: String, host: String, path: String, common_schema: Option<bool> },
    Function { name: String, app: String, function: String, common_schema: Option<bool> },
}

/// Where Reveille itself is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ourselves {
    /// `dr-reveille.azurewebsites.net`, with a port where it is not 443.
    pub host: Option<String>,
    /// Name of the function app.
    pub app: Option<String>,
    /// The region it sits in, in lower case without spaces.
    pub region: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct AlertingFacts {
    pub rules: Read<Vec<AlertRule>>,
    pub groups: Vec<(ResourceId, Read<ActionGroup>)>,
    pub ourselves: Ourselves,
}

/// A role's actions, as Azure counts them for the caller (learn.microsoft.com, permissions of a resource).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    pub actions: Vec<String>,
    pub not_actions: Vec<String>,
}

/// A secret that the plan needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretFacts {
    /// What it is for.
    pub of: String,
    pub from: SecretRef,
    /// When it ends, if anybody said so.
    pub resolved: Result<Option<DateTime<Utc>>, SecretError>,
    /// Whether a recovery needs it.
    pub vital: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelFacts {
    pub name: ChannelName,
    /// The host it posts to, once its address could be read.
    pub reached: Result<String, String>,
}

/// A certificate that a host shows, or why none could be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts {
    pub host: String,
    pub whose: CertificateOf,
    pub expires: Result<DateTime<Utc>, NoCertificate>,
}

/// Why there is no end of a certificate to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCertificate {
    /// Nothing answers, or not as it should.
    NotSeen(String),
    /// One is shown, and nobody would believe it: it has expired, or is for another name, or from an unknown issuer.
    NotBelieved(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateOf {
    FrontDoor,
    PrimaryOrigin,
    StandbyOrigin,
    /// Ours, by which a cluster without Entra knows us.
    Client,
}

/// What the ledger remembers.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RecordFacts {
    pub workload: StandbyWorkload,
    /// Since when the standby's cluster is stopped, as far as Reveille did it.
    pub stopped_since: Option<DateTime<Utc>>,
    /// End of the newest rehearsal that went well.
    pub rehearsed_at: Option<DateTime<Utc>>,
    /// What the steps of the plan's runs took.
    pub history: History,
    /// What a rehearsal saw of the certificate that the standby shows.
    pub standby_certificate: Option<CertificateSeen>,
}

/// A certificate that was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CertificateSeen {
    pub expires: DateTime<Utc>,
    /// When it was seen.
    pub at: DateTime<Utc>,
}

/// Everything.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    pub now: DateTime<Utc>,
    pub primary: Read<ClusterDetail>,
    pub standby: Read<ClusterDetail>,
    pub region: RegionFacts,
    pub database: DatabaseFacts,
    pub front_door: FrontDoorFacts,
    pub alerting: AlertingFacts,
    /// What the identity may do with the clusters of primary and standby.
    pub may: [Read<Vec<Grant>>; 2],
    pub secrets: Vec<SecretFacts>,
    pub channels: Vec<ChannelFacts>,
    pub certificates: Vec<CertificateFacts>,
    pub record: RecordFacts,
    pub own: OwnFacts,
}
