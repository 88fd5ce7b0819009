//! `stop-replica` and `stop-primary`: a cluster is stopped that is not needed any more: the standby's at the end of a drill
//! or once its workload is parked, and that of the site which a planned move has left.
//!
//! Calls: read of the cluster; own probes of both origins; `stop` of the cluster.
//! Permissions: `Microsoft.ContainerService/managedClusters/read` and `…/stop/action` on that cluster.

use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::report::advice::aks_command;
use crate::domain::run::{Ask, Call, Sent, StepState, Verb};
use crate::engine::ports::StepView;
use std::time::Duration;

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of the site that is to rest.
pub struct Seen {
    pub cluster: Fact<ClusterView>,
    pub origin: Fact<OriginView>,
    /// The origin of the site that serves.
    pub other: Fact<OriginView>,
}

struct Resting<'a> {
    view: &'a StepView,
    site: &'a SiteName,
    seen: Seen,
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// Decides what to do about the site's cluster.
pub fn decide(view: &StepView, site: &SiteName, seen: Seen) -> Look {
    let resting = Resting { view, site, seen };
    match resting.seen.cluster.value().map(ClusterView::phase) {
        Some(ClusterPhase::Down) => Look::Done { proof: resting.saw() },
        _ if resting.may_be_needed() => {
            resting.wait("its application serves and the other site is not seen to; what may be needed is not stopped")
        }
        Some(ClusterPhase::Up | ClusterPhase::BrokenStart | ClusterPhase::Unclear(_)) => resting.stop(),
        Some(ClusterPhase::Busy(_)) if resting.seen.cluster.value().is_some_and(ClusterView::is_on) => resting.stop(),
        Some(_) => resting.wait("another operation holds it"),
        None => resting.wait("it cannot be read"),
    }
}

impl Resting<'_> {
    fn saw(&self) -> Observation {
        let site = self.site.clone();
        Observation::Cluster { site, cluster: self.seen.cluster.clone(), nodes: None }
    }

    /// Beside another that serves it is a second writer, to be stopped the sooner.
    fn may_be_needed(&self) -> bool {
        let healthy = |origin: &Fact<OriginView>| origin.value().is_some_and(OriginView::is_healthy);
        healthy(&self.seen.origin) && !healthy(&self.seen.other)
    }

    fn record(&self) -> &StepState {
        self.view.record()
    }

    fn poll(&self) -> Duration {
        self.view.run.created.plan.timing.cluster_poll
    }

    fn is_overdue(&self) -> bool {
        self.view.has_run_for(self.view.run.created.plan.timing.fence_deadline)
    }

    // --- act ----------------------------------------------------------------------------------------------------

    fn stop(&self) -> Look {
        let Some(newest) = self.record().last_intent() else { return self.call() };
        let age = newest.age(self.view.now);
        let rests = match &newest.outcome {
            Some(Sent::Rejected { class, message, .. }) if class.needs_person() => {
                return self.refused(*class, message);
            }
            Some(Sent::Throttled { retry_after, .. }) => *retry_after,
            Some(outcome) if outcome.is_accepted() => self.poll() * 2,
            _ => self.poll(),
        };
        match rests.checked_sub(age).filter(|left| !left.is_zero()) {
            Some(left) => Look::Pending { saw: Some(self.saw()), again_in: left.min(self.poll()) },
            None if self.is_overdue() => self.asks("its stop has no effect".into()),
            None => self.call(),
        }
    }

    fn call(&self) -> Look {
        Look::Call { call: Call::on(Verb::StopCluster, self.cluster_id()), saw: Some(self.saw()) }
    }

    fn cluster_id(&self) -> String {
        self.view.run.created.plan.site(self.site).map(|site| site.cluster.to_string()).unwrap_or_default()
    }

    // --- verify -------------------------------------------------------------------------------------------------

    fn wait(&self, why: &str) -> Look {
        if self.is_overdue() {
            return self.asks(why.to_owned());
        }
        Look::Pending { saw: Some(self.saw()), again_in: self.poll() }
    }

    fn refused(&self, class: FailureClass, message: &str) -> Look {
        self.asks(format!("Azure refused to stop it: {}. {}", message.trim_end_matches('.'), class.advice()))
    }

    /// A cluster that runs on costs money, and is not what the next drill or failover expects to find.
    fn asks(&self, why: String) -> Look {
        let site = self.view.run.created.plan.site(self.site);
        let ask = Ask {
            what: format!("The cluster of {} is not stopped: {}.", self.site, why.trim_end_matches('.')),
            means: "It goes on running and costing until it is stopped; the run ends when it is seen to be stopped."
                .into(),
            commands: site.map(|site| aks_command("stop", &site.cluster)).into_iter().collect(),
            approve_means: None,
        };
        Look::Ask { ask, saw: Some(self.saw()), again_in: self.poll() }
    }
}
