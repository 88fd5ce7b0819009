//! A report as Markdown: for a ticket, a wiki, an auditor, and for whoever reads it at three in the morning.

mod by_hand;
mod record;

pub use by_hand::by_hand;
pub use record::record;

use super::escape::{cell, code, fenced, text};
use super::findings as judgement;
use super::stages::{basis, range, share, shown, through};
use super::words::{self, Clock};
use crate::domain::readiness::Finding;
use crate::domain::report::{CallLine, MilestoneLine, NextStep, Report, StageLine, StepLine};
use std::fmt::Write;

/// Findings listed per step; what is left out is counted, and the JSON report has all of them.
const FINDINGS_SHOWN: usize = 12;

/// The whole report. What to do comes first, what an auditor checks comes last.
pub fn report(report: &Report) -> String {
    let clock = Clock::of(report.admitted_at);
    let sections = [
        head(report),
        next_steps(&report.next_steps),
        list("Not proven", &report.not_proven),
        list("Owed", &report.owed),
        readiness(report),
        recovery(report, &clock),
        data_loss(report),
        milestones(report, &clock),
        steps(report, &clock),
        stages(report),
        calls(report, &clock),
        findings(report),
        people(report, &clock),
        notifications(report, &clock),
        integrity(report),
    ];
    let shown: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    shown.join("\n")
}

fn head(report: &Report) -> String {
    let ended = report.ended_at.map_or_else(|| "still running".to_owned(), words::moment);
    let lines = [
        format!("# {}\n", text(&report.headline)),
        format!("- Plan: {}, {} {}", text(report.plan.as_str()), report.kind, text(&words::route(report))),
        format!("- State: {}", text(&words::state(&report.state))),
        format!("- Started by: {}", text(&report.started_by)),
        format!("- Admitted: {}", words::moment(report.admitted_at)),
        format!("- Ended: {ended}"),
        format!("- Run: {}", code(report.run.as_str())),
        format!("- Incident: {}", code(report.incident.as_str())),
    ];
    lines.join("\n") + "\n"
}

fn next_steps(steps: &[NextStep]) -> String {
    let mut section = String::from("## What to do next\n\n");
    if steps.is_empty() {
        return section + "Nothing.\n";
    }
    for (index, step) in steps.iter().enumerate() {
        let mark = format!("{}. ", index + 1);
        let indent = " ".repeat(mark.len());
        let gap = if index == 0 { "" } else { "\n" };
        let _ = writeln!(section, "{gap}{mark}{}", text(&step.what));
        for command in &step.commands {
            let _ = write!(section, "\n{}", fenced(command, &indent));
        }
    }
    section
}

/// A section that is there only when it has something to say.
fn list(title: &str, items: &[String]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let lines: String = items.iter().map(|item| format!("- {}\n", text(item))).collect();
    format!("## {title}\n\n{lines}")
}

fn recovery(report: &Report, clock: &Clock) -> String {
    if !words::moves(report) {
        return String::new();
    }
    let time = &report.recovery_time;
    let mut section = format!("## Recovery time\n\n{}\n", sentence(&words::recovery(report)));
    if words::nothing_was_lost(report) {
        return section;
    }
    section.push('\n');
    let _ = writeln!(section, "- From {} UTC: {}", clock.text(time.from.at), text(&time.from.what));
    match &time.to {
        Some(to) => writeln!(section, "- To {} UTC: {}", clock.text(to.at), text(&to.what)),
        None => writeln!(section, "- To: not seen"),
    }
    .unwrap_or_default();
    section
}

/// What a readiness drill found: the answer, then every finding, worst first.
fn readiness(report: &Report) -> String {
    let Some(assessment) = &report.readiness else { return String::new() };
    let answer: String = judgement::answer(assessment).iter().map(|line| format!("{}\n\n", sentence(line))).collect();
    let rows: Vec<Vec<String>> = assessment.findings.iter().map(finding_row).collect();
    let columns = ["Severity", "Area", "About", "What was seen", "What it means, and what to do", "Commands"];
    let way = text(&judgement::way(assessment));
    format!("## Could we recover now?\n\n{answer}{way}\n\n{}", table("Findings", &columns, &rows))
}

fn finding_row(finding: &Finding) -> Vec<String> {
    let (about, saw, commands) = (finding.about.clone(), finding.saw.clone(), finding.commands.join(" ; "));
    vec![finding.severity.to_string(), finding.area.to_string(), about, saw, judgement::counsel(finding), commands]
}

fn data_loss(report: &Report) -> String {
    if words::nothing_was_lost(report) {
        return String::new();
    }
    let loss = &report.data_loss;
    let measured = loss.seconds.map(|seconds| format!("- Measured: {}\n", words::took(seconds))).unwrap_or_default();
    let target = words::target(loss.target_seconds);
    format!("## Data loss\n\n{}\n\n- Target: {target}\n{measured}", sentence(&loss.statement))
}

/// Two points that are easily taken for one.
fn milestones(report: &Report, clock: &Clock) -> String {
    let row =
        |line: &MilestoneLine| vec![words::milestone(line).to_owned(), clock.maybe(line.at), line.statement.clone()];
    let rows: Vec<Vec<String>> = report.milestones.iter().map(row).collect();
    table("Milestones", &["Milestone", "Seen (UTC)", "By what"], &rows)
}

