//! What SQL through the writer endpoint proves, and what it does not.

use super::duration;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The outcome of one look at the writer endpoint, with the way it took.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterView {
    /// The virtual writer name that was asked.
    pub host: String,
    /// Where the name points (the CNAME target), when DNS told.
    #[serde(default)]
    pub target: Option<String>,
    pub verdict: WriterVerdict,
    /// Each stage passed or failed, in order: dns, tcp, tls, login, recovery, canary.
    #[serde(default)]
    pub stages: Vec<Stage>,
}

/// One stage of the way to the writer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    pub name: String,
    #[serde(with = "duration")]
    pub took: Duration,
    /// What it gave: an address, a certificate's name, an answer, or the error.
    pub detail: String,
}

/// Typed answer to "does the writer endpoint take writes?".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum WriterVerdict {
    /// A write was committed and read back.
    Writable { proof: WriteProof },
    /// `pg_is_in_recovery()` is true: a replica answers behind the writer name; somebody must promote.
    InRecovery,
    /// A primary that refuses writes, and why (`default_transaction_read_only`, missing grant on the canary).
    ReadOnly { why: String },
    /// The server is there but does not take connections now (starting up, too many clients, shutting down).
    Refused { why: String },
    /// Nothing answers: which stage failed and how.
    Unreachable { stage: String, why: String },
    /// Login was refused: password or token, user, or database are wrong.
    WrongCredentials { why: String },
}

/// How strong the proof of a write is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum WriteProof {
    /// An UPDATE of Reveille's own one-row table was committed (its new counter value).
    Canary { counter: i64 },
    /// Only `pg_logical_emit_message` was committed, since the table is missing. It asks for no grant on any
    /// table, so it is the weaker proof; where the transaction is known to be read-only it proves nothing.
    LogicalMessage { lsn: String },
}

/// What a database administrator runs once, in the plan's database, so that Reveille can prove writes.
/// [`canary_grant`] gives the grant that goes with it.
pub const CANARY_SQL: &str = "\
CREATE TABLE reveille_canary (
    id         integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    counter    bigint NOT NULL,
    written_by text,
    written_at timestamptz
);
INSERT INTO reveille_canary (counter) VALUES (0);
";

/// The least that the plan's database user needs on the canary table.
pub fn canary_grant(user: &str) -> String {
    format!("GRANT SELECT, UPDATE ON reveille_canary TO \"{}\";", user.replace('"', "\"\""))
}

impl WriterView {
    /// The way taken, with how long each stage took; empty when nothing was tried.
    pub fn way(&self) -> String {
        let stage = |stage: &Stage| format!("{} {} in {} ms", stage.name, stage.detail, stage.took.as_millis());
        self.stages.iter().map(stage).collect::<Vec<_>>().join("; ")
    }

    pub fn is_writable(&self) -> bool {
        matches!(self.verdict, WriterVerdict::Writable { .. })
    }
}

impl WriterVerdict {
    /// One sentence for people.
    pub fn text(&self) -> String {
        match self {
            Self::Writable { proof: WriteProof::Canary { counter } } => {
                format!("takes writes: the canary row was updated and committed (counter {counter})")
            }
            Self::Writable { proof: WriteProof::LogicalMessage { lsn } } => {
                format!(
                    "takes WAL records: a logical message was committed at {lsn}; no canary table, so no row was written"
                )
            }
            Self::InRecovery => "is in recovery: a replica answers behind the writer name".into(),
            Self::ReadOnly { why } => format!("refuses writes: {why}"),
            Self::Refused { why } => format!("refuses connections: {why}"),
            Self::Unreachable { stage, why } => format!("cannot be reached ({stage}): {why}"),
            Self::WrongCredentials { why } => format!("refuses the login: {why}"),
        }
    }
}
