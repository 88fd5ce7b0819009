//! What each step calls, told beforehand: the looks of [`wired`](super::wired), and what it sends.

use crate::domain::outlook::PlannedCall;
use crate::domain::plan::{Plan, Site};
use crate::domain::runbook::{RunKind, StepName};
use crate::domain::workload::{WorkloadKind, WorkloadRef, WorkloadSelector};
use crate::observe::planned::Planned;

const FAILED_START: &str = "if a start was accepted and the cluster does not come up";
const OWED: &str = "while the fence of the old site is owed";
const PUT_BACK: &str = "if the standby does not serve once the primary is parked";
const PAYS: &str = "while a fence debt is paid";

/// The run that a step would belong to.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'a> {
    pub planned: &'a Planned,
    pub plan: &'a Plan,
    pub kind: RunKind,
    pub primary: &'a Site,
    pub standby: &'a Site,
    /// Whether the standby's workload is known to be parked.
    pub parked: bool,
}

/// Every call of a step, in the order in which they come, each once.
pub fn calls(step: StepName, scene: Scene<'_>) -> Vec<PlannedCall> {
    let Scene { planned, plan, primary, standby, .. } = scene;
    let calls = match step {
        StepName::ConfirmOutage => planned.witness(plan, primary, standby),
        StepName::FencePrimary => scene.fence_primary(),
        StepName::CheckStandby => [planned.origin(plan, primary), planned.cluster(standby)].concat(),
        StepName::StartReplica => scene.start_replica(),
        StepName::VerifyWriter => planned.writer(plan),
        StepName::ParkWorkload => [scene.workload(standby), scene.scale(standby)].concat(),
        StepName::ParkPrimary => {
            [planned.origin(plan, primary), scene.workload(primary), scene.scale(primary)].concat()
        }
        StepName::RestorePrimary => scene.restore_primary(),
        StepName::StopPrimary => scene.stop(primary, standby),
        StepName::ResetSearchIndex => scene.reset_search_index(),
        StepName::VerifyIndex => scene.verify_index(),
        StepName::AssessReadiness => planned.readiness(plan, primary, standby),
        StepName::VerifyPath => scene.verify_path(),
        StepName::VerifyIngress => planned.origin(plan, standby),
        StepName::ReleaseWorkload => [scene.workload(standby), scene.while_owed(), scene.scale(standby)].concat(),
        StepName::VerifyApp => planned.app(plan, standby),
        StepName::VerifyRoute => planned.route(plan),
        StepName::StopReplica => scene.stop(standby, primary),
    };
    once(calls)
}

impl Scene<'_> {
    fn fence_primary(self) -> Vec<PlannedCall> {
        let Self { planned, plan, primary, standby, .. } = self;
        let pays = if self.kind == RunKind::Fence { planned.origin(plan, standby) } else { Vec::new() };
        let looks = [planned.cluster(primary), planned.origin(plan, primary), only(pays, PAYS)].concat();
        let stop = vec![planned.azure.stop(&primary.cluster)];
        [looks, self.scale_the_old_site(), stop].concat()
    }

    /// The cheapest way first, where the plan has it.
    fn scale_the_old_site(self) -> Vec<PlannedCall> {
        let Some(kubernetes) = self.plan.kubernetes.as_ref().filter(|_| self.plan.fence.scales()) else {
            return Vec::new();
        };
        [self.planned.workload_at_once(self.primary, &kubernetes.workload), self.scale(self.primary)].concat()
    }

    fn reset_search_index(self) -> Vec<PlannedCall> {
        let Some(kubernetes) = &self.plan.kubernetes else { return Vec::new() };
        let looks = self.planned.search_index(self.standby, &kubernetes.workload);
        let delete = self.planned.delete_claim(self.standby, &kubernetes.workload);
        [looks, self.planned.origin(self.plan, self.standby), self.scale(self.standby), vec![delete]].concat()
    }

    /// Without a user's token nobody is asked.
    fn verify_index(self) -> Vec<PlannedCall> {
        let asks = self.plan.search_index().is_some_and(|index| index.token.is_some());
        if asks { self.planned.indexation(self.standby) } else { Vec::new() }
    }

    fn start_replica(self) -> Vec<PlannedCall> {
        let Self { planned, plan, standby, .. } = self;
        let nodes = plan.kubernetes.as_ref().map(|_| planned.nodes(standby)).unwrap_or_default();
        let owed = if self.parked { Vec::new() } else { self.while_owed() };
        let why = planned.azure.operation(&standby.cluster).only(FAILED_START);
        let start = planned.azure.start(&standby.cluster);
        [planned.cluster(standby), owed, vec![start, why], nodes].concat()
    }

    fn stop(self, site: &Site, other: &Site) -> Vec<PlannedCall> {
        let Self { planned, plan, .. } = self;
        let looks = [planned.cluster(site), planned.origin(plan, site), planned.origin(plan, other)].concat();
        looks.into_iter().chain([planned.azure.stop(&site.cluster)]).collect()
    }

    fn restore_primary(self) -> Vec<PlannedCall> {
        let Self { planned, plan, primary, standby, .. } = self;
        let workloads = [self.workload(primary), self.workload(standby)].concat();
        let scales = [self.scale(standby), self.scale(primary)].concat();
        only([planned.origin(plan, primary), workloads, scales].concat(), PUT_BACK)
    }

    /// Nobody is asked for a pod that is not wanted.
    fn verify_path(self) -> Vec<PlannedCall> {
        let Some(kubernetes) = &self.plan.kubernetes else { return Vec::new() };
        let wanted = kubernetes.probe_image.is_some();
        if wanted { self.planned.path(self.standby, &kubernetes.workload) } else { Vec::new() }
    }

    /// What releases a workload holds while the old site may still write.
    fn while_owed(self) -> Vec<PlannedCall> {
        if self.kind != RunKind::Failover {
            Vec::new()
        } else {
            only(self.planned.origin(self.plan, self.primary), OWED)
        }
    }

    fn workload(self, site: &Site) -> Vec<PlannedCall> {
        let Some(kubernetes) = &self.plan.kubernetes else { return Vec::new() };
        self.planned.workload(site, &kubernetes.workload)
    }

    /// The objects that the plan names; without names one of each kind, whose name a run finds by the labels.
    fn scale(self, site: &Site) -> Vec<PlannedCall> {
        let Some(kubernetes) = &self.plan.kubernetes else { return Vec::new() };
        match self.plan.replicas() {
            Some(named) => self.planned.scale(site, named.keys()),
            None => self.planned.scale(site, &found(&kubernetes.workload)),
        }
    }
}

fn found(selector: &WorkloadSelector) -> [WorkloadRef; 2] {
    let of = |kind| WorkloadRef { kind, namespace: selector.namespace.clone(), name: "{name}".into() };
    [of(WorkloadKind::Deployment), of(WorkloadKind::StatefulSet)]
}

fn only(calls: Vec<PlannedCall>, when: &'static str) -> Vec<PlannedCall> {
    calls.into_iter().map(|call| call.only(when)).collect()
}

/// The first of each address; one that is always made stands for one that is made at times.
fn once(calls: Vec<PlannedCall>) -> Vec<PlannedCall> {
    let mut kept: Vec<PlannedCall> = Vec::new();
    for call in calls {
        match kept.iter_mut().find(|other| other.wire == call.wire) {
            Some(other) if call.when.is_none() => other.when = None,
            Some(_) => {}
            None => kept.push(call),
        }
    }
    kept
}
