//! Reveille itself, looked at: tokens, names, clock, store, who watches, heartbeats.

use super::super::Observer;
use crate::domain::causes::with_causes;
use crate::domain::heartbeat;
use crate::domain::plan::{Plan, Site};
use crate::domain::readiness::{Access, HeartbeatFacts, NameFacts, NameOf, OwnFacts, StoreFacts};
use crate::domain::resource::HostPort;
use crate::engine::book::Book;
use chrono::{DateTime, Utc};
use futures::future::join_all;
use tokio::time::timeout;

impl Observer {
    /// Whether Azure can be asked at all.
    pub(super) async fn access(&self, plan: &Plan) -> Access {
        let host = self.azure.arm_host();
        if let Err(error) = self.probe.dns().resolve(host).await {
            return Access::Unresolved { host: host.to_owned(), why: with_causes(&error) };
        }
        match timeout(plan.timing.arm_timeout, self.azure.check_identity()).await {
            Ok(Ok(())) => Access::Open,
            Ok(Err(error)) => Access::NoToken { why: with_causes(&error) },
            Err(_) => Access::NoToken { why: "no token came in time".to_owned() },
        }
    }

    /// Asked last: only then has Azure told its time.
    pub(super) async fn own(&self, plan: &Plan, access: Access, sites: [&Site; 2]) -> OwnFacts {
        let (names, (store, presence), memory) =
            tokio::join!(self.names(plan, sites), self.kept(plan), self.heartbeat_memory());
        OwnFacts {
            access,
            names,
            clock: self.azure.clock(),
            store,
            presence,
            region: self.surroundings.ourselves.region.clone(),
            heartbeat: HeartbeatFacts { expected: self.surroundings.heartbeat.clone(), memory },
        }
    }

    async fn names(&self, plan: &Plan, [primary, standby]: [&Site; 2]) -> Vec<NameFacts> {
        let wanted: [(&HostPort, NameOf); 3] = [
            (&plan.front_door.hostname, NameOf::FrontDoor),
            (&primary.origin, NameOf::PrimaryOrigin),
            (&standby.origin, NameOf::StandbyOrigin),
        ];
        join_all(wanted.map(|(host, of)| async move {
            let resolved = self.probe.dns().resolve(&host.host).await;
            NameFacts { host: host.clone(), of, resolved: resolved.map(drop).map_err(|error| with_causes(&error)) }
        }))
        .await
    }

    /// Logs and documents lie in two containers, so both are read.
    async fn kept(&self, plan: &Plan) -> (StoreFacts, crate::domain::presence::Presence) {
        let (book, presence) = tokio::join!(Book::look(&self.store, &plan.name), self.presence());
        let read = match (&book, &presence) {
            (Err(error), _) => Err(with_causes(error)),
            (_, Err(error)) => Err(with_causes(error)),
            _ => Ok(()),
        };
        let presence = presence.map(|(presence, _)| presence).unwrap_or_default();
        let appended: Option<DateTime<Utc>> = book.ok().flatten().map(|book| book.last_at());
        let written = appended.filter(|at| at.timestamp() > 0).max(presence.newest());
        (StoreFacts { place: self.surroundings.store.clone(), read, written }, presence)
    }

    /// What cannot be read remembers nothing; that the store cannot be read is told by itself.
    async fn heartbeat_memory(&self) -> heartbeat::Memory {
        self.remembered(heartbeat::DOCUMENT).await.map(|(memory, _)| memory).unwrap_or_default()
    }
}
