//! The times in which a run waited for a person.

use super::event::RunEvent;
use crate::domain::chain::Entry;
use crate::domain::runbook::StepName;
use chrono::{DateTime, Utc};
use serde::Serialize;

/// One stretch of waiting, from the first question to the moment in which nothing was asked any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Wait {
    /// The step that asked; none when the run as a whole waited for approval.
    pub step: Option<StepName>,
    pub from: DateTime<Utc>,
    /// Absent while it waits.
    pub to: Option<DateTime<Utc>>,
    /// What was asked first.
    pub what: String,
}

/// Takes in the next event of the run.
pub(super) fn apply(waits: &mut Vec<Wait>, entry: &Entry<RunEvent>) {
    match &entry.event {
        RunEvent::NeedsOperator { step, ask } => begin(waits, Some(*step), &ask.what, entry.at),
        RunEvent::ApprovalAsked { .. } => begin(waits, None, "approval of the run", entry.at),
        RunEvent::OperatorNotNeeded { step }
        | RunEvent::StepSucceeded { step, .. }
        | RunEvent::StepFailed { step, .. } => end(waits, entry.at, |wait| wait.step == Some(*step)),
        RunEvent::Approved { .. } | RunEvent::Declined { .. } => end(waits, entry.at, |wait| wait.step.is_none()),
        RunEvent::RunEnded { .. } => end(waits, entry.at, |_| true),
        _ => {}
    }
}

/// A further question of the same step goes on with the same waiting.
fn begin(waits: &mut Vec<Wait>, step: Option<StepName>, what: &str, at: DateTime<Utc>) {
    let waiting = waits.iter().any(|wait| wait.to.is_none() && wait.step == step);
    if !waiting {
        waits.push(Wait { step, from: at, to: None, what: what.to_owned() });
    }
}

fn end(waits: &mut [Wait], at: DateTime<Utc>, is_over: impl Fn(&Wait) -> bool) {
    for wait in waits.iter_mut().filter(|wait| wait.to.is_none() && is_over(wait)) {
        wait.to = Some(at);
    }
}