/// The text as a sentence of its own.
fn sentence(phrase: &str) -> String {
    text(&words::capital(phrase))
}

fn table(title: &str, columns: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let header = line(columns.iter().map(|column| (*column).to_owned()).collect());
    let rule = line(columns.iter().map(|_| "---".to_owned()).collect());
    let body: String = rows.iter().map(|row| line(row.iter().map(|value| cell(value)).collect())).collect();
    format!("## {title}\n\n{header}{rule}{body}")
}

fn steps(report: &Report, clock: &Clock) -> String {
    let rows: Vec<Vec<String>> = report.steps.iter().map(|step| step_row(report, step, clock)).collect();
    let columns = ["Step", "State", "Start (UTC)", "End (UTC)", "Took", "What it showed", "Seen from"];
    table("Steps", &columns, &rows)
}

fn step_row(report: &Report, step: &StepLine, clock: &Clock) -> Vec<String> {
    let finding = words::finding(step);
    vec![
        step.step.to_string(),
        words::step_state(report, step),
        clock.maybe(step.started_at),
        clock.maybe(step.ended_at),
        step.seconds.map(words::took).unwrap_or_default(),
        finding.as_ref().map(|finding| finding.what.clone()).unwrap_or_default(),
        finding.and_then(|finding| finding.seen_from).unwrap_or_default().to_owned(),
    ]
}

fn stages(report: &Report) -> String {
    let rows: Vec<Vec<String>> = shown(report).map(stage_row).collect();
    let columns = ["Stage", "Took", "Expected", "By", "Share of target"];
    let mut section = table("Stages against their history", &columns, &rows);
    for warning in report.stages.iter().filter_map(StageLine::warning) {
        let _ = write!(section, "\n- {}\n", text(&warning));
    }
    if let Some(eta) = &report.eta {
        let _ = write!(section, "\n{}\n", sentence(&through(eta)));
    }
    section
}

fn stage_row(stage: &StageLine) -> Vec<String> {
    vec![
        stage.step.to_string(),
        stage.seconds.map(words::took).unwrap_or_default(),
        range(&stage.expected),
        basis(&stage.expected),
        share(stage).unwrap_or_default(),
    ]
}

fn calls(report: &Report, clock: &Clock) -> String {
    let calls = report.steps.iter().flat_map(|step| step.calls.iter().map(move |call| (step, call)));
    let rows: Vec<Vec<String>> = calls.map(|(step, call)| call_row(step, call, clock)).collect();
    table("Calls that change something", &["Time (UTC)", "Step", "Call", "Target", "Result", "Request ids"], &rows)
}

fn call_row(step: &StepLine, call: &CallLine, clock: &Clock) -> Vec<String> {
    vec![
        clock.text(call.at),
        step.step.to_string(),
        call.call.clone(),
        call.target.clone(),
        call.result.clone(),
        call.request_ids.join(", "),
    ]
}

/// Everything that was seen on the way, for those who want to follow it.
fn findings(report: &Report) -> String {
    let seen: String = report.steps.iter().map(step_findings).collect();
    if seen.is_empty() { seen } else { format!("## What each step saw\n\n{seen}") }
}

fn step_findings(step: &StepLine) -> String {
    let left_out = step.evidence.len().saturating_sub(FINDINGS_SHOWN);
    let mut lines = String::new();
    if left_out > 0 {
        let _ = writeln!(lines, "- {}: {left_out} earlier findings are in the JSON report", step.step);
    }
    for line in step.evidence.iter().skip(left_out) {
        let ids: Vec<String> = line.request_ids.iter().map(|id| code(id)).collect();
        let ids = if ids.is_empty() { String::new() } else { format!(", request {}", ids.join(", ")) };
        let _ = writeln!(lines, "- {}: {} (seen from: {}{ids})", step.step, text(&line.saw), text(&line.seen_from));
    }
    lines
}

fn people(report: &Report, clock: &Clock) -> String {
    let row = |line: &crate::domain::report::PersonLine| {
        let who = words::person(&line.by, line.said.as_deref());
        vec![clock.text(line.at), who, line.did.clone(), line.why.clone()]
    };
    let rows: Vec<Vec<String>> = report.people.iter().map(row).collect();
    table("People", &["Time (UTC)", "Who", "Did", "Why"], &rows)
}

fn notifications(report: &Report, clock: &Clock) -> String {
    let row = |line: &crate::domain::report::NotificationLine| {
        let result = if line.delivered { "delivered" } else { "not delivered" };
        let about = words::state(&line.moment);
        vec![clock.text(line.at), line.channel.clone(), about, result.to_owned(), line.detail.clone()]
    };
    let rows: Vec<Vec<String>> = report.notifications.iter().map(row).collect();
    table("Notifications", &["Time (UTC)", "Channel", "About", "Result", "Detail"], &rows)
}

fn integrity(report: &Report) -> String {
    let proof = &report.integrity;
    let lines = [
        format!("- Journal: {} events, head {}", proof.journal_events, code(&proof.journal_head)),
        format!("- Configuration: {}", code(&proof.config_digest)),
        format!(
            "- Reveille {}, runbook {}, {}",
            text(&proof.tool_version),
            proof.runbook_version,
            text(&report.schema)
        ),
    ];
    format!("## Integrity\n\n{}\n", lines.join("\n"))
}
