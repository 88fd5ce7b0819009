//! Small documents about Reveille itself: who watches from where, and when the last heartbeat came.

use super::Observer;
use crate::domain::plan::{Plan, Site};
use crate::domain::presence::{self, Presence};
use crate::domain::resource::ResourceId;
use crate::engine::ports::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// Writers that come between reading and writing are few: one for each app and each heartbeat.
const TRIES: usize = 5;
/// For a read that nothing waits for.
const PATIENCE: Duration = Duration::from_secs(3);

impl Observer {
    /// A small document with its tag. Never written, or not to be understood, remembers nothing.
    pub async fn remembered<T: DeserializeOwned + Default>(
        &self,
        name: &str,
    ) -> Result<(T, Option<String>), StoreError> {
        let document = self.store.get(name).await?;
        let tag = document.as_ref().map(|document| document.tag.clone());
        let value = document.and_then(|document| serde_json::from_slice(&document.bytes).ok());
        Ok((value.unwrap_or_default(), tag))
    }

    /// Changes a small document, on top of what others wrote meanwhile; one that stays as it was is not written.
    pub async fn amend<T>(&self, name: &str, change: impl Fn(&mut T)) -> Result<T, StoreError>
    where
        T: Serialize + DeserializeOwned + Default + Clone + PartialEq,
    {
        let mut tries = 0;
        loop {
            let (before, tag): (T, _) = self.remembered(name).await?;
            let mut after = before.clone();
            change(&mut after);
            if after == before && tag.is_some() {
                return Ok(after);
            }
            tries += 1;
            let bytes = serde_json::to_vec(&after).unwrap_or_default();
            match self.store.put(name, &bytes, tag.as_deref()).await {
                Err(error) if error.is_conflict() && tries < TRIES => {}
                other => return other.map(|_| after),
            }
        }
    }

    pub async fn presence(&self) -> Result<(Presence, Option<String>), StoreError> {
        self.remembered(presence::DOCUMENT).await
    }

    /// Notes that this app watches, from where, and in which regions the clusters of the plans are, as far as that is
    /// new. Gives what was known before.
    pub async fn be_present(&self, plans: &[&Plan]) -> Result<Presence, StoreError> {
        let (before, _) = self.presence().await?;
        let learned = self.unknown_region(&before, plans).await;
        let ourselves = &self.surroundings.ourselves;
        let app = ourselves.app.as_deref().or(ourselves.host.as_deref()).unwrap_or("reveille");
        self.amend(presence::DOCUMENT, |presence: &mut Presence| {
            presence.note(app, ourselves.region.clone(), self.clock.now());
            learned.iter().for_each(|(cluster, region)| presence.learn(cluster, region));
        })
        .await?;
        Ok(before)
    }

    /// Clusters never move, so each is asked once, one of them a round: a dark region must not hold the watch up.
    async fn unknown_region(&self, known: &Presence, plans: &[&Plan]) -> Option<(ResourceId, String)> {
        let sites = plans.iter().flat_map(|plan| &plan.sites);
        let unknown: Vec<&Site> = sites.filter(|site| known.region_of(&site.cluster).is_none()).collect();
        let turn = self.clock.now().timestamp().unsigned_abs() as usize;
        let cluster = &unknown.get(turn.checked_rem(unknown.len())?)?.cluster;
        let asked = tokio::time::timeout(PATIENCE, self.azure.aks().detail(cluster)).await;
        Some((cluster.clone(), asked.ok()?.ok()?.value.region))
    }
}
