//! Which functions were called, and how it ended.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// Older records are dropped.
const KEPT: usize = 100_000;

/// One call of the handler.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    pub id: Uuid,
    pub function: String,
    pub started: DateTime<Utc>,
    /// `None` while it runs, and for ever when the host ended before it.
    pub outcome: Option<Outcome>,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Succeeded,
    Failed(String),
    TimedOut,
}

#[derive(Debug, Default)]
pub struct Stats(Mutex<VecDeque<Invocation>>);

impl Stats {
    pub fn begin(&self, function: &str) -> Uuid {
        let id = Uuid::new_v4();
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() == KEPT {
            records.pop_front();
        }
        records.push_back(Invocation { id, function: function.to_owned(), started: Utc::now(), outcome: None });
        id
    }

    pub fn end(&self, id: Uuid, outcome: Outcome) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = records.iter_mut().rev().find(|record| record.id == id) {
            record.outcome = Some(outcome);
        }
    }

    pub fn all(&self) -> Vec<Invocation> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}
