//! What people say to runs and plans. Each word is one event, appended behind what was read; when somebody else wrote
//! meanwhile, it is read and judged again, so that no word is lost and none comes too late unnoticed.

use super::amend::{NotAmended, TRIES};
use super::journal::{Journal, JournalError};
use super::log::LogError;
use super::parts::Engine;
use super::slice::WakeUp;
use crate::domain::ledger::PlanState;
use crate::domain::names::{PlanName, RunId};
use crate::domain::word::{PlanWord, Refusal, RunWord, Speaker};

/// Why a word was not taken.
#[derive(Debug, thiserror::Error)]
pub enum WordError {
    #[error("there is no run {run}")]
    NoSuchRun { run: RunId },
    #[error("plan {plan}: there is no such plan in the configuration")]
    NoSuchPlan { plan: PlanName },
    /// It makes no sense now; [`Refusal::advice`] says what to do instead.
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("run {run}: the word could not be written down")]
    Journal {
        run: RunId,
        #[source]
        source: JournalError,
    },
    #[error("plan {plan}: the word could not be written down")]
    Ledger {
        plan: PlanName,
        #[source]
        source: LogError,
    },
    #[error("too much is being written at once; say it again")]
    Busy,
}

impl Engine {
    /// Approves what a run asks: its failover, or what one of its steps asks. Gives the wake-up to be sent.
    pub async fn approve(&self, run: &RunId, by: &str, said: Option<&str>, why: &str) -> Result<WakeUp, WordError> {
        self.tell_run(run, RunWord::Approve, Speaker { by, said, why }).await
    }

    /// Declines what a run asks before it touched anything; the incident closes with it.
    pub async fn decline(&self, run: &RunId, by: &str, said: Option<&str>, why: &str) -> Result<WakeUp, WordError> {
        self.tell_run(run, RunWord::Decline, Speaker { by, said, why }).await
    }

    /// Aborts a run. Nothing is undone, but what a drill started is put back; its report says what is left running.
    pub async fn abort(&self, run: &RunId, by: &str, said: Option<&str>, why: &str) -> Result<WakeUp, WordError> {
        self.tell_run(run, RunWord::Abort, Speaker { by, said, why }).await
    }

    /// Holds automatic starts of a plan. A run that is under way goes on.
    pub async fn pause(&self, plan: &PlanName, by: &str, said: Option<&str>, why: &str) -> Result<(), WordError> {
        self.tell_plan(plan, PlanWord::Pause, Speaker { by, said, why }).await
    }

    /// Lets automatic starts go on; what waits is asked again with the next tending.
    pub async fn resume(&self, plan: &PlanName, by: &str, said: Option<&str>, why: &str) -> Result<(), WordError> {
        self.tell_plan(plan, PlanWord::Resume, Speaker { by, said, why }).await
    }

    /// A person has seen the last run: the cool-down after it is over.
    pub async fn acknowledge(&self, plan: &PlanName, by: &str, said: Option<&str>, why: &str) -> Result<(), WordError> {
        self.tell_plan(plan, PlanWord::Acknowledge, Speaker { by, said, why }).await
    }

    async fn tell_run(&self, run: &RunId, word: RunWord, speaker: Speaker<'_>) -> Result<WakeUp, WordError> {
        let journal_error = |source| WordError::Journal { run: run.clone(), source };
        let opened = Journal::open(&self.store, run).await.map_err(journal_error)?;
        let mut journal = opened.ok_or_else(|| WordError::NoSuchRun { run: run.clone() })?;
        for _ in 0..TRIES {
            word.check(journal.state())?;
            match journal.append(self.clock.as_ref(), word.event(speaker)).await {
                Ok(()) => return Ok(WakeUp { run: run.clone(), after: 0 }),
                Err(error) if error.is_moved() => journal.catch_up().await.map(drop).map_err(journal_error)?,
                Err(error) => return Err(journal_error(error)),
            }
        }
        Err(WordError::Busy)
    }

    async fn tell_plan(&self, plan: &PlanName, word: PlanWord, speaker: Speaker<'_>) -> Result<(), WordError> {
        self.plan(plan).ok_or_else(|| WordError::NoSuchPlan { plan: plan.clone() })?;
        let decide = |state: &PlanState| {
            word.check(plan, state)?;
            Ok((vec![word.event(speaker)], ()))
        };
        self.amend(plan, decide).await.map_err(|failed| match failed {
            NotAmended::Refused(refusal) => WordError::Refused(refusal),
            NotAmended::Ledger(source) => WordError::Ledger { plan: plan.clone(), source },
            NotAmended::Busy(_) => WordError::Busy,
        })
    }
}
