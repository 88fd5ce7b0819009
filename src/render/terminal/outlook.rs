//! What the runs of a plan would do: what waits for what, how long it takes, and every call.

use super::graph::rows;
use crate::domain::duration;
use crate::domain::outlook::{Outlook, PlannedCall, RunOutlook, Span, StepOutlook};
use crate::render::page::{Ink, Page, Screen};

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
        page.say("    usually  ", &format!("{} ({})", step.expected.span.text(), step.expected.source), Ink::Faint);
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
        let span = format!("  {:18}", row.step.expected.span.text());
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
    let steps: Vec<&str> = run.path.steps.iter().map(|step| step.as_str()).collect();
    let path = format!("{}, by {}", run.path.takes.text(), steps.join(", "));
    page.say("  takes    ", &path, Ink::Plain);
    if run.kind != crate::domain::runbook::RunKind::Failover {
        return;
    }
    let before = &outlook.before;
    page.say("  before   ", &format!("{} ({})", before.span.text(), before.source), Ink::Faint);
    let whole = before.span.plus(run.path.takes);
    let (verdict, ink) = verdict(whole, outlook.rto);
    page.say("  in all   ", &format!("{}: {verdict}", whole.text()), ink);
}

fn verdict(whole: Span, rto: std::time::Duration) -> (String, Ink) {
    let target = duration::text(rto);
    match () {
        () if whole.to <= rto => (format!("within the target of {target}"), Ink::Good),
        () if whole.from <= rto => (format!("the target of {target} is kept only when all goes quickly"), Ink::Careful),
        () => (format!("the target of {target} is missed even when all goes quickly"), Ink::Bad),
    }
}

/// A call on a line of its own, so that it can be searched for and copied.
fn said(page: &mut Page, call: &PlannedCall) {
    let word = if call.mutates { "change" } else { "look" };
    page.command(4, &format!("{word:6}  {}{}", call.wire, when(call)));
}

fn when(call: &PlannedCall) -> String {
    call.when.map(|when| format!("  ({when})")).unwrap_or_default()
}
