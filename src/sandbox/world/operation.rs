//! Long-running operations: accepted now, ended at their due date.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::World;
use super::log::Event;
use super::promotion::Promotion;
use super::state::{Due, DueEvent, State};

/// A long-running operation and how it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// GUID, the `name` in its answers.
    pub id: String,
    /// What it does.
    pub kind: OperationKind,
    /// Short name of the cluster, server or origin it works on.
    pub target: String,
    /// The location in its addresses: short name for AKS, display name for PostgreSQL.
    pub location: String,
    /// When it was accepted.
    pub started: DateTime<Utc>,
    /// When it ended, if it has.
    pub ended: Option<DateTime<Utc>>,
    /// How it stands.
    pub status: OperationStatus,
    /// Why it failed.
    pub error: Option<OperationError>,
    /// How it is meant to end.
    pub outcome: Outcome,
    /// The signed query that its addresses carry; it has to come back byte for byte.
    pub signature: String,
}

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// AKS start.
    ClusterStart,
    /// AKS stop.
    ClusterStop,
    /// Any other AKS operation, of a cluster or (`pool`) of an agent pool: it makes the cluster busy.
    ClusterUpdate {
        /// Whether it works on an agent pool.
        pool: bool,
    },
    /// PostgreSQL promotion.
    Promote(Promotion),
    /// PostgreSQL start.
    ServerStart,
    /// PostgreSQL stop.
    ServerStop,
    /// PostgreSQL restart.
    ServerRestart,
}

/// Terminal are all but `InProgress`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum OperationStatus {
    /// Still going on.
    InProgress,
    /// Did what it was asked.
    Succeeded,
    /// Did not; see the error.
    Failed,
    /// Was pre-empted or aborted.
    Canceled,
}

/// Error of an operation, as Azure words it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationError {
    /// Such as `AksCapacityHeavyUsage`.
    pub code: String,
    /// For people.
    pub message: String,
}

/// How an operation is meant to end. The default succeeds in the time the knobs say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// It ends `Failed` with this.
    pub fails: Option<OperationError>,
    /// It shows a meaningless `error` beside `InProgress` and `Succeeded`.
    pub error_beside: bool,
    /// It never ends.
    pub hangs: bool,
}

impl OperationKind {
    /// How Azure calls it in its texts.
    pub fn name(self) -> &'static str {
        match self {
            Self::ClusterStart => "Starting",
            Self::ClusterStop => "Stopping",
            Self::ClusterUpdate { .. } => "Updating",
            Self::Promote(_) => "ReadReplicaSiteSwapManagementOperation",
            Self::ServerStart => "StartServerManagementOperation",
            Self::ServerStop => "StopServerManagementOperation",
            Self::ServerRestart => "RestartServerManagementOperation",
        }
    }
}

impl OperationError {
    /// An error of that code and text.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

impl World {
    /// The operation with that id.
    pub fn operation(&self, id: &str) -> Option<Operation> {
        self.state().operations.get(&id.to_ascii_lowercase()).cloned()
    }

    /// Ends an operation that hangs, or would go on longer, now.
    pub fn finish_operation(&self, id: &str) {
        let mut state = self.state();
        let now = state.clock.now();
        state.due.retain(|it| !matches!(&it.what, DueEvent::OperationEnds(due) if due == id));
        state.end_operation(id, now);
        drop(state);
        self.wake_when_due();
    }

    /// Completes the query that the operation's addresses carry.
    pub fn sign_operation(&self, id: &str, query: &str) {
        if let Some(operation) = self.state().operations.get_mut(id) {
            operation.signature = query.to_owned();
        }
    }

    /// Forgets an operation, as ARM does after some hours: its addresses answer 404 from now on.
    pub fn forget_operation(&self, id: &str) {
        self.state().operations.remove(id);
    }
}

impl State {
    /// Enters an operation and, unless it hangs, its due date.
    pub fn begin(
        &mut self,
        kind: OperationKind,
        target: &str,
        location: &str,
        takes: Duration,
        outcome: Outcome,
    ) -> Operation {
        let operation = self.new_operation(kind, target, location, outcome);
        let due =
            (!operation.outcome.hangs).then(|| operation.started + TimeDelta::from_std(takes).unwrap_or_default());
        if let Some(at) = due {
            self.due.push(Due { at, what: DueEvent::OperationEnds(operation.id.clone()) });
        }
        let event = Event::OperationStarted {
            operation: operation.id.clone(),
            what: kind.name().into(),
            target: target.into(),
        };
        self.log_at(operation.started, event, format!("{} of {target} accepted", kind.name()));
        self.operations.insert(operation.id.clone(), operation.clone());
        operation
    }

    fn new_operation(&self, kind: OperationKind, target: &str, location: &str, outcome: Outcome) -> Operation {
        Operation {
            id: uuid::Uuid::new_v4().to_string(),
            kind,
            target: target.to_owned(),
            location: location.to_owned(),
            started: self.clock.now(),
            ended: None,
            status: OperationStatus::InProgress,
            error: None,
            outcome,
            signature: signature(self.clock.now()),
        }
    }

    /// Ends an operation as it was meant to end, and applies what it did.
    pub fn end_operation(&mut self, id: &str, at: DateTime<Utc>) {
        let Some(operation) = self.operations.get(id) else { return };
        match operation.outcome.fails.clone() {
            None => self.close_operation(id, at, OperationStatus::Succeeded, None),
            Some(error) => self.close_operation(id, at, OperationStatus::Failed, Some(error)),
        }
    }

    /// Ends an operation with a verdict. A second verdict changes nothing.
    pub fn close_operation(
        &mut self,
        id: &str,
        at: DateTime<Utc>,
        status: OperationStatus,
        error: Option<OperationError>,
    ) {
        let Some(operation) = self.operations.get_mut(id) else { return };
        if operation.status != OperationStatus::InProgress {
            return;
        }
        operation.status = status;
        operation.ended = Some(at);
        operation.error = error;
        let operation = operation.clone();
        self.log_end(&operation, at);
        match operation.kind {
            OperationKind::ClusterStart | OperationKind::ClusterStop | OperationKind::ClusterUpdate { .. } => {
                self.end_cluster_operation(&operation, at)
            }
            _ => self.end_server_operation(&operation, at),
        }
    }

    fn log_end(&mut self, operation: &Operation, at: DateTime<Utc>) {
        let code = operation.error.as_ref().map(|it| it.code.clone());
        let text = format!("{} of {} ended {:?}", operation.kind.name(), operation.target, operation.status);
        let event = Event::OperationEnded {
            operation: operation.id.clone(),
            what: operation.kind.name().into(),
            target: operation.target.clone(),
            status: format!("{:?}", operation.status),
            code,
        };
        self.log_at(at, event, text);
    }
}

/// The `t`, `c`, `s` and `h` parameters of an operation's address, as long as in recorded traffic (about 3.7 KB).
fn signature(now: DateTime<Utc>) -> String {
    let ticks = now.timestamp_micros() * 10 + 621_355_968_000_000_000;
    format!("t={ticks}&c={}&s={}&h={}", noise(2550), noise(342), noise(43))
}

fn noise(length: usize) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    (0..length).map(|_| char::from(ALPHABET[usize::from(rand::random::<u8>() & 63)])).collect()
}
