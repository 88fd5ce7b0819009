//! What people decided, gave and signed.

use super::{Block, Part, Value, name, not_given, table_or, text, whole};
use crate::domain::record::note::standing;
use crate::domain::record::{Attestation, FollowUp, Note, NoteLine, Participant, Record};
use crate::domain::report::PersonLine;
use crate::render::words::{self, Clock};

pub(super) fn attestation(record: &Record) -> Part {
    let blocks = match &record.attestation {
        Some(signed) => vec![Block::Facts(signature(signed))],
        None => not_given(record, "attestation"),
    };
    Part::new("attestation", "Attestation", blocks)
}

fn signature(signed: &Attestation) -> Vec<(&'static str, Value)> {
    vec![
        ("Verdict", text(words::capital(signed.signature.verdict.as_str()))),
        ("Signed by", text(signed.signature.name.clone())),
        ("Called as", text(words::person(&signed.by, signed.said.as_deref()))),
        ("Signed at", whole(words::moment(signed.at))),
        ("Found", text(signed.signature.notes.clone())),
        ("Record as signed (SHA-256)", name(signed.record.clone())),
    ]
}

pub(super) fn scenario(record: &Record) -> Part {
    let mut blocks: Vec<Block> = record
        .scenario
        .iter()
        .map(|it| {
            let reference = it.reference.clone().unwrap_or_else(|| "none was named".to_owned());
            Block::Facts(vec![("Scenario", text(it.text.clone())), ("Business reference", text(reference))])
        })
        .collect();
    blocks.extend(not_given(record, "scenario and its business reference"));
    Part::new("scenario", "Scenario", blocks)
}

pub(super) fn decisions(record: &Record, clock: &Clock) -> Part {
    let row = |line: &PersonLine| {
        vec![
            whole(clock.text(line.at)),
            text(words::person(&line.by, line.said.as_deref())),
            text(line.did.clone()),
            text(line.why.clone()),
        ]
    };
    let rows = record.trigger.decisions.iter().map(row).collect();
    let columns = ["Time (UTC)", "Who", "Did", "Why"];
    let table = table_or("Nobody had to decide anything.", "Decisions of people", &columns, rows);
    Part::new("decisions", "Decisions and approvals", vec![table])
}

pub(super) fn participants(record: &Record) -> Part {
    let mut blocks = Vec::new();
    let people = &record.participants;
    if !people.is_empty() {
        let intended = people.iter().filter(|person| person.intended).count();
        let came = people.iter().filter(|person| person.intended && person.took_part).count();
        let extra = people.iter().filter(|person| !person.intended).count();
        let besides = if extra == 0 { "nobody".to_owned() } else { extra.to_string() };
        blocks.push(Block::Text(format!("Of {intended} intended {came} took part, and {besides} besides.")));
        let rows = people.iter().map(participant).collect();
        let columns = vec!["Name", "Role", "Intended", "Took part"];
        blocks.push(Block::Table { label: "Participants", columns, rows });
    }
    blocks.extend(not_given(record, "participants, intended and actual"));
    Part::new("participants", "Participants", blocks)
}

fn participant(person: &Participant) -> Vec<Value> {
    let word = |is: bool| text(if is { "yes" } else { "no" });
    vec![
        text(person.name.clone()),
        text(person.role.clone().unwrap_or_default()),
        word(person.intended),
        word(person.took_part),
    ]
}

pub(super) fn third_parties(record: &Record) -> Part {
    let rows: Vec<Vec<Value>> =
        record.third_parties.iter().map(|it| vec![text(it.name.clone()), text(it.part.clone())]).collect();
    let blocks = given(record, "third parties", "Third parties", &["Name", "Part"], rows);
    Part::new("third-parties", "Third parties", blocks)
}

fn given(
    record: &Record,
    field: &str,
    label: &'static str,
    columns: &[&'static str],
    rows: Vec<Vec<Value>>,
) -> Vec<Block> {
    match rows.is_empty() {
        true => not_given(record, field),
        false => vec![Block::Table { label, columns: columns.to_vec(), rows }],
    }
}

pub(super) fn lessons(record: &Record) -> Part {
    let lessons: Vec<String> = record.lessons.iter().map(|lesson| lesson.what.clone()).collect();
    let mut blocks = if lessons.is_empty() { Vec::new() } else { vec![Block::Points(lessons)] };
    blocks.extend(not_given(record, "lessons"));
    Part::new("lessons", "Lessons", blocks)
}

pub(super) fn follow_ups(record: &Record) -> Part {
    let rows = record.follow_ups.iter().map(follow_up).collect();
    let columns = ["Note", "What", "Owner", "Due", "Status", "Retested by"];
    Part::new("follow-ups", "Follow-ups", given(record, "follow-ups", "Follow-ups", &columns, rows))
}

fn follow_up(it: &FollowUp) -> Vec<Value> {
    let retest = it.retest.as_ref().map(|run| run.to_string()).unwrap_or_default();
    vec![
        text(it.note.to_string()),
        text(it.what.clone()),
        text(it.owner.clone()),
        whole(it.due.to_string()),
        text(it.status.as_str()),
        name(retest),
    ]
}

pub(super) fn accepted_risks(record: &Record) -> Part {
    let row = |it: &crate::domain::record::AcceptedRisk| {
        let until = it.until.map_or_else(|| "no end was named".to_owned(), |until| until.to_string());
        vec![text(it.what.clone()), text(it.owner.clone()), text(until)]
    };
    let rows = record.accepted_risks.iter().map(row).collect();
    let blocks = given(record, "accepted risks", "Accepted risks", &["Risk", "Accepted by", "Until"], rows);
    Part::new("risks", "Accepted risks", blocks)
}

/// What was noted and withdrawn again; the journal forgets nothing.
pub(super) fn withdrawn(record: &Record, clock: &Clock) -> Option<Part> {
    let stand: Vec<u64> = standing(&record.notes).map(|line| line.number).collect();
    let gone: Vec<&NoteLine> = record.notes.iter().filter(|line| !stand.contains(&line.number)).collect();
    let row = |line: &&NoteLine| {
        let what = match &line.note {
            Note::Withdrawn { note, why } => format!("withdraws note {note}: {why}"),
            note => format!("{}, withdrawn: {}", note.about(), note.text()),
        };
        let who = words::person(&line.by, line.said.as_deref());
        vec![text(line.number.to_string()), whole(clock.text(line.at)), text(who), text(what)]
    };
    let rows = gone.iter().map(row).collect();
    let columns = vec!["Note", "Time (UTC)", "Who", "What"];
    let table = Block::Table { label: "Withdrawn notes", columns, rows };
    (!gone.is_empty()).then(|| Part::new("withdrawn", "Withdrawn notes", vec![table]))
}
