//! What a plan that only observes would have done, and how soon: to be held against what stands in its place until then.

use crate::domain::duration;
use crate::domain::outcome::Outcome;
use crate::domain::run::RunState;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The run ends where it would have begun to act: the outage was confirmed by then.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observed {
    /// What it would have done, in order.
    pub would: Vec<String>,
    /// When it would have begun (UTC).
    pub at: DateTime<Utc>,
    /// Seconds from the first sign of the outage, which is when its alert fired.
    pub seconds_after_sign: f64,
    /// Seconds from the admission of the run, which is when its alert arrived.
    pub seconds_after_admission: f64,
}

impl Observed {
    pub(super) fn of(run: &RunState) -> Option<Self> {
        let Some(Outcome::Observed { would }) = &run.outcome else { return None };
        let at = run.ended_at?;
        let seconds = |from: DateTime<Utc>| (at - from).num_milliseconds().max(0) as f64 / 1000.0;
        Some(Self {
            would: would.clone(),
            at,
            seconds_after_sign: seconds(run.created.outage_since),
            seconds_after_admission: seconds(run.created_at),
        })
    }

    /// One sentence without a full stop.
    pub fn text(&self) -> String {
        let span = |seconds: f64| duration::text(Duration::from_secs(seconds.round() as u64));
        format!(
            "Observed only; at {}, {} after the first sign and {} after it was told, it would have: {}",
            self.at.format("%H:%M:%S UTC"),
            span(self.seconds_after_sign),
            span(self.seconds_after_admission),
            self.would.join(", then ")
        )
    }
}
