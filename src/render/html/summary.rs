//! What a person needs first: the verdict, what was measured, what is open, what to do.

use super::super::record as laid_out;
use super::super::words::{self, Clock};
use super::ink;
use super::text::{Command, Said, Told, beginning, plain};
use crate::domain::record::{Record, Verdict as Attested};
use crate::domain::report::{MilestoneLine, NextStep, Report};
use maud::{Markup, html};

/// Longer headlines carry somebody's error text, which stands in full below.
const HEADLINE: usize = 240;

/// What this page is about, on top of it.
pub(super) fn banner(report: &Report) -> Markup {
    html! {
        p.product { "Reveille" }
        p { (report.kind) " of " strong { (Said(report.plan.as_str())) } ", " (Said(&words::route(report))) }
    }
}

/// What a record is about.
pub(super) fn record_banner(record: &Record) -> Markup {
    let report = &record.report;
    html! {
        p.product { "Reveille" }
        p { "Record: " (record.kind) " of " strong { (Said(report.plan.as_str())) } ", " (Said(&words::route(report))) }
    }
}

/// The run's outcome, and whether somebody signed for it.
pub(super) fn record_verdict(record: &Record) -> Markup {
    let (class, mark) = match record.attestation.as_ref().map(|signed| signed.signature.verdict) {
        Some(Attested::Success) => ("good", "✓"),
        Some(Attested::Failed) => ("bad", "✗"),
        None => ("careful", "!"),
    };
    html! {
        (verdict(&record.report))
        div.signed.(class) { p { span.word { span aria-hidden="true" { (mark) } " " (Said(&laid_out::standing(record))) } } }
    }
}

/// The outcome in one sentence, with its colour, its mark and its word.
pub(super) fn verdict(report: &Report) -> Markup {
    let verdict = ink::of_run(report);
    let headline = beginning(&report.headline, HEADLINE);
    let cut = headline != plain(&report.headline);
    html! {
        div.verdict.(verdict.class) {
            p.badge { span aria-hidden="true" { (verdict.mark) } " " (verdict.words) }
            h1 { (Said(&headline)) }
            @if cut { p.hint { "In full:" } (Told(&report.headline)) }
            p.when { (when(report)) }
        }
    }
}

/// When it ran, or how far it is known.
fn when(report: &Report) -> Markup {
    let moment = |at| html! { time { (words::moment(at)) } };
    html! {
        @match (report.ended_at, report.as_of) {
            (Some(ended), _) => { (moment(report.admitted_at)) " to " (moment(ended)) }
            (None, Some(as_of)) => { "Since " (moment(report.admitted_at)) ", not ended; as of " (moment(as_of)) }
            (None, None) => { "Since " (moment(report.admitted_at)) ", not ended" }
        }
    }
}

/// Recovery time and data loss, each against its target and with what it was measured by.
pub(super) fn measured(report: &Report, clock: &Clock) -> Option<Markup> {
    words::moves(report).then(|| {
        html! {
            div.measured {
                (recovery(report, clock))
                @if !words::nothing_was_lost(report) { (data_loss(report)) }
            }
        }
    })
}

fn recovery(report: &Report, clock: &Clock) -> Markup {
    let time = &report.recovery_time;
    let missed = time.to.is_none() && report.outcome.is_some() && !words::nothing_was_lost(report);
    let passed = words::target_passed(report);
    let class = match time.within_target {
        Some(true) => "good",
        Some(false) => "bad",
        None if missed || passed => "bad",
        None => "quiet",
    };
    html! {
        article.card.(class) {
            h3 { "Recovery time" }
            p.figure { (words::capital(&words::recovery(report))) }
            @if !words::nothing_was_lost(report) {
                dl {
                    div { dt { "From" } dd { time { (clock.text(time.from.at)) " UTC" } ": " (Told(&time.from.what)) } }
                    div { dt { "To" } dd {
                        @match &time.to {
                            Some(to) => { time { (clock.text(to.at)) " UTC" } ": " (Told(&to.what)) }
                            None => "not seen"
                        }
                    } }
                    div { dt { "Target" } dd {
                        (words::target(time.target_seconds))
                        @if let Some(due) = words::target_at(time) { ", until " time { (clock.text(due)) " UTC" } }
                        @if passed { ", which has passed" }
                    } }
                }
            }
        }
    }
}

fn data_loss(report: &Report) -> Markup {
    let loss = &report.data_loss;
    let class = match loss.seconds {
        Some(seconds) if seconds <= loss.target_seconds as f64 => "good",
        Some(_) => "bad",
        None => "quiet",
    };
    html! {
        article.card.(class) {
            h3 { "Data loss" }
            div.figure { (Told(&words::capital(&loss.statement))) }
            dl {
                div { dt { "Measured" } dd { (loss.seconds.map_or_else(|| "not measured".to_owned(), words::took)) } }
                div { dt { "Target" } dd { (words::target(loss.target_seconds)) } }
            }
        }
    }
}

/// Two points that are easily taken for one: an application that serves, and one that finds everything again.
pub(super) fn milestones(report: &Report, clock: &Clock) -> Option<Markup> {
    let card = |line: &MilestoneLine| {
        html! {
            article.card.(if line.at.is_some() { "good" } else { "quiet" }) {
                h3 { (words::milestone(line)) }
                p.figure { @match line.at { Some(at) => { time { (clock.text(at)) " UTC" } } None => "Not proven" } }
                p { (Told(&words::capital(line.statement.strip_prefix("not proven: ").unwrap_or(&line.statement)))) }
            }
        }
    };
    (!report.milestones.is_empty()).then(|| html! { div.measured { @for line in &report.milestones { (card(line)) } } })
}

/// A section that is there only when it has something to say.
pub(super) fn list(items: &[String]) -> Option<Markup> {
    (!items.is_empty()).then(|| html! { ul.points { @for item in items { li { (Told(item)) } } } })
}

/// Each step with its commands, ready to be copied.
pub(super) fn next_steps(steps: &[NextStep]) -> Option<Markup> {
    Some(html! {
        @if steps.is_empty() { p { "Nothing." } }
        @else {
            ol.next {
                @for step in steps {
                    li { (Told(&step.what)) @for command in &step.commands { (Command(command)) } }
                }
            }
        }
    })
}
