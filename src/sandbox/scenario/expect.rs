//! What the world must show.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

/// What the world must show at the end. Split brain, unknown calls, poison messages, faults that nothing met, alerts that
/// were not taken and starts in the wrong order never are expected.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// Cluster name to `running` (nodes run) or `stopped`.
    pub clusters: BTreeMap<String, String>,
    /// Cluster name to accepted starts; a cluster that is not named is never started.
    pub starts: BTreeMap<String, Count>,
    /// Cluster name to accepted stops; a cluster that is not named is never stopped.
    pub stops: BTreeMap<String, Count>,
    /// A site may be started before the other one is proven to be stopped: the plan goes on without a fence.
    pub unfenced_start: bool,
    /// Accepted promotions.
    pub promotions: Count,
    /// Cluster name to whether everything of the product is scaled to zero there.
    pub parked: BTreeMap<String, bool>,
    /// Cluster name to the number of its pods.
    pub pods: BTreeMap<String, Count>,
    /// Cluster name to how many volume claims of its search nodes were deleted; where none is named, none ever is.
    pub claims_deleted: BTreeMap<String, Count>,
    /// Cluster name to the state of its search index: `current`, `stale`, `rebuilding` or `missing`.
    pub index: BTreeMap<String, String>,
    /// Workload name to the region that serves through Front Door with an application that is up, or `nobody`.
    pub serves: BTreeMap<String, String>,
    /// Workload name to the region whose application writes to the database, or `nobody`.
    pub writes: BTreeMap<String, String>,
    /// Plan name to the number of runs that people were told of.
    pub runs: BTreeMap<String, Count>,
    /// Plan name to the outcomes of its runs in the order in which they ended, as the `ended` notifications word them. Where
    /// more than one is right they are parted by `|`.
    pub outcomes: BTreeMap<String, Vec<String>>,
    /// The runs of all plans go on side by side: none waits for the end of another.
    pub side_by_side: bool,
    /// Somebody acknowledged every alert that fired.
    pub alerts_acknowledged: Option<bool>,
    /// Every alert that fired is resolved by now, or none is.
    pub alerts_resolved: Option<bool>,
    /// Nothing was started, stopped or promoted before a person said yes.
    pub nothing_before_approval: bool,
    /// Notification channels that received something.
    pub notified: BTreeSet<String>,
    /// Plan name to the reasons for which its drills did not begin, in the words of the operator API; each was given at
    /// some time.
    pub refused: BTreeMap<String, BTreeSet<String>>,
    /// Words that some notification has in it.
    pub says: Vec<String>,
    /// What people were told of the way of alerts, each once: `silent`, `back`.
    pub alert_path: Vec<String>,
    /// What people were told in time.
    pub told: Vec<Told>,
}

/// A notification that must come before a start is accepted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Told {
    /// Words that it has in it.
    pub says: String,
    /// The cluster that is started.
    pub cluster: String,
    /// Which of its accepted starts, from 1.
    pub before_start: Count,
}

/// How often something happened: exactly so often.
pub type Count = usize;
