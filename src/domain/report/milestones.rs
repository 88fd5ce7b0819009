//! "Healthy" and "reindexed": two points of the recovery, each with the time of its own proof or with the reason why there is
//! none.

use super::{Milestone, MilestoneLine, interruption};
use crate::domain::application::{AppView, IndexState};
use crate::domain::ladder::index_open;
use crate::domain::observation::Observation;
use crate::domain::plan::AppKind;
use crate::domain::run::{Phase, RunState, StepState};
use crate::domain::runbook::{RunKind, StepName};

/// The milestones of a run that has come to look at the application.
pub(super) fn of(run: &RunState) -> Vec<MilestoneLine> {
    let Some(app) = run.step(StepName::VerifyApp).filter(|app| app.started_at.is_some()) else { return Vec::new() };
    let moves = match run.created.kind {
        RunKind::Failover => Vec::new(),
        RunKind::SwitchoverDrill => interruption::milestones(run),
        _ => return Vec::new(),
    };
    moves.into_iter().chain([healthy(app)]).chain(has_index(run, app).then(|| reindexed(run))).collect()
}

/// Whether there is an index whose state the application leaves open.
fn has_index(run: &RunState, app: &StepState) -> bool {
    let sonarqube = run.created.plan.apps.iter().any(|app| app.kind == AppKind::Sonarqube);
    let seen = match &app.proof {
        Some(Observation::App { app }) => app.value(),
        _ => None,
    };
    let settled =
        matches!(seen, Some(AppView::Serving { search_index, .. }) if *search_index != IndexState::NotVerified);
    sonarqube && !settled
}

fn healthy(app: &StepState) -> MilestoneLine {
    let line = |at, statement| MilestoneLine { milestone: Milestone::Healthy, at, statement };
    match (&app.proof, app.observations.last()) {
        (Some(proof), _) => line(app.ended_at, proof.text()),
        (None, Some(saw)) => line(None, format!("not proven: {}", saw.text())),
        (None, None) => line(None, "not proven: the application was not seen yet".to_owned()),
    }
}

fn reindexed(run: &RunState) -> MilestoneLine {
    let line = |at, statement: String| MilestoneLine { milestone: Milestone::Reindexed, at, statement };
    let Some(step) = run.step(StepName::VerifyIndex) else {
        let why = "not proven: the plan resets no search index (reset_search_index), and one that a standby has slept with \
                   is older than the database";
        return line(None, why.to_owned());
    };
    match (run.proof(StepName::ResetSearchIndex), &step.proof) {
        (Some(reset), Some(index)) => match index_open(reset, index) {
            None => line(index.seen_at(), format!("{}, built anew behind the reset", index.text())),
            Some(why) => line(None, format!("not proven: {why}")),
        },
        _ => line(None, format!("not proven: {}", so_far(step))),
    }
}

fn so_far(step: &StepState) -> String {
    match step.observations.last().map(Observation::text) {
        Some(saw) => saw,
        None if step.phase == Phase::Pending => "the application did not come so far".to_owned(),
        None => "it was not seen yet".to_owned(),
    }
}
