//! The witnesses of an outage, side by side, and the memory of when each last saw the primary healthy.

use super::Observer;
use crate::domain::application::OriginView;
use crate::domain::names::{PlanName, SiteName};
use crate::domain::plan::{Plan, Site};
use crate::domain::witness::{LastSeen, Witness, last_seen_name};
use crate::engine::ports::StoreError;

impl Observer {
    /// One sample of everything that can testify about the primary.
    pub async fn witness(&self, plan: &Plan, primary: &Site, standby: &Site) -> Witness {
        let (own, other, origin_health, front_door_answers) = tokio::join!(
            self.origin(plan, primary),
            self.origin(plan, standby),
            self.origin_health(plan, primary),
            self.probe.takes_connections(&plan.front_door.hostname, plan.timing.probe_timeout),
        );
        Witness { at: self.clock.now(), primary: own, standby: other, origin_health, front_door_answers }
    }

    /// When each witness last saw a site healthy. Never written means never seen.
    pub async fn last_seen(&self, plan: &PlanName, site: &SiteName) -> Result<LastSeen, StoreError> {
        let document = self.store.get(&last_seen_name(plan, site)).await?;
        Ok(document.and_then(|document| serde_json::from_slice(&document.bytes).ok()).unwrap_or_default())
    }

    /// Remembers what a sample saw healthy. Of two writers at once the later one wins; both saw about the same.
    pub async fn remember(&self, plan: &Plan, site: &SiteName, sample: &Witness) -> Result<(), StoreError> {
        let own = sample.primary.value().is_some_and(OriginView::is_healthy);
        let metric = sample.origin_health.value().is_some_and(|health| *health >= plan.timing.metric_threshold);
        if !own && !metric {
            return Ok(());
        }
        let name = last_seen_name(&plan.name, site);
        let document = self.store.get(&name).await?;
        let tag = document.as_ref().map(|document| document.tag.clone());
        let mut seen: LastSeen =
            document.and_then(|document| serde_json::from_slice(&document.bytes).ok()).unwrap_or_default();
        if own {
            seen.probe_healthy = Some(sample.at);
            seen.writer_target = self.writer_target(plan).await.or(seen.writer_target);
        }
        if metric {
            seen.metric_healthy = Some(sample.at);
        }
        let bytes = serde_json::to_vec(&seen).unwrap_or_default();
        match self.store.put(&name, &bytes, tag.as_deref()).await {
            Err(error) if error.is_conflict() => Ok(()),
            other => other.map(drop),
        }
    }
}
