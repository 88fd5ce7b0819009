//! The write that proves a writer: one row of Reveille's own table is updated, read back and committed.
//!
//! `transaction_read_only` is read inside the same transaction, so the report shows what the server thought of that very
//! write. Without the table only `pg_logical_emit_message` is left. It writes to the WAL and commits, but it also succeeds
//! where the transaction is read-only and every ordinary write fails: so there it is not even tried, and elsewhere it is
//! the weaker proof (a missing grant would not show), and reported as such.

use super::session::Session;
use super::sqlstate::{at_work, is_missing_table};
use super::statements;
use super::walk::StageResult;
pub use crate::domain::writer::{CANARY_SQL, canary_grant};
use crate::domain::writer::{WriteProof, WriterVerdict};
use std::time::Duration;
use tokio::time::Instant;

/// The name of the stage in a view.
pub(super) const STAGE: &str = "canary";

/// How the attempt on the table went.
enum Attempt {
    Written(i64),
    /// There is no table or no row in it; why.
    NoCanary(&'static str),
}

/// One attempt to write.
struct Canary<'a> {
    session: &'a Session,
    /// Who writes.
    mark: String,
    limit: Duration,
    /// When a commit that is not answered is given up, so that some time is left to tell the server so.
    give_up: Instant,
}

/// Proves a write, by the table or by a message. `limit` is the time for the whole stage.
pub(super) async fn prove(session: &Session, written_by: &str, limit: Duration) -> StageResult<WriteProof> {
    let canary = Canary { session, mark: mark(written_by), limit, give_up: Instant::now() + limit * 3 / 4 };
    let read_only = canary.begin().await?;
    match canary.update(&read_only).await? {
        Attempt::Written(counter) => {
            canary.commit().await?;
            let mark = &canary.mark;
            let detail = format!("transaction_read_only {read_only}; counter {counter} written by {mark}; committed");
            Ok((WriteProof::Canary { counter }, detail))
        }
        Attempt::NoCanary(why) => {
            canary.ask("ROLLBACK").await?;
            canary.emit(why).await
        }
    }
}

impl Canary<'_> {
    /// Opens the transaction, bounds what it may wait for, and gives its `transaction_read_only`: `on` or `off`.
    async fn begin(&self) -> Result<String, WriterVerdict> {
        // The server gives up before we do: then its error says why, and nothing is left waiting there.
        let lock = (self.limit / 2).as_millis().max(1);
        let statement = (self.limit * 3 / 4).as_millis().max(1);
        // Plain BEGIN: asking for READ WRITE would override the very default that is to be found out.
        self.ask(statements::BEGIN).await?;
        self.ask(&statements::lock_timeout(lock)).await?;
        self.ask(&statements::statement_timeout(statement)).await?;
        Ok(self.ask(statements::READ_ONLY).await?.unwrap_or_else(|| "unknown".into()))
    }

    async fn update(&self, read_only: &str) -> Result<Attempt, WriterVerdict> {
        match self.session.ask(&statements::update(&self.mark)).await {
            Ok(Some(counter)) => counter.parse().map(Attempt::Written).map_err(|_| odd(&counter)),
            Ok(None) => Ok(Attempt::NoCanary("reveille_canary has no row")),
            Err(error) if is_missing_table(&error) => Ok(Attempt::NoCanary("there is no table reveille_canary")),
            Err(error) => Err(match at_work(STAGE, &error) {
                WriterVerdict::ReadOnly { why } => {
                    WriterVerdict::ReadOnly { why: format!("{why}; transaction_read_only is {read_only}") }
                }
                other => other,
            }),
        }
    }

    async fn emit(&self, why: &str) -> StageResult<WriteProof> {
        let read_only = self.begin().await?;
        if read_only == "on" {
            self.ask(statements::ROLLBACK).await?;
            return Err(WriterVerdict::ReadOnly { why: format!("{why}, and transaction_read_only is on") });
        }
        let mark = &self.mark;
        let lsn = self.ask(&statements::message(mark)).await?.ok_or_else(|| odd("no position"))?;
        self.commit().await?;
        let detail = format!("{why}; transaction_read_only {read_only}; message at {lsn} by {mark}; committed");
        Ok((WriteProof::LogicalMessage { lsn }, detail))
    }

    /// Commits, and believes it only without reserve.
    ///
    /// A primary whose synchronous standby is gone lets COMMIT wait for ever (`statement_timeout` does not hold there).
    /// It is then told to give up, or each look would leave a waiting process behind; it commits locally, with a
    /// warning. Such a write may be lost at the next failover and the application would hang, so it proves nothing.
    async fn commit(&self) -> Result<(), WriterVerdict> {
        self.session.take_warnings();
        let mut commit = std::pin::pin!(self.ask(statements::COMMIT));
        match tokio::time::timeout_at(self.give_up, &mut commit).await {
            Ok(answer) => answer?,
            Err(_) => {
                self.session.cancel().await;
                commit.await?
            }
        };
        match self.session.take_warnings().as_slice() {
            [] => Ok(()),
            warnings => {
                Err(WriterVerdict::Refused { why: format!("the commit is not confirmed: {}", warnings.join("; ")) })
            }
        }
    }

    async fn ask(&self, sql: &str) -> Result<Option<String>, WriterVerdict> {
        self.session.ask(sql).await.map_err(|error| at_work(STAGE, &error))
    }
}

fn odd(answer: &str) -> WriterVerdict {
    WriterVerdict::Refused { why: format!("the canary gave an unexpected answer: {}", super::one_line(answer)) }
}

/// Who writes, safe inside a quoted literal: only characters that run ids are made of, at most 100.
fn mark(written_by: &str) -> String {
    let safe = |c: &char| c.is_ascii_alphanumeric() || ".-_:".contains(*c);
    written_by.chars().filter(safe).take(100).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mark_cannot_leave_its_quotes() {
        assert_eq!(mark("sonar.20261101T030000Z.ab12"), "sonar.20261101T030000Z.ab12");
        assert_eq!(mark("'; DROP TABLE x --\\"), "DROPTABLEx--");
        assert_eq!(mark(&"a".repeat(300)).len(), 100);
    }

    #[test]
    fn the_grant_quotes_the_user() {
        assert_eq!(canary_grant("re\"v"), "GRANT SELECT, UPDATE ON reveille_canary TO \"re\"\"v\";");
    }
}
