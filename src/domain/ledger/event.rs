//! The events of a plan's ledger: small by construction. Deliveries and repeats go elsewhere or are coalesced.

use super::guard::GuardKind;
use super::state::PlanState;
use crate::domain::chain::Head;
use crate::domain::drill::{DrillDue, DrillKind, Refusal, Skip};
use crate::domain::history::Measured;
use crate::domain::names::{DrillName, IncidentId, RunId, SiteName};
use crate::domain::parking::ParkingState;
use crate::domain::run::StartedBy;
use crate::domain::runbook::RunKind;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum LedgerEvent {
    /// First line of every segment: everything the segments before it came to.
    Snapshot {
        state: Box<PlanState>,
        after: Head,
    },
    /// Last line of a full segment. The next segment begins with a snapshot.
    Sealed,
    IncidentOpened {
        incident: IncidentId,
        primary: SiteName,
        cause: Cause,
    },
    /// A guard keeps an open incident from a run; written once per incident and reason.
    Deferred {
        incident: IncidentId,
        guard: GuardKind,
        until: Option<DateTime<Utc>>,
    },
    RunAdmitted {
        run: RunId,
        incident: IncidentId,
        kind: RunKind,
        /// The site to be left (failover) or fenced.
        leave: SiteName,
        by: StartedBy,
        key: Option<String>,
        config_digest: String,
    },
    /// The run is over; `outcome` is its word, `closes` whether the incident is over with it.
    RunClosed {
        run: RunId,
        outcome: String,
        closes: bool,
        serves: Option<SiteName>,
    },
    /// How long the stages of the run took, as far as they measured anything; in one append with its closing.
    StagesMeasured {
        run: RunId,
        kind: RunKind,
        stages: Vec<Measured>,
    },
    /// A planned move takes the primary away from here on: an outage that is told of now waits for its end.
    MoveBegun {
        run: RunId,
    },
    /// A planned move has come so far that the other site serves: from here on that one is the primary, and an outage of it
    /// is one.
    PrimaryMoved {
        run: RunId,
        site: SiteName,
    },
    /// The way back of a switchover drill cannot begin now; written once for each reason.
    WayBackHeld {
        refusal: Refusal,
    },
    FenceOwed {
        site: SiteName,
        run: RunId,
        why: String,
    },
    FencePaid {
        site: SiteName,
        how: String,
    },
    /// A site's workload was seen scaled to zero without pods, or was given its replicas back.
    WorkloadSeen {
        site: SiteName,
        run: RunId,
        state: ParkingState,
    },
    Paused {
        by: String,
        said: Option<String>,
        why: String,
    },
    Resumed {
        by: String,
        said: Option<String>,
        why: String,
    },
    /// A drill's schedule was seen for the first time, or has changed.
    DrillScheduled {
        drill: DrillName,
        kind: DrillKind,
        schedule: String,
    },
    /// This occurrence belongs to a run, admitted in the same append.
    DrillTaken {
        #[serde(flatten)]
        due: DrillDue,
        run: RunId,
    },
    /// This occurrence never begins.
    DrillSkipped {
        #[serde(flatten)]
        due: DrillDue,
        why: Skip,
    },
    /// This occurrence cannot begin now; written once for each reason, and asked again until it is too late.
    DrillRefused {
        #[serde(flatten)]
        due: DrillDue,
        refusal: Refusal,
    },
    /// A person has seen the last run: the cool-down is over.
    Acknowledged {
        by: String,
        said: Option<String>,
        why: String,
    },
}

/// What opened an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cause {
    /// First sign of the outage (UTC).
    pub since: DateTime<Utc>,
    /// What gave it, in words.
    pub sign: String,
    pub by: StartedBy,
    /// Recognises a second delivery of the same alert.
    pub key: Option<String>,
}
