//! Errors as PostgreSQL words them, with their SQLSTATE.

use thiserror::Error;

/// An answer of severity ERROR.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub(super) struct SqlError {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: Option<&'static str>,
    /// The statement is outside what this imitation knows. The world counts it, because a real
    /// server might have answered otherwise.
    pub(super) unknown: bool,
}

impl SqlError {
    fn new(code: &'static str, message: String) -> Self {
        Self { code, message, hint: None, unknown: false }
    }

    fn unknown(code: &'static str, message: String) -> Self {
        Self { unknown: true, ..Self::new(code, message) }
    }

    /// 42601: the text is not SQL that this server reads.
    pub(super) fn syntax(near: &str) -> Self {
        let word: String = near.chars().take_while(|c| !c.is_whitespace()).collect();
        let message = if word.is_empty() {
            "syntax error at end of input".to_owned()
        } else {
            format!("syntax error at or near \"{word}\"")
        };
        Self::unknown("42601", message)
    }

    /// 42601: more than one statement where the extended protocol takes one.
    pub(super) fn several() -> Self {
        let message = "cannot insert multiple commands into a prepared statement";
        Self::new("42601", message.to_owned())
    }

    /// 42883: no such function or operator.
    pub(super) fn no_function(signature: &str) -> Self {
        Self::unknown("42883", format!("function {signature} does not exist"))
    }

    /// 42883: the operator does not take these operands.
    pub(super) fn no_operator(operation: &str) -> Self {
        Self::unknown("42883", format!("operator does not exist: {operation}"))
    }

    /// 42704: a type, setting or object of another kind that is not there.
    pub(super) fn no_object(kind: &str, name: &str) -> Self {
        let message = match kind {
            "configuration parameter" => format!("unrecognized configuration parameter \"{name}\""),
            _ => format!("{kind} \"{name}\" does not exist"),
        };
        Self::unknown("42704", message)
    }

    /// 42703: no such column.
    pub(super) fn no_column(name: &str) -> Self {
        Self::new("42703", format!("column \"{name}\" does not exist"))
    }

    /// 42P01: no such table. A plain answer: a missing canary table is a case of its own.
    pub(super) fn no_table(name: &str) -> Self {
        Self::new("42P01", format!("relation \"{name}\" does not exist"))
    }

    /// 42P07: the table is already there.
    pub(super) fn table_exists(name: &str) -> Self {
        Self::new("42P07", format!("relation \"{name}\" already exists"))
    }

    /// 25006: a write in a read-only transaction, or on a server in recovery.
    pub(super) fn read_only(command: &str) -> Self {
        let message = format!("cannot execute {command} in a read-only transaction");
        Self::new("25006", message)
    }

    /// 25006: what needs a transaction id cannot run on a server in recovery.
    pub(super) fn during_recovery(what: &str) -> Self {
        let message = format!("cannot execute {what} during recovery");
        Self::new("25006", message)
    }

    /// 55000: WAL control functions are refused in recovery.
    pub(super) fn recovery_in_progress() -> Self {
        Self {
            hint: Some("WAL control functions cannot be executed during recovery."),
            ..Self::new("55000", "recovery is in progress".to_owned())
        }
    }

    /// XX000: the internal errors of `pg_logical_emit_message` on a server in recovery.
    pub(super) fn no_wal_in_recovery(transactional: bool) -> Self {
        let message = if transactional {
            "cannot assign TransactionIds during recovery"
        } else {
            "cannot make new WAL entries during recovery"
        };
        Self::new("XX000", message.to_owned())
    }

    /// 0A000: `READ WRITE` asked for on a server in recovery.
    pub(super) fn no_read_write_in_recovery() -> Self {
        let message = "cannot set transaction read-write mode during recovery";
        Self::new("0A000", message.to_owned())
    }

    /// 25P02: the transaction has failed already.
    pub(super) fn aborted() -> Self {
        let message = "current transaction is aborted, commands ignored until end of transaction block";
        Self::new("25P02", message.to_owned())
    }

    /// 22P02: text that is no value of the type.
    pub(super) fn invalid_text(kind: &str, text: &str) -> Self {
        Self::new("22P02", format!("invalid input syntax for type {kind}: \"{text}\""))
    }

    /// 23505: a second row with the same key.
    pub(super) fn duplicate_key(table: &str) -> Self {
        let message = format!("duplicate key value violates unique constraint \"{table}_pkey\"");
        Self::new("23505", message)
    }

    /// 57P01: the server goes away under the session.
    pub(super) fn shutting_down() -> Self {
        let message = "terminating connection due to administrator command";
        Self::new("57P01", message.to_owned())
    }
}
