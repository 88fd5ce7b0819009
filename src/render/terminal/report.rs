//! A report, concise: what a person needs now. The rest is in Markdown and JSON.

use super::{headline_ink, mark, readiness};
use crate::domain::report::{NextStep, Report, StepLine};
use crate::render::page::{Ink, Page, Screen};
use crate::render::stages;
use crate::render::words::{self, Clock, finding};

/// The report of a run. What to do comes right after the headline.
pub fn report(report: &Report, screen: Screen) -> String {
    let clock = Clock::of(report.admitted_at);
    let mut page = Page::new(screen);
    page.say("", &report.headline, headline_ink(report));
    next_steps(&mut page, &report.next_steps);
    list(&mut page, "Not proven", &report.not_proven);
    list(&mut page, "Owed", &report.owed);
    readiness::section(&mut page, report);
    measured(&mut page, report, &clock);
    steps(&mut page, report, &clock);
    people(&mut page, report, &clock);
    undelivered(&mut page, report);
    origin(&mut page, report);
    page.finish()
}

fn next_steps(page: &mut Page, steps: &[NextStep]) {
    if steps.is_empty() {
        return;
    }
    page.heading("What to do next");
    for (index, step) in steps.iter().enumerate() {
        page.say(&format!("  {}. ", index + 1), &step.what, Ink::Plain);
        step.commands.iter().for_each(|command| page.command(7, command));
    }
}

fn list(page: &mut Page, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    page.heading(title);
    items.iter().for_each(|item| page.say("  - ", item, Ink::Careful));
}

fn measured(page: &mut Page, report: &Report, clock: &Clock) {
    if !words::moves(report) {
        if !report.milestones.is_empty() {
            page.gap();
        }
        return milestones(page, report, clock);
    }
    let time = &report.recovery_time;
    let ink = if time.within_target == Some(false) { Ink::Bad } else { Ink::Plain };
    page.gap();
    page.say("Recovery time  ", &words::recovery(report), ink);
    if words::nothing_was_lost(report) {
        return;
    }
    page.say(&format!("  from {}  ", clock.text(time.from.at)), &time.from.what, Ink::Plain);
    if let Some(to) = &time.to {
        page.say(&format!("  to   {}  ", clock.text(to.at)), &to.what, Ink::Plain);
    }
    let target = words::target(report.data_loss.target_seconds);
    page.say("Data loss      ", &format!("{}; target {target}", report.data_loss.statement), Ink::Plain);
    milestones(page, report, clock);
}

fn milestones(page: &mut Page, report: &Report, clock: &Clock) {
    for line in &report.milestones {
        let seen = line.at.map(|at| format!("{}  ", clock.text(at))).unwrap_or_default();
        let ink = if line.at.is_some() { Ink::Plain } else { Ink::Careful };
        page.say(&format!("{:<15}", words::milestone(line)), &format!("{seen}{}", line.statement), ink);
    }
}

fn steps(page: &mut Page, report: &Report, clock: &Clock) {
    page.heading(&format!("Steps ({} UTC)", report.admitted_at.format("%Y-%m-%d")));
    for step in &report.steps {
        step_head(page, report, step, clock);
        if let Some(finding) = finding(step) {
            let from = finding.seen_from.map(|from| format!(" (seen from: {from})")).unwrap_or_default();
            page.say("      ", &format!("{}{from}", finding.what), Ink::Plain);
        }
        for call in &step.calls {
            let ids = call.request_ids.join(", ");
            let ids = if ids.is_empty() { ids } else { format!(", request {ids}") };
            let lead = format!("      {}  ", clock.text(call.at));
            page.say(&lead, &format!("{} {}: {}{ids}", call.call, call.target, call.result), Ink::Faint);
        }
    }
}

fn step_head(page: &mut Page, report: &Report, step: &StepLine, clock: &Clock) {
    let (mark, ink) = mark(&step.state);
    let took = step.seconds.map(words::took).unwrap_or_default();
    let usual = usual(report, step).unwrap_or_default();
    let times = match (step.started_at, step.ended_at) {
        (None, _) => String::new(),
        (Some(start), None) => format!("since {}", clock.text(start)),
        (Some(start), Some(end)) => format!("{} – {}  {took}{usual}", clock.text(start), clock.text(end)),
    };
    let state = if step.state == "succeeded" { String::new() } else { words::step_state(report, step) };
    let name = format!(" {:<18} ", step.step);
    page.row(&[
        ("  ", Ink::Plain),
        (mark, ink),
        (&name, Ink::Bold),
        (&times, Ink::Plain),
        ("  ", Ink::Plain),
        (&state, ink),
    ]);
}

/// Only what was measured: what a step was assumed to take is in the longer forms.
fn usual(report: &Report, step: &StepLine) -> Option<String> {
    let stage = stages::of_step(report, step.step).filter(|stage| stage.expected.is_measured())?;
    let mark = if stage.slower.is_some() { ", slower than its history" } else { "" };
    Some(format!(", {}{mark}", stages::usually(&stage.expected)))
}

fn people(page: &mut Page, report: &Report, clock: &Clock) {
    if report.people.is_empty() {
        return;
    }
    page.heading("People");
    for line in &report.people {
        let who = words::person(&line.by, line.said.as_deref());
        page.say(&format!("  {}  ", clock.text(line.at)), &format!("{who} {}: {}", line.did, line.why), Ink::Plain);
    }
}

/// Delivered notifications are no news; a channel that was not reached is.
fn undelivered(page: &mut Page, report: &Report) {
    let lost: Vec<_> = report.notifications.iter().filter(|line| !line.delivered).collect();
    if lost.is_empty() {
        return;
    }
    page.heading("Not delivered");
    for line in lost {
        let about = words::state(&line.moment);
        page.say("  - ", &format!("{} to {}: {}", about, line.channel, line.detail), Ink::Careful);
    }
}

fn origin(page: &mut Page, report: &Report) {
    page.gap();
    let kind = format!("{} of {}, {}", report.kind, report.plan, words::route(report));
    page.say("", &format!("{kind}; started by {}", report.started_by), Ink::Faint);
    page.say("", &format!("Run {}, incident {}", report.run, report.incident), Ink::Faint);
    let proof = &report.integrity;
    page.say("", &format!("Journal of {} events, head {}", proof.journal_events, proof.journal_head), Ink::Faint);
}
