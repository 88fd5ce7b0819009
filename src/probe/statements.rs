//! Every statement that is sent to a database, each in one place: for the session, and for whoever asks what it will be.

use std::fmt::Display;

pub(super) const IN_RECOVERY: &str = "SELECT pg_is_in_recovery()";
pub(super) const BEGIN: &str = "BEGIN";
pub(super) const READ_ONLY: &str = "SHOW transaction_read_only";
pub(super) const CANARY: &str = "SELECT counter FROM reveille_canary WHERE id = 1";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const ROLLBACK: &str = "ROLLBACK";

pub(super) fn lock_timeout(milliseconds: impl Display) -> String {
    format!("SET LOCAL lock_timeout = {milliseconds}")
}

pub(super) fn statement_timeout(milliseconds: impl Display) -> String {
    format!("SET LOCAL statement_timeout = {milliseconds}")
}

/// `mark` says who writes; it holds nothing that could leave its quotes.
pub(super) fn update(mark: &str) -> String {
    format!(
        "UPDATE reveille_canary SET counter = counter + 1, written_by = '{mark}', written_at = now() \
         WHERE id = 1 RETURNING counter"
    )
}

/// Where there is no table to write to.
pub(super) fn message(mark: &str) -> String {
    format!("SELECT pg_logical_emit_message(true, 'reveille', '{mark}')")
}
