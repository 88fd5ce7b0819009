//! The steps wired to the world: gather facts, let `decide` decide, send what it asked for.

use super::interruption;
use super::sent;
use super::start_replica::StartFailure;
use super::{
    assess_readiness, check_standby, confirm_outage, fence_primary, park_primary, park_workload, release_workload,
    reset_search_index, restore_primary, start_replica, stop_replica,
};
use super::{verify_app, verify_index, verify_ingress, verify_path, verify_route, verify_writer};
use crate::azure::OperationStatus;
use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::parking::Scale;
use crate::domain::path::PathView;
use crate::domain::plan::{Plan, Site};
use crate::domain::resource::ResourceId;
use crate::domain::run::{Call, Sent, Verb};
use crate::domain::runbook::{RunKind, StepName};
use crate::domain::search_index::IndexView;
use crate::domain::workload::{NodesView, WorkloadView};
use crate::engine::ports::{Step, StepView};
use crate::observe::Observer;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;

/// All steps, by name.
pub fn steps(observer: &Observer) -> BTreeMap<StepName, Arc<dyn Step>> {
    let names = [
        StepName::ConfirmOutage,
        StepName::FencePrimary,
        StepName::CheckStandby,
        StepName::StartReplica,
        StepName::VerifyWriter,
        StepName::ParkWorkload,
        StepName::ParkPrimary,
        StepName::ResetSearchIndex,
        StepName::VerifyPath,
        StepName::VerifyIngress,
        StepName::ReleaseWorkload,
        StepName::VerifyApp,
        StepName::VerifyRoute,
        StepName::VerifyIndex,
        StepName::StopPrimary,
        StepName::RestorePrimary,
        StepName::StopReplica,
        StepName::AssessReadiness,
    ];
    names
        .into_iter()
        .map(|name| (name, Arc::new(Wired { name, observer: observer.clone() }) as Arc<dyn Step>))
        .collect()
}

struct Wired {
    name: StepName,
    observer: Observer,
}

/// What a view tells of plan and sites.
struct Scene<'a> {
    plan: &'a Plan,
    primary: &'a Site,
    standby: &'a Site,
}

impl<'a> Scene<'a> {
    fn of(view: &'a StepView) -> Self {
        let created = &view.run.created;
        let plan = &created.plan;
        let primary = plan.site(&created.primary).unwrap_or_else(|| plan.preferred());
        Self { plan, primary, standby: plan.other(&primary.name) }
    }
}

#[async_trait]
impl Step for Wired {
    fn name(&self) -> StepName {
        self.name
    }

    async fn look(&self, view: &StepView) -> Look {
        let scene = Scene::of(view);
        let look = match self.name {
            StepName::ConfirmOutage => self.confirm_outage(view, &scene).await,
            StepName::FencePrimary => self.fence_primary(view, &scene).await,
            StepName::StartReplica => self.start_replica(view, &scene).await,
            StepName::VerifyWriter => {
                let writer = self.observer.writer(scene.plan, view.run.created.run.as_str()).await;
                verify_writer::decide(view, writer)
            }
            StepName::CheckStandby => self.check_standby(view, &scene).await,
            StepName::ParkWorkload => park_workload::decide(view, self.workload(&scene, scene.standby).await),
            StepName::ParkPrimary => self.park_primary(view, &scene).await,
            StepName::RestorePrimary => self.restore_primary(view, &scene).await,
            StepName::StopPrimary => self.stop(view, &scene, scene.primary, scene.standby).await,
            StepName::ResetSearchIndex => self.reset_search_index(view, &scene).await,
            StepName::VerifyIndex => {
                verify_index::decide(view, self.observer.indexation(scene.plan, scene.standby).await)
            }
            StepName::VerifyPath => verify_path::decide(view, self.path(view, &scene).await),
            StepName::VerifyIngress => {
                verify_ingress::decide(view, self.observer.origin(scene.plan, scene.standby).await)
            }
            StepName::ReleaseWorkload => self.release_workload(view, &scene).await,
            StepName::StopReplica => self.stop(view, &scene, scene.standby, scene.primary).await,
            StepName::AssessReadiness => self.assess_readiness(view, &scene).await,
            StepName::VerifyApp => verify_app::decide(view, self.observer.app(scene.plan, scene.standby).await),
            StepName::VerifyRoute => {
                let route = self.observer.route(scene.plan, &scene.standby.name).await;
                verify_route::decide(view, route)
            }
        };
        interruption::unattended(view, look)
    }

