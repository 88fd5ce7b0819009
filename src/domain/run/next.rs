//! What a run has to do next: a pure function of its folded journal and the time.

use super::call::Sent;
use super::put_back::next_back;
use super::state::{Approval, Phase, RunState, StepState};
use crate::domain::failure::FailureClass;
use crate::domain::ladder::{self, NoProof, Ready, Rested, Serving, proves};
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::plan::Automation;
use crate::domain::runbook::{Line, RunKind, StepName};
use chrono::{DateTime, TimeDelta, Utc};

/// A success rests on a writer and a route that were seen no longer ago than this. Whatever took longer, or died and was
/// taken up again, is looked at once more: a database may be lost, or failed over, while the cluster starts.
const FRESH: TimeDelta = TimeDelta::seconds(45);

/// The proofs that a success rests on at its very end. The route is asked of the application itself, so it also stands
/// for that.
const LAST_PROOFS: [StepName; 2] = [StepName::VerifyWriter, StepName::VerifyRoute];

/// The next thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// Let these steps look. The ones not started yet are to be started, and proven ones again: their proof is too old.
    Steps(Vec<StepName>),
    /// Ask for approval, to be given until then.
    AskApproval {
        until: DateTime<Utc>,
    },
    /// Nothing but a person's word can move the run; looked at again then.
    WaitForApproval {
        until: DateTime<Utc>,
    },
    End(Outcome),
    /// The run has ended: write the report.
    Report,
    /// The report is written: tell the ledger.
    Settle,
    /// The ledger knows: see to the notifications, then close.
    Close,
    /// Closed: nothing left to do, by anybody.
    Nothing,
}

/// Decides what is next.
pub fn next(run: &RunState, now: DateTime<Utc>) -> Next {
    if run.closed {
        return Next::Nothing;
    }
    if run.outcome.is_some() {
        return closing(run);
    }
    if let Some(outcome) = ending(run, now) {
        return Next::End(outcome);
    }
    working(run, now)
}

/// Order at the end: journal `RunEnded` → report → ledger → notifications → `Closed`.
fn closing(run: &RunState) -> Next {
    if run.report_digest.is_none() {
        Next::Report
    } else if !run.settled {
        Next::Settle
    } else {
        Next::Close
    }
}

/// Whether the run is over, and how. A call that may still be on its way is waited for first, and so is the step that
/// puts back what a drill has changed.
fn ending(run: &RunState, now: DateTime<Utc>) -> Option<Outcome> {
    if run.steps.values().any(|step| step.in_flight(now).is_some()) {
        return None;
    }
    over(run, now).filter(|outcome| next_back(run, outcome, now).is_none())
}

fn over(run: &RunState, now: DateTime<Utc>) -> Option<Outcome> {
    person_ended(run).or_else(|| step_failed(run)).or_else(|| all_done(run, now)).or_else(|| waited_too_long(run, now))
}

fn person_ended(run: &RunState) -> Option<Outcome> {
    if let Some(why) = &run.parked {
        return Some(Outcome::Parked { why: why.clone() });
    }
    if let Some(to) = &run.preempted_by {
        return Some(Outcome::GaveWay { to: to.clone() });
    }
    if let Some(word) = &run.abort {
        let left_running = run.accepted_calls().iter().map(|intent| intent.call.text()).collect();
        return Some(Outcome::Aborted { by: word.by.clone(), why: word.why.clone(), left_running });
    }
    match &run.approval {
        Approval::Declined(word) => Some(Outcome::Declined { by: word.by.clone(), why: word.why.clone() }),
        _ => None,
    }
}

fn step_failed(run: &RunState) -> Option<Outcome> {
    let (step, state) = run.steps.iter().find(|(_, state)| state.phase == Phase::Failed)?;
    Some(state.failed_outcome(*step))
}

fn all_done(run: &RunState, now: DateTime<Utc>) -> Option<Outcome> {
    if !is_proven(run) || !stale(run, now).is_empty() {
        return None;
    }
    Some(match run.created.kind {
        RunKind::Fence => fenced(run),
        RunKind::Failover => climb(run).map_or_else(unproven, |serving| Outcome::Recovered { serving }),
        RunKind::Park => rested(run).map_or_else(unproven, |rested| Outcome::Rested { rested }),
        RunKind::StandbyDrill => rehearsed(run).unwrap_or_else(unproven),
        RunKind::ReadinessDrill => assessed(run).unwrap_or_else(unproven),
        RunKind::SwitchoverDrill => switched(run).unwrap_or_else(unproven),
    })
}

fn unproven(gap: NoProof) -> Outcome {
    Outcome::Failed { step: gap.step, class: FailureClass::Other, message: gap.to_string() }
}

/// The standby sleeps: nothing of its workload is left, and its cluster was seen stopped after that.
fn rested(run: &RunState) -> Result<Rested, NoProof> {
    let proof = |step| run.proof(step).ok_or_else(|| NoProof { step, saw: "nothing was proven yet".into() });
    Rested::from(proof(StepName::ParkWorkload)?, proof(StepName::StopReplica)?)
}

