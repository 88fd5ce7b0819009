//! What people read: reports as Markdown and on a terminal.

pub mod browser;
mod chromium;
mod journals;
mod lengths;
mod page;
mod stages;
mod stories;

use insta::assert_snapshot;
use journals::Journal;
use proptest::prelude::*;
use reveille::domain::report::Report;
use reveille::render::{Screen, markdown, terminal};
use unicode_width::UnicodeWidthStr;

/// The report of a run without open ends, for other tests that need a real one.
pub fn recovered() -> Report {
    stories::recovered().report()
}

/// Whole runs, for other tests that fold more than a report from them.
pub fn recovered_run() -> reveille::domain::run::RunState {
    stories::recovered().fold()
}

pub fn owing_run() -> reveille::domain::run::RunState {
    stories::owing_the_fence().fold()
}

const SCREEN: Screen = Screen { width: 100, colour: false };

/// The report in both forms, one above the other.
fn both(journal: &Journal) -> String {
    let report = journal.report();
    format!("{}\n======== terminal ========\n{}", markdown::report(&report), terminal::report(&report, SCREEN))
}

#[test]
fn a_recovery_without_open_ends() {
    assert_snapshot!(both(&stories::recovered()));
}

#[test]
fn serving_with_something_not_proven_is_not_called_recovered() {
    let text = both(&stories::serving_not_proven());
    assert!(!text.contains("Recovered:"));
    assert_snapshot!(text);
}

#[test]
fn an_owed_fence_stands_with_its_command() {
    assert_snapshot!(both(&stories::owing_the_fence()));
}

#[test]
fn a_readiness_drill_answers_first_and_lists_the_worst_first() {
    let text = both(&stories::assessed());
    assert!(!text.contains("Recovery time"), "nothing was recovered");
    assert_snapshot!(text);
    let page = reveille::render::html::report(&stories::assessed().report());
    assert!(!page.contains("<script>") && page.contains("Could we recover now?"));
    let order =
        ["Not ready:", "is disabled", "permissions/read", "alert(1)", "no capacity is reserved", "parked, seen on"];
    let places: Vec<usize> = order.iter().map(|it| page.find(it).unwrap_or_else(|| panic!("{it}"))).collect();
    assert!(places.is_sorted(), "{places:?}");
}

#[test]
fn no_outage() {
    assert_snapshot!(both(&stories::no_outage()));
}

#[test]
fn a_start_that_failed_for_lack_of_capacity() {
    assert_snapshot!(both(&stories::no_capacity()));
}

#[test]
fn a_run_that_needs_a_promotion_names_the_command_first() {
    assert_snapshot!(both(&stories::needs_a_promotion()));
}

#[test]
fn a_declined_failover_tells_who_and_why() {
    assert_snapshot!(both(&stories::declined()));
}

#[test]
fn a_manual_start_stands_among_the_people() {
    let text = terminal::report(&Journal::by_person("region is down, Azure says so").report(), SCREEN);
    assert!(text.contains("function key night-shift (says: Ada) started: region is down, Azure says so"), "{text}");
}

#[test]
fn without_colour_nothing_is_lost() {
    for journal in [stories::recovered(), stories::no_capacity(), stories::needs_a_promotion()] {
        let coloured = terminal::report(&journal.report(), Screen { colour: true, ..SCREEN });
        let plain = terminal::report(&journal.report(), SCREEN);
        assert!(coloured.contains('\u{1b}'));
        assert_eq!(console::strip_ansi_codes(&coloured), plain);
    }
}

#[test]
fn only_commands_and_single_words_are_wider_than_the_screen() {
    let report = stories::needs_a_promotion().report();
    let text = terminal::report(&report, Screen::plain(60));
    let wide: Vec<&str> = text.lines().filter(|line| line.width() > 60).collect();
    for line in &wide {
        let word = line.trim().split(' ').count() == 1;
        assert!(line.trim().starts_with("az ") || word || line.contains(" – "), "{line:?}");
    }
    assert!(wide.iter().any(|line| line.contains("az postgres")), "the command is there, in one piece");
}

/// Rows of a Markdown table, as a parser cuts them: at pipes that are not escaped.
fn cells(row: &str) -> usize {
    row.replace("\\\\", "").replace("\\|", "").matches('|').count()
}

proptest! {
    /// Whatever Azure or a person wrote, each table keeps its columns and each section its heading.
    #[test]
    fn no_text_breaks_the_markdown(anything in "(\\PC|[|\\\\`\n\r#*_<>]){0,60}") {
        let mut report = stories::no_capacity().report();
        let calm = markdown::report(&report);
        report.headline = anything.clone();
        for step in &mut report.steps {
            step.failure = step.failure.as_ref().map(|_| anything.clone());
            step.evidence.iter_mut().for_each(|line| line.saw.clone_from(&anything));
            step.calls.iter_mut().for_each(|call| call.result.clone_from(&anything));
        }
        let text = markdown::report(&report);
        let shape = |text: &str| -> Vec<usize> {
            text.lines().filter(|line| line.starts_with("| ")).map(cells).collect()
        };
        prop_assert_eq!(shape(&text), shape(&calm), "{}", text);
        let headings = |text: &str| text.lines().filter(|line| line.starts_with('#')).count();
        prop_assert_eq!(headings(&text), headings(&calm));
    }
}
