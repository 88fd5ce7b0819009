//! The search index: no rung of the recovery, and a milestone of its own. An application is healthy with a stale one.

use super::{NoProof, NotProven, no_proof};
use crate::domain::observation::Observation;
use crate::domain::runbook::StepName;
use crate::domain::search_index::{IndexView, Indexation, OnVolumes};

/// What an application that serves leaves open.
pub(super) const MATCHES: &str = "that the search index matches the database";

/// No index from before is left, or it was decided to leave it.
pub(super) fn reset_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    let is_gone = |view: &IndexView, since| matches!(view.on_volumes(since), OnVolumes::New | OnVolumes::Nothing);
    match saw {
        Observation::SearchIndex { since, index, .. } if index.value().is_some_and(|view| is_gone(view, *since)) => {
            Ok(Vec::new())
        }
        Observation::IndexKept { why, .. } => Ok(vec![format!("{MATCHES}: it was not reset, {why}")]),
        other => Err(no_proof(StepName::ResetSearchIndex, other)),
    }
}

/// Every look proves something, if only how far it was: nothing waits for the index.
pub(super) fn indexation_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    let Observation::Indexation { indexation } = saw else { return Err(no_proof(StepName::VerifyIndex, saw)) };
    match (indexation.value(), indexation.unknown_reason()) {
        (Some(index), _) if index.is_whole() => Ok(Vec::new()),
        (Some(index), _) => Ok(vec![format!("{MATCHES}: it was {} when it was last seen", Indexation::text(index))]),
        (None, reason) => Ok(vec![format!("{MATCHES}: {}", reason.unwrap_or("nobody could be asked"))]),
    }
}

/// Puts what reset and rebuilding have shown in the place of what the application alone leaves open. A whole index proves
/// nothing when an old one was kept: the product calls that complete, too.
pub fn settle_index(open: &mut Vec<NotProven>, reset: &Observation, index: &Observation) {
    let kept = reset_proof(reset).unwrap_or_default();
    let built = indexation_proof(index).unwrap_or_default();
    open.retain(|line| line != MATCHES && !built.contains(line) && !kept.contains(line));
    open.extend(if kept.is_empty() { built } else { kept });
}
