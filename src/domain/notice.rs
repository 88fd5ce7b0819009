//! What people and machines outside are told: about a run, or about the way of alerts.

use super::names::{IncidentId, PlanName, RunId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One message. The same message may be sent more than once; its `id` stays the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notice {
    /// The same for every attempt and every channel, so that a receiver can drop repeats.
    pub id: String,
    /// Neither plan nor run when it is about the way of alerts, which all plans share.
    pub plan: Option<PlanName>,
    pub run: Option<RunId>,
    /// None when nothing is wrong: a drill or a planned switchover.
    pub incident: Option<IncidentId>,
    pub moment: Moment,
    /// How the run ended, in the words of its report; only when it has ended.
    pub outcome: Option<String>,
    /// One sentence without a full stop.
    pub headline: String,
    /// The most important first: a channel with little room leaves out the last.
    pub summary_lines: Vec<String>,
    /// What a person is asked to do or decide.
    pub ask: Option<String>,
    /// Commands to copy, each whole and ready to run.
    pub commands: Vec<String>,
    /// The JSON report, when the run has ended.
    pub report: Option<serde_json::Value>,
    /// Hash of the journal's newest line, in hexadecimal: a journal rewritten later no longer leads to it. Empty without
    /// a run.
    pub journal_head: String,
    pub at: DateTime<Utc>,
}

/// When in its life a run speaks up, or what became of the way of alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Moment {
    Admitted,
    NeedsOperator,
    Ended,
    /// No heartbeat comes any more.
    Silent,
    /// Heartbeats come again.
    Back,
}

impl Moment {
    /// What it is a moment of, as machines see it.
    pub fn topic(self) -> &'static str {
        match self {
            Self::Admitted | Self::NeedsOperator | Self::Ended => "run",
            Self::Silent | Self::Back => "alert-path",
        }
    }

    /// The word that machines see; the same as when serialised.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::NeedsOperator => "needs-operator",
            Self::Ended => "ended",
            Self::Silent => "silent",
            Self::Back => "back",
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
