//! What people may say, and when it makes sense. Pure: a word that does not is refused with what to do instead.

use super::ledger::LedgerEvent;
use super::ledger::PlanState;
use super::names::{PlanName, RunId};
use super::run::{Approval, RunEvent, RunState};
use super::runbook::StepName;

/// What can be said to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunWord {
    Approve,
    Decline,
    Abort,
}

/// What can be said to a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanWord {
    Pause,
    Resume,
    Acknowledge,
}

/// Who says it and why. `by` is what was verified, `said` what the caller states about themself.
#[derive(Debug, Clone, Copy)]
pub struct Speaker<'a> {
    pub by: &'a str,
    pub said: Option<&'a str>,
    pub why: &'a str,
}

/// Why a word makes no sense now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{run} has ended: {outcome}")]
    Ended { run: RunId, outcome: String },
    #[error("{run} is being ended already: {how}")]
    Ending { run: RunId, how: String },
    #[error("{run} does not wait for an approval")]
    NotAsked { run: RunId },
    #[error("{run} was approved already by {by}")]
    Approved { run: RunId, by: String },
    #[error("{run} waits at {step} for something that no approval can replace: {what}")]
    NothingToApprove { run: RunId, step: StepName, what: String },
    #[error("{run} has touched something already, so it can no longer be declined")]
    Touched { run: RunId },
    #[error("{plan} is paused already by {by}: {why}")]
    Paused { plan: PlanName, by: String, why: String },
    #[error("{plan} is not paused")]
    NotPaused { plan: PlanName },
    #[error("{plan} has no run to be acknowledged: no cool-down is running")]
    NothingToAcknowledge { plan: PlanName },
}

impl Refusal {
    /// What to do instead, in one sentence.
    pub fn advice(&self) -> String {
        match self {
            Self::Ended { run, .. } => format!("Read what came of it with `reveille report {run}`."),
            Self::Ending { run, .. } | Self::Approved { run, .. } => {
                format!("Nothing is left to be said; `reveille status {run}` shows how it goes on.")
            }
            Self::NotAsked { run } => {
                format!("`reveille status {run}` shows what it does; `reveille abort {run}` would end it.")
            }
            Self::NothingToApprove { run, .. } => {
                format!("Do what it asks, then it goes on by itself; `reveille status {run}` names the commands.")
            }
            Self::Touched { run } => format!("Use `reveille abort {run}`; it undoes nothing and says what is left."),
            Self::Paused { plan, .. } => format!("`reveille resume {plan}` lifts the pause."),
            Self::NotPaused { plan } => format!("`reveille status {plan}` shows what holds it, if anything does."),
            Self::NothingToAcknowledge { plan } => format!("`reveille status {plan}` shows the last run."),
        }
    }
}

impl RunWord {
    /// Whether it makes sense to this run now.
    pub fn check(self, run: &RunState) -> Result<(), Refusal> {
        not_over(run)?;
        match self {
            Self::Approve => may_approve(run),
            Self::Decline => may_decline(run),
            Self::Abort => Ok(()),
        }
    }

    pub fn event(self, speaker: Speaker<'_>) -> RunEvent {
        let Speaker { by, said, why } = speaker;
        let (by, said, why) = (by.to_owned(), said.map(str::to_owned), why.to_owned());
        match self {
            Self::Approve => RunEvent::Approved { by, said, why },
            Self::Decline => RunEvent::Declined { by, said, why },
            Self::Abort => RunEvent::AbortRequested { by, said, why },
        }
    }
}

fn not_over(run: &RunState) -> Result<(), Refusal> {
    let id = || run.created.run.clone();
    if let Some(outcome) = &run.outcome {
        return Err(Refusal::Ended { run: id(), outcome: outcome.headline() });
    }
    let how = match (&run.parked, &run.preempted_by, &run.abort, &run.approval) {
        (Some(why), ..) => format!("it was parked: {why}"),
        (_, Some(to), ..) => format!("it gives way to {to}"),
        (_, _, Some(word), _) => format!("{} aborted it", word.by),
        (.., Approval::Declined(word)) => format!("{} declined it", word.by),
        _ => return Ok(()),
    };
    Err(Refusal::Ending { run: id(), how })
}

fn may_approve(run: &RunState) -> Result<(), Refusal> {
    let id = || run.created.run.clone();
    let mut unlifted = None;
    for (step, asked) in run.asking() {
        match (&asked.ask.approve_means, run.step(step).and_then(|state| state.approved.as_ref())) {
            (Some(_), None) => return Ok(()),
            (Some(_), Some(word)) => return Err(Refusal::Approved { run: id(), by: word.by.clone() }),
            (None, _) => unlifted = Some((step, asked.ask.what.clone())),
        }
    }
    match (&run.approval, unlifted) {
        (Approval::Asked { .. }, _) => Ok(()),
        (_, Some((step, what))) => Err(Refusal::NothingToApprove { run: id(), step, what }),
        (Approval::Approved(word), None) => Err(Refusal::Approved { run: id(), by: word.by.clone() }),
        (_, None) => Err(Refusal::NotAsked { run: id() }),
    }
}

/// A decline answers a question that was asked before anything was touched. Later only an abort is honest, since it
/// says what is left running.
fn may_decline(run: &RunState) -> Result<(), Refusal> {
    if run.touched_anything() {
        return Err(Refusal::Touched { run: run.created.run.clone() });
    }
    let asks = run.asking().any(|(_, asked)| asked.ask.approve_means.is_some());
    match asks || matches!(run.approval, Approval::Asked { .. }) {
        true => Ok(()),
        false => Err(Refusal::NotAsked { run: run.created.run.clone() }),
    }
}

impl PlanWord {
    /// Whether it makes sense to this plan now.
    pub fn check(self, plan: &PlanName, state: &PlanState) -> Result<(), Refusal> {
        let plan = || plan.clone();
        match (self, &state.paused) {
            (Self::Pause, Some(paused)) => {
                Err(Refusal::Paused { plan: plan(), by: paused.by.clone(), why: paused.why.clone() })
            }
            (Self::Resume, None) => Err(Refusal::NotPaused { plan: plan() }),
            (Self::Acknowledge, _) if state.acknowledged || state.last_closed.is_none() => {
                Err(Refusal::NothingToAcknowledge { plan: plan() })
            }
            _ => Ok(()),
        }
    }

    pub fn event(self, speaker: Speaker<'_>) -> LedgerEvent {
        let Speaker { by, said, why } = speaker;
        let (by, said, why) = (by.to_owned(), said.map(str::to_owned), why.to_owned());
        match self {
            Self::Pause => LedgerEvent::Paused { by, said, why },
            Self::Resume => LedgerEvent::Resumed { by, said, why },
            Self::Acknowledge => LedgerEvent::Acknowledged { by, said, why },
        }
    }
}
