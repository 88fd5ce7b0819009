//! What a run was to reach, by which criterion, and whether it did; and what had to be so before.

use super::{Around, Objective, Precondition};
use crate::domain::duration;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::parking::StandbyWorkload;
use crate::domain::report::{Interruption, Report, StepLine, interruption};
use crate::domain::run::{RunState, StepState};
use crate::domain::runbook::{RunKind, StepName};
use std::time::Duration;

/// The objective of the kind, its targets, and each step's own promise.
pub(super) fn of(run: &RunState, report: &Report) -> Vec<Objective> {
    let mut objectives = vec![purpose(run, report)];
    if run.created.kind == RunKind::Failover {
        objectives.extend([recovery_time(report), data_loss(report)]);
    }
    objectives.extend(interruption(run).map(|it| interrupted(run, it)));
    objectives.extend(run.created.lines().iter().filter_map(|line| step(run, report, line.step)));
    objectives
}

fn purpose(run: &RunState, report: &Report) -> Objective {
    let standby = &run.created.standby;
    let (what, criterion) = match run.created.kind {
        RunKind::Failover => (format!("Serve from {standby}"), "writer and route are seen once more at the very end"),
        RunKind::Fence => (format!("Pay the fence debt of {}", run.created.primary), "its cluster is seen stopped"),
        RunKind::Park => (format!("Put {standby} to rest"), "no pod is left and the cluster is seen stopped"),
        RunKind::ReadinessDrill => {
            ("Could we recover now?".to_owned(), "nothing was found that keeps a recovery from succeeding")
        }
        RunKind::SwitchoverDrill => (
            format!("Move from {} to {standby} as planned", run.created.primary),
            "writer and route are seen once more at the very end, and the site that was left is parked and stopped",
        ),
        kind => (format!("Rehearse at {standby} ({kind})"), "every step is proven and everything is put back"),
    };
    let met = run.outcome.as_ref().and_then(reached);
    Objective { what, criterion: criterion.to_owned(), met, shown_by: report.headline.clone() }
}

/// What ended for another reason than its own success or failure has reached nothing, and failed at nothing.
fn reached(outcome: &Outcome) -> Option<bool> {
    match outcome.word() {
        "recovered" | "serving" | "switched" | "fenced" | "rested" | "rehearsed" | "ready" => Some(true),
        "failed" | "operator-wait-over" | "aborted" | "parked" | "not-ready" => Some(false),
        "not-known" | "no-outage" | "observed" | "declined" | "approval-timed-out" | "gave-way" => None,
        // A kind that came later tells by its own word; every step's criterion stands below.
        _ => None,
    }
}

fn recovery_time(report: &Report) -> Objective {
    let time = &report.recovery_time;
    let shown_by = match &time.to {
        Some(to) => format!("from {} ({}) to {} ({})", moment(time.from.at), time.from.what, moment(to.at), to.what),
        None => format!("from {} ({}); its end was not seen", moment(time.from.at), time.from.what),
    };
    let over = report.outcome.as_ref().is_some_and(|outcome| reached(outcome) == Some(false));
    Objective {
        what: "Recovery time within its target (RTO)".into(),
        criterion: format!("at most {}", span(time.target_seconds)),
        met: time.within_target.or(over.then_some(false)),
        shown_by,
    }
}

/// A planned move interrupts what serves; no longer than a recovery may take.
fn interrupted(run: &RunState, interruption: Interruption) -> Objective {
    let target = run.created.plan.rto;
    let over = run.outcome.is_some();
    Objective {
        what: "Interruption within the recovery-time target".into(),
        criterion: format!("at most {}", duration::text(target)),
        met: interruption.seconds().map(|seconds| seconds <= target.as_secs_f64()).or(over.then_some(false)),
        shown_by: interruption.text(run.created.primary.as_str(), run.created.standby.as_str()),
    }
}

fn data_loss(report: &Report) -> Objective {
    let loss = &report.data_loss;
    Objective {
        what: "Data loss within its target (RPO)".into(),
        criterion: format!("at most {}", span(loss.target_seconds)),
        met: loss.seconds.map(|seconds| seconds <= loss.target_seconds as f64),
        shown_by: loss.statement.clone(),
    }
}

fn step(run: &RunState, report: &Report, step: StepName) -> Option<Objective> {
    let line = report.steps.iter().find(|line| line.step == step)?;
    let promise = step.promise();
    let (what, criterion) = promise.split_once(": ").unwrap_or((step.as_str(), promise));
    let owed = run.step(step).is_some_and(StepState::owes);
    let met = match line.state.as_str() {
        _ if owed => Some(false),
        "succeeded" => Some(true),
        "failed" => Some(false),
        _ => None,
    };
    Some(Objective { what: what.to_owned(), criterion: criterion.to_owned(), met, shown_by: shown_by(line) })
}

fn shown_by(line: &StepLine) -> String {
    let last = line.evidence.last().map(|evidence| evidence.saw.clone());
    line.failure.clone().or(last).unwrap_or_else(|| "it was not reached".to_owned())
}

/// What had to be so before anything was changed.
pub(super) fn preconditions(run: &RunState, around: &Around) -> Vec<Precondition> {
    let mut conditions = Vec::new();
    for first in [StepName::ConfirmOutage, StepName::CheckStandby] {
        conditions.extend(run.step(first).map(|step| looked(first, step)));
    }
    conditions.push(standby(&run.created.standby, &run.created.standby_workload));
    conditions.push(readiness(around));
    conditions
}

fn looked(step: StepName, state: &StepState) -> Precondition {
    let promise = step.promise();
    let what = promise.split_once(": ").map_or(promise, |(_, what)| what).to_owned();
    let met = state.proof.as_ref().map(|proof| !matches!(proof, Observation::Override { .. }));
    let last = state.proof.as_ref().or(state.observations.last());
    let shown_by = last.map_or_else(|| "it was not looked at".to_owned(), Observation::text);
    Precondition { what, met: met.or(state.failure.as_ref().map(|_| false)), shown_by }
}

fn standby(site: &SiteName, workload: &StandbyWorkload) -> Precondition {
    let (met, shown_by) = match workload {
        StandbyWorkload::StartsWithCluster => (None, "it starts with its cluster, by configuration".to_owned()),
        StandbyWorkload::Parked { since, .. } => {
            (Some(true), format!("parked since {}, by the ledger", moment(*since)))
        }
        StandbyWorkload::NotKnown => (Some(false), "no record in the ledger says that it is parked".to_owned()),
    };
    Precondition { what: format!("The workload of {site} is known to be parked"), met, shown_by }
}

fn readiness(around: &Around) -> Precondition {
    let (met, shown_by) = match &around.readiness {
        Some((run, outcome)) => {
            (Some(outcome == "ready"), format!("the newest readiness drill before it, {run}, came to: {outcome}"))
        }
        None => (None, "no readiness drill was run before it".to_owned()),
    };
    Precondition { what: "Readiness was checked".into(), met, shown_by }
}

pub(super) fn moment(at: chrono::DateTime<chrono::Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn span(seconds: u64) -> String {
    duration::text(Duration::from_secs(seconds))
}
