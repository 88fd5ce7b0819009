//! Virtual endpoints: a writer and a reader name in front of a primary and its replica.

use chrono::{DateTime, TimeDelta, Utc};

use super::World;
use super::log::Event;
use super::state::{Due, DueEvent, State};
use super::workload::Workload;

/// A virtual endpoint: a writer and a reader name that follow the roles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VirtualEndpoint {
    /// Resource and base host name.
    pub name: String,
    /// The workload that uses it.
    pub workload: String,
    /// The server the resource lives under, and the writer name belongs to.
    pub primary: String,
    /// The server the reader name belongs to.
    pub replica: String,
    /// Where DNS sends the writer name: follows `primary` with a lag.
    pub writer_target: String,
    /// Where DNS sends the reader name.
    pub reader_target: String,
}

pub(super) fn of(workloads: &[Workload]) -> Vec<VirtualEndpoint> {
    workloads.iter().map(VirtualEndpoint::of).collect()
}

impl VirtualEndpoint {
    fn of(workload: &Workload) -> Self {
        let [first, second] = &workload.sites;
        Self {
            name: workload.virtual_endpoint().to_owned(),
            workload: workload.name.clone(),
            primary: first.server.clone(),
            replica: second.server.clone(),
            writer_target: first.server.clone(),
            reader_target: second.server.clone(),
        }
    }
}

impl World {
    /// The virtual endpoint of that name.
    pub fn virtual_endpoint(&self, name: &str) -> Option<VirtualEndpoint> {
        self.state().endpoints.iter().find(|it| it.name.eq_ignore_ascii_case(name)).cloned()
    }

    /// All virtual endpoints.
    pub fn virtual_endpoints(&self) -> Vec<VirtualEndpoint> {
        self.state().endpoints.clone()
    }

    /// Takes a virtual endpoint away.
    pub fn remove_virtual_endpoint(&self, name: &str) {
        self.state().endpoints.retain(|it| it.name != name);
    }

    /// The server host that a writer or reader name is a CNAME of, at this moment.
    pub fn name_target(&self, host: &str) -> Option<String> {
        let host = host.to_ascii_lowercase();
        let (base, rest) = host.split_once('.')?;
        let endpoint = self.virtual_endpoint(base)?;
        let server = match rest {
            "writer.postgres.database.azure.com" => endpoint.writer_target,
            "reader.postgres.database.azure.com" => endpoint.reader_target,
            _ => return None,
        };
        Some(format!("{server}.postgres.database.azure.com"))
    }
}

impl State {
    /// The endpoint belongs to the new primary at once; its names follow after a lag.
    pub fn swap_endpoint(&mut self, old: &str, new: &str, at: DateTime<Utc>) {
        let moves = at + TimeDelta::from_std(self.knobs.names_move).unwrap_or_default();
        for endpoint in self.endpoints.iter_mut().filter(|it| it.primary == old) {
            endpoint.primary = new.to_owned();
            endpoint.replica = old.to_owned();
            self.due.push(Due { at: moves, what: DueEvent::NamesMove(endpoint.name.clone()) });
        }
    }

    pub fn move_names(&mut self, name: &str, at: DateTime<Utc>) {
        let Some(endpoint) = self.endpoints.iter_mut().find(|it| it.name == name) else { return };
        endpoint.writer_target = endpoint.primary.clone();
        endpoint.reader_target = endpoint.replica.clone();
        let server = endpoint.writer_target.clone();
        self.log_at(
            at,
            Event::WriterMoved { endpoint: name.into(), server: server.clone() },
            format!("{name}.writer points to {server}"),
        );
    }
}
