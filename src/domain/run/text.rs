//! Events in words, for live views. What Azure signed is never part of them.

use super::event::RunEvent;
use crate::domain::runbook::StepName;

impl RunEvent {
    /// The event's kind, as the journal names it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::RunCreated(_) => "run-created",
            Self::Claimed { .. } => "claimed",
            Self::Released { .. } => "released",
            Self::StepStarted { .. } => "step-started",
            Self::Intent { .. } => "intent",
            Self::Sent { .. } => "sent",
            Self::Observed { .. } => "observed",
            Self::NeedsOperator { .. } => "needs-operator",
            Self::OperatorNotNeeded { .. } => "operator-not-needed",
            Self::StepSucceeded { .. } => "step-succeeded",
            Self::StepFailed { .. } => "step-failed",
            Self::ApprovalAsked { .. } => "approval-asked",
            Self::Approved { .. } => "approved",
            Self::Declined { .. } => "declined",
            Self::AbortRequested { .. } => "abort-requested",
            Self::Preempted { .. } => "preempted",
            Self::RunEnded { .. } => "run-ended",
            Self::Reported { .. } => "reported",
            Self::Settled => "settled",
            Self::NotifySent { .. } => "notify-sent",
            Self::Parked { .. } => "parked",
            Self::Closed => "closed",
            Self::Noted { .. } => "noted",
            Self::Attested { .. } => "attested",
        }
    }

    /// One line for people.
    pub fn text(&self) -> String {
        match self {
            Self::RunCreated(created) => {
                format!("{} of {} started by {}", created.kind, created.plan.name, created.started_by.text())
            }
            Self::Claimed { by, slice } => format!("slice {slice} is driven by worker {}", by.worker),
            Self::Released { slice, next: Some(next) } => {
                format!("slice {slice} ended; due again at {}", next.format("%H:%M:%S UTC"))
            }
            Self::Released { slice, next: None } => format!("slice {slice} ended"),
            Self::StepStarted { step } => format!("{step} started"),
            Self::Intent { call, .. } => format!("will {}", call.text()),
            Self::Sent {
                step:
                    StepName::ParkWorkload | StepName::VerifyPath | StepName::ReleaseWorkload | StepName::ResetSearchIndex,
                outcome,
            } => {
                format!("Kubernetes: {}", outcome.text())
            }
            Self::Sent { outcome, .. } => format!("Azure: {}", outcome.text()),
            Self::Observed { saw, .. } => saw.text(),
            Self::NeedsOperator { ask, .. } => format!("{} {}", ask.what, ask.means),
            Self::OperatorNotNeeded { step } => format!("{step} goes on by itself"),
            Self::StepSucceeded { step, proof } => format!("{step} proven: {}", proof.text()),
            Self::StepFailed { step, message, .. } => format!("{step} failed: {message}"),
            Self::ApprovalAsked { until } => format!("approval is asked for until {}", until.format("%H:%M:%S UTC")),
            Self::Approved { by, why, .. } => format!("approved by {by}: {why}"),
            Self::Declined { by, why, .. } => format!("declined by {by}: {why}"),
            Self::AbortRequested { by, why, .. } => format!("abort asked for by {by}: {why}"),
            Self::Preempted { by_run } => format!("gives way to {by_run}"),
            Self::RunEnded { outcome } => outcome.headline(),
            Self::Reported { .. } => "the report is stored".to_owned(),
            Self::Settled => "the ledger knows that the run is over".to_owned(),
            Self::NotifySent { channel, moment, delivered: true, detail, .. } => {
                format!("told {channel} ({moment}): {detail}")
            }
            Self::NotifySent { channel, moment, detail, .. } => {
                format!("could not tell {channel} ({moment}): {detail}")
            }
            Self::Parked { why } => format!("parked for a person: {why}"),
            Self::Closed => "closed".to_owned(),
            Self::Noted { by, notes, .. } => {
                let about: Vec<&str> = notes.iter().map(|note| note.about()).collect();
                format!("noted by {by}: {}", about.join(", "))
            }
            Self::Attested { by, signature, .. } => {
                format!("attested as {} by {} ({by})", signature.verdict.as_str(), signature.name)
            }
        }
    }
}
