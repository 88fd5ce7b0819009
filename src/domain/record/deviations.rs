//! What went otherwise than planned: what the journal itself shows, then what people noticed.

use super::note::{Note, standing};
use super::{Deviation, ErrorLine};
use crate::domain::duration;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::report::{Report, StepLine, WaitLine};
use crate::domain::run::{RunState, StartedBy};
use crate::domain::runbook::StepName;
use chrono::{DateTime, TimeDelta, Utc};

const JOURNAL: &str = "the journal";

/// Everything, in the order in which it happened.
pub(super) fn of(run: &RunState, report: &Report) -> Vec<Deviation> {
    let mut found = forced(run);
    found.extend(report.waits.iter().map(|wait| waited(wait, run.ended_at)));
    found.extend(run.steps.iter().filter_map(|(step, state)| decided(*step, state.proof.as_ref()?, state.ended_at)));
    found.extend(report.steps.iter().filter_map(failed));
    found.extend(run.outcome.as_ref().and_then(|outcome| ended_otherwise(outcome, run.ended_at)));
    found.extend(not_reached(run, report));
    found.extend(target_missed(report));
    found.sort_by_key(|deviation| deviation.at.unwrap_or(DateTime::<Utc>::MAX_UTC));
    found.extend(noticed(run));
    found
}

fn by_journal(at: Option<DateTime<Utc>>, what: String) -> Deviation {
    Deviation { at, what, noticed_by: JOURNAL.to_owned() }
}

fn forced(run: &RunState) -> Vec<Deviation> {
    match &run.created.started_by {
        StartedBy::Person { by, why, force: true, .. } => {
            vec![by_journal(Some(run.created_at), format!("{by} started it by force, past guards and proof: {why}"))]
        }
        _ => Vec::new(),
    }
}

fn waited(wait: &WaitLine, ended: Option<DateTime<Utc>>) -> Deviation {
    let who = wait.step.map_or_else(|| "the run".to_owned(), |step| step.to_string());
    let took = wait.to.or(ended).map(|to| format!(" for {}", span(to - wait.from))).unwrap_or_default();
    by_journal(Some(wait.from), format!("{who} waited for a person{took}: {}", wait.what))
}

/// A person's decision, or the plan's policy, took the place of a proof.
fn decided(step: StepName, proof: &Observation, at: Option<DateTime<Utc>>) -> Option<Deviation> {
    let is_decision = matches!(
        proof,
        Observation::Override { .. }
            | Observation::FenceOwed { .. }
            | Observation::IndexKept { .. }
            | Observation::Restored { by: Some(_), .. }
    );
    is_decision.then(|| by_journal(at, format!("{step} is not proven: {}", proof.text())))
}

fn failed(step: &StepLine) -> Option<Deviation> {
    let failure = step.failure.as_ref()?;
    Some(by_journal(step.ended_at, format!("{} failed: {failure}", step.step)))
}

/// Ends that are neither the run's purpose nor the failure of a step.
fn ended_otherwise(outcome: &Outcome, at: Option<DateTime<Utc>>) -> Option<Deviation> {
    let otherwise = matches!(
        outcome,
        Outcome::Aborted { .. }
            | Outcome::Declined { .. }
            | Outcome::GaveWay { .. }
            | Outcome::Parked { .. }
            | Outcome::ApprovalTimedOut
            | Outcome::OperatorWaitOver { .. }
    );
    otherwise.then(|| by_journal(at, outcome.headline()))
}

fn not_reached(run: &RunState, report: &Report) -> Option<Deviation> {
    let ended = run.outcome.as_ref().filter(|outcome| !matches!(outcome, Outcome::NoOutage { .. }))?;
    let open: Vec<&str> = report.steps.iter().filter(|step| is_open(step)).map(|step| step.step.as_str()).collect();
    let what = format!("not reached, or left when the run ended ({}): {}", ended.word(), open.join(", "));
    (!open.is_empty()).then(|| by_journal(run.ended_at, what))
}

fn is_open(step: &StepLine) -> bool {
    matches!(step.state.as_str(), "pending" | "running" | "needs-operator")
}

fn target_missed(report: &Report) -> Option<Deviation> {
    let time = &report.recovery_time;
    let over = time.seconds? - time.target_seconds as f64;
    let at = time.to.as_ref().map(|to| to.at);
    let what = format!("the recovery time missed its target by {}", span(TimeDelta::seconds(over.ceil() as i64)));
    (over > 0.0).then(|| by_journal(at, what))
}

fn noticed(run: &RunState) -> impl Iterator<Item = Deviation> {
    standing(&run.afterwards.notes).filter_map(|line| match &line.note {
        Note::Deviation { what } => {
            let noticed_by = format!("{}, note {}", line.said.as_ref().unwrap_or(&line.by), line.number);
            Some(Deviation { at: None, what: what.clone(), noticed_by })
        }
        _ => None,
    })
}

fn span(span: TimeDelta) -> String {
    duration::text(span.to_std().unwrap_or_default())
}

/// Everything that answered otherwise than hoped for.
pub(super) fn errors(report: &Report) -> Vec<ErrorLine> {
    let mut errors: Vec<ErrorLine> = report.steps.iter().flat_map(of_step).collect();
    let lost = report.notifications.iter().filter(|told| !told.delivered);
    errors.extend(lost.map(|told| ErrorLine {
        at: Some(told.at),
        step: None,
        what: format!("{} was not told ({}): {}", told.channel, told.moment, told.detail),
        request_ids: Vec::new(),
    }));
    errors.sort_by_key(|error| error.at);
    errors
}

fn of_step(step: &StepLine) -> impl Iterator<Item = ErrorLine> {
    let calls = step.calls.iter().filter(|call| call.result != "accepted" && !call.result.starts_with("nothing to do"));
    let calls = calls.map(|call| ErrorLine {
        at: Some(call.at),
        step: Some(step.step),
        what: format!("{} {}: {}", call.call, call.target, call.result),
        request_ids: call.request_ids.clone(),
    });
    let failure = step.failure.as_ref().map(|failure| ErrorLine {
        at: step.ended_at,
        step: Some(step.step),
        what: failure.clone(),
        request_ids: step.evidence.last().map(|line| line.request_ids.clone()).unwrap_or_default(),
    });
    calls.chain(failure)
}