/// Whatever was found: an assessment that says "not ready" is one that was done.
fn assessed(run: &RunState) -> Result<Outcome, NoProof> {
    let step = StepName::AssessReadiness;
    let proof = run.proof(step).ok_or_else(|| NoProof { step, saw: "nothing was looked at yet".into() })?;
    ladder::assessed(proof).map(|assessment| Outcome::Assessed { verdict: assessment.verdict.clone() })
}

/// The standby was looked at from inside and outside, and sleeps again.
fn rehearsed(run: &RunState) -> Result<Outcome, NoProof> {
    let mut not_proven = Vec::new();
    for step in [StepName::StartReplica, StepName::VerifyPath, StepName::VerifyIngress] {
        let proof = run.proof(step).ok_or_else(|| NoProof { step, saw: "nothing was proven yet".into() })?;
        not_proven.extend(proves(step, proof, &run.created.standby)?);
    }
    Ok(Outcome::Rehearsed { rested: rested(run)?, not_proven })
}

/// The other site serves, and the one that was left sleeps as a standby has to.
fn switched(run: &RunState) -> Result<Outcome, NoProof> {
    let proof = |step| run.proof(step).ok_or_else(|| NoProof { step, saw: "nothing was proven yet".into() });
    let standby = &run.created.standby;
    let mut open = Vec::new();
    for step in [StepName::StartReplica, StepName::VerifyPath, StepName::VerifyIngress, StepName::ReleaseWorkload] {
        open.extend(proves(step, proof(step)?, standby)?);
    }
    let serving = serving(run)?.leaving_open(open);
    let left = Rested::left(proof(StepName::ParkPrimary)?, proof(StepName::StopPrimary)?)?;
    Ok(Outcome::Switched { serving, left })
}

fn is_proven(run: &RunState) -> bool {
    run.steps.values().all(|state| state.phase == Phase::Succeeded)
}

/// The steps whose proof is too old to end a run with, or was seen by a driver with another clock.
fn stale(run: &RunState, now: DateTime<Utc>) -> Vec<StepName> {
    let is_old = |step: &StepName| {
        let Some(at) = run.proof(*step).and_then(Observation::seen_at) else { return false };
        let proven_in = run.step(*step).and_then(|state| state.proven_in);
        now - at > FRESH || proven_in != Some(run.claim.slice)
    };
    LAST_PROOFS.into_iter().filter(is_old).collect()
}

/// Only a cluster that was seen to be stopped pays a fence debt; a fence that is owed once more does not.
fn fenced(run: &RunState) -> Outcome {
    match run.proof(StepName::FencePrimary) {
        Some(Observation::Fence { site, .. }) => Outcome::Fenced { site: site.clone() },
        other => {
            let saw = other.map_or_else(|| "nothing".to_owned(), Observation::text);
            unproven(NoProof { step: StepName::FencePrimary, saw })
        }
    }
}

/// Climbs the ladder with what the journal holds. There is no other way to a [`Serving`].
pub fn climb(run: &RunState) -> Result<Serving, NoProof> {
    let proof = |step| run.proof(step).ok_or_else(|| NoProof { step, saw: "nothing was proven yet".into() });
    let standby = &run.created.standby;
    let mut open = proves(StepName::ConfirmOutage, proof(StepName::ConfirmOutage)?, standby)?;
    open.extend(proves(StepName::FencePrimary, proof(StepName::FencePrimary)?, standby)?);
    if run.step(StepName::ReleaseWorkload).is_some() {
        open.extend(proves(StepName::ReleaseWorkload, proof(StepName::ReleaseWorkload)?, standby)?);
    }
    open.extend(proves(StepName::StartReplica, proof(StepName::StartReplica)?, standby)?);
    Ok(serving(run)?.leaving_open(open))
}

/// The rungs that every move to the standby has in common.
fn serving(run: &RunState) -> Result<Serving, NoProof> {
    let proof = |step| run.proof(step).ok_or_else(|| NoProof { step, saw: "nothing was proven yet".into() });
    let serving = Ready::from(proof(StepName::StartReplica)?)?
        .writable(proof(StepName::VerifyWriter)?)?
        .serving(proof(StepName::VerifyApp)?, proof(StepName::VerifyRoute)?)?;
    match run.proof(StepName::VerifyIndex) {
        Some(index) => Ok(serving.with_index(proof(StepName::ResetSearchIndex)?, index)),
        None => Ok(serving),
    }
}

fn waited_too_long(run: &RunState, now: DateTime<Utc>) -> Option<Outcome> {
    if let Approval::Asked { until, .. } = &run.approval
        && now >= *until
    {
        return Some(Outcome::ApprovalTimedOut);
    }
    let (step, asked) = run.asking().find(|(step, _)| run.waited_too_long(*step, now))?;
    Some(Outcome::OperatorWaitOver { step, ask: asked.ask.what.clone() })
}

