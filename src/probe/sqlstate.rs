//! What PostgreSQL's error codes say about a writer (PostgreSQL documentation, appendix A, "Error Codes").

use super::walk::unreachable;
use crate::domain::causes::with_causes;
use crate::domain::writer::WriterVerdict;
use tokio_postgres::error::{DbError, SqlState};

/// The verdict for an error while logging in.
pub(super) fn at_login(error: &tokio_postgres::Error) -> WriterVerdict {
    let Some(db) = error.as_db_error() else { return unreachable("login", with_causes(error)) };
    let why = said(db);
    match db.code().code() {
        // invalid_authorization_specification and invalid_password; Azure reports a bad Entra token so, too.
        code if code.starts_with("28") => WriterVerdict::WrongCredentials { why },
        // invalid_catalog_name; insufficient_privilege: the role may not connect to this database.
        "3D000" | "42501" => WriterVerdict::WrongCredentials { why },
        _ => WriterVerdict::Refused { why },
    }
}

/// The verdict for an error of a statement after the login.
pub(super) fn at_work(stage: &str, error: &tokio_postgres::Error) -> WriterVerdict {
    let Some(db) = error.as_db_error() else { return unreachable(stage, with_causes(error)) };
    let why = said(db);
    match db.code().code() {
        // disk_full stays until somebody makes room; the other shortages of class 53 pass.
        "53100" => WriterVerdict::ReadOnly { why },
        // lock_not_available, query_canceled: somebody holds the canary row, or the server is too slow.
        "55P03" | "57014" => WriterVerdict::Refused { why },
        // Rolled back to keep order, out of resources, shutting down or starting: another try may pass.
        code if ["40", "53", "57"].iter().any(|class| code.starts_with(class)) => WriterVerdict::Refused { why },
        // read_only_sql_transaction (25006), insufficient_privilege (42501), and everything else that says no to a write.
        _ => WriterVerdict::ReadOnly { why },
    }
}

/// Whether the error says that a table does not exist.
pub(super) fn is_missing_table(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::UNDEFINED_TABLE)
}

fn said(error: &DbError) -> String {
    format!("{} (SQLSTATE {})", super::one_line(error.message()), error.code().code())
}
