//! The ladder of recovery: outage confirmed → fenced or owed → ready → writable → serving.
//!
//! Each rung can only be built from the observation that proves it, and each from the rung below. An accepted call is
//! no rung at all: "200, start requested" is not recovery. `Recovered` needs a [`Serving`], and there is no other
//! way to get one.

use super::application::{AppView, IndexState, OriginView, RouteView};
use super::cluster::{ClusterPhase, ClusterView};
use super::fact::Fact;
use super::names::SiteName;
use super::observation::Observation;
use super::readiness::Assessment;
use super::runbook::StepName;
use super::witness::Verdict;
use super::workload::{NodesView, WorkloadView};
use super::writer::{WriteProof, WriterVerdict};
use serde::{Deserialize, Serialize};

mod drill;
mod index;

pub use drill::Rested;
use drill::{at_primary, ingress_proof, path_proof, restored_proof, standby_proof, stop_proof, stopped_site};
pub use index::{index_open, settle_index};

/// What a proof leaves open: the outcome names it, it is never dropped silently.
pub type NotProven = String;

/// The standby serves: every rung was climbed. What the proofs leave open is kept with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serving {
    site: SiteName,
    not_proven: Vec<NotProven>,
}

impl Serving {
    pub fn site(&self) -> &SiteName {
        &self.site
    }

    pub fn not_proven(&self) -> &[NotProven] {
        &self.not_proven
    }

    /// Adds what the steps before the ladder left open: the outage itself, the fence.
    pub fn leaving_open(mut self, more: Vec<NotProven>) -> Self {
        self.not_proven.splice(0..0, more);
        self
    }

    /// Takes in what the reset of the search index has shown.
    pub fn with_index(mut self, reset: &Observation, index: &Observation) -> Self {
        settle_index(&mut self.not_proven, reset, index);
        self
    }

    /// Whether nothing was left open. Only then may the run be called plainly "recovered".
    pub fn is_complete(&self) -> bool {
        self.not_proven.is_empty()
    }
}

/// A cluster whose settled state and pools were seen to be up.
pub struct Ready {
    site: SiteName,
}

/// A ready site whose database writer committed a write.
pub struct Writable {
    site: SiteName,
    not_proven: Vec<NotProven>,
}

/// Why a rung cannot be climbed with what was seen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{step} is not proven by: {saw}")]
pub struct NoProof {
    pub step: StepName,
    pub saw: String,
}

fn no_proof(step: StepName, saw: &Observation) -> NoProof {
    NoProof { step, saw: saw.text() }
}

impl Ready {
    pub fn from(saw: &Observation) -> Result<Self, NoProof> {
        match saw {
            Observation::Cluster { nodes: Some(nodes), .. } if nodes.value().is_some_and(|it| !it.all_ready()) => {
                Err(no_proof(StepName::StartReplica, saw))
            }
            Observation::Cluster { site, cluster, nodes } if is_up(cluster) || runs_all_the_same(cluster, nodes) => {
                Ok(Self { site: site.clone() })
            }
            other => Err(no_proof(StepName::StartReplica, other)),
        }
    }

    pub fn writable(self, saw: &Observation) -> Result<Writable, NoProof> {
        let not_proven = writer_proof(saw)?;
        Ok(Writable { site: self.site, not_proven })
    }
}

impl Writable {
    pub fn serving(mut self, app: &Observation, route: &Observation) -> Result<Serving, NoProof> {
        self.not_proven.extend(app_proof(app)?);
        self.not_proven.extend(route_proof(route, &self.site)?);
        Ok(Serving { site: self.site, not_proven: self.not_proven })
    }
}

fn is_up(cluster: &Fact<ClusterView>) -> bool {
    cluster.value().is_some_and(ClusterView::is_up)
}

/// After a stop that failed Azure says Failed and Running; the nodes themselves say that they are there.
fn runs_all_the_same(cluster: &Fact<ClusterView>, nodes: &Option<Fact<NodesView>>) -> bool {
    let broken = cluster.value().is_some_and(|view| view.phase() == ClusterPhase::BrokenStart);
    broken && nodes.as_ref().and_then(Fact::value).is_some_and(NodesView::all_ready)
}

/// Nothing of the workload is left, though its cluster may run.
fn is_at_zero(workload: &Option<Box<Fact<WorkloadView>>>) -> bool {
    workload.as_ref().and_then(|inside| inside.value()).is_some_and(WorkloadView::is_parked)
}

fn is_down(cluster: &Fact<ClusterView>) -> bool {
    cluster.value().is_some_and(ClusterView::is_down)
}

/// Azure says that the pools are up; only the cluster itself says that its nodes take pods.
fn nodes_left_open(saw: &Observation) -> Vec<NotProven> {
    match saw {
        Observation::Cluster { nodes: Some(nodes), .. } if nodes.value().is_none() => {
            vec!["that its nodes are ready: the cluster could not be asked".to_owned()]
        }
        _ => Vec::new(),
    }
}

/// The site whose workload was seen scaled to zero, with no pod left.
fn parked_proof(saw: &Observation) -> Result<SiteName, NoProof> {
    match saw {
        Observation::Workload { site, workload } if workload.value().is_some_and(WorkloadView::is_parked) => {
            Ok(site.clone())
        }
        other => Err(no_proof(StepName::ParkWorkload, other)),
    }
}

/// Replicas that are wanted again. Whether they serve is another proof.
fn release_proof(saw: &Observation, standby: &SiteName) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Workload { site, workload }
            if site == standby && workload.value().is_some_and(WorkloadView::is_wanted) =>
        {
            Ok(Vec::new())
        }
        other => Err(no_proof(StepName::ReleaseWorkload, other)),
    }
}

