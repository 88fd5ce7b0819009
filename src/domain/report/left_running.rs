//! A standby that a drill has started and could not stop again: what runs on, what that costs, what to do.

use super::NextStep;
use super::advice::aks_command;
use crate::domain::duration;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::run::{Intent, Phase, RunState};
use crate::domain::runbook::StepName;

/// None unless the run has ended with the standby running that it should have put back. One that gave way leaves it to the
/// failover that goes on with it.
pub(super) fn standby(run: &RunState) -> Option<NextStep> {
    let (back, changes) = *run.created.kind.puts_back().last().filter(|_| !run.has_moved())?;
    let over = run.outcome.as_ref().is_some_and(|outcome| !matches!(outcome, Outcome::GaveWay { .. }));
    let started = run.step(changes).and_then(|step| step.intents.iter().find(|intent| intent.may_have_worked()));
    let is_back = run.step(back).is_some_and(|step| step.phase == Phase::Succeeded);
    let started = started.filter(|_| over && !is_back)?;
    let created = &run.created;
    let what = format!(
        "The cluster of {} was started at {} and was not seen to be stopped: {}. Azure bills it until it is stopped, and no \
         drill begins before. Stop it",
        created.standby,
        started.at.format("%H:%M:%S UTC"),
        costs(run, started)
    );
    let site = created.plan.site(&created.standby);
    Some(NextStep { what, commands: site.map(|site| aks_command("stop", &site.cluster)).into_iter().collect() })
}

/// Prices are nobody's business here; machines and time are what they are multiplied with.
fn costs(run: &RunState, started: &Intent) -> String {
    let ran_for = duration::of_seconds(super::build::seconds_between(started.at, run.last_event_at));
    match nodes(run) {
        Some(nodes) => format!("{nodes} nodes have run for {ran_for} by the end of this report"),
        None => format!("its nodes have run for {ran_for} by the end of this report"),
    }
}

fn nodes(run: &RunState) -> Option<usize> {
    let Observation::Cluster { nodes: Some(nodes), .. } = run.proof(StepName::StartReplica)? else { return None };
    nodes.value().map(|view| view.nodes.len())
}
