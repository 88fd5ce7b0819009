//! The events of a run's journal.

use super::call::{Call, Sent};
use crate::domain::drill::DrillDue;
use crate::domain::failure::FailureClass;
use crate::domain::history::{self, Expectation, Expected};
use crate::domain::names::{ChannelName, DrillName, IncidentId, RunId, SiteName};
use crate::domain::notice::Moment;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::parking::StandbyWorkload;
use crate::domain::plan::Plan;
use crate::domain::record::{Note, Signature};
use crate::domain::runbook::{self, Line, RunKind, StepName};
use crate::domain::workload::Counts;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One event. The journal is the only truth about a run; status and report are folded from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "event")]
pub enum RunEvent {
    RunCreated(Box<Created>),
    /// A driver takes or renews the run.
    Claimed {
        by: Driver,
        slice: u64,
    },
    /// The driver ended its slice in order; `next` is when something is due again.
    Released {
        slice: u64,
        next: Option<DateTime<Utc>>,
    },
    StepStarted {
        step: StepName,
    },
    /// A mutating call may be sent from now until `send_before`.
    Intent {
        step: StepName,
        call: Call,
        send_before: DateTime<Utc>,
    },
    /// What came of the intent before it.
    Sent {
        step: StepName,
        outcome: Sent,
    },
    /// What a step saw; appended when it differs from what it saw before.
    Observed {
        step: StepName,
        saw: Observation,
    },
    /// A step cannot go on without a person. It keeps looking.
    NeedsOperator {
        step: StepName,
        ask: Ask,
    },
    /// What a person was asked for is no longer needed.
    OperatorNotNeeded {
        step: StepName,
    },
    StepSucceeded {
        step: StepName,
        proof: Observation,
    },
    StepFailed {
        step: StepName,
        class: FailureClass,
        message: String,
    },
    /// Approval is asked for (`automation = "approve"`).
    ApprovalAsked {
        until: DateTime<Utc>,
    },
    Approved {
        by: String,
        said: Option<String>,
        why: String,
    },
    Declined {
        by: String,
        said: Option<String>,
        why: String,
    },
    AbortRequested {
        by: String,
        said: Option<String>,
        why: String,
    },
    /// A failover takes precedence over this run.
    Preempted {
        by_run: RunId,
    },
    RunEnded {
        outcome: Outcome,
    },
    /// The report was written; its SHA-256.
    Reported {
        digest: String,
    },
    /// The ledger knows that the run is over.
    Settled,
    /// One try to tell a channel; `about` tells several questions of one run apart, `last` that no other try follows.
    NotifySent {
        channel: ChannelName,
        moment: Moment,
        about: String,
        delivered: bool,
        last: bool,
        detail: String,
    },
    /// Nobody may drive this run further on its own; a person has to look.
    Parked {
        why: String,
    },
    Closed,
    /// People add to the record of a run that is over.
    Noted {
        by: String,
        said: Option<String>,
        notes: Vec<Note>,
    },
    /// A person signs the record with that SHA-256. Nothing follows.
    Attested {
        by: String,
        said: Option<String>,
        signature: Signature,
        record: String,
    },
}

/// How a run began.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Created {
    pub run: RunId,
    pub incident: IncidentId,
    pub kind: RunKind,
    /// Version of the runbook tables.
    pub runbook: u32,
    pub started_by: StartedBy,
    /// The plan as it was configured then, and the SHA-256 of the file it came from.
    pub plan: Plan,
    pub config_digest: String,
    /// The site that was primary, to be left.
    pub primary: SiteName,
    /// The site to move to; for a fence run, the site that serves.
    pub standby: SiteName,
    /// First sign of the outage, and what gave it.
    pub outage_since: DateTime<Utc>,
    pub first_sign: String,
    /// Where the writer endpoint pointed in good times, as the watch last saw it.
    #[serde(default)]
    pub writer_target: Option<String>,
    /// A lesser run that has given way and was not over yet: what it had in flight is waited out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preempts: Option<RunId>,
    /// What the ledger knew of the standby's workload.
    #[serde(default)]
    pub standby_workload: StandbyWorkload,
    /// The counts with which the standby's workload was parked the last time, whatever became of it since.
    #[serde(default, skip_serializing_if = "Counts::is_empty")]
    pub remembered: Counts,
    /// What the plan's history let expect of each step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expected: Vec<Expectation>,
}

