//! What the timeline shows, before any of it has a place.

use super::super::ink;
use super::super::steps::numbered;
use super::scale::Scale;
use crate::domain::report::{Report, WaitLine};
use crate::domain::runbook::StepName;
use crate::render::words;
use chrono::{DateTime, TimeDelta, Utc};

/// A run in lanes.
pub(super) struct Timeline {
    pub(super) lanes: Vec<Lane>,
    pub(super) recovery: Option<Recovery>,
    pub(super) scale: Scale,
}

/// The run itself, or one of its steps.
pub(super) struct Lane {
    pub(super) name: String,
    /// State and duration: `succeeded, 8m 41s`.
    pub(super) note: String,
    pub(super) class: &'static str,
    pub(super) bar: Option<Bar>,
    pub(super) waits: Vec<Bar>,
    /// Mutating calls: when, and the number by which the table names it.
    pub(super) calls: Vec<(DateTime<Utc>, usize)>,
}

impl Lane {
    /// The bar of a lane that did not come to a good end.
    pub(super) fn failed(&self) -> Option<Bar> {
        self.bar.filter(|bar| self.class == "bad" && !bar.open)
    }
}

/// A stretch of time.
#[derive(Clone, Copy)]
pub(super) struct Bar {
    pub(super) from: DateTime<Utc>,
    pub(super) to: DateTime<Utc>,
    /// It goes on; `to` is only how far is known.
    pub(super) open: bool,
}

/// The recovery time: its end points and its target.
pub(super) struct Recovery {
    pub(super) from: DateTime<Utc>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) words: String,
    pub(super) class: &'static str,
    pub(super) target: Option<Target>,
}

pub(super) struct Target {
    pub(super) at: DateTime<Utc>,
    pub(super) words: String,
    /// Whether the axis reaches it.
    pub(super) drawn: bool,
}

impl Timeline {
    pub(super) fn of(report: &Report) -> Option<Self> {
        let end = known_until(report);
        let mut lanes = vec![run_lane(report, end)];
        lanes.extend((0..report.steps.len()).map(|index| step_lane(report, index, end)));
        let mut recovery = recovery(report);
        let scale = Scale::over(moments(report, &lanes, end, &mut recovery))?;
        Some(Self { lanes, recovery, scale })
    }

    pub(super) fn is_open(&self) -> bool {
        self.lanes.iter().filter_map(|lane| lane.bar).any(|bar| bar.open)
    }
}

/// The newest time that the report tells.
fn known_until(report: &Report) -> DateTime<Utc> {
    let steps = report
        .steps
        .iter()
        .flat_map(|step| step.started_at.into_iter().chain(step.ended_at).chain(step.calls.iter().map(|call| call.at)));
    let waits = report.waits.iter().flat_map(|wait| wait.to.into_iter().chain([wait.from]));
    let newest = steps.chain(waits).max().unwrap_or(report.admitted_at).max(report.admitted_at);
    // A run that has ended is over then; what came after it was only told.
    report.ended_at.unwrap_or_else(|| report.as_of.unwrap_or(newest)).max(newest)
}

fn run_lane(report: &Report, end: DateTime<Utc>) -> Lane {
    let verdict = ink::of_run(report);
    let to = report.ended_at.unwrap_or(end);
    let took = about(to - report.admitted_at);
    let so_far = if report.ended_at.is_some() { "" } else { " so far" };
    Lane {
        name: report.kind.to_string(),
        note: format!("{}, {took}{so_far}", words::state(&report.state)),
        class: verdict.class,
        bar: Some(Bar { from: report.admitted_at, to, open: report.ended_at.is_none() }),
        waits: waits(report, None, end),
        calls: Vec::new(),
    }
}

fn step_lane(report: &Report, index: usize, end: DateTime<Utc>) -> Lane {
    let step = &report.steps[index];
    let verdict = ink::of_step(report, step);
    let open = step.ended_at.is_none() && report.outcome.is_none();
    let bar = step.started_at.map(|from| Bar { from, to: step.ended_at.unwrap_or(end).max(from), open });
    let took = bar.map(|bar| about(bar.to - bar.from));
    let so_far = if open { " so far" } else { "" };
    let calls = numbered(report).into_iter().enumerate().filter(|(_, (of, _))| *of == index);
    Lane {
        name: step.step.to_string(),
        note: took.map_or_else(|| verdict.words.clone(), |took| format!("{}, {took}{so_far}", verdict.words)),
        class: verdict.class,
        bar,
        waits: waits(report, Some(step.step), end),
        calls: calls.map(|(before, (_, call))| (call.at, before + 1)).collect(),
    }
}

fn waits(report: &Report, step: Option<StepName>, end: DateTime<Utc>) -> Vec<Bar> {
    let own = report.waits.iter().filter(|wait| wait.step == step);
    let bar = |wait: &WaitLine| Bar { from: wait.from, to: wait.to.unwrap_or(end), open: wait.to.is_none() };
    own.map(bar).collect()
}

fn recovery(report: &Report) -> Option<Recovery> {
    if words::nothing_was_lost(report) {
        return None;
    }
    let time = &report.recovery_time;
    let (text, class) = match (time.seconds, time.within_target) {
        (Some(seconds), Some(false)) => (words::took(seconds), "bad"),
        (Some(seconds), _) => (words::took(seconds), "good"),
        (None, _) if report.outcome.is_none() => {
            ("still counting".to_owned(), if words::target_passed(report) { "bad" } else { "note" })
        }
        (None, _) => ("not reached".to_owned(), "bad"),
    };
    let at = words::target_at(time);
    let target = at.map(|at| Target { at, words: words::target(time.target_seconds), drawn: false });
    let to = time.to.as_ref().map(|to| to.at);
    Some(Recovery { from: time.from.at, to, words: format!("recovery time: {text}"), class, target })
}

/// Every time at which something changed. The target is among them unless the axis would have to be more than twice as
/// long to reach it.
fn moments(report: &Report, lanes: &[Lane], end: DateTime<Utc>, recovery: &mut Option<Recovery>) -> Vec<DateTime<Utc>> {
    let bars = lanes.iter().flat_map(|lane| lane.waits.iter().chain(&lane.bar));
    let mut moments: Vec<DateTime<Utc>> = bars.flat_map(|bar| [bar.from, bar.to]).chain([end]).collect();
    moments.extend(report.steps.iter().flat_map(|step| step.calls.iter().map(|call| call.at)));
    let Some(recovery) = recovery else { return moments };
    moments.extend(recovery.to.into_iter().chain([recovery.from]));
    let last = moments.iter().copied().max().unwrap_or(end);
    if let Some(target) = &mut recovery.target {
        target.drawn = target.at - last <= last - recovery.from;
        moments.extend(target.drawn.then_some(target.at));
    }
    moments
}

/// A duration for a note beside a lane: hours need no seconds, days no minutes.
fn about(span: TimeDelta) -> String {
    let seconds = span.num_milliseconds() as f64 / 1_000.0;
    let unit = match seconds {
        ..3_600.0 => return words::took(seconds),
        ..86_400.0 => 60.0,
        _ => 3_600.0,
    };
    words::took((seconds / unit).round() * unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_stay_short() {
        let about = |seconds| about(TimeDelta::seconds(seconds));
        assert_eq!([about(521), about(3_601), about(170_305)], ["8m 41s", "1h", "1day 23h"]);
    }
}