    async fn send(&self, call: &Call, view: &StepView) -> Sent {
        let Ok(cluster) = ResourceId::parse(&call.target) else {
            return Sent::NotSent { reason: format!("{:?} is not a resource id", call.target) };
        };
        match call.verb {
            Verb::StartCluster | Verb::StopCluster => self.send_to_azure(call.verb, &cluster, view).await,
            Verb::ScaleWorkload | Verb::DeleteClaim | Verb::CreateProbe | Verb::DeleteProbe => {
                self.send_inside(call, &cluster, view).await
            }
        }
    }
}

impl Wired {
    async fn send_to_azure(&self, verb: Verb, cluster: &ResourceId, view: &StepView) -> Sent {
        let aks = self.observer.azure.aks();
        let answer = match verb {
            Verb::StartCluster => aks.start(cluster, view.send_by).await,
            _ => aks.stop(cluster, view.send_by).await,
        };
        sent::by_azure(answer, view.run.created.plan.timing.cluster_poll)
    }

    async fn send_inside(&self, call: &Call, cluster: &ResourceId, view: &StepView) -> Sent {
        let inside = self.observer.kubernetes.cluster(cluster);
        if let Some(claim) = &call.claim {
            let answer = inside.delete_claim(claim, view.send_by).await;
            return sent::by_cluster(answer, view.run.created.plan.timing.workload_poll);
        }
        let answer = match (call.verb, &call.scale, &call.probe) {
            (Verb::ScaleWorkload, Some(Scale { object, replicas }), _) => {
                inside.scale(object, *replicas, view.send_by).await
            }
            (Verb::CreateProbe, _, Some(probe)) => {
                let pod = match self.observer.probe_pod(&view.run.created.plan, probe).await {
                    Ok(pod) => pod,
                    Err(reason) => return Sent::NotSent { reason },
                };
                inside.create_probe_pod(&pod, view.send_by).await
            }
            (Verb::DeleteProbe, _, Some(probe)) => inside.delete_pod(&probe.namespace, &probe.name, view.send_by).await,
            _ => return Sent::NotSent { reason: "it does not say what is to be changed".into() },
        };
        sent::by_cluster(answer, view.run.created.plan.timing.workload_poll)
    }

    /// Nobody is asked for a pod that is not wanted.
    async fn path(&self, view: &StepView, scene: &Scene<'_>) -> Fact<PathView> {
        match verify_path::probe(view) {
            Some(probe) => self.observer.path(scene.standby, &probe, scene.plan.timing.arm_timeout).await,
            None => self.observer.nobody("the plan does not ask for it"),
        }
    }

    async fn confirm_outage(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let sample = self.observer.witness(scene.plan, scene.primary, scene.standby).await;
        // A memory that cannot be read makes both witnesses blind, and a blind witness leaves it to a person.
        let seen = self.observer.last_seen(&scene.plan.name, &scene.primary.name).await.unwrap_or_default();
        confirm_outage::decide(view, sample, &seen)
    }

    async fn fence_primary(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let patience = scene.plan.timing.arm_timeout;
        let pays = view.run.created.kind == RunKind::Fence;
        let (cluster, origin, other, workload) = tokio::join!(
            self.observer.cluster(scene.primary, patience),
            self.observer.origin(scene.plan, scene.primary),
            self.origin_if(pays, scene.plan, scene.standby),
            self.old_workload(view, scene),
        );
        fence_primary::decide(view, fence_primary::Seen { cluster, origin, other, workload })
    }

    /// A region that is lost must not hold up the stop: no way around, and no longer than a probe.
    async fn old_workload(&self, view: &StepView, scene: &Scene<'_>) -> Option<Fact<WorkloadView>> {
        let kubernetes = scene.plan.kubernetes.as_ref().filter(|_| scene.plan.fence.scales())?;
        if fence_primary::has_accepted_stop(view.record()) {
            return None;
        }
        let patience = scene.plan.timing.probe_timeout;
        Some(self.observer.workload_at_once(scene.primary, &kubernetes.workload, patience).await)
    }

    async fn start_replica(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let cluster = self.observer.cluster(scene.standby, scene.plan.timing.arm_timeout).await;
        let failed = self.start_failure(view, scene.standby, &cluster).await;
        let nodes = self.nodes(view, scene, &cluster).await;
        // A parked workload does not start with its cluster: its release waits for the fence, the cluster need not.
        let releases = !view.run.created.standby_workload.is_parked();
        let unfenced = self.origin_if(releases && view.run.owes_fence(), scene.plan, scene.primary).await;
        start_replica::decide(view, start_replica::Seen { cluster, nodes, failed, unfenced })
    }

