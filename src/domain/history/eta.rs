//! When a live run is expected to be through.

use super::expected::Expected;
use crate::domain::run::{Approval, Phase, RunState, StepState};
use crate::domain::runbook::{Line, StepName};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// When the last step is expected to be proven (UTC).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Eta {
    /// If every stage from now on takes its usual time.
    pub usual: DateTime<Utc>,
    /// If every one is as slow as nine in ten are at most.
    pub late: DateTime<Utc>,
    /// Steps at work for longer than nine in ten take: nothing tells when these end.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overdue: Vec<StepName>,
}

/// None once the run has ended, and while only a person's word moves it: nobody knows when that comes.
pub fn eta(run: &RunState, now: DateTime<Utc>) -> Option<Eta> {
    let waits = matches!(run.approval, Approval::Asked { .. }) || run.asking().next().is_some();
    if run.outcome.is_some() || waits || run.steps.values().any(|step| step.phase == Phase::Failed) {
        return None;
    }
    let usual = last_end(run, now, |it| it.seconds)?;
    let late = last_end(run, now, |it| it.high)?;
    Some(Eta { usual, late: late.max(usual), overdue: overdue(run, now) })
}

fn last_end(run: &RunState, now: DateTime<Utc>, pick: fn(&Expected) -> f64) -> Option<DateTime<Utc>> {
    let mut ends: Vec<(StepName, DateTime<Utc>)> = Vec::new();
    for line in run.created.lines() {
        ends.push((line.step, end(run, line, &ends, now, pick)));
    }
    ends.into_iter().map(|(_, end)| end).max()
}

/// A step that is at work ends no earlier than now; one that has not begun does so once those before it are through.
fn end(
    run: &RunState,
    line: &Line,
    ends: &[(StepName, DateTime<Utc>)],
    now: DateTime<Utc>,
    pick: fn(&Expected) -> f64,
) -> DateTime<Utc> {
    let takes = span(pick(&run.created.expected(line.step)));
    match run.step(line.step) {
        Some(StepState { phase: Phase::Succeeded, ended_at: Some(at), .. }) => *at,
        Some(StepState { started_at: Some(since), .. }) => (*since + takes).max(now),
        _ => {
            let before = ends.iter().filter(|(step, _)| line.after.contains(step)).map(|(_, end)| *end);
            before.max().unwrap_or(now).max(now) + takes
        }
    }
}

fn overdue(run: &RunState, now: DateTime<Utc>) -> Vec<StepName> {
    let is_overdue = |step: StepName, state: &StepState| {
        let at_work = state.phase == Phase::Running;
        at_work && state.started_at.is_some_and(|since| now > since + span(run.created.expected(step).high))
    };
    run.steps.iter().filter(|(step, state)| is_overdue(**step, state)).map(|(step, _)| *step).collect()
}

/// Seconds beyond what a calendar holds are as good as none.
fn span(seconds: f64) -> TimeDelta {
    TimeDelta::try_milliseconds((seconds * 1000.0) as i64).unwrap_or_default()
}
