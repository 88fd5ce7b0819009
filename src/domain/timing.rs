//! Poll intervals, deadlines and retry budgets: settings with defaults, no constants hidden in code.

use super::duration;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How often a plan's steps look, and how long they wait.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Timing {
    /// Time between two own probes of the origins while the outage is being confirmed.
    #[serde(with = "duration")]
    pub probe_interval: Duration,
    /// Time after which one probe counts as unanswered.
    #[serde(with = "duration")]
    pub probe_timeout: Duration,
    /// The newest probes that decide (M).
    pub confirm_samples: usize,
    /// How many of them must have failed (N of M).
    pub confirm_failures: usize,
    /// The shortest time the failing probes must span.
    #[serde(with = "duration")]
    pub confirm_hold: Duration,
    /// Without a verdict by then, a person is asked.
    #[serde(with = "duration")]
    pub confirm_deadline: Duration,
    /// How far back the origin health metric is read.
    #[serde(with = "duration")]
    pub metric_window: Duration,
    /// The newest part of the metric that is not believed yet (ingestion lags one to three minutes).
    #[serde(with = "duration")]
    pub metric_settle: Duration,
    /// Origin health below this percentage counts as down.
    pub metric_threshold: f64,
    /// Time between two reads of a cluster that starts or stops.
    #[serde(with = "duration")]
    pub cluster_poll: Duration,
    /// Time between two looks at a workload that is scaled.
    #[serde(with = "duration")]
    pub workload_poll: Duration,
    /// Time for a workload to be scaled, and for pods that are to go to be gone.
    #[serde(with = "duration")]
    pub workload_deadline: Duration,
    /// Shortest time between the end of a stop and the next start of the same cluster that nobody waits for: before, AKS
    /// takes longer or refuses (learn.microsoft.com, AKS start/stop: 15 to 30 minutes).
    #[serde(with = "duration")]
    pub cluster_rest: Duration,
    /// Time between two looks at the writer endpoint.
    #[serde(with = "duration")]
    pub writer_poll: Duration,
    /// Time between two looks at the application and the route.
    #[serde(with = "duration")]
    pub app_poll: Duration,
    /// Time for the old site's stop to be settled; afterwards the policy for "cannot be fenced" applies.
    #[serde(with = "duration")]
    pub fence_deadline: Duration,
    /// Time for the old site's workload to be scaled to zero and its pods to be gone; afterwards its cluster is stopped.
    #[serde(with = "duration")]
    pub fence_scale_deadline: Duration,
    /// A start that takes longer is reported as slow.
    #[serde(with = "duration")]
    pub start_warning: Duration,
    /// A start that takes longer fails.
    #[serde(with = "duration")]
    pub start_deadline: Duration,
    /// Time before a start that failed for lack of capacity is tried again; grows up to eight times this.
    #[serde(with = "duration")]
    pub capacity_retry: Duration,
    /// Time for the writer endpoint to become reachable before a person is asked.
    #[serde(with = "duration")]
    pub writer_deadline: Duration,
    /// Time for the application to serve after its cluster is up.
    #[serde(with = "duration")]
    pub app_deadline: Duration,
    /// Time for Front Door to route to the standby after the application serves.
    #[serde(with = "duration")]
    pub route_deadline: Duration,
    /// How long a run waits for a person before it ends and leaves the incident open.
    #[serde(with = "duration")]
    pub operator_wait: Duration,
    /// How long a run waits for approval (`automation = "approve"`).
    #[serde(with = "duration")]
    pub approval_wait: Duration,
    /// Time-out of one call to Azure Resource Manager.
    #[serde(with = "duration")]
    pub arm_timeout: Duration,
}

const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            probe_interval: seconds(10),
            probe_timeout: seconds(5),
            confirm_samples: 5,
            confirm_failures: 4,
            confirm_hold: seconds(40),
            confirm_deadline: minutes(10),
            metric_window: minutes(10),
            metric_settle: minutes(2),
            metric_threshold: 50.0,
            cluster_poll: seconds(20),
            workload_poll: seconds(5),
            workload_deadline: minutes(10),
            cluster_rest: minutes(30),
            writer_poll: seconds(15),
            app_poll: seconds(10),
            fence_deadline: minutes(10),
            fence_scale_deadline: seconds(90),
            start_warning: minutes(15),
            start_deadline: minutes(60),
            capacity_retry: seconds(60),
            writer_deadline: minutes(5),
            app_deadline: minutes(45),
            route_deadline: minutes(20),
            operator_wait: minutes(240),
            approval_wait: minutes(60),
            arm_timeout: seconds(30),
        }
    }
}
