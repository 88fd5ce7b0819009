//! A record as Markdown: for a ticket, a wiki, an auditor's folder.

use super::super::escape::{cell, code, fenced, text};
use super::super::record::{self, Block, Part, Value};
use super::super::words::Clock;
use super::{calls, data_loss, findings, milestones, notifications, readiness, recovery, stages};
use crate::domain::record::Record;

/// The whole record; the run's own account comes last.
pub fn record(record: &Record) -> String {
    let clock = Clock::of(record.report.admitted_at);
    let report = &record.report;
    let head = format!(
        "# {}\n\n{}\n\n{}\n",
        text(&record::title(record)),
        text(&report.headline),
        text(&record::standing(record))
    );
    let parts = record::before(record, &clock).into_iter().chain(record::behind(record, &clock));
    let measured = [recovery(report, &clock), data_loss(report), milestones(report, &clock), readiness(report)];
    let account = [stages(report), calls(report, &clock), findings(report), notifications(report, &clock)];
    let sections = [head].into_iter().chain(parts.map(|part| section(&part))).chain(measured).chain(account);
    sections.filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn section(part: &Part) -> String {
    let blocks: Vec<String> = part.blocks.iter().map(block).collect();
    format!("## {}\n\n{}", part.title, blocks.join("\n"))
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(said) => format!("{}\n", text(said)),
        Block::Facts(facts) => facts.iter().map(|(label, value)| format!("- {label}: {}\n", inline(value))).collect(),
        Block::Points(points) => points.iter().map(|point| format!("- {}\n", text(point))).collect(),
        Block::Table { columns, rows, .. } => table(columns, rows),
        Block::Command { what, command } => format!("{}\n\n{}", text(what), fenced(command, "")),
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Text(said) | Value::Whole(said) => text(said),
        Value::Name(name) if name.is_empty() => "–".to_owned(),
        Value::Name(name) => code(name),
        Value::Met(met) => record::met(*met).1.to_owned(),
    }
}

fn table(columns: &[&str], rows: &[Vec<Value>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let header = line(columns.iter().map(|column| (*column).to_owned()).collect());
    let rule = line(columns.iter().map(|_| "---".to_owned()).collect());
    let rows = rows.iter().map(|row| line(row.iter().map(in_cell).collect()));
    format!("{header}{rule}{}", rows.collect::<String>())
}

fn in_cell(value: &Value) -> String {
    match value {
        Value::Text(said) | Value::Whole(said) => cell(said),
        other => inline(other),
    }
}
