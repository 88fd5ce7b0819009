//! Parked workloads: scaled to zero, with the counts remembered that bring them back.
//!
//! A stopped cluster cannot be asked what would start with it. Only what was seen and written down before it was stopped
//! tells, so a site is believed to be parked by its record in the ledger and by nothing else.

use super::names::{RunId, SiteName};
use super::workload::{Counts, WorkloadRef};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An object that is to be scaled, and to how many replicas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scale {
    pub object: WorkloadRef,
    pub replicas: u32,
}

/// What the ledger knows of a site's workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parking {
    pub site: SiteName,
    pub state: ParkingState,
    /// The run that saw it so.
    pub run: RunId,
    pub since: DateTime<Utc>,
    /// The counts with which it was parked the last time. A release that was cut off leaves some objects at zero, and
    /// nobody could tell from what is seen then how many there were.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub remembered: Counts,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum ParkingState {
    /// Scaled to zero and seen without pods; these counts bring it back.
    Parked { counts: Counts },
    /// It starts with its cluster.
    Released,
}

/// What was known of the standby's workload when a run began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum StandbyWorkload {
    /// By configuration: starting the cluster releases it.
    #[default]
    StartsWithCluster,
    /// Parked since then, by the record in the ledger.
    Parked { counts: Counts, since: DateTime<Utc> },
    /// It is meant to be parked, and no record says that it is: starting the cluster may release it.
    NotKnown,
}

impl StandbyWorkload {
    /// Whether starting the cluster is harmless by itself.
    pub fn is_parked(&self) -> bool {
        matches!(self, Self::Parked { .. })
    }

    /// The counts that bring it back, if they are known.
    pub fn counts(&self) -> Option<&Counts> {
        match self {
            Self::Parked { counts, .. } => Some(counts),
            _ => None,
        }
    }
}

impl fmt::Display for Scale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.object, self.replicas)
    }
}
