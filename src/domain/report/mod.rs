//! The report of a run: one schema-versioned value, folded from the journal. JSON is the truth; Markdown, terminal
//! view and notices are rendered from it.

pub mod advice;
mod build;
mod interruption;
mod left_probe;
mod left_running;
mod milestones;
mod observed;
mod stages;

pub use interruption::{Interruption, interruption};
pub use observed::Observed;
pub use stages::StageLine;

use super::history::Eta;
use super::names::{IncidentId, PlanName, RunId, SiteName};
use super::outcome::Outcome;
use super::readiness::Assessment;
use super::runbook::{RunKind, StepName};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Version of the report's shape. Fields may be added under the same number, never changed.
pub const SCHEMA: &str = "reveille.report/1";

/// What happened and why, what it took, what was not proven, what is owed, what to do next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub schema: String,
    pub run: RunId,
    pub plan: PlanName,
    pub incident: IncidentId,
    pub kind: RunKind,
    /// One sentence.
    pub headline: String,
    /// `running`, or the outcome's word: `recovered`, `serving`, `no-outage`, `failed`, …
    pub state: String,
    pub outcome: Option<Outcome>,
    pub started_by: String,
    /// What gave the first sign of the outage, and when (UTC).
    pub first_sign: String,
    pub outage_since: DateTime<Utc>,
    pub admitted_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Time of the journal's newest event when this report was made (UTC): a run that goes on is told up to here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<DateTime<Utc>>,
    /// The site that was left, and the site moved to.
    pub primary: SiteName,
    pub standby: SiteName,
    pub recovery_time: RecoveryTime,
    pub data_loss: DataLoss,
    /// Points of the recovery with a proof of their own, as soon as the application is looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub milestones: Vec<MilestoneLine>,
    pub steps: Vec<StepLine>,
    /// What each step took against what was expected of it. Reports of earlier versions have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stages: Vec<StageLine>,
    /// When a run that goes on is expected to be through, as of the journal's newest event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<Eta>,
    /// Times in which the run waited for a person, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waits: Vec<WaitLine>,
    pub not_proven: Vec<String>,
    pub owed: Vec<String>,
    pub next_steps: Vec<NextStep>,
    pub people: Vec<PersonLine>,
    pub notifications: Vec<NotificationLine>,
    /// For a plan that only observes: what it would have begun, and when; absent for any other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// What a readiness drill found; absent for any other run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readiness: Option<Assessment>,
    /// What an auditor needs to check that this report belongs to that journal and that configuration.
    pub integrity: Integrity,
}

/// Recovery time against its target, with both end points named.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryTime {
    /// Target in seconds (the plan's `rto`).
    pub target_seconds: u64,
    pub from: EndPoint,
    /// Absent while, or if, the standby was not seen to serve.
    pub to: Option<EndPoint>,
    pub seconds: Option<f64>,
    pub within_target: Option<bool>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EndPoint {
    pub what: String,
    pub at: DateTime<Utc>,
}

/// Data loss against its target, as far as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DataLoss {
    /// Target in seconds (the plan's `rpo`).
    pub target_seconds: u64,
    /// Measured span of writes that may be lost; absent when it was not measured.
    pub seconds: Option<f64>,
    pub statement: String,
}

/// A point of the recovery. An application can be healthy with a stale index: the two are never one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Milestone {
    /// The application at the standby serves.
    Healthy,
    /// Its search index was built anew from the database, and is complete.
    Reindexed,
    /// How long nothing served in a planned move.
    Interruption,
    /// Where the database's writer endpoint pointed meanwhile.
    Writer,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MilestoneLine {
    pub milestone: Milestone,
    /// When it was seen (UTC); absent while, or if, it is not proven.
    pub at: Option<DateTime<Utc>>,
    /// What proved it, or why it is not proven.
    pub statement: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepLine {
    pub step: StepName,
    /// `pending`, `running`, `needs-operator`, `succeeded`, `failed`.
    pub state: String,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    pub seconds: Option<f64>,
    /// What it saw, newest last; the last line of a succeeded step is its proof.
    pub evidence: Vec<EvidenceLine>,
    pub calls: Vec<CallLine>,
    pub failure: Option<String>,
}

/// The run, or a step of it, waited for a person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WaitLine {
    /// Absent when the whole run waited for approval.
    pub step: Option<StepName>,
    pub from: DateTime<Utc>,
    /// Absent while it waits.
    pub to: Option<DateTime<Utc>>,
    pub what: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceLine {
    pub saw: String,
    /// From where it was seen.
    pub seen_from: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_ids: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallLine {
    pub at: DateTime<Utc>,
    pub call: String,
    pub target: String,
    pub result: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub request_ids: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextStep {
    pub what: String,
    #[serde(default)]
    pub commands: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PersonLine {
    pub at: DateTime<Utc>,
    pub by: String,
    /// The caller's own statement about themself, if it differs from what the host verified.
    pub said: Option<String>,
    pub did: String,
    pub why: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NotificationLine {
    pub at: DateTime<Utc>,
    pub channel: String,
    pub moment: String,
    pub delivered: bool,
    pub detail: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Integrity {
    pub tool_version: String,
    pub runbook_version: u32,
    /// SHA-256 of the configuration file the run was admitted under.
    pub config_digest: String,
    /// Events in the journal when this report was made, and the hash of the last one.
    pub journal_events: u64,
    pub journal_head: String,
}
