//! Records of runs: made from journal and ledger, added to by people, signed once.
//!
//! The record is stored before its signature is written: `records/{run}/{SHA-256}` holds the very bytes that the digest is
//! of, so two signers at once store two, and the journal takes the signature of one.

use super::book::Book;
use super::journal::{Journal, JournalError};
use super::log::LogError;
use super::parts::Engine;
use super::ports::{Store, StoreError};
use crate::domain::chain;
use crate::domain::drill::{self, DrillKind};
use crate::domain::ledger::PlanState;
use crate::domain::ledger::state::RunLine;
use crate::domain::names::{DrillName, RunId};
use crate::domain::record::{Around, Attestation, Note, PreviousRun, Record, Refusal, Signature, canonical};
use crate::domain::run::{RunEvent, RunState};
use crate::domain::runbook::RunKind;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Earlier runs that a record is compared with.
const COMPARED: usize = 5;
/// Conflicts in a row after which a word gives up.
const TRIES: u32 = 50;

/// Why there is no record, or why it did not take a word.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("there is no run {run}")]
    NoSuchRun { run: RunId },
    /// It makes no sense now; [`Refusal::advice`] says what to do instead.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("the record of run {run}: its journal")]
    Journal {
        run: RunId,
        #[source]
        source: JournalError,
    },
    #[error("the record of run {run}: the ledger of its plan")]
    Ledger {
        run: RunId,
        #[source]
        source: LogError,
    },
    #[error("the record of run {run} could not be stored or read")]
    Store {
        run: RunId,
        #[source]
        source: StoreError,
    },
    /// What was signed is gone, or is not what was signed.
    #[error("the record of run {run} that was signed (SHA-256 {digest}) is not in the store as it was signed")]
    Lost { run: RunId, digest: String },
    #[error("too much is being written at once; say it again")]
    Busy,
}

/// A record with the JSON that it stands in: of an attested one the very members that were signed.
#[derive(Debug, Clone)]
pub struct Filed {
    pub record: Record,
    pub json: Value,
}

impl Filed {
    fn of(record: Record) -> Self {
        let json = record.json();
        Self { record, json }
    }
}

/// Who adds or signs. `by` is what was verified, `said` what the caller states about themself.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    pub by: &'a str,
    pub said: Option<&'a str>,
}

/// Name of a signed record in the store.
pub fn record_name(run: &RunId, digest: &str) -> String {
    format!("records/{run}/{digest}")
}

impl Engine {
    /// The record of a run: as it was signed, else as it stands now.
    pub async fn record(&self, run: &RunId) -> Result<Filed, RecordError> {
        let journal = self.open_journal(run).await?;
        match &journal.state().afterwards.attestation {
            Some(attestation) => self.signed(run, attestation).await,
            None => Ok(Filed::of(self.record_of(&journal).await?)),
        }
    }

    /// Adds notes to the record of a run that has ended; gives the number of the first.
    pub async fn note(&self, run: &RunId, by: By<'_>, notes: &[Note]) -> Result<u64, RecordError> {
        let mut journal = self.open_journal(run).await?;
        for _ in 0..TRIES {
            journal.state().may_note(notes)?;
            let first = journal.state().afterwards.notes.len() as u64 + 1;
            let (said, notes) = (by.said.map(str::to_owned), notes.to_vec());
            let event = RunEvent::Noted { by: by.by.to_owned(), said, notes };
            if self.appended(&mut journal, event).await? {
                return Ok(first);
            }
        }
        Err(RecordError::Busy)
    }

    /// Signs the record of a closed run, for good. With `expected` only the record of that digest is signed: the one that
    /// the signer has looked at.
    pub async fn attest(
        &self,
        run: &RunId,
        by: By<'_>,
        signature: &Signature,
        expected: Option<&str>,
    ) -> Result<Filed, RecordError> {
        let mut journal = self.open_journal(run).await?;
        for _ in 0..TRIES {
            journal.state().may_attest(signature)?;
            let record = self.record_of(&journal).await?;
            let digest = self.keep(&record, expected).await?;
            let (by, said, signature) = (by.by.to_owned(), by.said.map(str::to_owned), signature.clone());
            let event = RunEvent::Attested { by, said, signature, record: digest };
            if self.appended(&mut journal, event).await? {
                return self.record(run).await;
            }
        }
        Err(RecordError::Busy)
    }

    /// Whether it was written; when others were first, what they wrote is read.
    async fn appended(&self, journal: &mut Journal, event: RunEvent) -> Result<bool, RecordError> {
        let run = journal.run().clone();
        let failed = |source| RecordError::Journal { run: run.clone(), source };
        match journal.append(self.clock.as_ref(), event).await {
            Ok(()) => Ok(true),
            Err(error) if error.is_moved() => journal.catch_up().await.map(|_| false).map_err(failed),
            Err(JournalError::Final(last)) => Err(Refusal::from(last).into()),
            Err(error) => Err(failed(error)),
        }
    }

    async fn open_journal(&self, run: &RunId) -> Result<Journal, RecordError> {
        let opened = Journal::open(&self.store, run).await;
        let opened = opened.map_err(|source| RecordError::Journal { run: run.clone(), source })?;
        opened.ok_or_else(|| RecordError::NoSuchRun { run: run.clone() })
    }

    async fn record_of(&self, journal: &Journal) -> Result<Record, RecordError> {
        let around = self.around(journal.state()).await?;
        Ok(Record::of(journal.state(), journal.head(), &around))
    }