    /// Only a cluster that is up, or that Azure does not start because it runs, has nodes to be asked for.
    async fn nodes(&self, view: &StepView, scene: &Scene<'_>, cluster: &Fact<ClusterView>) -> Option<Fact<NodesView>> {
        let runs = match cluster.value().map(ClusterView::phase) {
            Some(ClusterPhase::Up) => true,
            Some(ClusterPhase::BrokenStart) => start_replica::says_it_runs(view.record()),
            _ => false,
        };
        if !runs || scene.plan.kubernetes.is_none() {
            return None;
        }
        Some(self.observer.nodes(scene.standby, scene.plan.timing.arm_timeout).await)
    }

    async fn check_standby(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let patience = scene.plan.timing.arm_timeout;
        let (primary, cluster) = tokio::join!(
            self.observer.origin(scene.plan, scene.primary),
            self.observer.cluster(scene.standby, patience),
        );
        check_standby::decide(view, check_standby::Seen { primary, cluster })
    }

    async fn reset_search_index(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let (index, origin) = tokio::join!(self.index(scene), self.observer.origin(scene.plan, scene.standby));
        reset_search_index::decide(view, reset_search_index::Seen { index, origin })
    }

    async fn index(&self, scene: &Scene<'_>) -> Fact<IndexView> {
        let Some(kubernetes) = &scene.plan.kubernetes else {
            return self.observer.nobody("the plan has no [plan.kubernetes]");
        };
        self.observer.search_index(scene.standby, &kubernetes.workload, scene.plan.timing.arm_timeout).await
    }

    async fn release_workload(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let workload = self.workload(scene, scene.standby).await;
        let unfenced = self.origin_if(view.run.owes_fence(), scene.plan, scene.primary).await;
        release_workload::decide(view, release_workload::Seen { workload, unfenced })
    }

    async fn stop(&self, view: &StepView, scene: &Scene<'_>, site: &Site, other: &Site) -> Look {
        let patience = scene.plan.timing.arm_timeout;
        let (cluster, origin, other) = tokio::join!(
            self.observer.cluster(site, patience),
            self.observer.origin(scene.plan, site),
            self.observer.origin(scene.plan, other),
        );
        stop_replica::decide(view, &site.name, stop_replica::Seen { cluster, origin, other })
    }

    async fn park_primary(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let (origin, workload) =
            tokio::join!(self.observer.origin(scene.plan, scene.primary), self.workload(scene, scene.primary),);
        park_primary::decide(view, park_primary::Seen { origin, workload })
    }

    async fn restore_primary(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let (origin, workload, standby) = tokio::join!(
            self.observer.origin(scene.plan, scene.primary),
            self.workload(scene, scene.primary),
            self.workload(scene, scene.standby),
        );
        restore_primary::decide(view, restore_primary::Seen { origin, workload, standby })
    }

    async fn assess_readiness(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let workload = &view.run.created.standby_workload;
        let facts = self.observer.readiness(scene.plan, scene.primary, scene.standby, workload).await;
        assess_readiness::decide(view, &facts, &self.observer.vantage)
    }

    async fn workload(&self, scene: &Scene<'_>, site: &Site) -> Fact<WorkloadView> {
        let Some(kubernetes) = &scene.plan.kubernetes else {
            return self.observer.nobody("the plan has no [plan.kubernetes]");
        };
        self.observer.workload(site, &kubernetes.workload, scene.plan.timing.arm_timeout).await
    }

    async fn origin_if(&self, wanted: bool, plan: &Plan, site: &Site) -> Option<Fact<OriginView>> {
        if wanted { Some(self.observer.origin(plan, site).await) } else { None }
    }

    /// Only an accepted start that has an operation to ask can tell why it failed. While the cluster starts as it should
    /// there is no failure to read, and the bucket of such calls is small (learn.microsoft.com, AKS quotas-skus-regions).
    async fn start_failure(
        &self,
        view: &StepView,
        standby: &Site,
        cluster: &Fact<ClusterView>,
    ) -> Option<StartFailure> {
        if matches!(cluster.value().map(ClusterView::phase), Some(ClusterPhase::Starting | ClusterPhase::Up)) {
            return None;
        }
        let Some(Sent::Accepted { operation: Some(url), .. }) = &view.record().last_intent()?.outcome else {
            return None;
        };
        failure(&self.observer.operation(&standby.cluster, url).await?)
    }
}

fn failure(status: &OperationStatus) -> Option<StartFailure> {
    let class = status.failure()?;
    let (code, message) = match &status.error {
        Some(error) => (error.code.clone(), error.message.clone()),
        None => (status.status.clone(), "Azure gave no reason".to_owned()),
    };
    Some(StartFailure { class, code, message })
}
