//! What the runs of a plan would do: what waits for what, how long it takes, and every call.

use super::graph::rows;
use crate::domain::outlook::{Outlook, PlannedCall, RunOutlook, StepOutlook, Usual};
use crate::domain::runbook::RunKind;
use crate::render::page::{Ink, Page, Screen};
use crate::render::stages::basis;
use crate::render::words::{target, took};

/// One plan's runs; each with its graph, then the calls of its steps.
pub fn outlook(outlook: &Outlook, screen: Screen) -> String {
    let mut page = Page::new(screen);
    let sites = format!(": {} is the primary, {} the standby", outlook.from, outlook.to);
    page.row(&[(outlook.plan.as_str(), Ink::Bold), (&sites, Ink::Plain)]);
    for run in &outlook.runs {
        page.gap();
        write(&mut page, outlook, run);
    }
    for standing in &outlook.standing {
        page.gap();
        page.say("", standing.what, Ink::Bold);
        standing.calls.iter().for_each(|call| said(&mut page, call));
    }
    page.finish()
}

fn write(page: &mut Page, outlook: &Outlook, run: &RunOutlook) {
    page.row(&[(&run.kind.to_string(), Ink::Bold), (": ", Ink::Plain), (run.when, Ink::Plain)]);
    graph(page, run);
    page.gap();
    sum(page, outlook, run);
    for step in &run.steps {
        page.gap();
        page.row(&[("  ", Ink::Plain), (step.step.as_str(), Ink::Bold)]);
        page.say("    usually  ", &usually(&step.usual), Ink::Faint);
        step.calls.iter().for_each(|call| said(page, call));
    }
}

/// Who waits stands below whom it waits for.
fn graph(page: &mut Page, run: &RunOutlook) {
    let rows = rows(&run.steps);
    let width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or_default();
    for row in rows {
        let label = format!("  {:width$}  ", row.label);
        let ink = if row.step.mutates { Ink::Careful } else { Ink::Plain };
        let usual = &row.step.usual.expected;
        let span = format!("  {:18}", range(usual.low, usual.high));
        page.row(&[(&label, Ink::Plain), (does(row.step), ink), (&span, Ink::Plain), (&also(&row.also), Ink::Faint)]);
    }
}

fn does(step: &StepOutlook) -> &'static str {
    if step.mutates { "changes" } else { "looks  " }
}

fn also(steps: &[String]) -> String {
    if steps.is_empty() { String::new() } else { format!("  after {} too", steps.join(" and ")) }
}

/// The steps that decide, and what that means for the plan's target.
fn sum(page: &mut Page, outlook: &Outlook, run: &RunOutlook) {
    let estimate = &run.estimate;
    let steps: Vec<&str> = estimate.path.iter().map(|step| step.as_str()).collect();
    let takes = format!("{}, usually {}", range(estimate.low, estimate.high), took(estimate.seconds));
    page.say("  takes    ", &format!("{takes}, by {}", steps.join(", ")), Ink::Plain);
    if run.kind != RunKind::Failover {
        return;
    }
    let before = &outlook.before.expected;
    page.say("  before   ", &usually(&outlook.before), Ink::Faint);
    let (low, high) = (estimate.low + before.low, estimate.high + before.high);
    let (verdict, ink) = verdict(low, estimate.seconds + before.seconds, high, outlook.rto.as_secs());
    page.say("  in all   ", &format!("{}: {verdict}", range(low, high)), ink);
}

fn verdict(low: f64, usual: f64, high: f64, rto: u64) -> (String, Ink) {
    let (seconds, target) = (rto as f64, target(rto));
    match () {
        () if high <= seconds => (format!("within the target of {target}"), Ink::Good),
        () if usual <= seconds => {
            (format!("the target of {target} is kept unless several steps are slow"), Ink::Careful)
        }
        () if low <= seconds => (format!("the target of {target} is kept only when all goes quickly"), Ink::Careful),
        () => (format!("the target of {target} is missed even when all goes quickly"), Ink::Bad),
    }
}

/// `5m to 10m (assumed: …)`, or from how many runs it comes.
fn usually(usual: &Usual) -> String {
    let expected = &usual.expected;
    let source = usual.source.map_or_else(|| basis(expected), str::to_owned);
    format!("{} ({source})", range(expected.low, expected.high))
}

fn range(low: f64, high: f64) -> String {
    let (low, high) = (took(low), took(high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// A call on a line of its own, so that it can be searched for and copied.
fn said(page: &mut Page, call: &PlannedCall) {
    let word = if call.mutates { "change" } else { "look" };
    page.command(4, &format!("{word:6}  {}{}", call.wire, when(call)));
}

fn when(call: &PlannedCall) -> String {
    call.when.map(|when| format!("  ({when})")).unwrap_or_default()
}
