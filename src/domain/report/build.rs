//! Folding a run into its report.

use super::observed::Observed;
use super::{
    CallLine, DataLoss, EndPoint, EvidenceLine, Integrity, NotificationLine, PersonLine, RecoveryTime, Report, SCHEMA,
    StepLine, WaitLine, advice, milestones, stages,
};
use crate::domain::application::RouteView;
use crate::domain::chain::Head;
use crate::domain::history::eta;
use crate::domain::ladder;
use crate::domain::observation::Observation;
use crate::domain::readiness::Assessment;
use crate::domain::run::Intent;
use crate::domain::run::state::{StepState, Word};
use crate::domain::run::wait::Wait;
use crate::domain::run::{Approval, Phase, RunState, StartedBy};
use crate::domain::runbook::StepName;
use crate::domain::writer::WriterView;
use chrono::{DateTime, Utc};

impl Report {
    /// Makes the report of a run as its journal stands. `head` is the journal's end.
    pub fn of(run: &RunState, head: &Head) -> Self {
        let created = &run.created;
        let state = run.outcome.as_ref().map_or("running", |outcome| outcome.word());
        Self {
            schema: SCHEMA.to_owned(),
            run: created.run.clone(),
            plan: created.plan.name.clone(),
            incident: created.incident.clone(),
            kind: created.kind,
            headline: headline(run),
            state: state.to_owned(),
            outcome: run.outcome.clone(),
            started_by: created.started_by.text(),
            first_sign: created.first_sign.clone(),
            outage_since: created.outage_since,
            admitted_at: run.created_at,
            ended_at: run.ended_at,
            as_of: Some(run.last_event_at),
            primary: created.primary.clone(),
            standby: created.standby.clone(),
            recovery_time: recovery_time(run),
            data_loss: data_loss(run),
            milestones: milestones::of(run),
            steps: run.shown_steps().into_iter().filter_map(|step| step_line(run, step)).collect(),
            stages: stages::of(run),
            eta: eta(run, run.last_event_at),
            waits: waits(run),
            not_proven: not_proven(run),
            owed: owed(run),
            next_steps: advice::next_steps(run),
            people: people(run),
            notifications: notifications(run),
            observed: Observed::of(run),
            readiness: readiness(run),
            integrity: integrity(run, head),
        }
    }
}

fn headline(run: &RunState) -> String {
    if let Some(observed) = Observed::of(run) {
        return observed.text();
    }
    if let Some(outcome) = &run.outcome {
        return outcome.headline_of(run.created.kind);
    }
    if let Some((step, asked)) = run.asking().next() {
        return format!("Needs a person: {step}: {}", asked.ask.what);
    }
    if let Approval::Asked { until, .. } = run.approval {
        return format!("Needs approval until {}", until.format("%H:%M:%S UTC"));
    }
    let running: Vec<&str> =
        run.steps.iter().filter(|(_, state)| state.is_active()).map(|(step, _)| step.as_str()).collect();
    match running.is_empty() {
        true => format!("{} admitted", run.created.kind),
        false => format!("{} under way: {}", run.created.kind, running.join(", ")),
    }
}

fn recovery_time(run: &RunState) -> RecoveryTime {
    let created = &run.created;
    let target = created.plan.rto;
    let from =
        EndPoint { what: format!("first sign of the outage ({})", created.first_sign), at: created.outage_since };
    let served = run.step(StepName::VerifyRoute).filter(|step| step.phase == Phase::Succeeded);
    let to = served.and_then(|step| served_at(run, step)).map(|at| EndPoint { what: served_as(run), at });
    let seconds = to.as_ref().map(|to| seconds_between(from.at, to.at));
    let within_target = seconds.map(|seconds| seconds <= target.as_secs_f64());
    RecoveryTime { target_seconds: target.as_secs(), from, to, seconds, within_target }
}

