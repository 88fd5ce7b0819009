//! Promotion of a replica: what is refused, and what each mode leaves behind.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::World;
use super::log::Event;
use super::operation::{Operation, OperationKind, Outcome};
use super::server::{Role, Server};
use super::state::State;

/// What to do and how (learn.microsoft.com, concepts-read-replicas-promote).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promotion {
    /// Swap the roles, or leave the set.
    pub mode: PromoteMode,
    /// Wait for the replica to catch up, or not.
    pub option: PromoteOption,
}

/// `promoteMode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromoteMode {
    /// Roles swap; the writer name moves.
    Switchover,
    /// The replica becomes independent; the writer name stays.
    Standalone,
}

/// `promoteOption`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromoteOption {
    /// No data is lost; both servers have to be up.
    Planned,
    /// Data not yet replicated is lost.
    Forced,
}

/// Why a promotion was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerRefusal {
    /// There is no such server.
    NotFound,
    /// Another operation is in progress.
    Busy,
    /// It is not a replica.
    NotAReplica,
    /// Only a server that is ready can be stopped or restarted.
    NotReady,
    /// Only a server that is stopped can be started.
    NotStopped,
    /// A planned promotion needs a primary that is up.
    PrimaryDown,
    /// A switchover needs the virtual endpoint.
    NoVirtualEndpoint,
}

impl World {
    /// Promotes a replica, as a PATCH of the server would; also how a scenario's person promotes.
    ///
    /// # Errors
    /// When Azure would refuse.
    pub fn promote(&self, replica: &str, promotion: Promotion, outcome: Outcome) -> Result<Operation, ServerRefusal> {
        let begun = self.state().promote(&replica.to_ascii_lowercase(), promotion, outcome);
        self.wake_when_due();
        begun
    }
}

impl State {
    fn promote(&mut self, name: &str, promotion: Promotion, outcome: Outcome) -> Result<Operation, ServerRefusal> {
        let server = self.servers.get(name).ok_or(ServerRefusal::NotFound)?.clone();
        self.check_promotion(&server, promotion)?;
        let takes = match promotion.option {
            PromoteOption::Planned => self.knobs.promote_planned,
            PromoteOption::Forced => self.knobs.promote_forced,
        };
        let event = Event::Promotion {
            server: name.into(),
            mode: format!("{:?}", promotion.mode),
            option: format!("{:?}", promotion.option),
        };
        self.log(event, format!("promotion of {name} accepted: {:?}, {:?}", promotion.mode, promotion.option));
        Ok(self.begin_server(&server, OperationKind::Promote(promotion), takes, outcome, "Updating"))
    }

    fn check_promotion(&self, server: &Server, promotion: Promotion) -> Result<(), ServerRefusal> {
        if server.operation.is_some() {
            return Err(ServerRefusal::Busy);
        }
        let source = server
            .source
            .as_ref()
            .filter(|_| matches!(server.role, Role::AsyncReplica | Role::GeoAsyncReplica))
            .ok_or(ServerRefusal::NotAReplica)?;
        if promotion.option == PromoteOption::Planned && !self.is_up(source) {
            return Err(ServerRefusal::PrimaryDown);
        }
        let behind_reader = self.endpoints.iter().any(|it| it.replica == server.name);
        if promotion.mode == PromoteMode::Switchover && !behind_reader {
            return Err(ServerRefusal::NoVirtualEndpoint);
        }
        Ok(())
    }

    fn is_up(&self, server: &str) -> bool {
        self.servers.get(server).is_some_and(|it| it.state == "Ready" && !self.darkness(&it.region).database)
    }

    /// Applies a promotion that succeeded.
    pub fn apply_promotion(&mut self, name: &str, mode: PromoteMode, at: DateTime<Utc>) {
        let Some(server) = self.servers.get_mut(name) else { return };
        let old = server.source.take();
        server.stuck_in_recovery = false;
        server.replication_state = None;
        server.lag = 0.0;
        server.role = if mode == PromoteMode::Switchover { Role::Primary } else { Role::None };
        match (mode, old) {
            (PromoteMode::Switchover, Some(old)) => {
                self.demote(&old, name);
                self.swap_endpoint(&old, name, at);
            }
            (PromoteMode::Standalone, Some(old)) => self.leave_alone(&old),
            (_, None) => {}
        }
    }

    /// The old primary becomes a replica of the new one; a dark one is `Reconfiguring` until its region is back.
    fn demote(&mut self, old: &str, new: &str) {
        let dark = self.servers.get(old).is_some_and(|it| self.darkness(&it.region).database);
        let same_region = self.servers.get(old).map(|it| &it.region) == self.servers.get(new).map(|it| &it.region);
        let Some(server) = self.servers.get_mut(old) else { return };
        server.role = if same_region { Role::AsyncReplica } else { Role::GeoAsyncReplica };
        server.source = Some(new.to_owned());
        server.stuck_in_recovery = false;
        server.read_only = false;
        server.lag = 1.0;
        server.replication_state = dark.then(|| "Reconfiguring".to_owned());
    }

    /// Servers that became replicas in the dark are replicas like any other once their region is back.
    pub fn end_reconfiguration(&mut self, region: &str) {
        for server in self.servers.values_mut().filter(|it| it.region == region) {
            server.replication_state.take_if(|it| it == "Reconfiguring");
        }
    }

    fn leave_alone(&mut self, old: &str) {
        let has_replicas = self.servers.values().any(|it| it.source.as_deref() == Some(old));
        if let Some(server) = self.servers.get_mut(old).filter(|_| !has_replicas) {
            server.role = Role::None;
        }
    }
}
