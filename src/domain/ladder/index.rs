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
        Observation::IndexKept { .. } => Ok(open_line(kept(saw))),
        other => Err(no_proof(StepName::ResetSearchIndex, other)),
    }
}

/// Every look proves something, if only how far it was: nothing waits for the index.
pub(super) fn indexation_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Indexation { .. } => Ok(open_line(unbuilt(saw))),
        other => Err(no_proof(StepName::VerifyIndex, other)),
    }
}

fn open_line(why: Option<String>) -> Vec<NotProven> {
    why.map(|why| format!("{MATCHES}: {why}")).into_iter().collect()
}

/// Why an old index may be left.
fn kept(reset: &Observation) -> Option<String> {
    match reset {
        Observation::IndexKept { why, .. } => Some(format!("it was not reset, {why}")),
        _ => None,
    }
}

/// What is missing in the new one.
fn unbuilt(index: &Observation) -> Option<String> {
    let Observation::Indexation { indexation } = index else { return None };
    match (indexation.value(), indexation.unknown_reason()) {
        (Some(index), _) if index.is_whole() => None,
        (Some(index), _) => Some(format!("it was {} when it was last seen", Indexation::text(index))),
        (None, reason) => Some(reason.unwrap_or("nobody could be asked").to_owned()),
    }
}

/// What is not known of the index behind a reset. A whole one proves nothing when an old one was kept: the product calls
/// that complete, too.
pub fn index_open(reset: &Observation, index: &Observation) -> Option<String> {
    kept(reset).or_else(|| unbuilt(index))
}

/// Puts what reset and rebuilding have shown in the place of what the application alone leaves open.
pub fn settle_index(open: &mut Vec<NotProven>, reset: &Observation, index: &Observation) {
    open.retain(|line| !line.starts_with(MATCHES));
    open.extend(open_line(index_open(reset, index)));
}
