//! A probe pod that a drill has made and may not have deleted: Kubernetes ends it within minutes, but its object stays for as
//! long as its node does, and holds what it connected to the database with.

use super::NextStep;
use crate::domain::run::{RunState, Sent, Verb};
use crate::domain::runbook::StepName;

/// None unless the run has ended and its probe pod was not seen to be deleted, as when a drill gave way to an outage.
pub(super) fn pod(run: &RunState) -> Option<NextStep> {
    run.outcome.as_ref()?;
    let intents = &run.step(StepName::VerifyPath)?.intents;
    let made = intents.iter().find(|intent| intent.call.verb == Verb::CreateProbe && intent.may_have_worked())?;
    let is_deleted = |outcome: &Sent| outcome.is_accepted();
    let mut deletions = intents.iter().filter(|intent| intent.call.verb == Verb::DeleteProbe);
    if deletions.any(|intent| intent.outcome.as_ref().is_some_and(is_deleted)) {
        return None;
    }
    let probe = made.call.probe.as_ref()?;
    let what = format!(
        "The probe {} in the cluster of {} may still be there. It does nothing any more, but its environment holds what it \
         connected to the database with. Delete it",
        probe.text(),
        run.created.standby
    );
    let command = format!("kubectl delete pod {} --namespace {} --ignore-not-found", probe.name, probe.namespace);
    Some(NextStep { what, commands: vec![command] })
}
