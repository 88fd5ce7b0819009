//! The steps wired to the world: gather facts, let `decide` decide, send what it asked for.

use super::start_replica::StartFailure;
use super::{confirm_outage, fence_primary, start_replica, verify_app, verify_route, verify_writer};
use crate::azure::{self, ArmError, OperationStatus};
use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::plan::{Plan, Site};
use crate::domain::resource::ResourceId;
use crate::domain::run::{Call, Sent, Verb};
use crate::domain::runbook::{RunKind, StepName};
use crate::engine::ports::{Step, StepView};
use crate::observe::Observer;
use async_trait::async_trait;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// All steps, by name.
pub fn steps(observer: &Observer) -> BTreeMap<StepName, Arc<dyn Step>> {
    let names = [
        StepName::ConfirmOutage,
        StepName::FencePrimary,
        StepName::StartReplica,
        StepName::VerifyWriter,
        StepName::VerifyApp,
        StepName::VerifyRoute,
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
        match self.name {
            StepName::ConfirmOutage => self.confirm_outage(view, &scene).await,
            StepName::FencePrimary => self.fence_primary(view, &scene).await,
            StepName::StartReplica => self.start_replica(view, &scene).await,
            StepName::VerifyWriter => {
                let writer = self.observer.writer(scene.plan, view.run.created.run.as_str()).await;
                verify_writer::decide(view, writer)
            }
            StepName::VerifyApp => verify_app::decide(view, self.observer.app(scene.plan, scene.standby).await),
            StepName::VerifyRoute => {
                let route = self.observer.route(scene.plan, &scene.standby.name).await;
                verify_route::decide(view, route)
            }
        }
    }

    async fn send(&self, call: &Call, view: &StepView) -> Sent {
        let Ok(cluster) = ResourceId::parse(&call.target) else {
            return Sent::NotSent { reason: format!("{:?} is not a resource id", call.target) };
        };
        let aks = self.observer.azure.aks();
        let answer = match call.verb {
            Verb::StartCluster => aks.start(&cluster, view.send_by).await,
            Verb::StopCluster => aks.stop(&cluster, view.send_by).await,
        };
        sent(answer, view.run.created.plan.timing.cluster_poll)
    }
}

impl Wired {
    async fn confirm_outage(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let sample = self.observer.witness(scene.plan, scene.primary, scene.standby).await;
        // A memory that cannot be read makes both witnesses blind, and a blind witness leaves it to a person.
        let seen = self.observer.last_seen(&scene.plan.name, &scene.primary.name).await.unwrap_or_default();
        confirm_outage::decide(view, sample, &seen)
    }

    async fn fence_primary(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let patience = scene.plan.timing.arm_timeout;
        let pays = view.run.created.kind == RunKind::Fence;
        let (cluster, origin, other) = tokio::join!(
            self.observer.cluster(scene.primary, patience),
            self.observer.origin(scene.plan, scene.primary),
            self.origin_if(pays, scene.plan, scene.standby),
        );
        fence_primary::decide(view, fence_primary::Seen { cluster, origin, other })
    }

    async fn start_replica(&self, view: &StepView, scene: &Scene<'_>) -> Look {
        let cluster = self.observer.cluster(scene.standby, scene.plan.timing.arm_timeout).await;
        let failed = self.start_failure(view, scene.standby, &cluster).await;
        let unfenced = self.origin_if(view.run.owes_fence(), scene.plan, scene.primary).await;
        start_replica::decide(view, start_replica::Seen { cluster, failed, unfenced })
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

/// Azure's answer in the journal's words. An error here means that nothing was sent; `pause` is for a throttled call
/// that was not told for how long.
fn sent(answer: Result<azure::Sent, ArmError>, pause: Duration) -> Sent {
    match answer {
        Ok(azure::Sent::Accepted { operation, request_ids }) => Sent::Accepted { operation, request_ids },
        Ok(azure::Sent::NothingToDo { .. }) => Sent::AlreadyThere { said: "there was nothing to wait for".into() },
        Ok(azure::Sent::AlreadyThere { text, .. }) => Sent::AlreadyThere { said: text },
        Ok(azure::Sent::Busy { text, .. }) => Sent::Busy { said: text },
        Ok(azure::Sent::Rejected { class, code, message, request_ids }) => {
            Sent::Rejected { class, code, message, request_ids }
        }
        Ok(azure::Sent::Throttled { retry_after, .. }) => {
            Sent::Throttled { retry_after: retry_after.unwrap_or(pause), held_back: false }
        }
        Ok(azure::Sent::Unknown { reason, request_ids }) => Sent::Unknown { reason, request_ids },
        Err(ArmError::HeldBack { wait, .. }) => Sent::Throttled { retry_after: wait, held_back: true },
        Err(error) => Sent::NotSent { reason: error.text() },
    }
}
