//! What a run puts back before it ends: a drill leaves things as it found them.

use super::call::Intent;
use super::state::{Phase, RunState};
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::runbook::{RunKind, StepName};
use chrono::{DateTime, Utc};

/// The step that has to put back what the run may have changed, before it ends like that. Not when it gives way: then the
/// failover goes on with what is there. What cannot be put back keeps what comes behind it: a standby is not put to rest
/// beside a primary that does not serve.
pub(super) fn next_back(run: &RunState, outcome: &Outcome, now: DateTime<Utc>) -> Option<StepName> {
    if matches!(outcome, Outcome::GaveWay { .. } | Outcome::Parked { .. }) || run.has_moved() {
        return None;
    }
    let changed = |step| run.step(step).is_some_and(|state| state.intents.iter().any(Intent::may_have_worked));
    let phase = |step| run.step(step).map(|state| state.phase);
    let mut left = run.created.kind.puts_back().iter().filter(|(_, changes)| changed(*changes));
    let (back, changes) = left.find(|(back, _)| phase(*back) != Some(Phase::Succeeded))?;
    let given_up = phase(*back) == Some(Phase::Failed) || run.waited_too_long(*back, now);
    (!given_up && !is_lost(run, *changes)).then_some(*back)
}

/// The site went away while it was parked: nothing can be put back there, and the outage is a failover's matter.
fn is_lost(run: &RunState, changes: StepName) -> bool {
    let Some(parked) = run.step(StepName::ParkPrimary).filter(|_| changes == StepName::ParkPrimary) else {
        return false;
    };
    parked.phase == Phase::Failed && parked.observations.last().is_some_and(|saw| saw.is_unknown())
}

impl RunState {
    /// Whether a planned move came so far that there is nothing to be put back any more: the other site serves.
    pub fn has_moved(&self) -> bool {
        let served = self.step(StepName::VerifyRoute).is_some_and(|step| step.proven_at.is_some());
        self.created.kind == RunKind::SwitchoverDrill && served
    }

    /// The site whose fence this run owes, and why: it went on without it, or was put back unseen beside it.
    pub fn owed(&self) -> Option<(&SiteName, &str)> {
        let put_back = self.step(StepName::RestorePrimary).and_then(|step| step.approved.as_ref());
        match self.proof(StepName::FencePrimary) {
            Some(Observation::FenceOwed { site, why, .. }) => Some((site, why)),
            _ => put_back.map(|word| (&self.created.standby, word.why.as_str())),
        }
    }

    /// The steps to be shown: those of the runbook, and those that put something back once they have begun.
    pub fn shown_steps(&self) -> Vec<StepName> {
        let lines: Vec<StepName> = self.created.lines().iter().map(|line| line.step).collect();
        let begun = self.created.kind.puts_back().iter().map(|(back, _)| *back);
        let begun = begun.filter(|back| !lines.contains(back) && self.step(*back).is_some()).collect::<Vec<_>>();
        lines.into_iter().chain(begun).collect()
    }

    /// Whether a step has asked for a person for as long as anybody is waited for.
    pub(super) fn waited_too_long(&self, step: StepName, now: DateTime<Utc>) -> bool {
        let wait = self.created.plan.timing.operator_wait;
        let mut asked = self.asking().filter(|(asking, _)| *asking == step);
        asked.any(|(_, asked)| (now - asked.since).to_std().is_ok_and(|spent| spent >= wait))
    }
}