    /// What the ledger knows around the run.
    async fn around(&self, run: &RunState) -> Result<Around, RecordError> {
        let (id, plan) = (&run.created.run, &run.created.plan.name);
        let ledger_error = |source| RecordError::Ledger { run: id.clone(), source };
        let book = Book::open(&self.store, plan).await.map_err(ledger_error)?;
        let state = book.state();
        let mut previous = Vec::new();
        for line in earlier(state, run).take(COMPARED) {
            // One that this version cannot read is no reason to have no record of this one.
            if let Ok(Some(journal)) = Journal::open(&self.store, &line.run).await {
                previous.push(PreviousRun::of(journal.state()));
            }
        }
        Ok(Around { previous, readiness: readiness(state, run), next: self.next_drill(run), immutable: None })
    }

    /// The first drill behind this run, by the plan as it is configured now: of the run's own schedule, else the soonest.
    /// Counted from the run's end and not from now, so that a record stays the same until somebody adds to it.
    fn next_drill(&self, run: &RunState) -> Option<(DrillName, DrillKind, DateTime<Utc>)> {
        let plan = self.plan(&run.created.plan.name)?;
        let after = run.ended_at.unwrap_or_else(|| self.clock.now());
        let mine = run.created.started_by.drill();
        let dates = plan.plan.drills.iter().filter_map(|drill| Some((drill, drill::next(drill, after)?)));
        let next = dates.min_by_key(|(drill, at)| (Some(&drill.name) != mine, *at));
        next.map(|(drill, at)| (drill.name.clone(), drill.kind, at))
    }

    /// Stores the record as it is to be signed; gives its digest.
    async fn keep(&self, record: &Record, expected: Option<&str>) -> Result<String, RecordError> {
        let text = canonical::signed_text(&record.json());
        let digest = chain::digest(text.as_bytes());
        if let Some(expected) = expected.filter(|expected| *expected != digest) {
            let (run, expected) = (record.run.clone(), expected.to_owned());
            return Err(Refusal::OtherRecord { run, expected, is: digest }.into());
        }
        let name = record_name(&record.run, &digest);
        let failed = |source| RecordError::Store { run: record.run.clone(), source };
        self.store.create(&name).await.map_err(failed)?;
        match self.store.append(&name, 0, format!("{text}\n").as_bytes()).await {
            Ok(_) => Ok(digest),
            // The same digest is the same text: somebody stored it before, or the answer to our own was lost.
            Err(error) if error.is_conflict() && self.is_kept(&name, &digest).await => Ok(digest),
            Err(source) => Err(failed(source)),
        }
    }

    async fn is_kept(&self, name: &str, digest: &str) -> bool {
        matches!(kept(self.store.as_ref(), name).await, Ok(Some(bytes)) if chain::digest(&bytes) == digest)
    }

    /// The record as it was signed, with the signature.
    async fn signed(&self, run: &RunId, attestation: &Attestation) -> Result<Filed, RecordError> {
        let digest = &attestation.record;
        let lost = || RecordError::Lost { run: run.clone(), digest: digest.clone() };
        let read = kept(self.store.as_ref(), &record_name(run, digest)).await;
        let bytes = read.map_err(|source| RecordError::Store { run: run.clone(), source })?.ok_or_else(lost)?;
        let mut json: Value = serde_json::from_slice(&bytes).map_err(|_| lost())?;
        if chain::digest(&bytes) != *digest || canonical::digest(&json) != *digest {
            return Err(lost());
        }
        let signature = serde_json::to_value(attestation).map_err(|_| lost())?;
        json.as_object_mut().ok_or_else(lost)?.insert("attestation".to_owned(), signature);
        // Read from text like everything else: another kind of reader would repeat the decoders of all types in the binary.
        let record = serde_json::from_slice(json.to_string().as_bytes()).map_err(|_| lost())?;
        Ok(Filed { record, json })
    }
}

/// The bytes of a stored record: the one line of its log.
pub(super) async fn kept(store: &dyn Store, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
    let read = store.read(name, 0).await?;
    Ok(read.and_then(|read| read.bytes.strip_suffix(b"\n").map(<[u8]>::to_vec)))
}

/// Closed runs of the same kind before this one, newest first.
fn earlier<'a>(state: &'a PlanState, run: &'a RunState) -> impl Iterator<Item = &'a RunLine> {
    let before = |line: &&RunLine| {
        line.kind == run.created.kind && line.closed_at.is_some() && line.admitted_at < run.created_at
    };
    state.runs.iter().rev().filter(|line| line.run != run.created.run).filter(before)
}

/// The newest readiness drill that was over before the run began, by schedule or by a person, with its outcome.
fn readiness(state: &PlanState, run: &RunState) -> Option<(RunId, String)> {
    let known = state.runs.iter().filter(|line| line.kind == RunKind::ReadinessDrill);
    let known = known.map(|line| (line.closed_at, &line.run, &line.outcome));
    // A schedule's own is remembered for longer than the newest runs are.
    let scheduled = state.last_drill_run(DrillKind::Readiness).map(|line| (line.closed_at, &line.run, &line.outcome));
    let before = |line: &(Option<DateTime<Utc>>, _, _)| line.0.is_some_and(|at| at <= run.created_at);
    let (_, id, outcome) = known.chain(scheduled).filter(before).max_by_key(|line| line.0)?;
    Some((id.clone(), outcome.clone().unwrap_or_default()))
}
