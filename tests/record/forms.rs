//! The forms of a record: the same facts for a ticket, a terminal and an auditor.

use super::support::*;
use insta::assert_snapshot;
use proptest::prelude::*;
use reveille::domain::chain::Head;
use reveille::domain::record::{Around, Attestation, PreviousRun, Record, Verdict};
use reveille::domain::run::RunEvent;
use reveille::render::{Screen, html, markdown, terminal};

fn head() -> Head {
    Head { seq: 40, hash: "9a".repeat(32) }
}

/// A rehearsal of which nobody has told anything yet.
pub fn bare() -> Record {
    Record::of(&Rehearsal::ended(22, 320).closed().fold(), &head(), &Around::default())
}

/// One with everything that people can add, compared with two before, and signed.
pub fn full() -> Record {
    let noted = RunEvent::Noted { by: "key night-shift".into(), said: Some("Ada".into()), notes: notes() };
    let run = Rehearsal::ended(22, 320).closed().later(3_600).with(noted).fold();
    let previous = [15, 8].map(|day| PreviousRun::of(&Rehearsal::ended(day, 300).closed().fold()));
    let around = Around { previous: previous.into(), ..Around::default() };
    let mut record = Record::of(&run, &head(), &around);
    record.not_given.clear();
    record.attestation = Some(Attestation {
        at: at("09:30:00"),
        by: "key audit".into(),
        said: None,
        signature: signature("Ada Lovelace", Verdict::Success),
        record: record.digest(),
    });
    record
}

/// Markdown and terminal, one above the other, without digests: those change with every word of the example's plan.
fn both(record: &Record) -> String {
    let screen = terminal::record(record, Screen::plain(100));
    let text = format!("{}\n======== terminal ========\n{screen}", markdown::record(record));
    let words = text.split_inclusive(|c: char| !c.is_ascii_hexdigit());
    let shown = words.map(|word| match word.trim_end_matches(|c: char| !c.is_ascii_hexdigit()).len() {
        64 => format!("[sha-256]{}", &word[64..]),
        _ => word.to_owned(),
    });
    shown.collect()
}

#[test]
fn a_record_of_which_nobody_told_anything_yet() {
    assert_snapshot!(both(&bare()));
}

#[test]
fn a_full_record_that_was_signed() {
    assert_snapshot!(both(&full()));
}

#[test]
fn a_record_survives_being_written_and_read_with_its_digest() {
    let record = full();
    let text = serde_json::to_string_pretty(&record.json()).unwrap();
    let read: Record = serde_json::from_str(&text).unwrap();
    assert_eq!(read, record);
    assert_eq!(read.digest(), record.attestation.unwrap().record);
}

/// The text in every place where a person's words stand in a list, a cell and a sentence.
fn quoting(anything: &str) -> Record {
    let mut record = full();
    record.lessons[0].what = anything.to_owned();
    record.participants[0].name = anything.to_owned();
    record.follow_ups[0].what = anything.to_owned();
    record.scenario[0].reference = Some(anything.to_owned());
    record
}

proptest! {
    /// Whatever people wrote, the page gets no element of theirs and Markdown no heading and no column.
    #[test]
    fn no_note_breaks_a_form(anything in "x(\\PC|[|\\\\`\n\r#*_<>&\"']){0,60}") {
        let (calm, record) = (quoting("x"), quoting(&anything));
        let elements = |record: &Record| html::record(record).matches('<').count();
        prop_assert_eq!(elements(&record), elements(&calm));
        let shape = |record: &Record| -> Vec<usize> {
            let columns = |line: &str| line.replace("\\\\", "").replace("\\|", "").matches('|').count();
            markdown::record(record).lines().filter(|line| line.starts_with(['#', '|'])).map(columns).collect()
        };
        prop_assert_eq!(shape(&record), shape(&calm));
    }
}
