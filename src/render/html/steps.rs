//! The steps with their evidence, and the calls that changed something.

use super::super::words::{self, Clock};
use super::ink;
use super::table::{Row, table};
use super::text::{Name, Said, Told};
use crate::domain::report::{CallLine, EvidenceLine, Report, StepLine, WaitLine};
use crate::domain::resource::ResourceId;
use maud::{Markup, html};

/// Findings shown at once per step; those before them open at a click, and are all there on paper.
const FINDINGS_SHOWN: usize = 12;

pub(super) fn all(report: &Report, clock: &Clock) -> Option<Markup> {
    let day = report.admitted_at.format("%Y-%m-%d");
    (!report.steps.is_empty()).then(|| {
        html! {
            p.hint { "Times are UTC, on " (day) " unless a date stands with them." }
            @for (index, step) in report.steps.iter().enumerate() { (one(report, index, step, clock)) }
        }
    })
}

fn one(report: &Report, index: usize, step: &StepLine, clock: &Clock) -> Markup {
    let verdict = ink::of_step(report, step);
    let id = format!("step-{}", index + 1);
    html! {
        article.step.(verdict.class) id=(id) aria-labelledby={ (id) "-heading" } {
            header {
                h3 id={ (id) "-heading" } { (step.step) }
                p.badge { span aria-hidden="true" { (verdict.mark) } " " (verdict.words) }
                (times(step, clock))
            }
            @if let Some(failure) = &step.failure { div.failure { strong { "Failed: " } (Told(failure)) } }
            @for wait in report.waits.iter().filter(|wait| wait.step == Some(step.step)) { (waited(wait, clock)) }
            (evidence(step))
        }
    }
}

fn times(step: &StepLine, clock: &Clock) -> Markup {
    html! {
        @if let Some(start) = step.started_at {
            p.times {
                time { (clock.text(start)) } " – "
                @match step.ended_at { Some(end) => time { (clock.text(end)) }, None => "open" }
                @if let Some(seconds) = step.seconds { ", " strong { (words::took(seconds)) } }
            }
        }
    }
}

fn waited(wait: &WaitLine, clock: &Clock) -> Markup {
    html! {
        p.waited {
            "Waited for a person " time { (clock.text(wait.from)) } " – "
            @match wait.to { Some(to) => time { (clock.text(to)) }, None => "open" }
            ": " (Said(&wait.what))
        }
    }
}

fn evidence(step: &StepLine) -> Markup {
    let (earlier, shown) = step.evidence.split_at(step.evidence.len().saturating_sub(FINDINGS_SHOWN));
    let proof = (step.state == "succeeded").then(|| shown.len().wrapping_sub(1));
    html! {
        @if !earlier.is_empty() {
            details { summary { (earlier.len()) " earlier findings" } ul { @for line in earlier { li { (finding(line)) } } } }
        }
        @if !shown.is_empty() {
            ul.evidence {
                @for (index, line) in shown.iter().enumerate() {
                    li { @if proof == Some(index) { strong { "Proof: " } } (finding(line)) }
                }
            }
        }
    }
}

fn finding(line: &EvidenceLine) -> Markup {
    html! {
        (Told(&line.saw))
        p.source { "Seen from: " (Said(&line.seen_from)) (requests(&line.request_ids)) }
    }
}

fn requests(ids: &[String]) -> Markup {
    html! { @for id in ids { "; request " (Name(id)) } }
}

/// Every call in the order of its time, with the number by which the timeline names it.
pub(super) fn calls(report: &Report, clock: &Clock) -> Option<Markup> {
    let calls = numbered(report).into_iter().enumerate();
    let rows =
        calls.map(|(index, (lane, call))| call_row(index + 1, &report.steps[lane], call, clock)).collect::<Vec<_>>();
    let columns = ["No.", "Time (UTC)", "Call", "Target", "Result", "Request ids"];
    table("Calls that change something", &columns, &rows)
}

fn call_row(number: usize, step: &StepLine, call: &CallLine, clock: &Clock) -> Row {
    let target = ResourceId::parse(&call.target);
    let ids: Vec<&str> = call.request_ids.iter().map(String::as_str).collect();
    let cells = vec![
        html! { (number) },
        html! { time { (clock.text(call.at)) } },
        // Where it was done stands in the next column.
        html! { (Said(call.call.strip_suffix(" on").unwrap_or(&call.call))) br; span.source { (step.step) } },
        html! {
            @if let Ok(id) = &target { strong { (Said(id.name())) } br; }
            span.source { (Said(&call.target)) }
        },
        html! { (Told(&call.result)) },
        html! { @for (index, id) in ids.iter().enumerate() { @if index > 0 { br; } (Name(id)) } },
    ];
    Row { id: Some(format!("call-{number}")), cells }
}

/// The calls of all steps by time, each with the index of its step. Their numbers count from 1 in this order.
pub(super) fn numbered(report: &Report) -> Vec<(usize, &CallLine)> {
    let steps = report.steps.iter().enumerate();
    let mut calls: Vec<_> = steps.flat_map(|(index, step)| step.calls.iter().map(move |call| (index, call))).collect();
    calls.sort_by_key(|(_, call)| call.at);
    calls
}
