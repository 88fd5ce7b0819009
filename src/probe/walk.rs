//! A look made of named stages, each measured, each with its own time-out within a total.

use crate::domain::duration;
use crate::domain::writer::{Stage, WriterVerdict};
use std::future::Future;
use std::time::Duration;
use tokio::time::Instant;

/// The stages passed so far and the time that is left.
pub(super) struct Walk {
    stage_limit: Duration,
    deadline: Instant,
    pub stages: Vec<Stage>,
}

/// What a stage gave, with a line about it; or the verdict that ends the walk.
pub(super) type StageResult<T> = Result<(T, String), WriterVerdict>;

impl Walk {
    pub fn begin(stage_limit: Duration, total_limit: Duration) -> Self {
        Self { stage_limit, deadline: Instant::now() + total_limit, stages: Vec::new() }
    }

    /// The longest the next stage may take.
    pub fn limit(&self) -> Duration {
        self.stage_limit.min(self.deadline.saturating_duration_since(Instant::now()))
    }

    /// Does one stage and notes how it went. A stage that does not end in time is dropped: nothing answered there.
    pub async fn stage<T>(
        &mut self,
        name: &'static str,
        work: impl Future<Output = StageResult<T>>,
    ) -> Result<T, WriterVerdict> {
        let (limit, began) = (self.limit(), Instant::now());
        let outcome = match tokio::time::timeout(limit, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(unreachable(name, format!("no answer within {}", duration::text(limit)))),
        };
        let took = Duration::from_micros(began.elapsed().as_micros() as u64);
        let (result, detail) = match outcome {
            Ok((value, detail)) => (Ok(value), detail),
            Err(verdict) => {
                let detail = verdict.text();
                (Err(verdict), detail)
            }
        };
        self.stages.push(Stage { name: name.to_owned(), took, detail });
        result
    }
}

/// Nothing answers at this stage.
pub(super) fn unreachable(stage: &str, why: impl Into<String>) -> WriterVerdict {
    WriterVerdict::Unreachable { stage: stage.to_owned(), why: why.into() }
}
