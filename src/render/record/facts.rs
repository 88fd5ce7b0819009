//! What was run, for what, on what, and how it was planned.

use super::{Block, Part, Value, name, table_or, text, whole};
use crate::domain::record::{Objective, PlannedStep, Precondition, Record};
use crate::render::words::{self, Clock};

pub(super) fn run(record: &Record) -> Part {
    let version = &record.plan_version;
    let ended = record.times.ended_at.map_or_else(|| "not ended".to_owned(), words::moment);
    let facts = vec![
        ("Run", name(record.run.as_str())),
        ("Plan", text(record.plan.as_str())),
        ("Type and mode", text(record.mode.text.clone())),
        ("Started by", text(record.trigger.by.clone())),
        ("First sign", text(record.trigger.first_sign.clone())),
        ("Incident", name(record.incident.as_str())),
        ("Started", whole(words::moment(record.times.started_at))),
        ("Ended", text(ended)),
        ("Clock", text(record.times.clock.clone())),
        ("Plan as admitted (SHA-256)", name(version.plan_digest.clone())),
        ("Configuration file (SHA-256)", name(version.config_digest.clone())),
        ("Runbook", text(format!("version {}", version.runbook_version))),
        ("Recorded by", text(format!("Reveille {}", version.tool_version))),
    ];
    Part::new("run", "What was run", vec![Block::Facts(facts)])
}

pub(super) fn objectives(record: &Record) -> Part {
    let row = |objective: &Objective| {
        let Objective { what, criterion, met, shown_by } = objective;
        vec![text(what.clone()), text(criterion.clone()), Value::Met(*met), text(shown_by.clone())]
    };
    let rows = record.objectives.iter().map(row).collect();
    let columns = ["Objective", "Criterion", "Result", "Shown by"];
    Part::new("objectives", "Objectives and results", vec![table_or("There were none.", "Objectives", &columns, rows)])
}

pub(super) fn scope(record: &Record) -> Part {
    let scope = &record.scope;
    let sites: Vec<&str> = scope.sites.iter().map(|site| site.as_str()).collect();
    let facts = vec![("Sites", text(sites.join(", "))), ("Subscriptions", name(scope.subscriptions.join(", ")))];
    let rows = scope.resources.iter().map(|it| vec![text(it.what.clone()), name(it.id.clone())]).collect();
    let table = table_or("No resource was named.", "Resources in scope", &["What", "Resource"], rows);
    Part::new("scope", "Scope", vec![Block::Facts(facts), table])
}

pub(super) fn exclusions(record: &Record) -> Part {
    Part::new("exclusions", "What it was not about", vec![Block::Points(record.exclusions.clone())])
}

pub(super) fn preconditions(record: &Record) -> Part {
    let row = |condition: &Precondition| {
        let Precondition { what, met, shown_by } = condition;
        vec![text(words::capital(what)), Value::Met(*met), text(shown_by.clone())]
    };
    let rows = record.preconditions.iter().map(row).collect();
    let table = table_or("There were none.", "Preconditions", &["Condition", "Result", "Shown by"], rows);
    Part::new("preconditions", "Preconditions and readiness", vec![table])
}

pub(super) fn planned(record: &Record, clock: &Clock) -> Part {
    let rows = record.steps.iter().map(|step| planned_row(record, step, clock)).collect();
    let columns = ["Step", "Planned", "Time given", "Start (UTC)", "End (UTC)", "Took", "Result"];
    let table = table_or("The run has no steps.", "Steps as planned and as they went", &columns, rows);
    let where_ = "What each step saw, with the ids of its requests, stands under Steps below and in the JSON record.";
    Part::new("planned", "Planned and actual", vec![table, Block::Text(where_.to_owned())])
}

fn planned_row(record: &Record, step: &PlannedStep, clock: &Clock) -> Vec<Value> {
    let line = record.report.steps.iter().find(|line| line.step == step.step);
    let state = line.map_or_else(|| words::state(&step.state), |line| words::step_state(&record.report, line));
    vec![
        whole(step.step.to_string()),
        text(step.planned.clone()),
        text(step.limit_seconds.map(words::target).unwrap_or_default()),
        whole(clock.maybe(step.started_at)),
        whole(clock.maybe(step.ended_at)),
        text(step.seconds.map(words::took).unwrap_or_default()),
        text(state),
    ]
}
