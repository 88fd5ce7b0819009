//! Files that somebody was handed, against each other: a journal, the record of its run, its report. Needs no store and
//! no network; only what stands in the files counts.

use super::story;
use super::verify::{Finding, Log, Verified, parse, story_finding};
use crate::domain::chain::{Head, digest};
use crate::domain::record::{self, Around, Attestation, Record, canonical};
use crate::domain::report::{self, Report};
use crate::domain::run::{RunEvent, RunState};
use serde::Deserialize;
use serde_json::Value;

/// What a file is, by what stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    Journal,
    Record,
    Report,
}

/// What came of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub kind: FileKind,
    /// What it is, in one sentence.
    pub what: String,
    /// Everything that is wrong; empty when all is well.
    pub findings: Vec<Finding>,
    /// What was seen to be right, and what could not be checked.
    pub remarks: Vec<String>,
}

/// A journal as a file holds it.
pub struct JournalFile {
    log: Log<RunEvent>,
    state: Option<RunState>,
}

/// The kind of a file; nothing when it is none of Reveille's.
pub fn kind_of(bytes: &[u8]) -> Option<FileKind> {
    #[derive(Deserialize)]
    struct Schema {
        schema: String,
    }
    if let Ok(Schema { schema }) = serde_json::from_slice(bytes) {
        return match schema.split('/').next() {
            Some("reveille.record") => Some(FileKind::Record),
            Some("reveille.report") => Some(FileKind::Report),
            _ => None,
        };
    }
    let first: Value = serde_json::from_slice(bytes.split(|byte| *byte == b'\n').next()?).ok()?;
    (first.get("prev").is_some() && first.get("nonce").is_some()).then_some(FileKind::Journal)
}

impl JournalFile {
    /// Reads a journal and checks its chain and its story.
    pub fn read(name: &str, bytes: &[u8]) -> (Self, Verified) {
        let mut log: Log<RunEvent> = parse(name, bytes);
        let wrong = story::of_run(&log.entries).into_iter();
        log.findings.extend(wrong.map(|(seq, what)| story_finding(name, seq, what)));
        let state = match RunState::fold(&log.entries) {
            Ok(state) => Some(state),
            Err(_) if log.entries.is_empty() => None,
            Err(source) => {
                log.findings.push(Finding::Fold { name: name.to_owned(), source });
                None
            }
        };
        let head = log.heads.last().cloned().unwrap_or_default();
        let events = log.entries.len() as u64;
        let verified = Verified { events, head, heads: log.heads.clone(), findings: log.findings.clone() };
        (Self { log, state }, verified)
    }

    pub fn state(&self) -> Option<&RunState> {
        self.state.as_ref()
    }

    fn attestation(&self) -> Option<&Attestation> {
        self.state.as_ref()?.afterwards.attestation.as_ref()
    }

    /// The run as it stood at that head, if the journal ever ended so.
    fn at(&self, seq: u64, hash: &str) -> Option<(RunState, Head)> {
        let head = self.log.heads.iter().find(|head| head.seq == seq && head.hash == hash)?;
        let until = self.log.entries.iter().take_while(|entry| entry.seq <= seq);
        Some((RunState::fold(until).ok()?, head.clone()))
    }

    /// The one sentence about it.
    pub fn what(&self) -> String {
        let Some(state) = &self.state else { return "a journal that cannot be read".to_owned() };
        let signed = self.attestation().map(signed_by);
        let signed = signed.unwrap_or_else(|| "not attested".to_owned());
        format!("journal of {}, {signed}", state.created.run)
    }
}

fn signed_by(attestation: &Attestation) -> String {
    let signature = &attestation.signature;
    let at = attestation.at.format("%Y-%m-%d %H:%M:%S UTC");
    format!("attested as {} by {} on {at}", signature.verdict.as_str(), signature.name)
}

/// A record alone, and against the journal of its run.
pub fn record(name: &str, bytes: &[u8], journal: Option<&JournalFile>) -> Checked {
    let mut found = Found::new(name);
    let read = serde_json::from_slice::<Value>(bytes)
        .and_then(|json| serde_json::from_slice::<Record>(bytes).map(|record| (json, record)));
    let (json, record) = match read {
        Ok(read) => read,
        Err(error) => {
            found.wrong(format!("it cannot be read as a {}: {error}", record::SCHEMA));
            return found.checked(FileKind::Record, "a record that cannot be read".to_owned());
        }
    };
    let is = canonical::digest(&json);
    found.signature(&record, &is);
    match journal {
        Some(journal) => found.against(&record, &json, &is, journal),
        None => found.remark("no journal of its run was given, so nothing shows here that this was written into one"),
    }
    let signed = record.attestation.as_ref().map(signed_by).unwrap_or_else(|| "not attested".to_owned());
    found.checked(FileKind::Record, format!("record of {}, {signed}, SHA-256 {is}", record.run))
}

