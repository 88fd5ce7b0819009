//! What a terminal shows: a report, plans at a glance, a run under way. Every function gives whole lines.

mod check;
mod graph;
mod outlook;
mod plans;
mod readiness;
mod record;
mod report;
mod run;

pub use check::check;
pub use outlook::outlook;
pub use plans::{plan, plans};
pub use record::record;
pub use report::report;
pub use run::{ask, event, left, run, step_took, step_words, usual};

use super::page::Ink;
use super::words;
use crate::domain::report::Report;

/// The mark in front of a step, and how both look.
pub(super) fn mark(state: &str) -> (&'static str, Ink) {
    match state {
        "succeeded" => ("✓", Ink::Good),
        "failed" => ("✗", Ink::Bad),
        "needs-operator" => ("!", Ink::Careful),
        "running" => ("•", Ink::Bold),
        _ => ("·", Ink::Faint),
    }
}

/// The mark in front of a step, and the colour that belongs to it, by name.
pub fn step_mark(state: &str) -> (&'static str, &'static str) {
    let (mark, ink) = mark(state);
    let colour = match ink {
        Ink::Good => "green",
        Ink::Bad => "red",
        Ink::Careful => "yellow",
        Ink::Faint => "dim",
        Ink::Bold | Ink::Plain => "cyan",
    };
    (mark, colour)
}

/// How a run's state or outcome looks: what reached what it was for is good, what goes on is neither, the rest is not.
fn outcome_ink(state: &str) -> Ink {
    match state {
        "recovered" | "no-outage" | "fenced" | "rested" | "rehearsed" | "switched" | "ready" => Ink::Good,
        "serving" | "not-known" => Ink::Careful,
        "running" => Ink::Bold,
        _ => Ink::Bad,
    }
}

/// What is owed or not proven is not plainly good, whatever the outcome's word.
pub(super) fn headline_ink(report: &Report) -> Ink {
    match outcome_ink(&report.state) {
        Ink::Good if !report.owed.is_empty() || !report.not_proven.is_empty() => Ink::Careful,
        ink => ink,
    }
}

/// A step's state in words where its mark alone would not say it.
fn state_word(state: &str) -> String {
    if state == "succeeded" { String::new() } else { words::state(state) }
}
