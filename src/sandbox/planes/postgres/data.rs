//! What the servers of one workload hold. A replica replays its primary, so they share it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::ast::ColumnDef;
use super::value::Value;

/// The data of one replicated database.
#[derive(Debug)]
pub(super) struct Data {
    pub(super) tables: BTreeMap<String, Table>,
    wal: u64,
    transactions: u64,
    pub(super) last_commit: DateTime<Utc>,
}

/// A table and its rows.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<ColumnDef>,
    pub(super) rows: Vec<Vec<Value>>,
}

impl Data {
    pub(super) fn new() -> Self {
        Self { tables: BTreeMap::new(), wal: 0x16_B374_D848, transactions: 7_341, last_commit: Utc::now() }
    }

    /// The end of the write-ahead log.
    pub(super) fn wal(&self) -> u64 {
        self.wal
    }

    /// Writes a record of `bytes` to the log and returns where it ends.
    pub(super) fn append_wal(&mut self, bytes: u64) -> u64 {
        self.wal += 48 + bytes;
        self.wal
    }

    /// Hands out the next transaction id.
    pub(super) fn next_transaction(&mut self) -> u64 {
        self.transactions += 1;
        self.transactions
    }
}
