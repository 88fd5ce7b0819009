//! PostgreSQL flexible servers and their roles.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use super::World;
use super::log::Event;
use super::operation::{Operation, OperationKind, OperationStatus, Outcome};
use super::promotion::ServerRefusal;
use super::state::State;
use super::workload::Workload;

/// A flexible server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Resource name.
    pub name: String,
    /// Region, short name.
    pub region: String,
    /// The workload whose data it holds.
    pub workload: String,
    /// What it is in its replication set.
    pub role: Role,
    /// The server it replicates from, while it is a replica.
    pub source: Option<String>,
    /// `state`, such as `Ready` or `Stopped`.
    pub state: String,
    /// `replica.replicationState`, absent on a healthy replica in recorded traffic.
    pub replication_state: Option<String>,
    /// SQL says it is in recovery although it is a primary.
    pub stuck_in_recovery: bool,
    /// `default_transaction_read_only` is on.
    pub read_only: bool,
    /// Seconds a replica is behind.
    pub lag: f64,
    /// The operation in progress.
    pub operation: Option<String>,
    /// When it was created.
    pub created: DateTime<Utc>,
}

/// `replicationRole`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Role {
    /// Stands alone.
    None,
    /// Writes.
    Primary,
    /// Replica in the primary's region.
    AsyncReplica,
    /// Replica in another region.
    GeoAsyncReplica,
}

pub(super) fn of(workloads: &[Workload], now: DateTime<Utc>) -> BTreeMap<String, Server> {
    let mut servers = BTreeMap::new();
    for workload in workloads {
        let [first, second] = &workload.sites;
        let primary = Server::new(&first.server, &first.region, &workload.name, Role::Primary, None, now);
        let replica = Server::new(
            &second.server,
            &second.region,
            &workload.name,
            Role::GeoAsyncReplica,
            Some(&first.server),
            now,
        );
        servers.insert(primary.name.clone(), primary);
        servers.insert(replica.name.clone(), replica);
    }
    servers
}

impl Server {
    fn new(name: &str, region: &str, workload: &str, role: Role, source: Option<&str>, now: DateTime<Utc>) -> Self {
        Self {
            name: name.to_owned(),
            region: region.to_owned(),
            workload: workload.to_owned(),
            role,
            source: source.map(str::to_owned),
            state: "Ready".to_owned(),
            replication_state: None,
            stuck_in_recovery: false,
            read_only: false,
            lag: if role == Role::GeoAsyncReplica { 1.0 } else { 0.0 },
            operation: None,
            created: now - TimeDelta::days(90),
        }
    }

    /// What `pg_is_in_recovery()` says.
    pub fn in_recovery(&self) -> bool {
        self.stuck_in_recovery || matches!(self.role, Role::AsyncReplica | Role::GeoAsyncReplica)
    }
}

impl World {
    /// The server of that name, whatever its case.
    pub fn server(&self, name: &str) -> Option<Server> {
        self.state().servers.get(&name.to_ascii_lowercase()).cloned()
    }

    /// All servers.
    pub fn servers(&self) -> Vec<Server> {
        self.state().servers.values().cloned().collect()
    }

    /// Whether SQL connections to the server are answered: it is up and its region is not dark for databases.
    pub fn server_answers(&self, name: &str) -> bool {
        self.state().server_answers(name)
    }

    /// Changes a server by hand: what a scenario needs that no operation does.
    pub fn change_server(&self, name: &str, change: impl FnOnce(&mut Server)) {
        let mut state = self.state();
        let Some(server) = state.servers.get_mut(name) else { return };
        change(server);
        let text = format!(
            "{name} changed: {:?}, in recovery: {}, read-only: {}",
            server.role,
            server.in_recovery(),
            server.read_only
        );
        state.log(Event::Note, text);
        let now = state.clock.now();
        state.record_liveness(now);
    }

    /// Starts, stops or restarts a server.
    ///
    /// # Errors
    /// When there is no such server, it is busy, or in no state for that.
    pub fn power_server(&self, name: &str, kind: OperationKind, outcome: Outcome) -> Result<Operation, ServerRefusal> {
        let begun = self.state().power_server(&name.to_ascii_lowercase(), kind, outcome);
        self.wake_when_due();
        begun
    }
}

impl State {
    pub fn server_answers(&self, name: &str) -> bool {
        let Some(server) = self.servers.get(name) else { return false };
        !matches!(server.state.as_str(), "Stopped" | "Stopping" | "Starting" | "Inaccessible")
            && !self.darkness(&server.region).database
    }

    fn power_server(&mut self, name: &str, kind: OperationKind, outcome: Outcome) -> Result<Operation, ServerRefusal> {
        let server = self.servers.get(name).ok_or(ServerRefusal::NotFound)?.clone();
        if server.operation.is_some() {
            return Err(ServerRefusal::Busy);
        }
        let during = match (kind, server.state.as_str()) {
            (OperationKind::ServerStart, "Stopped") => "Starting",
            (OperationKind::ServerStart, _) => return Err(ServerRefusal::NotStopped),
            (OperationKind::ServerStop, "Ready") => "Stopping",
            (_, "Ready") => "Restarting",
            _ => return Err(ServerRefusal::NotReady),
        };
        Ok(self.begin_server(&server, kind, self.knobs.server_power, outcome, during))
    }

    pub fn begin_server(
        &mut self,
        server: &Server,
        kind: OperationKind,
        takes: std::time::Duration,
        outcome: Outcome,
        during: &str,
    ) -> Operation {
        let location = self.regions.get(&server.region).map(|it| it.display.clone()).unwrap_or_default();
        let begun = self.begin(kind, &server.name, &location, takes, outcome);
        if let Some(found) = self.servers.get_mut(&server.name) {
            found.operation = Some(begun.id.clone());
            found.state = during.to_owned();
        }
        self.record_liveness(begun.started);
        begun
    }

    /// Applies the end of a promotion, start, stop or restart.
    pub fn end_server_operation(&mut self, operation: &Operation, at: DateTime<Utc>) {
        let Some(server) = self.servers.get_mut(&operation.target) else { return };
        server.operation = None;
        let succeeded = operation.status == OperationStatus::Succeeded;
        // Only a stopped server is started and only a ready one stopped: failing leaves each as it was.
        let stopped = match operation.kind {
            OperationKind::ServerStart => !succeeded,
            OperationKind::ServerStop => succeeded,
            _ => false,
        };
        server.state = if stopped { "Stopped" } else { "Ready" }.to_owned();
        match operation.kind {
            OperationKind::Promote(promotion) if succeeded => {
                self.apply_promotion(&operation.target, promotion.mode, at)
            }
            _ => {}
        }
        self.record_liveness(at);
    }
}
