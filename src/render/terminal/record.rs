//! A record, concise: what is signed, what was met, what is still to be given. The rest is in Markdown, page and JSON.

use super::headline_ink;
use crate::domain::record::note::standing as standing_notes;
use crate::domain::record::{Record, Verdict};
use crate::render::page::{Ink, Page, Screen};
use crate::render::record::{met, standing};
use crate::render::words::Clock;

/// The record of a run at a glance.
pub fn record(record: &Record, screen: Screen) -> String {
    let clock = Clock::of(record.report.admitted_at);
    let mut page = Page::new(screen);
    page.say("", &record.report.headline, headline_ink(&record.report));
    page.say("", &standing(record), signed_ink(record));
    objectives(&mut page, record);
    deviations(&mut page, record, &clock);
    notes(&mut page, record);
    rest(&mut page, record);
    not_given(&mut page, record);
    origin(&mut page, record);
    page.finish()
}

fn signed_ink(record: &Record) -> Ink {
    match record.attestation.as_ref().map(|signed| signed.signature.verdict) {
        Some(Verdict::Success) => Ink::Good,
        Some(Verdict::Failed) => Ink::Bad,
        None => Ink::Careful,
    }
}

fn objectives(page: &mut Page, record: &Record) {
    page.heading("Objectives");
    for objective in &record.objectives {
        let (mark, words) = met(objective.met);
        let ink = match objective.met {
            Some(true) => Ink::Plain,
            Some(false) => Ink::Bad,
            None => Ink::Faint,
        };
        page.say(&format!("  {mark} "), &format!("{}: {words}", objective.what), ink);
    }
}

fn deviations(page: &mut Page, record: &Record, clock: &Clock) {
    if record.deviations.is_empty() {
        return;
    }
    page.heading("Deviations");
    for deviation in &record.deviations {
        let at = deviation.at.map(|at| format!("{}  ", clock.text(at))).unwrap_or_default();
        page.say("  - ", &format!("{at}{}", deviation.what), Ink::Careful);
    }
}

/// With their numbers, by which they are withdrawn and follow-ups are closed.
fn notes(page: &mut Page, record: &Record) {
    if record.notes.is_empty() {
        return;
    }
    page.heading("Notes");
    for line in standing_notes(&record.notes) {
        page.say(&format!("  {}. ", line.number), &format!("{}: {}", line.note.about(), line.note.text()), Ink::Plain);
    }
}

fn rest(page: &mut Page, record: &Record) {
    page.gap();
    page.say("Impact    ", &record.impact.statement, Ink::Plain);
    page.say("Normal    ", &record.return_to_normal.statement, Ink::Plain);
    page.say("Cost      ", &record.cost.statement, Ink::Plain);
    page.say("Next due  ", &record.next_due.statement, Ink::Plain);
}

/// What can still be given; nothing once it is signed.
fn not_given(page: &mut Page, record: &Record) {
    if record.not_given.is_empty() || record.attestation.is_some() {
        return;
    }
    page.heading("Not given yet");
    for missing in &record.not_given {
        page.say("  - ", &missing.field, Ink::Plain);
        page.command(6, &missing.command);
    }
}

fn origin(page: &mut Page, record: &Record) {
    page.gap();
    let evidence = &record.evidence;
    let digest = record.attestation.as_ref().map_or_else(|| record.digest(), |signed| signed.record.clone());
    page.say("", &format!("Record SHA-256 {digest}"), Ink::Faint);
    page.say("", &format!("Journal of {} events, head {}", evidence.journal_events, evidence.journal_head), Ink::Faint);
}
