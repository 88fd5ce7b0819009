//! What is known of a cluster from inside: its nodes, its workload, its volume claims.

use super::Observer;
use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::plan::Site;
use crate::domain::search_index::IndexView;
use crate::domain::workload::{ApiView, ClaimView, NodesView, WorkloadSelector, WorkloadView};
use crate::kubernetes::{KubernetesError, Seen};
use std::future::Future;
use std::time::Duration;

/// Where answers of a cluster are seen from, when there is none.
const CLUSTER: &str = "Kubernetes API server";

impl Observer {
    /// Whether the API server of a site's cluster says that it is ready.
    pub async fn api_ready(&self, site: &Site, patience: Duration) -> Fact<ApiView> {
        self.told_by_cluster(self.kubernetes.cluster(&site.cluster).api_ready(), patience).await
    }

    /// The nodes of a site's cluster.
    pub async fn nodes(&self, site: &Site, patience: Duration) -> Fact<NodesView> {
        self.told_by_cluster(self.kubernetes.cluster(&site.cluster).nodes(), patience).await
    }

    /// The plan's workload in a site's cluster. A selector that finds nothing gives a view whose standing is unknown.
    pub async fn workload(&self, site: &Site, selector: &WorkloadSelector, patience: Duration) -> Fact<WorkloadView> {
        self.told_by_cluster(self.kubernetes.cluster(&site.cluster).workload(selector), patience).await
    }

    /// The same, asked of the API server itself or not at all: for who has no time for a way around.
    pub async fn workload_at_once(
        &self,
        site: &Site,
        selector: &WorkloadSelector,
        patience: Duration,
    ) -> Fact<WorkloadView> {
        let cluster = self.kubernetes.cluster(&site.cluster).without_commands();
        self.told_by_cluster(cluster.workload(selector), patience).await
    }

    /// Volume claims in a site's cluster.
    pub async fn claims(&self, site: &Site, selector: &WorkloadSelector, patience: Duration) -> Fact<Vec<ClaimView>> {
        self.told_by_cluster(self.kubernetes.cluster(&site.cluster).claims(selector), patience).await
    }

    /// The volumes of the search nodes in a site's cluster.
    pub async fn search_index(&self, site: &Site, selector: &WorkloadSelector, patience: Duration) -> Fact<IndexView> {
        self.told_by_cluster(self.kubernetes.cluster(&site.cluster).search_index(selector), patience).await
    }

    /// A cluster's answer as a fact, with the way it came and that way's limits; a failed read is unknown, never down.
    pub(super) async fn told_by_cluster<T>(
        &self,
        asking: impl Future<Output = Result<Seen<T>, KubernetesError>>,
        patience: Duration,
    ) -> Fact<T> {
        match tokio::time::timeout(patience, asking).await {
            Ok(Ok(seen)) => self.known(seen.value, from(seen.via)).with_request_ids(seen.request_ids),
            Ok(Err(error)) => {
                Fact::unknown(error.text(), self.clock.now(), CLUSTER).with_request_ids(error.request_ids())
            }
            Err(_) => {
                let reason = format!("no answer within {}", duration::text(patience));
                Fact::unknown(reason, self.clock.now(), CLUSTER)
            }
        }
    }
}

/// The way, and what the reader has to know of it.
fn from(via: crate::domain::workload::Via) -> String {
    match via.limits() {
        Some(limits) => format!("{} ({limits})", via.text()),
        None => via.text().to_owned(),
    }
}
