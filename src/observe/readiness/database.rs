//! The database servers, their virtual endpoint, the replica's delay, and the writer name.

use super::reader::Reader;
use crate::azure::actions::{METRICS, SERVER, VIRTUAL_ENDPOINT};
use crate::azure::{Metric, ReplicationRole, Server, VirtualEndpoint};
use crate::domain::plan::Site;
use crate::domain::readiness::{DatabaseFacts, Read, ServerDetail, ServerRole, Unread};
use crate::domain::resource::ResourceId;
use chrono::TimeDelta;
use futures::future::join_all;

/// The metric comes by the minute and is some minutes late.
const WINDOW: TimeDelta = TimeDelta::minutes(15);

impl Reader<'_> {
    pub async fn database(&self, standby: &Site) -> DatabaseFacts {
        let ids = &self.plan.database.servers;
        let (servers, endpoint, writer) = tokio::join!(
            join_all(ids.iter().map(|id| self.server(id))),
            self.endpoint(),
            self.observer.writer_sight(self.plan),
        );
        let servers: Vec<(ResourceId, Read<ServerDetail>)> = ids.iter().cloned().zip(servers).collect();
        let delay = self.delay(&servers, standby).await;
        DatabaseFacts { servers, endpoint, delay, writer }
    }

    async fn server(&self, id: &ResourceId) -> Read<ServerDetail> {
        self.ask(SERVER, id.as_str(), self.observer.azure.postgres().server(id)).await.map(detail)
    }

    async fn endpoint(&self) -> Read<Option<Vec<String>>> {
        let database = &self.plan.database;
        let scope = database.servers.first().map(ResourceId::as_str).unwrap_or_default();
        let azure = self.observer.azure.postgres();
        let asked = azure.virtual_endpoint(&database.servers, &database.virtual_endpoint);
        let members = |endpoint: Option<VirtualEndpoint>| endpoint.map(|it| it.members);
        self.ask(VIRTUAL_ENDPOINT, scope, asked).await.map(members)
    }

    /// Only a replica has a delay; which server that is tells the control plane.
    async fn delay(&self, servers: &[(ResourceId, Read<ServerDetail>)], standby: &Site) -> Read<Option<f64>> {
        let is_replica = |server: &&(ResourceId, Read<ServerDetail>)| {
            server.1.as_ref().is_ok_and(|it| it.role == ServerRole::Replica)
        };
        let Some((replica, _)) = servers.iter().find(is_replica) else {
            return Err(Unread::failed(format!("no replica is known that could be promoted for {}", standby.name)));
        };
        let now = self.observer.clock.now();
        let monitor = self.observer.azure.monitor();
        let asked = monitor.series(replica, Metric::REPLICATION_DELAY_SECONDS, None, now - WINDOW, now);
        let points = self.ask(METRICS, replica.as_str(), asked).await?;
        Ok(points.iter().rev().find_map(|point| point.average))
    }
}

fn detail(server: Server) -> ServerDetail {
    let role = match server.role {
        // A server that never had a replica is as much a writer as one that has.
        ReplicationRole::None | ReplicationRole::Primary => ServerRole::Primary,
        ReplicationRole::AsyncReplica | ReplicationRole::GeoAsyncReplica => ServerRole::Replica,
        ReplicationRole::Unknown(word) => ServerRole::Unknown(word),
    };
    let Server { name, state, replication_state, source, region, .. } = server;
    ServerDetail { name, state, role, replication_state, source, region }
}
