//! What is good, careful or bad, by the same judgement as on a terminal. A colour never stands without mark and word.

use super::super::page::Ink;
use super::super::terminal;
use super::super::words;
use crate::domain::report::{Report, StepLine};

/// The class by which the style knows an ink.
pub(super) fn class(ink: Ink) -> &'static str {
    match ink {
        Ink::Good => "good",
        Ink::Careful => "careful",
        Ink::Bad => "bad",
        Ink::Bold => "note",
        Ink::Faint | Ink::Plain => "quiet",
    }
}

/// A verdict: its mark, its words, and how they look.
pub(super) struct Verdict {
    pub(super) mark: &'static str,
    pub(super) words: String,
    pub(super) class: &'static str,
}

/// The run's.
pub(super) fn of_run(report: &Report) -> Verdict {
    let asks = report.outcome.is_none() && report.waits.iter().any(|wait| wait.to.is_none());
    let state = words::state(&report.state);
    let (ink, words) = match asks {
        true => (Ink::Careful, format!("{state}, needs a person")),
        false => (terminal::headline_ink(report), state),
    };
    Verdict { mark: mark(ink), words, class: class(ink) }
}

fn mark(ink: Ink) -> &'static str {
    match ink {
        Ink::Good => "✓",
        Ink::Careful => "!",
        Ink::Bad => "✗",
        Ink::Bold | Ink::Faint | Ink::Plain => "•",
    }
}

/// A step's.
pub(super) fn of_step(report: &Report, step: &StepLine) -> Verdict {
    let (mark, ink) = terminal::mark(&step.state);
    let stopped = report.outcome.is_some() && matches!(step.state.as_str(), "running" | "needs-operator");
    let (mark, ink) = if stopped { ("·", Ink::Faint) } else { (mark, ink) };
    Verdict { mark, words: words::step_state(report, step), class: class(ink) }
}
