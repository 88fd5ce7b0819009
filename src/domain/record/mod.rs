//! The record of a run that an auditor accepts: what a machine knows of it, what people add, and who signs it.
//!
//! ```text
//! journal ─► RunState ─┐
//! ledger, earlier runs ─► Around ─┴─► Record::of ─► canonical JSON ─► SHA-256 ─► Attested, in the same journal: final
//! ```
//! The fields are what DORA's technical standards on testing, FFIEC's booklet on business continuity, SOC 2 A1.3 and ISO
//! 22301 8.5 ask of the documentation of an exercise, merged. What nobody told stands there as not given, with the
//! command that gives it. Nothing is invented: no price, no impact that nobody measured.

mod afterwards;
mod attestation;
mod build;
pub mod canonical;
mod compare;
mod deviations;
mod given;
mod impact;
mod normal;
pub mod note;
mod objectives;
mod parts;
mod said;
mod scope;

pub use afterwards::{Afterwards, Final, Refusal};
pub use attestation::{Attestation, Signature, Verdict};
pub use note::{BadNote, FollowUpStatus, Note, NoteLine};
pub use parts::*;
pub use said::{AttestWords, NoteWords};

use super::drill::DrillKind;
use super::names::{DrillName, IncidentId, PlanName, RunId};
use super::report::Report;
use super::runbook::RunKind;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Version of the record's shape. Fields may be added under the same number, never changed.
pub const SCHEMA: &str = "reveille.record/1";

/// The record of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub schema: String,
    pub run: RunId,
    pub plan: PlanName,
    pub incident: IncidentId,
    pub kind: RunKind,
    pub mode: Mode,
    pub plan_version: PlanVersion,
    pub trigger: Trigger,
    pub scope: Scope,
    /// What the run was not about, said plainly.
    pub exclusions: Vec<String>,
    pub scenario: Vec<Scenario>,
    pub objectives: Vec<Objective>,
    pub preconditions: Vec<Precondition>,
    pub times: Times,
    pub steps: Vec<PlannedStep>,
    pub impact: Impact,
    pub participants: Vec<Participant>,
    pub third_parties: Vec<ThirdParty>,
    pub deviations: Vec<Deviation>,
    pub errors: Vec<ErrorLine>,
    pub lessons: Vec<Lesson>,
    pub follow_ups: Vec<FollowUp>,
    pub accepted_risks: Vec<AcceptedRisk>,
    pub return_to_normal: ReturnToNormal,
    pub cost: Cost,
    /// Earlier runs of the same kind, newest first, and this run against them.
    pub previous: Vec<PreviousRun>,
    pub comparison: Vec<Comparison>,
    pub next_due: NextDue,
    pub not_given: Vec<NotGiven>,
    /// Every note as it was given, also those that were withdrawn.
    pub notes: Vec<NoteLine>,
    pub evidence: Evidence,
    /// The run itself: steps with their evidence and request ids, recovery time and data loss with their end points.
    pub report: Report,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<Attestation>,
}

/// What a record tells beyond its own journal.
#[derive(Debug, Clone, Default)]
pub struct Around {
    /// Earlier runs of the same kind, newest first.
    pub previous: Vec<PreviousRun>,
    /// The newest readiness drill before it, with what it came to.
    pub readiness: Option<(RunId, String)>,
    pub next: Option<(DrillName, DrillKind, DateTime<Utc>)>,
    /// Whether the store keeps what was written; nothing when that is not known.
    pub immutable: Option<bool>,
}
