//! What a run's journal tells those who watch from outside. Called by whoever appended an event, so each is told once.

use super::metrics::{NOTICES, RECOVERY, RUN_DURATION, RUNS, RUNS_STARTED, STEP_DURATION, WAITS};
use super::recorder::{self, Recorder};
use super::span::{Context, Role, Said, Span};
use crate::domain::chain::{Entry, Head};
use crate::domain::report::Report;
use crate::domain::run::{RunEvent, RunState, StartedBy, StepState};
use crate::domain::runbook::StepName;
use chrono::{DateTime, Utc};

/// A run was begun with this event.
pub fn begun(first: &Entry<RunEvent>) {
    if let RunEvent::RunCreated(created) = &first.event {
        RUNS_STARTED.count(&[created.plan.name.as_str(), &created.kind.to_string(), by(&created.started_by)]);
    }
}

/// A further event was appended to the journal; `before` is the run as it was until then.
pub fn journaled(before: &RunState, entry: &Entry<RunEvent>) {
    let Some(recorder) = recorder::here() else { return };
    let (plan, kind) = (before.created.plan.name.as_str(), &*before.created.kind.to_string());
    match &entry.event {
        RunEvent::StepSucceeded { step, .. } => step_over(recorder, before, *step, entry.at, None),
        RunEvent::StepFailed { step, message, .. } => step_over(recorder, before, *step, entry.at, Some(message)),
        RunEvent::NeedsOperator { step, .. } => WAITS.count(&[plan, kind, step.as_str()]),
        RunEvent::ApprovalAsked { .. } => WAITS.count(&[plan, kind, "approval"]),
        RunEvent::NotifySent { channel, delivered, .. } => {
            NOTICES.count(&[channel.as_str(), if *delivered { "true" } else { "false" }]);
        }
        RunEvent::RunEnded { .. } => run_over(recorder, before, entry),
        _ => {}
    }
}

fn by(started_by: &StartedBy) -> &'static str {
    match started_by {
        StartedBy::Alert { .. } => "alert",
        StartedBy::Metric { .. } => "metric",
        StartedBy::Person { .. } => "person",
        StartedBy::Schedule { .. } => "schedule",
        StartedBy::Debt { .. } => "debt",
        StartedBy::Again { .. } => "again",
        StartedBy::WayBack { .. } => "way-back",
    }
}

fn seconds(from: DateTime<Utc>, to: DateTime<Utc>) -> f64 {
    (to - from).to_std().unwrap_or_default().as_secs_f64()
}

/// A step that is proven once more without having begun anew (a debt that is paid) was told already.
fn step_over(recorder: &Recorder, run: &RunState, step: StepName, at: DateTime<Utc>, failure: Option<&str>) {
    let Some(state) = run.step(step).filter(|state| state.ended_at.is_none()) else { return };
    let Some(since) = state.started_at else { return };
    let outcome = if failure.is_some() { "failed" } else { "succeeded" };
    let (plan, kind) = (run.created.plan.name.as_str(), &*run.created.kind.to_string());
    recorder.measure(&STEP_DURATION, &[plan, kind, step.as_str(), outcome], seconds(since, at));
    recorder.push(step_span(run, step, state, at, outcome, failure));
}

fn step_span(
    run: &RunState,
    step: StepName,
    state: &StepState,
    at: DateTime<Utc>,
    outcome: &str,
    failure: Option<&str>,
) -> Span {
    let since = state.started_at.unwrap_or(at);
    let again = (state.begun_at != state.started_at).then(|| since.into());
    let mut attributes = about(run);
    attributes.extend([("reveille.step", step.as_str().into()), ("reveille.outcome", outcome.into())]);
    Span {
        context: Context::of_step(&run.created.run, step, again),
        parent: Some(Context::of_run(&run.created.run).span),
        name: step.as_str().to_owned(),
        role: Role::Internal,
        start: since.into(),
        end: at.into(),
        attributes,
        links: Vec::new(),
        error: failure.map(str::to_owned),
    }
}

fn about(run: &RunState) -> Vec<(&'static str, Said)> {
    let created = &run.created;
    vec![
        ("reveille.run", created.run.as_str().into()),
        ("reveille.plan", created.plan.name.as_str().into()),
        ("reveille.kind", created.kind.to_string().into()),
        ("reveille.incident", created.incident.as_str().into()),
    ]
}

fn run_over(recorder: &Recorder, before: &RunState, entry: &Entry<RunEvent>) {
    let mut run = before.clone();
    run.apply(entry);
    let Some(outcome) = run.outcome.as_ref().map(|outcome| outcome.word()) else { return };
    let (plan, kind) = (run.created.plan.name.as_str(), &*run.created.kind.to_string());
    recorder.measure(&RUNS, &[plan, kind, outcome], 1.0);
    recorder.measure(&RUN_DURATION, &[plan, kind, outcome], seconds(run.created_at, entry.at));
    let report = Report::of(&run, &Head::default());
    let time = &report.recovery_time;
    if let (Some(took), Some(within)) = (time.seconds, time.within_target) {
        recorder.measure(&RECOVERY, &[plan, if within { "true" } else { "false" }], took);
    }
    let open = run.steps.iter().filter(|(_, state)| state.started_at.is_some() && state.ended_at.is_none());
    open.for_each(|(step, state)| {
        recorder.push(step_span(&run, *step, state, entry.at, state.phase.as_str(), None));
    });
    recorder.push(run_span(&run, &report, entry.at, outcome));
}

fn run_span(run: &RunState, report: &Report, at: DateTime<Utc>, outcome: &str) -> Span {
    let mut attributes = about(run);
    attributes.extend([
        ("reveille.outcome", outcome.into()),
        ("reveille.headline", report.headline.as_str().into()),
        ("reveille.started_by", by(&run.created.started_by).into()),
    ]);
    let failed = matches!(outcome, "failed" | "parked" | "operator-wait-over" | "approval-timed-out");
    Span {
        context: Context::of_run(&run.created.run),
        parent: None,
        name: format!("{} {}", run.created.kind, run.created.plan.name),
        role: Role::Internal,
        start: run.created_at.into(),
        end: at.into(),
        attributes,
        links: Vec::new(),
        error: failed.then(|| report.headline.clone()),
    }
}
