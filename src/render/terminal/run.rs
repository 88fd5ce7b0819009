//! A run under way: its steps, what it asks, and its events one by one.

use super::{mark, outcome_ink, state_word};
use crate::domain::names::RunId;
use crate::domain::status::{AskLine, EventLine, RunView, StepView};
use crate::render::page::{Ink, Page, Screen};
use crate::render::stages;
use crate::render::words::{one_line, took, with_short_ids};
use chrono::{DateTime, Utc};

/// The run as it stands, with everything it asks.
pub fn run(view: &RunView, screen: Screen, now: DateTime<Utc>) -> String {
    let mut page = Page::new(screen);
    page.say("", &view.headline, outcome_ink(&view.state));
    page.say("", &format!("{} of {}, run {}", view.kind, view.plan, view.run), Ink::Faint);
    if let Some(eta) = &view.eta {
        page.say("", &stages::left(eta, now), Ink::Faint);
    }
    page.gap();
    for line in &view.steps {
        write_step(&mut page, line, now);
    }
    view.asks.iter().for_each(|ask| write_ask(&mut page, ask, &view.run));
    page.finish()
}

/// What a step says beside its name and its time: its state where the mark would not tell, and what it saw last.
pub fn step_words(step: &StepView) -> String {
    // Its clock says that a step is at work.
    let state = if step.state == "running" { usual(step).unwrap_or_default() } else { state_word(&step.state) };
    let parts = [state, with_short_ids(&one_line(step.note.as_deref().unwrap_or_default()))];
    let told: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    told.join(": ")
}

/// `usually 3m to 4m`, while it still matters and where it was measured.
pub fn usual(step: &StepView) -> Option<String> {
    let expected = step.expected.as_ref().filter(|expected| expected.is_measured() && step.state == "running")?;
    Some(stages::usually(expected))
}

/// How long a step took, or has been at work until now; empty before it starts.
pub fn step_took(step: &StepView, now: DateTime<Utc>) -> String {
    let Some(start) = step.started_at else { return String::new() };
    let end = step.ended_at.unwrap_or(now);
    took((end - start).num_milliseconds() as f64 / 1000.0)
}

/// What a person is asked, so that nobody overlooks it, with the commands that answer it.
pub fn ask(ask: &AskLine, run: &RunId, screen: Screen) -> String {
    let mut page = Page::new(screen);
    write_ask(&mut page, ask, run);
    page.finish()
}

/// How much longer a run takes; empty where nobody knows.
pub fn left(view: &RunView, now: DateTime<Utc>) -> String {
    view.eta.as_ref().map(|eta| stages::left(eta, now)).unwrap_or_default()
}

/// An event on one line, for pipes and logs: time, step, what happened.
pub fn event(event: &EventLine) -> String {
    let step = event.step.map_or_else(|| "run".to_owned(), |step| step.to_string());
    let text = with_short_ids(&one_line(&event.text));
    // The step stands in its column already.
    let said = text.strip_prefix(&format!("{step} ")).unwrap_or(&text);
    format!("{}  {step:<18} {said}", event.at.format("%H:%M:%S"))
}

fn write_step(page: &mut Page, step: &StepView, now: DateTime<Utc>) {
    let (mark, ink) = mark(&step.state);
    let name = format!(" {:<18} ", step.step);
    let usual = usual(step).map(|usual| format!(" so far, {usual}")).unwrap_or_default();
    let time = format!("{:<8}  ", step_took(step, now) + &usual);
    page.row(&[
        ("  ", Ink::Plain),
        (mark, ink),
        (&name, Ink::Bold),
        (&time, Ink::Plain),
        (&state_word(&step.state), ink),
    ]);
    if let Some(note) = &step.note {
        page.say("      ", note, Ink::Plain);
    }
}

fn write_ask(page: &mut Page, ask: &AskLine, run: &RunId) {
    page.gap();
    page.say("", &format!("A person is needed: {}", ask.about), Ink::Careful);
    page.say("  ", &ask.what, Ink::Plain);
    page.say("  ", &ask.means, Ink::Plain);
    let approve = format!("reveille approve {run} ");
    let names_approval = ask.commands.iter().any(|command| command.starts_with(&approve));
    if let (true, Some(means)) = (names_approval, &ask.approve_means) {
        page.say("  Approving means: ", means, Ink::Plain);
    }
    ask.commands.iter().for_each(|command| page.command(4, command));
    if let (false, Some(means)) = (names_approval, &ask.approve_means) {
        page.say("  Or approve, which means: ", means, Ink::Plain);
        page.command(4, &format!("{approve}--why \"…\" --execute"));
    }
}
