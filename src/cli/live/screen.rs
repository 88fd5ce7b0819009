//! One line per step on a terminal, with a spinner and the time while the step is at work.

use crate::cli::output::Output;
use crate::domain::duration;
use crate::domain::status::{RunView, StepView};
use crate::render::{one_line, terminal};
use chrono::Utc;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use std::time::Duration;

const TICK: Duration = Duration::from_millis(120);
/// The last one is never shown: finished steps have a style of their own.
const SPINNER: &[&str] = &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏", " "];

/// The lines of a run.
pub(super) struct Steps {
    out: Output,
    all: MultiProgress,
    headline: Option<ProgressBar>,
    lines: Vec<Line>,
}

struct Line {
    bar: ProgressBar,
    state: String,
}

impl Steps {
    pub(super) fn new(out: Output) -> Self {
        console::set_colors_enabled(Output::screen().colour);
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        Self { out, all, headline: None, lines: Vec::new() }
    }

    pub(super) fn show(&mut self, run: &RunView) {
        let headline = self.headline.get_or_insert_with(|| self.all.add(bar("{wide_msg}")));
        let left = Some(terminal::left(run, Utc::now())).filter(|left| !left.is_empty());
        let left = left.map(|left| format!(" ({left})")).unwrap_or_default();
        headline.set_message(self.out.without_key(&format!("{}{left}", one_line(&run.headline))));
        for (index, step) in run.steps.iter().enumerate() {
            if self.lines.len() <= index {
                self.lines.push(Line { bar: self.all.add(bar("  {wide_msg}")), state: String::new() });
            }
            self.lines[index].show(step, &self.out);
        }
    }

    /// Text that stays, above the lines.
    pub(super) fn print(&self, text: &str) {
        // When the terminal is gone there is nobody to tell.
        let _ = self.all.println(self.out.without_key(text));
    }

    /// Leaves the lines as they are and gives the terminal back.
    pub(super) fn finish(&mut self) {
        self.lines.iter().for_each(|line| line.bar.abandon());
        if let Some(headline) = &self.headline {
            headline.abandon();
        }
        // The cursor was left behind the last line.
        self.out.data("\n");
    }
}

fn bar(template: &str) -> ProgressBar {
    ProgressBar::no_length().with_style(style(template))
}

impl Line {
    fn show(&mut self, step: &StepView, out: &Output) {
        let is_working = matches!(step.state.as_str(), "running" | "needs-operator");
        if self.state != step.state {
            self.dress(step, is_working);
            self.state.clone_from(&step.state);
        }
        let words = fitting(&out.without_key(&terminal::step_words(step)));
        let text = if is_working { words } else { format!("{:<9} {words}", terminal::step_took(step, Utc::now())) };
        self.bar.set_message(text);
    }

    /// The style that belongs to a state. A step at work shows a running clock, which began when the step did.
    fn dress(&self, step: &StepView, is_working: bool) {
        let (mark, colour) = terminal::step_mark(&step.state);
        self.bar.set_prefix(step.step.as_str());
        if !is_working {
            self.bar.disable_steady_tick();
            let still = style(&format!("  {{spinner:.{colour}}} {{prefix:16}} {{wide_msg}}"));
            return self.bar.set_style(still.tick_strings(&[mark, mark]));
        }
        let moving = style(&format!("  {{spinner:.{colour}}} {{prefix:16}} {{clock:9}} {{wide_msg}}"));
        self.bar.set_style(moving.tick_strings(SPINNER));
        if let Some(start) = step.started_at {
            self.bar.set_elapsed((Utc::now() - start).to_std().unwrap_or_default());
        }
        self.bar.enable_steady_tick(TICK);
    }
}

/// As much as there is room for beside mark, name and clock; the rest is in the report.
fn fitting(text: &str) -> String {
    const BESIDE: usize = 32;
    let columns = console::Term::stdout().size_checked().map_or(80, |(_, columns)| usize::from(columns));
    console::truncate_str(text, columns.saturating_sub(BESIDE), "…").into_owned()
}

/// Templates are constants of this file; one that could not be read would only cost the looks.
fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
    style.with_key("clock", |state: &ProgressState, to: &mut dyn std::fmt::Write| {
        let whole = Duration::from_secs(state.elapsed().as_secs());
        let _ = write!(to, "{}", duration::text(whole));
    })
}