/// When the route was proven. A run that stays to see the search index looks at writer and route once more at its end:
/// where neither was ever seen otherwise meanwhile, users have been served since the first look.
fn served_at(run: &RunState, route: &StepState) -> Option<DateTime<Utc>> {
    let since = |step: StepName| {
        let state = run.step(step)?;
        let proves = |saw: &&Observation| ladder::proves(step, saw, &run.created.standby).is_ok();
        let unbroken = state.observations.iter().chain(&state.proof).rev().take_while(proves);
        unbroken.last().and_then(Observation::seen_at)
    };
    if run.step(StepName::VerifyIndex).is_none() || !was_proven_before(run, route) {
        return route.ended_at;
    }
    since(StepName::VerifyRoute).max(since(StepName::VerifyWriter))
}

/// Whether the route's proof is not its first.
fn was_proven_before(run: &RunState, route: &StepState) -> bool {
    let proves = |saw: &Observation| ladder::proves(StepName::VerifyRoute, saw, &run.created.standby).is_ok();
    route.observations.last().is_some_and(proves)
}

/// The end point in the words of its proof: without a header to tell the sites apart it may not name one.
fn served_as(run: &RunState) -> String {
    let through = &run.created.plan.front_door.hostname;
    match run.proof(StepName::VerifyRoute) {
        Some(Observation::Route { route }) => match route.value() {
            Some(RouteView::ServedBy { site, .. }) => format!("{site} seen to serve through {through}"),
            _ => format!("an application answered through {through}; which site is not told"),
        },
        _ => format!("an answer through {through}"),
    }
}

/// Without a promotion no committed write can be lost; with one, the loss is at most the replication delay then,
/// which nothing here has measured.
fn data_loss(run: &RunState) -> DataLoss {
    let target_seconds = run.created.plan.rpo.as_secs();
    let before = run.created.writer_target.as_deref();
    let after = writer_view(run).and_then(|view| view.target.as_deref());
    let (seconds, statement) = match (before, after) {
        (_, None) => (None, "not measured: the writer endpoint was not proven".to_owned()),
        (None, Some(_)) => {
            (None, "not measured: it is not known where the writer endpoint pointed before the outage".to_owned())
        }
        (Some(before), Some(after)) if before == after => {
            (Some(0.0), format!("none: the writer endpoint points to {after} as before, so no replica was promoted"))
        }
        (Some(before), Some(after)) => (
            None,
            format!(
                "not measured: the writer endpoint moved from {before} to {after}; a forced promotion loses what was \
                 not replicated then"
            ),
        ),
    };
    DataLoss { target_seconds, seconds, statement }
}

fn writer_view(run: &RunState) -> Option<&WriterView> {
    match run.proof(StepName::VerifyWriter)? {
        Observation::Writer { writer } => writer.value(),
        _ => None,
    }
}

fn step_line(run: &RunState, step: StepName) -> Option<StepLine> {
    let state = run.step(step)?;
    let seconds = state.started_at.zip(state.ended_at).map(|(from, to)| seconds_between(from, to));
    Some(StepLine {
        step,
        state: state.phase.as_str().to_owned(),
        started_at: state.started_at,
        ended_at: state.ended_at,
        seconds,
        evidence: evidence(state),
        calls: state.intents.iter().map(call_line).collect(),
        failure: state.failure.as_ref().map(|(_, message)| message.clone()),
    })
}

fn waits(run: &RunState) -> Vec<WaitLine> {
    let line = |wait: &Wait| WaitLine { step: wait.step, from: wait.from, to: wait.to, what: wait.what.clone() };
    run.waits.iter().map(line).collect()
}

fn evidence(state: &StepState) -> Vec<EvidenceLine> {
    let mut lines: Vec<EvidenceLine> = state.observations.iter().chain(&state.proof).flat_map(evidence_of).collect();
    lines.dedup_by(|later, earlier| later.saw == earlier.saw);
    lines
}