/// A report against the journal of its run.
pub fn report(name: &str, bytes: &[u8], journal: Option<&JournalFile>) -> Checked {
    let mut found = Found::new(name);
    let report: Report = match serde_json::from_slice(bytes) {
        Ok(report) => report,
        Err(error) => {
            found.wrong(format!("it cannot be read as a {}: {error}", report::SCHEMA));
            return found.checked(FileKind::Report, "a report that cannot be read".to_owned());
        }
    };
    match journal {
        Some(journal) => found.report(&report, &digest(bytes), journal),
        None => found.remark("no journal of its run was given to check it against"),
    }
    found.checked(FileKind::Report, format!("report of {}: {}", report.run, report.state))
}

/// Findings and remarks about one file, in the making.
struct Found {
    name: String,
    findings: Vec<Finding>,
    remarks: Vec<String>,
}

impl Found {
    fn new(name: &str) -> Self {
        Self { name: name.to_owned(), findings: Vec::new(), remarks: Vec::new() }
    }

    fn wrong(&mut self, what: impl Into<String>) {
        self.findings.push(Finding::Apart { name: self.name.clone(), what: what.into() });
    }

    fn remark(&mut self, what: impl Into<String>) {
        self.remarks.push(what.into());
    }

    fn checked(self, kind: FileKind, what: String) -> Checked {
        Checked { kind, what, findings: self.findings, remarks: self.remarks }
    }

    /// The record against its own signature.
    fn signature(&mut self, record: &Record, is: &str) {
        match &record.attestation {
            Some(attestation) if attestation.record != is => self.findings.push(Finding::RecordChanged {
                name: self.name.clone(),
                signed: attestation.record.clone(),
                is: is.to_owned(),
            }),
            Some(_) => self.remark("it is what was signed"),
            None => self.remark("nobody has signed it"),
        }
    }

    fn against(&mut self, record: &Record, json: &Value, is: &str, journal: &JournalFile) {
        self.attestation(record, is, journal);
        let evidence = &record.evidence;
        let Some((state, head)) = journal.at(evidence.journal_events, &evidence.journal_head) else {
            return self.wrong(format!("the journal never ended at line {} with that head", evidence.journal_events));
        };
        if !self.same_version(&record.plan_version.tool_version) {
            return;
        }
        let around = Around { previous: record.previous.clone(), ..Around::default() };
        let again = Record::of(&state, &head, &around).json();
        for member in differing(json, &again) {
            self.wrong(format!("{member} is not what the journal says"));
        }
        self.remark("what the machine knows was made again from the journal");
    }

    /// The signature in the record against the one in the journal.
    fn attestation(&mut self, record: &Record, is: &str, journal: &JournalFile) {
        match (&record.attestation, journal.attestation()) {
            (Some(ours), Some(theirs)) if ours == theirs => {
                self.remark("the journal holds this very signature, and ends with it")
            }
            (Some(_), Some(_)) => self.wrong("the journal holds another signature"),
            (Some(_), None) => self.wrong("the journal holds no signature"),
            (None, Some(theirs)) if theirs.record == is => {
                self.remark("the journal holds a signature under this very record")
            }
            (None, Some(_)) => self.remark("the journal holds a signature under a later record of this run"),
            (None, None) => {}
        }
    }

    fn report(&mut self, report: &Report, is: &str, journal: &JournalFile) {
        if journal.state().and_then(|state| state.report_digest.as_deref()) == Some(is) {
            return self.remark("it is the report that was stored when the run ended");
        }
        let seq = report.integrity.journal_events;
        let Some((state, head)) = journal.at(seq, &report.integrity.journal_head) else {
            return self.findings.push(Finding::ReportOfAnother { name: self.name.clone(), seq });
        };
        if !self.same_version(&report.integrity.tool_version) {
            return;
        }
        let (ours, theirs) = (serde_json::to_value(report), serde_json::to_value(Report::of(&state, &head)));
        for member in differing(&ours.unwrap_or_default(), &theirs.unwrap_or_default()) {
            self.wrong(format!("{member} is not what the journal says"));
        }
        self.remark(format!("it was made again from the journal up to line {seq}"));
    }

    /// Another version may say the same in other words.
    fn same_version(&mut self, version: &str) -> bool {
        let same = version == env!("CARGO_PKG_VERSION");
        if !same {
            self.remark(format!("it was made by version {version}, so it was not made again from the journal"));
        }
        same
    }
}

/// What a record takes from elsewhere than its journal: the ledger, earlier runs, the time of asking.
const FROM_AROUND: [&str; 5] = ["previous", "comparison", "next_due", "attestation", "evidence"];
const READINESS: &str = "preconditions";

/// Members that both could tell and tell otherwise.
fn differing(ours: &Value, theirs: &Value) -> Vec<String> {
    let (Some(ours), Some(theirs)) = (ours.as_object(), theirs.as_object()) else { return vec!["it".to_owned()] };
    let names = theirs.keys().filter(|name| !FROM_AROUND.contains(&name.as_str()));
    let differ = names.filter(|name| match (ours.get(*name), &theirs[*name]) {
        // Only whether readiness was checked comes from the ledger; it stands last.
        (Some(ours), theirs) if *name == READINESS => but_last(ours) != but_last(theirs),
        (ours, theirs) => ours.map(canonical::digest) != Some(canonical::digest(theirs)),
    });
    differ.cloned().collect()
}

fn but_last(list: &Value) -> Option<&[Value]> {
    list.as_array()?.split_last().map(|(_, before)| before)
}
