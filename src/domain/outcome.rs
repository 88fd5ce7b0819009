//! How a run ended.

use super::failure::FailureClass;
use super::ladder::{Rested, Serving};
use super::names::{RunId, SiteName};
use super::readiness::Verdict;
use super::runbook::{RunKind, StepName};
use serde::{Deserialize, Serialize};

const NOT_RECOVERED: &str = "Not recovered";
const NOT_DONE: &str = "Not done";
const STAYS_OPEN: &str = "; the incident stays open";

/// What a run did not reach that ended at this step. Some steps are of runs that recover nothing.
fn lacks(step: StepName) -> &'static str {
    match step {
        StepName::CheckStandby | StepName::ParkWorkload | StepName::StopReplica => NOT_DONE,
        StepName::VerifyPath | StepName::VerifyIngress => NOT_DONE,
        StepName::ParkPrimary | StepName::StopPrimary | StepName::RestorePrimary => NOT_DONE,
        StepName::AssessReadiness => NOT_DONE,
        _ => NOT_RECOVERED,
    }
}

fn open(not_proven: &[String]) -> String {
    if not_proven.is_empty() { String::new() } else { format!("; not proven: {}", not_proven.join("; ")) }
}

/// How a run ended. `Recovered` can only be built from a [`Serving`], a rest only from a [`Rested`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Outcome {
    Recovered {
        serving: Serving,
    },
    /// The primary was found healthy; nothing was touched.
    NoOutage {
        because: String,
    },
    /// `automation = "observe"`: what it would have done.
    Observed {
        would: Vec<String>,
    },
    Declined {
        by: String,
        why: String,
    },
    Aborted {
        by: String,
        why: String,
        left_running: Vec<String>,
    },
    ApprovalTimedOut,
    OperatorWaitOver {
        step: StepName,
        ask: String,
    },
    Failed {
        step: StepName,
        class: FailureClass,
        message: String,
    },
    /// A failover took precedence.
    GaveWay {
        to: RunId,
    },
    /// A fence debt was paid.
    Fenced {
        site: SiteName,
    },
    /// The standby's workload is parked and its cluster stopped.
    Rested {
        rested: Rested,
    },
    /// The standby was started, looked at, parked and stopped again.
    Rehearsed {
        rested: Rested,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        not_proven: Vec<String>,
    },
    /// The planned move: the standby serves, and the site that was left rests.
    Switched {
        serving: Serving,
        left: Rested,
    },
    /// Everything that a recovery needs was looked at.
    Assessed {
        verdict: Verdict,
    },
    /// Nobody could drive it on; a person closed it.
    Parked {
        why: String,
    },
}

impl Outcome {
    /// Whether the incident is over with it (design rule: proven recovery, "no outage", or a named person's word).
    pub fn closes_incident(&self) -> bool {
        matches!(
            self,
            Outcome::Recovered { .. }
                | Outcome::Switched { .. }
                | Outcome::NoOutage { .. }
                | Outcome::Declined { .. }
                | Outcome::Aborted { .. }
        )
    }

    /// A word for tables and exit codes.
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Recovered { serving } if serving.is_complete() => "recovered",
            Outcome::Recovered { .. } => "serving",
            Outcome::NoOutage { .. } => "no-outage",
            Outcome::Observed { .. } => "observed",
            Outcome::Declined { .. } => "declined",
            Outcome::Aborted { .. } => "aborted",
            Outcome::ApprovalTimedOut => "approval-timed-out",
            Outcome::OperatorWaitOver { .. } => "operator-wait-over",
            Outcome::Failed { .. } => "failed",
            Outcome::GaveWay { .. } => "gave-way",
            Outcome::Fenced { .. } => "fenced",
            Outcome::Rested { .. } => "rested",
            Outcome::Rehearsed { .. } => "rehearsed",
            Outcome::Switched { .. } => "switched",
            Outcome::Assessed { verdict } => verdict.word(),
            Outcome::Parked { .. } => "parked",
        }
    }

    /// The headline of report and notification, for what the run was there for.
    pub fn headline_of(&self, kind: RunKind) -> String {
        let headline = self.headline();
        if kind == RunKind::Failover {
            return headline;
        }
        match headline.strip_prefix(NOT_RECOVERED) {
            Some(rest) => format!("{NOT_DONE}{rest}"),
            None => headline.trim_end_matches(STAYS_OPEN).to_owned(),
        }
    }

    /// The same where nothing is known but the outcome.
    pub fn headline(&self) -> String {
        match self {
            Outcome::Recovered { serving } if serving.is_complete() => format!("Recovered: {} serves", serving.site()),
            Outcome::Recovered { serving } => {
                format!("Serving from {}, not proven: {}", serving.site(), serving.not_proven().join("; "))
            }
            Outcome::NoOutage { because } => format!("No outage, nothing was touched: {because}"),
            Outcome::Observed { would } => format!("Observed only; would have: {}", would.join(", then ")),
            Outcome::Declined { by, why } => format!("Declined by {by}: {why}"),
            Outcome::Aborted { by, why, .. } => format!("Aborted by {by}: {why}"),
            Outcome::ApprovalTimedOut => format!("Not started: nobody approved in time{STAYS_OPEN}"),
            Outcome::OperatorWaitOver { step, ask } => {
                format!("{}: {step} waited for a person until its time was over: {ask}", lacks(*step))
            }
            Outcome::Failed { step, message, .. } => format!("{}: {step} failed: {message}", lacks(*step)),
            Outcome::GaveWay { to } => format!("Gave way to {to}"),
            Outcome::Fenced { site } => format!("Fence debt paid: {site} is fenced"),
            Outcome::Rested { rested } => {
                format!("Parked: the workload at {} is scaled to zero, its cluster stopped", rested.site())
            }
            Outcome::Rehearsed { rested, not_proven } => {
                format!("Rehearsed: {} started, was looked at, and rests again{}", rested.site(), open(not_proven))
            }
            Outcome::Switched { serving, left } => {
                let open = open(serving.not_proven());
                format!("Switched over: {} serves, {} rests as the standby{open}", serving.site(), left.site())
            }
            Outcome::Assessed { verdict } => verdict.text(),
            Outcome::Parked { why } => format!("Parked for a person: {why}"),
        }
    }
}
