//! What a probe pod inside a cluster told of its way to the database.

use super::Observer;
use crate::domain::fact::Fact;
use crate::domain::path::{PathView, ProbeRef};
use crate::domain::plan::{Plan, Site};
use crate::domain::workload::PodView;
use crate::kubernetes::{KubernetesError, PgTarget, ProbePod, Seen};
use std::time::Duration;

impl Observer {
    /// How far a probe pod is, with what it printed once it has ended.
    pub async fn path(&self, site: &Site, probe: &ProbeRef, patience: Duration) -> Fact<PathView> {
        self.told_by_cluster(self.asked_of_pod(site, probe), patience).await
    }

    async fn asked_of_pod(&self, site: &Site, probe: &ProbeRef) -> Result<Seen<PathView>, KubernetesError> {
        let cluster = self.kubernetes.cluster(&site.cluster);
        let ProbeRef { namespace, name, .. } = probe;
        let pod = cluster.pod(namespace, name).await?;
        let printed = match pod.value.as_ref().is_some_and(PodView::is_over) {
            true => Some(cluster.pod_log(namespace, name).await?.value),
            false => None,
        };
        Ok(pod.map(|pod| PathView::of(pod.as_ref(), printed.as_deref())))
    }

    /// The pod that is to be made: it connects as Reveille itself does, with a secret that is read now.
    pub async fn probe_pod(&self, plan: &Plan, probe: &ProbeRef) -> Result<ProbePod, String> {
        let database = &plan.database;
        let target = PgTarget {
            host: database.writer_host.clone(),
            port: database.port,
            database: database.database.clone(),
            user: database.user.clone(),
            password: self.password(&database.auth).await.map_err(|verdict| verdict.text())?,
        };
        Ok(ProbePod::psql(&probe.namespace, &probe.name, &probe.image, target))
    }
}
