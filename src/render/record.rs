//! A record laid out for people: parts with plain blocks, the same for every form. Markdown and page draw the blocks,
//! and put the run's own timeline, steps and calls beside them.
//!
//! ```text
//! Record ─► facts, found, people ─► Vec<Part> ─► markdown::record, html::record
//! ```

mod facts;
mod found;
mod people;

use super::words::{self, Clock};
use crate::domain::record::Record;

/// A part with a heading of its own.
pub(super) struct Part {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

pub(super) enum Block {
    Text(String),
    Facts(Vec<(&'static str, Value)>),
    Points(Vec<String>),
    Table {
        label: &'static str,
        columns: Vec<&'static str>,
        rows: Vec<Vec<Value>>,
    },
    /// Something that is to be done or given, with its command.
    Command {
        what: String,
        command: String,
    },
}

/// What stands in a fact or a cell.
pub(super) enum Value {
    Text(String),
    /// A time or the name of a step, which is not torn apart.
    Whole(String),
    /// An id or a hash, to be copied.
    Name(String),
    /// Reached, not reached, not told.
    Met(Option<bool>),
}

pub(super) fn text(text: impl Into<String>) -> Value {
    Value::Text(text.into())
}

pub(super) fn whole(text: impl Into<String>) -> Value {
    Value::Whole(text.into())
}

pub(super) fn name(text: impl Into<String>) -> Value {
    Value::Name(text.into())
}

/// The words of a verdict, with the mark that stands before them.
pub(super) fn met(met: Option<bool>) -> (&'static str, &'static str) {
    match met {
        Some(true) => ("✓", "met"),
        Some(false) => ("✗", "not met"),
        None => ("·", "not shown"),
    }
}

impl Part {
    fn new(id: &'static str, title: &'static str, blocks: Vec<Block>) -> Self {
        Self { id, title, blocks }
    }
}

/// A table, or the sentence that there is nothing to be put into it.
fn table_or(nothing: &str, label: &'static str, columns: &[&'static str], rows: Vec<Vec<Value>>) -> Block {
    match rows.is_empty() {
        true => Block::Text(nothing.to_owned()),
        false => Block::Table { label, columns: columns.to_vec(), rows },
    }
}

/// What nobody gave is said, with the command that gives it.
fn not_given(record: &Record, field: &str) -> Vec<Block> {
    let missing = record.not_given.iter().find(|missing| missing.field == field);
    let command = |missing: &crate::domain::record::NotGiven| Block::Command {
        what: "Not given. This gives it:".to_owned(),
        command: missing.command.clone(),
    };
    match missing {
        // The record is final: nothing can be given any more.
        Some(_) if record.attestation.is_some() => vec![Block::Text("Not given.".to_owned())],
        Some(missing) => vec![command(missing)],
        None => Vec::new(),
    }
}

/// What the record is about, in a few words.
pub(super) fn title(record: &Record) -> String {
    format!("Record of {} {}", record.kind, record.run)
}

/// Whether it is signed, in one sentence.
pub(super) fn standing(record: &Record) -> String {
    match &record.attestation {
        Some(signed) => format!(
            "Attested as {} by {} on {}",
            signed.signature.verdict.as_str(),
            signed.signature.name,
            words::moment(signed.at)
        ),
        None => "Not attested: people can still add to it".to_owned(),
    }
}

/// What comes before the drawing of the run.
pub(super) fn before(record: &Record, clock: &Clock) -> Vec<Part> {
    vec![
        people::attestation(record),
        facts::run(record),
        facts::objectives(record),
        people::scenario(record),
        facts::scope(record),
        facts::exclusions(record),
        facts::preconditions(record),
        facts::planned(record, clock),
    ]
}

/// What comes behind it.
pub(super) fn behind(record: &Record, clock: &Clock) -> Vec<Part> {
    let parts = [
        Some(found::impact(record)),
        Some(people::decisions(record, clock)),
        Some(people::participants(record)),
        Some(people::third_parties(record)),
        Some(found::deviations(record, clock)),
        Some(found::errors(record, clock)),
        Some(people::lessons(record)),
        Some(people::follow_ups(record)),
        Some(people::accepted_risks(record)),
        Some(found::return_to_normal(record, clock)),
        Some(found::cost(record)),
        Some(found::before(record)),
        Some(found::next_due(record)),
        people::withdrawn(record, clock),
        Some(found::evidence(record)),
    ];
    parts.into_iter().flatten().collect()
}
