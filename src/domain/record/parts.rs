//! The parts of a record, each one field of what auditors ask for.

use crate::domain::drill::DrillKind;
use crate::domain::names::{DrillName, RunId, SiteName};
use crate::domain::plan::Automation;
use crate::domain::report::PersonLine;
use crate::domain::runbook::StepName;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::Verdict;
use super::note::FollowUpStatus;

/// Which plan, in which wording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanVersion {
    /// SHA-256 of the canonical JSON of the plan as the run was admitted under it.
    pub plan_digest: String,
    /// SHA-256 of the configuration file.
    pub config_digest: String,
    pub runbook_version: u32,
    /// The version of Reveille that made this record.
    pub tool_version: String,
}

/// Type and mode of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mode {
    /// A rehearsal, as opposed to the real thing.
    pub rehearsal: bool,
    pub automation: Automation,
    /// One sentence.
    pub text: String,
}

/// Who or what started it, and every decision of a person on the way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trigger {
    pub by: String,
    pub first_sign: String,
    pub admitted_at: DateTime<Utc>,
    pub decisions: Vec<PersonLine>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scope {
    pub resources: Vec<Resource>,
    /// The sites, which are named after their regions as a rule; Reveille does not ask Azure for regions.
    pub sites: Vec<SiteName>,
    pub subscriptions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    pub what: String,
    pub id: String,
}

/// What was to be reached, what shows that it was, and whether it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    pub what: String,
    pub criterion: String,
    /// Absent when it was not measured or not reached in the run.
    pub met: Option<bool>,
    pub shown_by: String,
}

/// What had to be so before anything was changed, and how it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Precondition {
    pub what: String,
    /// Absent when it was not looked at.
    pub met: Option<bool>,
    pub shown_by: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Times {
    pub started_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Where the times come from.
    pub clock: String,
}

/// A step as the runbook plans it, against what became of it. Evidence and request ids stand in the report's steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedStep {
    pub step: StepName,
    pub planned: String,
    pub after: Vec<StepName>,
    /// The time that the plan gives it; absent where it has none.
    pub limit_seconds: Option<u64>,
    pub state: String,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub seconds: Option<f64>,
}

/// What production felt, as far as this run looked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Impact {
    pub statement: String,
    /// Seconds in which production was not served, where that was measured.
    pub seconds: Option<f64>,
    pub measured: Vec<String>,
    pub not_measured: Vec<String>,
}

/// Something went otherwise than planned.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deviation {
    /// Absent where no moment is known.
    pub at: Option<DateTime<Utc>>,
    pub what: String,
    /// Who noticed: `the journal`, or a person with the number of the note.
    pub noticed_by: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorLine {
    pub at: Option<DateTime<Utc>>,
    pub step: Option<StepName>,
    pub what: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_ids: Vec<String>,
}

/// Whether everything is again as it was, and what shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReturnToNormal {
    /// Absent where nothing had to be put back.
    pub proven: Option<bool>,
    pub statement: String,
    pub proofs: Vec<Proof>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proof {
    pub step: StepName,
    pub at: Option<DateTime<Utc>>,
    pub saw: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_ids: Vec<String>,
}

/// What the run used. Reveille knows no prices.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// From the accepted start of the standby's cluster to its proven stop, or to the end of the run.
    pub standby_seconds: Option<f64>,
    /// The most nodes that were seen there.
    pub nodes: Option<u32>,
    /// Nodes times time, rounded to whole seconds.
    pub node_seconds: Option<u64>,
    pub statement: String,
}

/// An earlier run of the same kind and plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PreviousRun {
    pub run: RunId,
    pub admitted_at: DateTime<Utc>,
    pub state: String,
    pub seconds: Option<f64>,
    pub recovery_seconds: Option<f64>,
    pub verdict: Option<Verdict>,
    pub steps: Vec<StepTime>,
    /// Follow-ups that were open when its record was signed, or are.
    pub open_follow_ups: Vec<FollowUp>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepTime {
    pub step: StepName,
    pub seconds: f64,
}

/// A step against the earlier runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    pub step: StepName,
    pub seconds: f64,
    /// The median of the earlier runs, and of how many.
    pub usual_seconds: f64,
    pub of_runs: usize,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NextDue {
    pub drill: Option<DrillName>,
    pub kind: Option<DrillKind>,
    pub at: Option<DateTime<Utc>>,
    pub statement: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    pub note: u64,
    pub name: String,
    pub role: Option<String>,
    pub intended: bool,
    pub took_part: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThirdParty {
    pub note: u64,
    pub name: String,
    pub part: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    pub note: u64,
    pub text: String,
    /// The business-impact analysis or risk that it comes from.
    pub reference: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    pub note: u64,
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    pub note: u64,
    pub what: String,
    pub owner: String,
    pub due: NaiveDate,
    pub status: FollowUpStatus,
    pub retest: Option<RunId>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedRisk {
    pub note: u64,
    pub what: String,
    pub owner: String,
    pub until: Option<NaiveDate>,
}

/// Something that only a person can tell, and nobody told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotGiven {
    pub field: String,
    /// The command that gives it.
    pub command: String,
}

/// What this record rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Events of the journal that this record was made from, and the hash of the last one.
    pub journal_events: u64,
    pub journal_head: String,
    /// SHA-256 of the report that was stored when the run ended.
    pub report_digest: Option<String>,
    /// Whether the store keeps what was written from being changed, as far as is known.
    pub store: String,
}
