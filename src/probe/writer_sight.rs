//! The writer endpoint looked at without writing: the same way as [`super::postgres`] takes, up to the canary, which is
//! only read.

use super::Probe;
use super::postgres::{WriterQuestion, not_in_recovery};
use super::session::Session;
use super::sqlstate::{at_work, is_missing_table};
use super::statements;
use super::walk::{StageResult, Walk};
use crate::domain::readiness::{WriterFound, WriterSight};
use crate::domain::writer::WriterVerdict;

const STAGE: &str = "would-write";

impl Probe {
    /// Looks whether the writer endpoint would take writes. Never fails: what goes wrong is the verdict.
    pub async fn writer_sight(&self, question: &WriterQuestion) -> WriterSight {
        let mut walk = Walk::begin(question.stage_limit, question.total_limit);
        let mut target = None;
        let found = match self.walk_to_session(question, &mut walk, &mut target).await {
            Ok(session) => {
                let found = look(&session, &mut walk).await;
                session.close().await;
                found
            }
            Err(verdict) => Err(verdict),
        };
        WriterSight { host: question.host.clone(), target, found }
    }
}

async fn look(session: &Session, walk: &mut Walk) -> Result<WriterFound, WriterVerdict> {
    walk.stage("recovery", not_in_recovery(session)).await?;
    walk.stage(STAGE, would_write(session)).await
}

/// A read-only default would make every ordinary write fail; the canary's row is what a recovery would update.
async fn would_write(session: &Session) -> StageResult<WriterFound> {
    let read_only = session.ask(statements::READ_ONLY).await.map_err(|error| at_work(STAGE, &error))?;
    if read_only.as_deref() != Some("off") {
        let said = read_only.unwrap_or_else(|| "not told".into());
        return Err(WriterVerdict::ReadOnly { why: format!("transaction_read_only is {said}") });
    }
    let canary = match session.ask(statements::CANARY).await {
        Ok(counter) => counter.is_some(),
        Err(error) if is_missing_table(&error) => false,
        Err(error) => return Err(at_work(STAGE, &error)),
    };
    Ok((WriterFound { canary }, "transactions may write".to_owned()))
}