/// Checks that an observation proves a step; gives what it leaves open.
pub fn proves(step: StepName, saw: &Observation, standby: &SiteName) -> Result<Vec<NotProven>, NoProof> {
    match step {
        StepName::ConfirmOutage => outage_proof(saw),
        StepName::FencePrimary => fence_proof(saw),
        StepName::StartReplica => Ready::from(saw).map(|_| nodes_left_open(saw)),
        StepName::VerifyWriter => writer_proof(saw),
        StepName::CheckStandby => standby_proof(saw),
        StepName::ParkWorkload => parked_proof(saw).map(|_| Vec::new()),
        StepName::ReleaseWorkload => release_proof(saw, standby),
        StepName::VerifyPath => path_proof(saw, standby),
        StepName::VerifyIngress => ingress_proof(saw, standby),
        StepName::ParkPrimary => at_primary(saw, step, standby, parked_proof(saw).ok()),
        StepName::StopPrimary => at_primary(saw, step, standby, stopped_site(saw)),
        StepName::RestorePrimary => restored_proof(saw, standby),
        StepName::StopReplica => stop_proof(saw),
        StepName::VerifyApp => app_proof(saw),
        StepName::VerifyRoute => route_proof(saw, standby),
        StepName::ResetSearchIndex => index::reset_proof(saw),
        StepName::VerifyIndex => index::indexation_proof(saw),
        StepName::AssessReadiness => assessed(saw).map(|_| Vec::new()),
    }
}

/// What a readiness drill came to. Whatever it found, it is proven by having looked.
pub fn assessed(saw: &Observation) -> Result<&Assessment, NoProof> {
    match saw {
        Observation::Readiness { assessment } => Ok(assessment),
        other => Err(no_proof(StepName::AssessReadiness, other)),
    }
}

fn outage_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Outage { verdict: Verdict::PrimaryDown(_), .. } => Ok(Vec::new()),
        Observation::Override { by, .. } => {
            Ok(vec![format!("the outage itself: {by} decided to go on without the proof")])
        }
        other => Err(no_proof(StepName::ConfirmOutage, other)),
    }
}

fn fence_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        // Nodes may run on behind a cluster that says it is stopped (github.com/Azure/AKS, issue 1871).
        Observation::Fence { cluster, origin, workload, .. }
            if (is_down(cluster) || is_at_zero(workload)) && !origin.value().is_some_and(OriginView::is_healthy) =>
        {
            Ok(Vec::new())
        }
        Observation::FenceOwed { site, .. } => Ok(vec![format!("that {site} is fenced: the fence is owed")]),
        other => Err(no_proof(StepName::FencePrimary, other)),
    }
}

fn writer_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    let Observation::Writer { writer } = saw else { return Err(no_proof(StepName::VerifyWriter, saw)) };
    match writer.value().map(|view| &view.verdict) {
        Some(WriterVerdict::Writable { proof: WriteProof::Canary { .. } }) => Ok(Vec::new()),
        Some(WriterVerdict::Writable { proof: WriteProof::LogicalMessage { .. } }) => Ok(vec![
            "that ordinary writes are taken: without the canary table only a WAL message was committed".to_owned(),
        ]),
        _ => Err(no_proof(StepName::VerifyWriter, saw)),
    }
}

fn app_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    let Observation::App { app } = saw else { return Err(no_proof(StepName::VerifyApp, saw)) };
    match app.value() {
        Some(AppView::Serving { search_index: IndexState::NotVerified, .. }) => Ok(vec![index::MATCHES.to_owned()]),
        Some(AppView::Serving { .. }) => Ok(Vec::new()),
        _ => Err(no_proof(StepName::VerifyApp, saw)),
    }
}

fn route_proof(saw: &Observation, standby: &SiteName) -> Result<Vec<NotProven>, NoProof> {
    let Observation::Route { route } = saw else { return Err(no_proof(StepName::VerifyRoute, saw)) };
    match route.value() {
        Some(RouteView::ServedBy { site, .. }) if site == standby => Ok(Vec::new()),
        Some(RouteView::Served { .. }) => {
            Ok(vec![format!("that it is {standby} that serves: no response header tells the sites apart")])
        }
        _ => Err(no_proof(StepName::VerifyRoute, saw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn cluster(provisioning: &str) -> Observation {
        let view = ClusterView { provisioning: provisioning.into(), power: Some("Running".into()), pools: Vec::new() };
        Observation::Cluster {
            site: SiteName::new("centralus"),
            cluster: Fact::known(view, DateTime::UNIX_EPOCH, "ARM"),
            nodes: None,
        }
    }

    fn route(view: RouteView) -> Observation {
        Observation::Route { route: Fact::known(view, DateTime::UNIX_EPOCH, "Front Door") }
    }

    #[test]
    fn desired_power_is_no_rung() {
        assert!(Ready::from(&cluster("Starting")).is_err());
        assert!(Ready::from(&cluster("Failed")).is_err());
        assert!(Ready::from(&cluster("Succeeded")).is_ok());
    }

    #[test]
    fn an_unknown_fact_proves_nothing() {
        let unknown = Observation::Writer { writer: Fact::unknown("timed out", DateTime::UNIX_EPOCH, "probe") };
        assert!(proves(StepName::VerifyWriter, &unknown, &SiteName::new("centralus")).is_err());
    }

    #[test]
    fn being_served_by_the_old_site_is_no_proof() {
        let standby = SiteName::new("centralus");
        let other = route(RouteView::ServedBy { site: SiteName::new("eastus2"), said: "200".into() });
        assert!(proves(StepName::VerifyRoute, &other, &standby).is_err());
        let untold = route(RouteView::Served { said: "200".into() });
        assert_eq!(proves(StepName::VerifyRoute, &untold, &standby).unwrap().len(), 1);
    }
}