/// The run goes on: which steps look, or whom it waits for.
fn working(run: &RunState, now: DateTime<Utc>) -> Next {
    if is_proven(run) {
        return Next::Steps(stale(run, now));
    }
    if let Some(back) = over(run, now).and_then(|outcome| next_back(run, &outcome, now)) {
        return Next::Steps(vec![back]);
    }
    let lines = run.created.lines();
    let open: Vec<&Line> = lines.iter().filter(|line| is_open(run, line)).collect();
    let (gated, free): (Vec<&Line>, Vec<&Line>) = open.into_iter().partition(|line| line.mutates && is_gated(run));
    if !free.is_empty() || gated.is_empty() {
        return Next::Steps(free.iter().map(|line| line.step).collect());
    }
    gate(run, &gated, now)
}

/// A step is open when all before it succeeded and it did not; and a fence that is owed, until it is paid.
fn is_open(run: &RunState, line: &Line) -> bool {
    let succeeded = |step: &StepName| run.step(*step).is_some_and(|state| state.phase == Phase::Succeeded);
    let unfinished = run.step(line.step).is_some_and(|state| !matches!(state.phase, Phase::Succeeded | Phase::Failed));
    let owes = run.step(line.step).is_some_and(StepState::owes);
    owes || unfinished && line.after.iter().all(succeeded)
}

/// Whether mutating steps must wait: nobody approved yet, or the plan only observes.
fn is_gated(run: &RunState) -> bool {
    let asks = |run: &RunState| !matches!(run.approval, Approval::Approved(_));
    match run.created.plan.automation {
        _ if run.created.is_to_be_approved() => asks(run),
        Automation::Act => false,
        _ if run.created.started_by.needs_no_approval() => false,
        Automation::Observe => true,
        Automation::Approve => asks(run),
    }
}

fn gate(run: &RunState, gated: &[&Line], now: DateTime<Utc>) -> Next {
    if run.created.plan.automation == Automation::Observe {
        return Next::End(Outcome::Observed { would: would_have(run, gated) });
    }
    match &run.approval {
        Approval::Asked { until, .. } => Next::WaitForApproval { until: *until },
        _ => Next::AskApproval { until: now + run.created.plan.timing.approval_wait },
    }
}

/// The rest of the runbook in words, for `automation = "observe"`.
fn would_have(run: &RunState, gated: &[&Line]) -> Vec<String> {
    let first = gated.first().map(|line| line.step);
    run.created
        .lines()
        .iter()
        .skip_while(|line| Some(line.step) != first)
        .map(|line| match line.step {
            StepName::FencePrimary if run.created.plan.fence.scales() => {
                format!("scaled the workload at {0} to zero, or stopped the cluster of {0}", run.created.primary)
            }
            StepName::FencePrimary => format!("stopped the cluster of {}", run.created.primary),
            StepName::StartReplica => format!("started the cluster of {}", run.created.standby),
            StepName::VerifyWriter => "proved that the database takes writes".to_owned(),
            StepName::VerifyApp => "waited until the application serves".to_owned(),
            StepName::VerifyRoute => "verified the route through Front Door".to_owned(),
            StepName::ConfirmOutage => "confirmed the outage".to_owned(),
            StepName::ResetSearchIndex => format!("reset the search index at {}", run.created.standby),
            StepName::VerifyIndex => "looked how far the new search index is".to_owned(),
            StepName::VerifyPath => format!("read through the writer endpoint from inside {}", run.created.standby),
            StepName::VerifyIngress => format!("seen that the ingress of {} answers", run.created.standby),
            StepName::ReleaseWorkload => format!("released the workload at {}", run.created.standby),
            StepName::CheckStandby => "checked that both sites are as they should be".to_owned(),
            StepName::ParkWorkload => format!("parked the workload at {}", run.created.standby),
            StepName::ParkPrimary => format!("parked the workload at {}", run.created.primary),
            StepName::StopPrimary => format!("stopped the cluster of {}", run.created.primary),
            StepName::RestorePrimary => format!("released the workload at {} again", run.created.primary),
            StepName::StopReplica => format!("stopped the cluster of {}", run.created.standby),
            StepName::AssessReadiness => "looked at everything that a recovery needs".to_owned(),
        })
        .collect()
}

impl super::state::StepState {
    fn failed_outcome(&self, step: StepName) -> Outcome {
        let (class, message) = self.failure.clone().unwrap_or((FailureClass::Other, String::new()));
        Outcome::Failed { step, class, message }
    }

    /// The class with which Azure rejected the newest call, if it did.
    pub fn last_rejection(&self) -> Option<(FailureClass, &str, &str)> {
        match self.last_intent()?.outcome.as_ref()? {
            Sent::Rejected { class, code, message, .. } => Some((*class, code, message)),
            _ => None,
        }
    }
}
