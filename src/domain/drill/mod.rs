//! Drills: what is rehearsed and when, which occurrence of a schedule is due, and what keeps it from beginning.
//!
//! ```text
//! schedule ─► due(drill, after, now)      which occurrence, if any: never a burst, each hour of a clock change once
//!          ─► may_begin(kind, …, facts)   the typed refusal, or nothing
//!          ─► ledger                      the occurrence is taken by a run, skipped, or refused and asked again
//! ```

mod ask;
mod due;
mod may_begin;
mod record;
mod refusal;
mod schedule;
mod trouble;
mod way_back;
mod window;

pub use ask::{Asked, ask};
pub use due::{Due, Skip, due, next};
pub use may_begin::{Facts, Parking, held_by_ledger, may_begin};
pub use record::{DrillRecord, DrillRun, Handled, How, Refused, news, pending};
pub use refusal::Refusal;
pub use schedule::{Schedule, ScheduleError, Tz, zone_named};
pub use trouble::{Trouble, trouble};
pub use way_back::may_go_back;
pub use window::{Blocked, Closed, Window};

use super::duration;
use super::names::DrillName;
use super::runbook::RunKind;
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// How late a missed drill may still begin, unless the file says otherwise.
pub const CATCH_UP: Duration = Duration::from_secs(24 * 3600);

/// One schedule of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// Differs from the plan's other drills; the ledger remembers occurrences under it.
    pub name: DrillName,
    pub kind: DrillKind,
    pub schedule: Schedule,
    /// A drill begins only inside of one; without any at any time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Window>,
    /// Days on which none begins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<Blocked>,
    /// How late a missed or refused one may still begin.
    #[serde(with = "duration")]
    pub catch_up: Duration,
}

/// What is rehearsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrillKind {
    /// Reads only: could we recover now?
    Readiness,
    /// Starts the standby and stops it again; neither traffic nor data move.
    Standby,
    /// The planned move, there and back: two runs, each with an interruption of what serves.
    Switchover,
}

impl DrillKind {
    pub const ALL: [Self; 3] = [Self::Readiness, Self::Standby, Self::Switchover];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Readiness => "readiness",
            Self::Standby => "standby",
            Self::Switchover => "switchover",
        }
    }

    /// The kind of run that it is.
    pub fn run(self) -> RunKind {
        match self {
            Self::Readiness => RunKind::ReadinessDrill,
            Self::Standby => RunKind::StandbyDrill,
            Self::Switchover => RunKind::SwitchoverDrill,
        }
    }

    /// Whether it changes anything outside.
    pub fn acts(self) -> bool {
        self != Self::Readiness
    }
}

impl fmt::Display for DrillKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One occurrence of a schedule: what a timer that fires twice, on two instances or after a restart, names both times.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrillDue {
    pub drill: DrillName,
    pub occurrence: DateTime<Utc>,
}

impl DrillDue {
    /// The key of its admission.
    pub fn key(&self) -> String {
        format!("drill/{}/{}", self.drill, self.occurrence.to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}
