//! How a followed run is shown: live on a screen, one line per event in a pipe, one JSON object per line for machines.

use super::screen::Steps;
use crate::cli::output::Output;
use crate::domain::status::{AskLine, EventLine, RunView};
use crate::render::{one_line, terminal};
use serde_json::json;

/// Shows a run as it goes.
pub struct View {
    out: Output,
    form: Form,
    shown: bool,
    asked: Vec<AskLine>,
}

enum Form {
    Screen(Steps),
    Lines,
    Json,
}

impl View {
    /// What suits stdout.
    pub fn new(out: Output) -> Self {
        let form = match (out.json, Output::is_screen()) {
            (true, _) => Form::Json,
            (false, true) => Form::Screen(Steps::new(out.clone())),
            (false, false) => Form::Lines,
        };
        Self { out, form, shown: false, asked: Vec::new() }
    }

    /// Plain lines, wherever stdout leads.
    pub fn lines(out: Output) -> Self {
        Self { out, form: Form::Lines, shown: false, asked: Vec::new() }
    }

    /// The run as it is now, with the events since it was shown last.
    pub(super) fn show(&mut self, run: &RunView) {
        match &mut self.form {
            Form::Screen(steps) => steps.show(run),
            Form::Lines => lines(&self.out, run, self.shown),
            Form::Json => {
                run.events.iter().for_each(|event| self.out.data(&json!({ "event": event }).to_string()));
            }
        }
        self.shown = true;
        self.ask(run);
    }

    /// Something about the following itself, such as a lost connection.
    pub(super) fn note(&mut self, text: &str) {
        match &mut self.form {
            Form::Screen(steps) => steps.print(&format!("note: {text}")),
            Form::Lines | Form::Json => self.out.message(&format!("note: {text}")),
        }
    }

    /// The run as it was left.
    pub(super) fn finish(&mut self, run: &RunView) {
        match &mut self.form {
            Form::Screen(steps) => steps.finish(),
            Form::Lines => {}
            Form::Json => {
                let run = RunView { events: Vec::new(), ..run.clone() };
                self.out.data(&json!({ "run": run }).to_string());
            }
        }
    }

    /// Each question is printed once, when it comes up, or comes up again after it was answered.
    fn ask(&mut self, run: &RunView) {
        let fresh = run.asks.iter().filter(|ask| !self.asked.contains(ask));
        for ask in fresh {
            match &mut self.form {
                Form::Screen(steps) => steps.print(&format!("\n{} ", terminal::ask(ask, &run.run, Output::screen()))),
                Form::Lines => self.out.data(&format!("\n{}\n", terminal::ask(ask, &run.run, Output::screen()))),
                Form::Json => self.out.data(&json!({ "ask": ask }).to_string()),
            }
        }
        self.asked.clone_from(&run.asks);
    }
}

fn lines(out: &Output, run: &RunView, shown: bool) {
    if !shown {
        out.data(&format!(
            "{} of {}, run {} (times are UTC): {}",
            run.kind,
            run.plan,
            run.run,
            one_line(&run.headline)
        ));
    }
    for event in run.events.iter().filter(|event| !is_housekeeping(&event.kind)) {
        out.data(&format!("{}{}", terminal::event(event), usual(run, event)));
    }
}

/// What a step that begins usually takes: a pipe has no clock that runs beside it.
fn usual(run: &RunView, event: &EventLine) -> String {
    let begun = run.steps.iter().find(|step| event.kind == "step-started" && Some(step.step) == event.step);
    begun.and_then(terminal::usual).map(|usual| format!(", {usual}")).unwrap_or_default()
}

/// Who holds the run is the engine's own affair.
fn is_housekeeping(kind: &str) -> bool {
    matches!(kind, "claimed" | "released")
}
