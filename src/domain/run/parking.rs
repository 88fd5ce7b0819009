//! What a run leaves behind of the standby's workload, for the ledger.

use super::state::{RunState, StepState};
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::parking::{ParkingState, StandbyWorkload};
use crate::domain::runbook::{RunKind, StepName};
use crate::domain::workload::{Counts, WorkloadView};

/// What the ledger is to know of the standby's workload once the run is over; nothing when the run did not touch it.
/// When in doubt it is released: a workload wrongly taken for parked would write beside the site that serves.
pub fn workload_left(run: &RunState) -> Option<(SiteName, ParkingState)> {
    let site = run.created.standby.clone();
    if let Some(counts) = parked(run).or_else(|| counts(run).filter(|_| is_silenced(run))) {
        return Some((site, ParkingState::Parked { counts }));
    }
    let starts = run.created.kind == RunKind::Failover && !run.created.standby_workload.is_parked();
    let releasing = [
        (true, StepName::ReleaseWorkload),
        (true, StepName::ParkWorkload),
        (true, StepName::ResetSearchIndex),
        (starts && run.created.standby_workload != StandbyWorkload::StartsWithCluster, StepName::StartReplica),
    ];
    let touched = releasing.iter().any(|(counts, step)| *counts && run.step(*step).is_some_and(may_have_changed));
    touched.then_some((site, ParkingState::Released))
}

/// The same of the site that was left, where its workload was scaled to zero.
pub fn old_workload_left(run: &RunState) -> Option<(SiteName, ParkingState)> {
    let steps = SCALES_PRIMARY_DOWN.into_iter().filter_map(|step| run.step(step));
    let step = steps.into_iter().find(|step| may_have_changed_scale(step))?;
    let at_zero = step.proof.as_ref().and_then(workload_in).is_some_and(WorkloadView::is_parked);
    let given_back = run.step(StepName::RestorePrimary).is_some_and(may_have_changed_scale);
    let counts = Some(primary_counts(run)).filter(|counts| !counts.is_empty() && at_zero && !given_back);
    let state = counts.map_or(ParkingState::Released, |counts| ParkingState::Parked { counts });
    Some((run.created.primary.clone(), state))
}

/// The steps that scale the primary's workload to zero.
const SCALES_PRIMARY_DOWN: [StepName; 2] = [StepName::FencePrimary, StepName::ParkPrimary];

/// The counts that bring the primary's workload back: the largest that this run saw of it, else those of the configuration.
pub fn primary_counts(run: &RunState) -> Counts {
    let steps = SCALES_PRIMARY_DOWN.into_iter().filter_map(|step| run.step(step));
    let seen = largest(
        Counts::new(),
        steps.flat_map(|step| step.observations.iter().chain(&step.proof)).filter_map(workload_in),
    );
    if seen.is_empty() { run.created.plan.replicas().cloned().unwrap_or_default() } else { seen }
}

/// Whether a move that was put back has seen the standby's workload at zero again.
fn is_silenced(run: &RunState) -> bool {
    let restored = run.step(StepName::RestorePrimary).into_iter();
    let mut saw = restored.flat_map(|step| step.proof.as_ref().or(step.observations.last()));
    saw.any(|saw| matches!(saw, Observation::Restored { standby, .. } if standby.value().is_some_and(WorkloadView::is_parked)))
}

fn may_have_changed_scale(step: &StepState) -> bool {
    step.intents.iter().any(|intent| intent.may_have_worked() && intent.call.scale.is_some())
}

/// Deleted claims leave the counts as they were.
fn may_have_changed(step: &StepState) -> bool {
    step.intents.iter().any(|intent| intent.may_have_worked() && intent.call.claim.is_none())
}

/// The counts that bring the workload back, if this run saw it parked and did not release it.
fn parked(run: &RunState) -> Option<Counts> {
    if run.step(StepName::ReleaseWorkload).is_some_and(may_have_changed) {
        return None;
    }
    let seen = SCALES_DOWN.into_iter().filter_map(|step| workload_in(run.proof(step)?));
    let parked = seen.into_iter().any(WorkloadView::is_parked);
    if parked { counts(run) } else { None }
}

/// The steps that scale the standby's workload to zero, and so see how many there were.
const SCALES_DOWN: [StepName; 2] = [StepName::ParkWorkload, StepName::ResetSearchIndex];

/// The counts that bring the standby's workload back: the largest that this run saw, or that were remembered from before,
/// since while pods go the counts are zero already. Objects of which nobody ever saw any have those of the configuration.
pub fn counts(run: &RunState) -> Option<Counts> {
    let steps = SCALES_DOWN.into_iter().filter_map(|step| run.step(step));
    let seen = steps.flat_map(|step| step.observations.iter().chain(&step.proof)).filter_map(workload_in);
    let known = run.created.remembered_counts().cloned().unwrap_or_default();
    let mut counts = largest(known, seen);
    for (object, count) in run.created.plan.replicas().into_iter().flatten() {
        counts.entry(object.clone()).or_insert(*count);
    }
    (!counts.is_empty()).then_some(counts)
}

/// The largest count of each object that ever had any.
fn largest<'a>(mut most: Counts, seen: impl Iterator<Item = &'a WorkloadView>) -> Counts {
    for (object, count) in seen.flat_map(|view| view.counts()) {
        let known = most.entry(object).or_default();
        *known = count.max(*known);
    }
    most.retain(|_, count| *count > 0);
    most
}

fn workload_in(saw: &Observation) -> Option<&WorkloadView> {
    match saw {
        Observation::Workload { workload, .. } => workload.value(),
        Observation::SearchIndex { index, .. } => index.value().map(|index| &index.workload),
        Observation::Fence { workload, .. } => workload.as_ref()?.value(),
        _ => None,
    }
}
