//! Verification of what is stored: does each log follow from its beginning, does it tell a possible story, and is the
//! report the one that the journal names? Reads only.

use super::book;
use super::close::report_name;
use super::journal::log_name;
use super::ports::{Store, StoreError};
use super::record::{kept, record_name};
use super::story;
use crate::domain::chain::{self, ChainError, Entry, Head};
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::names::{PlanName, RunId};
use crate::domain::report::Report;
use crate::domain::run::state::FoldError;
use crate::domain::run::{RunEvent, RunState};
use serde::de::DeserializeOwned;

/// What verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Events that were read.
    pub events: u64,
    /// The end of the log; of a ledger, of its newest segment. Compare it with the head in a notification.
    pub head: Head,
    /// Where the log ended at each of its events: a head that a notification named must be among them.
    pub heads: Vec<Head>,
    /// Everything that is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Something that is wrong with what is stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    #[error("{name}: there is no such log, or it is empty")]
    Missing { name: String },
    #[error("{name}: {source}")]
    Chain { name: String, source: ChainError },
    #[error("{name}: {source}")]
    Fold { name: String, source: FoldError },
    /// Each line is sound, but together they tell no possible story.
    #[error("{name}: line {seq}: {what}")]
    Story { name: String, seq: u64, what: String },
    #[error("{name}: the stored report is missing")]
    ReportMissing { name: String },
    #[error("{name}: the stored report is not the one that the journal names (SHA-256 {named})")]
    ReportChanged { name: String, named: String },
    #[error("{name}: the report says that it was made at line {seq} of the journal, which ends otherwise there")]
    ReportOfAnother { name: String, seq: u64 },
    #[error("{name}: its snapshot does not follow from the segment before it")]
    SegmentsApart { name: String },
    #[error("{name}: another segment follows, but this one was not sealed")]
    NotSealed { name: String },
    #[error("{name}: the record that was signed (SHA-256 {signed}) is not stored")]
    RecordMissing { name: String, signed: String },
    #[error("{name}: the record was changed after it was signed: its SHA-256 is {is}, {signed} was signed")]
    RecordChanged { name: String, signed: String, is: String },
    #[error("{name}: {what}")]
    Apart { name: String, what: String },
}

/// Verifies the journal of a run and its report.
pub async fn verify_run(store: &dyn Store, run: &RunId) -> Result<Verified, StoreError> {
    let name = log_name(run);
    let log: Log<RunEvent> = read(store, &name).await?;
    let mut findings = log.findings;
    findings.extend(story::of_run(&log.entries).into_iter().map(|(seq, what)| story_finding(&name, seq, what)));
    match RunState::fold(&log.entries) {
        Ok(state) => {
            findings.extend(report(store, run, &state, &log.heads).await?);
            findings.extend(signed_record(store, run, &state).await?);
        }
        Err(_) if log.entries.is_empty() => {}
        Err(source) => findings.push(Finding::Fold { name, source }),
    }
    let head = log.heads.last().cloned().unwrap_or_default();
    Ok(Verified { events: log.entries.len() as u64, head, heads: log.heads, findings })
}

/// Verifies the ledger of a plan, across its segments.
pub async fn verify_plan(store: &dyn Store, plan: &PlanName) -> Result<Verified, StoreError> {
    let names = store.list(&book::prefix(plan)).await?;
    let mut verified = Verified { events: 0, head: Head::default(), heads: Vec::new(), findings: Vec::new() };
    let mut state = PlanState::default();
    for (index, name) in names.iter().enumerate() {
        let newest = index + 1 == names.len();
        let log: Log<LedgerEvent> = read(store, name).await?;
        // The turn-over to a newest segment may be under way: made, its snapshot not written yet.
        if newest && index > 0 && log.entries.is_empty() && log.findings.iter().all(is_missing) {
            break;
        }
        verified.findings.extend(log.findings);
        verified.findings.extend(joined(name, index, &log.entries, &state, &verified.head));
        verified.findings.extend(sealed(name, newest, &log.entries));
        let told = story::of_plan(&log.entries, &mut state);
        verified.findings.extend(told.into_iter().map(|(seq, what)| story_finding(name, seq, what)));
        verified.events += log.entries.len() as u64;
        verified.head = log.heads.last().cloned().unwrap_or_default();
        verified.heads.extend(log.heads);
    }
    if names.is_empty() {
        verified.findings.push(Finding::Missing { name: book::prefix(plan) });
    }
    Ok(verified)
}

