//! What the operator interface answers: status of plans and live views of runs. Server and command line share it.

use super::drill::{DrillKind, Handled};
use super::history::{Estimate, Eta, Expected, Trend};
use super::ledger::state::{Debt, Incident, Paused, RunLine};
use super::names::{DrillName, IncidentId, PlanName, RunId, SiteName};
use super::plan::Automation;
use super::runbook::{RunKind, StepName};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One plan at a glance. `GET /api/v1/plans` gives a list of them under `plans`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanStatus {
    pub plan: PlanName,
    pub light: Light,
    /// One sentence: how it stands.
    pub sentence: String,
    pub automation: Automation,
    pub primary: SiteName,
    pub standby: SiteName,
    pub incident: Option<Incident>,
    pub active: Option<ActiveLine>,
    pub paused: Option<Paused>,
    pub debts: Vec<Debt>,
    pub last_run: Option<RunLine>,
    /// What is rehearsed, and when; none where the plan rehearses nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drills: Vec<DrillLine>,
    /// How the way of alerts stands, where heartbeats are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alerts: Option<String>,
    /// What is wrong with Reveille itself, one sentence each: it sits where it would be lost, or no alert reaches it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cautions: Vec<String>,
    /// How long a failover would take by what runs taught so far; absent where the ledger cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<RecoveryEstimate>,
    /// Hash of the ledger's last line.
    pub ledger_head: String,
}

/// How long a failover that begins now would take, from its admission on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecoveryEstimate {
    /// The plan's target (`rto`) in seconds; it counts from the first sign of the outage, which lies before the admission.
    pub target_seconds: u64,
    #[serde(flatten)]
    pub estimate: Estimate,
    /// Its stages in the order of the runbook.
    pub stages: Vec<StageOutlook>,
}

/// One stage of a failover, as its history stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StageOutlook {
    pub step: StepName,
    pub expected: Expected,
    pub trend: Trend,
}

/// One schedule of drills.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillLine {
    pub drill: DrillName,
    pub kind: DrillKind,
    /// The occurrence that waits to begin, else the next one; `None` when there is none within ten years.
    pub next: Option<DateTime<Utc>>,
    /// What keeps the one that waits from beginning, one sentence for each reason so far, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
    /// The same in a word each, such as `primary-unhealthy`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
    /// What became of the occurrence before.
    pub last: Option<Handled>,
}

/// The colour of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Light {
    /// Nothing is open, nothing is owed, nothing is paused.
    Green,
    /// Somebody should look: paused, a debt, an open incident that waits.
    Yellow,
    /// An incident is being acted on, or a run needs a person.
    Red,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveLine {
    pub run: RunId,
    pub incident: IncidentId,
    pub kind: RunKind,
    pub headline: String,
    pub needs_operator: bool,
    /// When it is expected to be through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<Eta>,
}

/// A run, live. `GET /api/v1/runs/{id}?after=SEQ&wait=SECONDS` answers as soon as there are events behind `after`,
/// at the latest after `wait` (0 to 25) seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunView {
    pub run: RunId,
    pub plan: PlanName,
    pub kind: RunKind,
    pub headline: String,
    /// `running`, or the outcome's word.
    pub state: String,
    /// Whether everything is done, reports and notifications too.
    pub closed: bool,
    /// Number of the newest event: the next `after`.
    pub seq: u64,
    pub steps: Vec<StepView>,
    /// When it is expected to be through; absent once it has ended, and while only a person's word moves it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<Eta>,
    /// What a person is asked for now.
    pub asks: Vec<AskLine>,
    /// Events behind `after`, in words; what Azure signed is not in them.
    pub events: Vec<EventLine>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepView {
    pub step: StepName,
    /// `pending`, `running`, `needs-operator`, `succeeded`, `failed`.
    pub state: String,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// What it saw last.
    pub note: Option<String>,
    /// How long it was expected to take when the run was admitted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AskLine {
    /// `approval`, or the step that asks.
    pub about: String,
    pub what: String,
    pub means: String,
    pub commands: Vec<String>,
    pub approve_means: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventLine {
    pub seq: u64,
    pub at: DateTime<Utc>,
    /// The event's kind: `step-started`, `observed`, `intent`, …
    pub kind: String,
    pub step: Option<StepName>,
    pub text: String,
}

/// What a person can start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    Failover,
    Park,
    Drill,
}

/// Body of every `POST`. `who` is the caller's own statement; who called is what the host verified.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    #[serde(default)]
    pub who: Option<String>,
    #[serde(default)]
    pub why: Option<String>,
    /// What is to be started; a failover without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Start>,
    /// Which drill, for what is started as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drill: Option<DrillKind>,
    /// For what is started: the same key gives the same run.
    #[serde(default)]
    pub idempotency_key: Option<String>,
    /// For a manual failover: go on without the proof of the outage, and through a pause. Named in the report.
    #[serde(default)]
    pub force: bool,
    /// Only say what would be done.
    #[serde(default)]
    pub dry_run: bool,
}

/// Answer to a `POST`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// `started`, `joined`, `deferred`, `nothing`, `would-start`, `approved`, `declined`, `abort-requested`, `paused`,
    /// `resumed`, `acknowledged`, `noted`, `attested`.
    pub did: String,
    pub sentence: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<RunId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// What would be done, in order (dry run), or what is left running (abort).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
    /// Who called, as the host verified it.
    pub by: String,
}

/// Answer to a test alert: how far it came, and what a real one would have done. Nothing was started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tried {
    /// The number that the test alert carried.
    pub number: String,
    pub received_at: DateTime<Utc>,
    /// Who sent it, as the host verified it.
    pub by: String,
    /// Where it arrived, in words.
    pub at: String,
    /// One line for each plan.
    pub plans: Vec<TriedPlan>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriedPlan {
    pub plan: PlanName,
    /// `would-start`, `would-join`, `would-wait`, `would-do-nothing`, `unrelated`, `cannot-be-told`.
    pub would: String,
    pub sentence: String,
}

/// Error body, `application/problem+json` (RFC 9457), with what to do next.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Problem {
    #[serde(rename = "type", default = "Problem::blank")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    pub detail: String,
    /// What the caller can do now.
    pub next: String,
    /// For a drill that does not begin: the reason in a word, the same as in the ledger.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Box<str>>,
}

impl Problem {
    fn blank() -> String {
        "about:blank".to_owned()
    }

    pub fn new(status: u16, title: &str, detail: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            kind: Self::blank(),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            next: next.into(),
            reason: None,
        }
    }
}
