//! The world's log: what really happened, independent of what anybody reports about it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

/// One line of the world's log.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Entry {
    /// Position in the log, from 1.
    pub seq: u64,
    /// When it happened (UTC).
    pub at: DateTime<Utc>,
    /// What happened, for programs.
    #[serde(flatten)]
    pub event: Event,
    /// What happened, for people.
    pub text: String,
}

/// What happened. Regions, clusters, servers and workloads are given by their short names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Event {
    /// A mutating ARM call was seen. `status` is what it was answered; `None` when the connection was cut instead.
    ArmCall {
        method: String,
        path: String,
        /// `api-version`.
        version: Option<String>,
        caller: String,
        body: Value,
        status: Option<u16>,
        client_request_id: Option<String>,
    },
    /// A reading ARM call was seen. `status` as above.
    ArmRead { path: String, version: Option<String>, caller: String, status: Option<u16> },
    /// A call that the simulated Azure does not know, or knows to be wrong: it fails a scenario.
    Unknown { method: String, path: String },
    /// A caller was refused for its token.
    Unauthorized { path: String, code: String },
    /// No role of the caller allows this action at this scope, or no access rule of a cluster.
    Denied { action: String, scope: String },
    /// A caller was throttled.
    Throttled { path: String, bucket: String },
    /// A token was issued.
    Token { audience: String, client_id: String },
    /// The identity endpoint refused a caller.
    TokenRefused { status: u16 },
    /// A cluster's power or provisioning state changed.
    Power { cluster: String, power: String, provisioning: String, nodes_running: bool },
    /// A region's darkness changed.
    Region { region: String, origins: bool, cluster_api: bool, applications: bool, database: bool, control_plane: bool },
    /// An operation was accepted.
    OperationStarted { operation: String, what: String, target: String },
    /// An operation ended with this status and error code.
    OperationEnded { operation: String, what: String, target: String, status: String, code: Option<String> },
    /// A server became the primary (switchover) or independent (standalone).
    Promotion { server: String, mode: String, option: String },
    /// The writer name points to another server now.
    WriterMoved { endpoint: String, server: String },
    /// A fault was set or cleared.
    Fault { what: String },
    /// A metric alert fired.
    AlertFired { alert: String, rule: String, workload: String },
    /// A metric alert resolved.
    AlertResolved { alert: String, rule: String, workload: String },
    /// One call of an action group's webhook. The address is without its query, which holds a key.
    AlertPosted { alert: String, condition: String, url: String, attempt: u32, status: Option<u16>, body: String },
    /// An action group gave an address up and leaves it alone for a while.
    WebhookSuspended { url: String },
    /// A person or program changed the state of an alert.
    AlertChanged { alert: String, state: String, comments: String },
    /// An application wrote to the database for the first time since it started.
    FirstWrite { workload: String, region: String, server: String },
    /// An application can no longer write.
    WritingStopped { workload: String, region: String },
    /// Applications of both sites can write to one database at the same time.
    SplitBrain { workload: String, regions: Vec<String> },
    /// A mutating call of a cluster's API server was seen. `status` as with ARM.
    KubeCall { cluster: String, method: String, path: String, caller: String, body: Value, status: Option<u16> },
    /// A reading call of a cluster's API server was seen.
    KubeRead { cluster: String, path: String, caller: String, status: Option<u16> },
    /// A pod's containers run.
    PodStarted { cluster: String, pod: String },
    /// A pod whose containers ran is gone.
    PodStopped { cluster: String, pod: String },
    /// A volume claim is gone with its volume.
    ClaimDeleted { cluster: String, claim: String },
    /// An application came up with a search index older than the last write of the other site. It does not notice.
    StaleIndex { cluster: String },
    /// An application came up with an empty search index, and rebuilds it.
    ReindexStarted { cluster: String },
    /// The rebuild of a search index is complete.
    IndexRebuilt { cluster: String },
    /// The Key Vault was asked.
    VaultCall { path: String, caller: String, status: u16 },
    /// A notification channel received something.
    Notification { channel: String, body: Value },
    /// Anything else worth reading.
    Note,
}