/// A log as far as it can be read.
pub(super) struct Log<E> {
    pub(super) entries: Vec<Entry<E>>,
    /// The head behind each entry.
    pub(super) heads: Vec<Head>,
    pub(super) findings: Vec<Finding>,
}

async fn read<E: DeserializeOwned>(store: &dyn Store, name: &str) -> Result<Log<E>, StoreError> {
    let bytes = store.read(name, 0).await?.map(|read| read.bytes).unwrap_or_default();
    Ok(parse(name, &bytes))
}

/// The lines of a log, each checked against the one before, up to the first that does not hold.
pub(super) fn parse<E: DeserializeOwned>(name: &str, bytes: &[u8]) -> Log<E> {
    let mut log = Log { entries: Vec::new(), heads: Vec::new(), findings: Vec::new() };
    let mut head = Head::default();
    for line in chain::lines(bytes) {
        match head.follow(line) {
            Ok((entry, next)) => {
                head = next.clone();
                log.entries.push(entry);
                log.heads.push(next);
            }
            Err(source) => {
                log.findings.push(Finding::Chain { name: name.to_owned(), source });
                return log;
            }
        }
    }
    if log.entries.is_empty() {
        log.findings.push(Finding::Missing { name: name.to_owned() });
    }
    log
}

fn is_missing(finding: &Finding) -> bool {
    matches!(finding, Finding::Missing { .. })
}

pub(super) fn story_finding(name: &str, seq: u64, what: String) -> Finding {
    Finding::Story { name: name.to_owned(), seq, what }
}

/// The stored report against the digest in the journal, and the journal's head in the report against the journal.
async fn report(
    store: &dyn Store,
    run: &RunId,
    state: &RunState,
    heads: &[Head],
) -> Result<Option<Finding>, StoreError> {
    let Some(named) = state.report_digest.clone() else { return Ok(None) };
    let name = report_name(run);
    let Some(stored) = store.get(&name).await? else { return Ok(Some(Finding::ReportMissing { name })) };
    let read = serde_json::from_slice::<Report>(&stored.bytes);
    let Some(report) = read.ok().filter(|_| chain::digest(&stored.bytes) == named) else {
        return Ok(Some(Finding::ReportChanged { name, named }));
    };
    let seq = report.integrity.journal_events;
    let there = heads.iter().any(|head| head.seq == seq && head.hash == report.integrity.journal_head);
    Ok((!there).then_some(Finding::ReportOfAnother { name, seq }))
}

/// The record that the journal says was signed, byte for byte.
async fn signed_record(store: &dyn Store, run: &RunId, state: &RunState) -> Result<Option<Finding>, StoreError> {
    let Some(attested) = &state.afterwards.attestation else { return Ok(None) };
    let (name, signed) = (record_name(run, &attested.record), attested.record.clone());
    let Some(bytes) = kept(store, &name).await? else { return Ok(Some(Finding::RecordMissing { name, signed })) };
    let is = chain::digest(&bytes);
    Ok((is != signed).then_some(Finding::RecordChanged { name, signed, is }))
}

/// Every segment but the first begins with what the one before it came to.
fn joined(name: &str, index: usize, entries: &[Entry<LedgerEvent>], before: &PlanState, end: &Head) -> Option<Finding> {
    let follows = match entries.first().map(|entry| &entry.event) {
        Some(LedgerEvent::Snapshot { state, after }) => index > 0 && **state == *before && after == end,
        _ => index == 0,
    };
    (!follows).then(|| Finding::SegmentsApart { name: name.to_owned() })
}

fn sealed(name: &str, newest: bool, entries: &[Entry<LedgerEvent>]) -> Option<Finding> {
    let sealed = entries.last().is_some_and(|entry| entry.event == LedgerEvent::Sealed);
    (!newest && !sealed).then(|| Finding::NotSealed { name: name.to_owned() })
}
