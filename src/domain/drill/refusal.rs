//! Why a drill does not begin now. Each reason is typed and says in one sentence what holds the drill and what lifts it.

use crate::domain::names::{IncidentId, RunId, SiteName};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A reason. Sites are those whose role it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Refusal {
    PrimaryUnhealthy {
        site: SiteName,
        said: String,
    },
    /// Nothing known is not healthy.
    PrimaryUnknown {
        site: SiteName,
        why: String,
    },
    RunActive {
        run: RunId,
    },
    IncidentOpen {
        incident: IncidentId,
    },
    Paused {
        by: String,
        why: String,
    },
    FenceOwed {
        site: SiteName,
    },
    StandbyUnparked {
        site: SiteName,
    },
    ParkingUnknown {
        site: SiteName,
    },
    StandbyRunning {
        site: SiteName,
    },
    ClusterBusy {
        site: SiteName,
        said: String,
    },
    ClusterUnknown {
        site: SiteName,
        why: String,
    },
    /// AKS asks for 15 to 30 minutes between a stop and the next start.
    StoppedRecently {
        site: SiteName,
        until: DateTime<Utc>,
    },
    OutsideWindow {
        until: DateTime<Utc>,
    },
    BlockedDate {
        until: DateTime<Utc>,
    },
    ObserveOnly,
    /// The way back of a switchover drill is still to come.
    SwitchedOver {
        home: SiteName,
        run: RunId,
    },
    WayBackFailed {
        run: RunId,
    },
    /// A switchover is opted in to.
    NotConfigured,
    /// Two clusters on one database.
    StartsWithCluster {
        site: SiteName,
    },
}

impl Refusal {
    /// The reason in a word, the same as in the ledger.
    pub fn word(&self) -> &'static str {
        match self {
            Self::PrimaryUnhealthy { .. } => "primary-unhealthy",
            Self::PrimaryUnknown { .. } => "primary-unknown",
            Self::RunActive { .. } => "run-active",
            Self::IncidentOpen { .. } => "incident-open",
            Self::Paused { .. } => "paused",
            Self::FenceOwed { .. } => "fence-owed",
            Self::StandbyUnparked { .. } => "standby-unparked",
            Self::ParkingUnknown { .. } => "parking-unknown",
            Self::StandbyRunning { .. } => "standby-running",
            Self::ClusterBusy { .. } => "cluster-busy",
            Self::ClusterUnknown { .. } => "cluster-unknown",
            Self::StoppedRecently { .. } => "stopped-recently",
            Self::OutsideWindow { .. } => "outside-window",
            Self::BlockedDate { .. } => "blocked-date",
            Self::ObserveOnly => "observe-only",
            Self::SwitchedOver { .. } => "switched-over",
            Self::WayBackFailed { .. } => "way-back-failed",
            Self::NotConfigured => "not-configured",
            Self::StartsWithCluster { .. } => "starts-with-cluster",
        }
    }

    /// When it lifts by itself, if it does.
    pub fn until(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::StoppedRecently { until, .. } | Self::OutsideWindow { until } | Self::BlockedDate { until } => {
                Some(*until)
            }
            _ => None,
        }
    }

    /// The sentence for people: what holds the drill, and what lifts it.
    pub fn text(&self) -> String {
        match self {
            Self::PrimaryUnhealthy { site, said } => {
                format!("the primary {site} is not healthy ({said}); the drill begins once it answers as a healthy one")
            }
            Self::PrimaryUnknown { site, why } => {
                format!("the primary {site} is not known to be healthy ({why}); the drill begins once it is seen to be")
            }
            Self::RunActive { run } => format!("{run} is under way; its end lifts this"),
            Self::IncidentOpen { incident } => {
                format!(
                    "{incident} is open; proven recovery, the verdict that there is no outage, or a person closes it"
                )
            }
            Self::Paused { by, why } => format!("the plan is paused by {by} ({why}); `reveille resume` lifts it"),
            Self::FenceOwed { site } => {
                format!("{site} is not fenced and the fence is owed; the drill begins once the debt is paid")
            }
            Self::StandbyUnparked { site } => format!(
                "the workload at the standby {site} is not parked, so starting its cluster would start it beside the \
                 primary's; park it and stop the cluster"
            ),
            Self::ParkingUnknown { site } => format!(
                "no record says that the workload at the standby {site} is parked; one that Reveille parks it lifts this"
            ),
            Self::StandbyRunning { site } => {
                format!("the standby's cluster {site} runs already; stopping it with its workload parked lifts this")
            }
            Self::ClusterBusy { site, said } => {
                format!("the standby's cluster {site} is not settled ({said}); the end of that operation lifts this")
            }
            Self::ClusterUnknown { site, why } => {
                format!("the standby's cluster {site} cannot be read ({why}); an answer about it lifts this")
            }
            Self::StoppedRecently { site, until } => format!(
                "the cluster {site} was stopped a short time ago, and AKS asks for up to 30 minutes before it is \
                 started again; the drill begins after {}",
                time(until)
            ),
            Self::OutsideWindow { until } => format!("none of its windows is open; the next opens at {}", time(until)),
            Self::BlockedDate { until } => format!("today is blocked; the drill begins after {}", time(until)),
            Self::ObserveOnly => {
                "the plan only observes, and this drill would act; automation = \"approve\" or \"act\" lifts this"
                    .into()
            }
            Self::SwitchedOver { home, run } => {
                format!(
                    "{run} has moved the plan away from {home}, and the way back is still to come; its end lifts this"
                )
            }
            Self::WayBackFailed { run } => format!(
                "the way back was tried by {run} and failed, and every try interrupts what serves: see its report, then \
                 order it with `reveille drill PLAN --kind switchover`"
            ),
            Self::NotConfigured => {
                "a switchover interrupts what serves, so the plan has to name it: a [[plan.drill]] with kind = \
                 \"switchover\" lifts this"
                    .into()
            }
            Self::StartsWithCluster { site } => format!(
                "starting the standby's cluster {site} would start its workload beside the primary's, on the same \
                 database; workload = \"parked\" lifts this"
            ),
        }
    }
}

fn time(at: &DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}
