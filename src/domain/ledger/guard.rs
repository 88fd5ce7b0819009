//! Guards: why an open incident has no run yet, and what lifts that. A guard defers; it never turns an outage away.

use crate::domain::names::RunId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The reasons there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GuardKind {
    /// A person paused the plan.
    Paused,
    /// The last run ended a short time ago.
    Cooldown,
    /// A planned move has taken the primary away itself.
    Moving,
}

/// A guard at work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    pub kind: GuardKind,
    /// When it lifts by itself, if it does.
    pub until: Option<DateTime<Utc>>,
    /// The sentence for people: what holds, and how to lift it.
    pub text: String,
}

impl Guard {
    pub fn paused(by: &str, why: &str) -> Self {
        Self {
            kind: GuardKind::Paused,
            until: None,
            text: format!("the plan is paused by {by} ({why}); `reveille resume` lifts it"),
        }
    }

    pub fn moving(run: &RunId, until: DateTime<Utc>) -> Self {
        Self {
            kind: GuardKind::Moving,
            until: Some(until),
            text: format!(
                "{run} has taken the primary away to move to the standby; its end lifts this, at {} at the latest",
                until.format("%H:%M:%S UTC")
            ),
        }
    }

    pub fn cooldown(run: &RunId, until: DateTime<Utc>) -> Self {
        Self {
            kind: GuardKind::Cooldown,
            until: Some(until),
            text: format!(
                "{run} ended a short time ago; the cool-down is over at {} or as soon as a person acknowledges that run",
                until.format("%H:%M:%S UTC")
            ),
        }
    }
}