/// A look at the writer is told with the way that it took, before what came of it: names, addresses, certificate and
/// login, each with its time.
fn evidence_of(saw: &Observation) -> Vec<EvidenceLine> {
    let way = match saw {
        Observation::Writer { writer } => writer.value().map(WriterView::way).unwrap_or_default(),
        _ => String::new(),
    };
    let way = (!way.is_empty()).then(|| format!("the way to the writer: {way}"));
    let line =
        |saw_it: String| EvidenceLine { saw: saw_it, seen_from: saw.seen_from(), request_ids: saw.request_ids() };
    way.into_iter().chain([saw.text()]).map(line).collect()
}

fn call_line(intent: &Intent) -> CallLine {
    let (result, request_ids) = match &intent.outcome {
        Some(outcome) => (outcome.text(), outcome.request_ids().to_vec()),
        None => ("no outcome was recorded".to_owned(), Vec::new()),
    };
    CallLine { at: intent.at, call: intent.call.deed(), target: intent.call.target.clone(), result, request_ids }
}

fn not_proven(run: &RunState) -> Vec<String> {
    let standby = &run.created.standby;
    let proofs = run.steps.iter().filter_map(|(step, state)| Some((*step, state.proof.as_ref()?)));
    let mut open: Vec<String> =
        proofs.flat_map(|(step, proof)| ladder::proves(step, proof, standby).unwrap_or_default()).collect();
    if let Some((reset, index)) = run.proof(StepName::ResetSearchIndex).zip(run.proof(StepName::VerifyIndex)) {
        ladder::settle_index(&mut open, reset, index);
    }
    open
}

fn owed(run: &RunState) -> Vec<String> {
    run.owed().map(|(site, why)| format!("the fence of {site}: {why}")).into_iter().collect()
}

fn people(run: &RunState) -> Vec<PersonLine> {
    let line = |did: &str, word: &Word| PersonLine {
        at: word.at,
        by: word.by.clone(),
        said: word.said.clone(),
        did: did.to_owned(),
        why: word.why.clone(),
    };
    let mut lines = Vec::new();
    if let StartedBy::Person { by, said, why, force } = &run.created.started_by {
        let did = if *force { "started by force" } else { "started" }.to_owned();
        lines.push(PersonLine { at: run.created_at, by: by.clone(), said: said.clone(), did, why: why.clone() });
    }
    match &run.approval {
        Approval::Approved(word) => lines.push(line("approved", word)),
        Approval::Declined(word) => lines.push(line("declined", word)),
        Approval::NotAsked | Approval::Asked { .. } => {}
    }
    let steps = run.steps.iter().filter_map(|(step, state)| Some((step, state.approved.as_ref()?)));
    lines.extend(steps.map(|(step, word)| line(&format!("approved what {step} asked"), word)));
    lines.extend(run.abort.iter().map(|word| line("aborted", word)));
    lines.sort_by_key(|line| line.at);
    lines
}

fn notifications(run: &RunState) -> Vec<NotificationLine> {
    let line = |sent: &crate::domain::run::state::Notified| NotificationLine {
        at: sent.at,
        channel: sent.channel.to_string(),
        moment: sent.moment.as_str().to_owned(),
        delivered: sent.delivered,
        detail: sent.detail.clone(),
    };
    run.notified.iter().map(line).collect()
}

fn readiness(run: &RunState) -> Option<Assessment> {
    let proof = run.proof(StepName::AssessReadiness)?;
    ladder::assessed(proof).ok().cloned()
}

fn integrity(run: &RunState, head: &Head) -> Integrity {
    Integrity {
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        runbook_version: run.created.runbook,
        config_digest: run.created.config_digest.clone(),
        journal_events: head.seq,
        journal_head: head.hash.clone(),
    }
}

pub(super) fn seconds_between(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    ((to - from).num_milliseconds() as f64 / 1000.0).max(0.0)
}
