//! What people said after a run's end, as folded from its journal, and when they may say it.

use super::attestation::{Attestation, Signature};
use super::note::{self, BadNote, Note, NoteLine};
use crate::domain::chain::Entry;
use crate::domain::names::RunId;
use crate::domain::run::{RunEvent, RunState};
use chrono::{DateTime, Utc};
use serde::Serialize;

/// Notes and attestation of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Afterwards {
    pub notes: Vec<NoteLine>,
    pub attestation: Option<Attestation>,
}

/// Nothing may be appended to a journal any more, or only people's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Final {
    #[error("{run} is closed: only people add to it now")]
    Closed { run: RunId },
    #[error("{run} was attested by {name} at {}: its record is final", at.format("%Y-%m-%d %H:%M:%S UTC"))]
    Attested { run: RunId, name: String, at: DateTime<Utc> },
}

/// Why a person's word about a record makes no sense now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("{run} is not over yet")]
    NotOver { run: RunId },
    #[error("{run} has ended, but its report and notifications are still under way")]
    NotClosed { run: RunId },
    #[error(transparent)]
    Final(#[from] Final),
    #[error(transparent)]
    Note(#[from] BadNote),
    #[error("{run}: {fault}")]
    Signature { run: RunId, fault: String },
    #[error("the record of {run} is no longer the one that was looked at: its SHA-256 is {is}, not {expected}")]
    OtherRecord { run: RunId, expected: String, is: String },
}

impl Refusal {
    /// What to do instead, in one sentence.
    pub fn advice(&self) -> String {
        match self {
            Self::NotOver { run } | Self::NotClosed { run } => {
                format!("Wait until it is closed; `reveille watch {run}` follows it.")
            }
            Self::Final(Final::Closed { run } | Final::Attested { run, .. }) => {
                format!("Read it with `reveille record {run}`; what is new belongs to the record of a later run.")
            }
            Self::Note(_) => "Nothing was written; `reveille note --help` shows how each note is given.".to_owned(),
            Self::Signature { .. } => "Give the signer's name and what was found, both in words.".to_owned(),
            Self::OtherRecord { run, .. } => format!("Read `reveille record {run}` again, then sign what it says now."),
        }
    }
}

impl Afterwards {
    /// Folds what concerns it.
    pub fn apply(&mut self, entry: &Entry<RunEvent>) {
        match &entry.event {
            RunEvent::Noted { by, said, notes } => self.add(entry.at, by, said.as_ref(), notes),
            RunEvent::Attested { by, said, signature, record } => {
                self.attestation = Some(Attestation {
                    at: entry.at,
                    by: by.clone(),
                    said: said.clone(),
                    signature: signature.clone(),
                    record: record.clone(),
                });
            }
            _ => {}
        }
    }

    fn add(&mut self, at: DateTime<Utc>, by: &str, said: Option<&String>, notes: &[Note]) {
        for note in notes {
            let (number, note) = (self.notes.len() as u64 + 1, note.clone());
            self.notes.push(NoteLine { number, at, by: by.to_owned(), said: said.cloned(), note });
        }
    }
}

impl RunState {
    /// Whether an event may follow what the journal says already.
    pub fn admits(&self, event: &RunEvent) -> Result<(), Final> {
        let run = || self.created.run.clone();
        if let Some(attested) = &self.afterwards.attestation {
            return Err(Final::Attested { run: run(), name: attested.signature.name.clone(), at: attested.at });
        }
        if self.closed && !event.is_of_people_afterwards() { Err(Final::Closed { run: run() }) } else { Ok(()) }
    }

    /// Whether these notes may be added now.
    pub fn may_note(&self, notes: &[Note]) -> Result<(), Refusal> {
        if self.outcome.is_none() {
            return Err(Refusal::NotOver { run: self.created.run.clone() });
        }
        self.not_attested()?;
        Ok(note::check(notes, &self.afterwards.notes)?)
    }

    /// Whether the record may be signed now.
    pub fn may_attest(&self, signature: &Signature) -> Result<(), Refusal> {
        let run = || self.created.run.clone();
        match (&self.outcome, self.closed) {
            (None, _) => return Err(Refusal::NotOver { run: run() }),
            (_, false) => return Err(Refusal::NotClosed { run: run() }),
            _ => {}
        }
        self.not_attested()?;
        signature.fault().map_or(Ok(()), |fault| Err(Refusal::Signature { run: run(), fault }))
    }

    fn not_attested(&self) -> Result<(), Final> {
        self.afterwards.attestation.as_ref().map_or(Ok(()), |attested| {
            let (run, name) = (self.created.run.clone(), attested.signature.name.clone());
            Err(Final::Attested { run, name, at: attested.at })
        })
    }
}