impl Created {
    /// The runbook of the run.
    pub fn lines(&self) -> &'static [Line] {
        runbook::of_plan(&self.plan, self.kind, &self.standby_workload)
    }

    /// Whether a person has to approve it before anything is touched. One who started it did so by that; so did whoever
    /// approved the way there, for the way back.
    pub fn is_to_be_approved(&self) -> bool {
        self.kind.needs_approval() && matches!(self.started_by, StartedBy::Schedule { .. })
    }

    /// How long a step was expected to take when the run was admitted. Runs of earlier versions took nothing along.
    pub fn expected(&self, step: StepName) -> Expected {
        let known = self.expected.iter().find(|known| known.step == step);
        known.map_or_else(|| history::documented(self.kind, step).expected(), |known| known.expected.clone())
    }

    /// The counts that bring the standby's workload back: remembered, else configured.
    pub fn standby_counts(&self) -> Option<&Counts> {
        self.remembered_counts().or_else(|| self.plan.replicas())
    }

    /// The counts that the ledger remembers of the standby's workload.
    pub fn remembered_counts(&self) -> Option<&Counts> {
        let remembered = Some(&self.remembered).filter(|counts| !counts.is_empty());
        self.standby_workload.counts().or(remembered)
    }
}

/// Who or what started a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum StartedBy {
    /// An alert, with its id if it had one.
    Alert { alert: Option<String>, rule: Option<String> },
    /// The watch read the origin metric itself: no alert came.
    Metric { health: f64 },
    /// A person. `said` is what the caller stated about themself; `by` is what the host verified.
    Person { by: String, said: Option<String>, why: String, force: bool },
    /// The schedule of a drill.
    Schedule { due: DrillDue },
    /// The watch, to pay a fence debt.
    Debt { of_run: RunId },
    /// The watch, for an incident that the run that a person ordered left open.
    Again { after: RunId },
    /// The way back of a switchover drill.
    WayBack { of_run: RunId },
}

/// Who drives a run: one process of one instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    pub instance: String,
    pub worker: String,
}

/// What a person is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What happened, in one sentence.
    pub what: String,
    /// What it means for the recovery.
    pub means: String,
    /// The exact commands that would lift it.
    #[serde(default)]
    pub commands: Vec<String>,
    /// What `approve` would decide here, if it would decide anything.
    #[serde(default)]
    pub approve_means: Option<String>,
}

impl Ask {
    /// Names the kind of question, whatever details follow its colon: those change from look to look (an error's text, a
    /// count), and nobody wants to be told of each.
    pub fn kind(&self) -> String {
        let kind = self.what.split_once(": ").map_or(self.what.as_str(), |(kind, _)| kind);
        match &self.approve_means {
            Some(means) => format!("{kind} ({means})"),
            None => kind.to_owned(),
        }
    }
}

impl RunEvent {
    /// Whether the event shows progress, as opposed to somebody merely holding the run.
    pub fn is_progress(&self) -> bool {
        !matches!(self, RunEvent::Claimed { .. })
    }

    /// Whether it is what people add once a run is over, which no driver writes.
    pub fn is_of_people_afterwards(&self) -> bool {
        matches!(self, RunEvent::Noted { .. } | RunEvent::Attested { .. })
    }

    pub fn step(&self) -> Option<StepName> {
        match self {
            RunEvent::StepStarted { step }
            | RunEvent::Intent { step, .. }
            | RunEvent::Sent { step, .. }
            | RunEvent::Observed { step, .. }
            | RunEvent::NeedsOperator { step, .. }
            | RunEvent::OperatorNotNeeded { step }
            | RunEvent::StepSucceeded { step, .. }
            | RunEvent::StepFailed { step, .. } => Some(*step),
            _ => None,
        }
    }
}

impl StartedBy {
    pub fn text(&self) -> String {
        match self {
            StartedBy::Alert { rule: Some(rule), .. } => format!("alert rule {rule}"),
            StartedBy::Alert { .. } => "an alert".into(),
            StartedBy::Metric { health } => format!("the watch, which read {health:.0} % origin health itself"),
            StartedBy::Person { by, why, .. } => format!("{by}: {why}"),
            StartedBy::Schedule { due } => {
                format!("the schedule of drill {}, due {}", due.drill, due.occurrence.format("%Y-%m-%d %H:%M:%S UTC"))
            }
            StartedBy::Debt { of_run } => format!("the watch, to pay the fence debt of {of_run}"),
            StartedBy::WayBack { of_run } => format!("the way back of {of_run}"),
            StartedBy::Again { after } => format!("the watch, since {after} left the incident open"),
        }
    }

    /// A run that a person started by name needs nobody's approval; a fence that is owed was decided upon before, and so was
    /// the schedule of a drill.
    pub fn needs_no_approval(&self) -> bool {
        matches!(
            self,
            StartedBy::Person { .. } | StartedBy::Debt { .. } | StartedBy::Schedule { .. } | StartedBy::WayBack { .. }
        )
    }

    /// The schedule that started it, if one did.
    pub fn drill(&self) -> Option<&DrillName> {
        match self {
            StartedBy::Schedule { due } => Some(&due.drill),
            _ => None,
        }
    }

    pub fn is_forced(&self) -> bool {
        matches!(self, StartedBy::Person { force: true, .. })
    }
}
