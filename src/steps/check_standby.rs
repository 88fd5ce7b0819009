//! `check-standby`: a drill begins only while the primary serves and the standby rests.
//!
//! Calls: own probe of the primary's origin; read of the standby's cluster.
//! Permissions: `Microsoft.ContainerService/managedClusters/read` on the standby's cluster.

use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::parking::StandbyWorkload;
use crate::engine::ports::StepView;
use chrono::TimeDelta;
use std::time::Duration;

// --- inputs -----------------------------------------------------------------------------------------------------

/// Both sites, as they were seen.
pub struct Seen {
    pub primary: Fact<OriginView>,
    pub cluster: Fact<ClusterView>,
}

struct Sites<'a> {
    view: &'a StepView,
    seen: Seen,
}

// --- precheck and act: nothing is touched before this step is done --------------------------------------------------

// --- verify -----------------------------------------------------------------------------------------------------

/// Decides whether the drill may begin.
pub fn decide(view: &StepView, seen: Seen) -> Look {
    let sites = Sites { view, seen };
    match sites.unfit() {
        Some(why) if sites.is_overdue() => sites.refused(&why),
        Some(_) => sites.pending(sites.poll()),
        None => match sites.rests_for() {
            Some(left) => sites.pending(left),
            None => Look::Done { proof: sites.saw() },
        },
    }
}

impl Sites<'_> {
    fn saw(&self) -> Observation {
        let Seen { primary, cluster } = &self.seen;
        let site = self.view.run.created.standby.clone();
        Observation::Standby { site, primary: primary.clone(), cluster: cluster.clone() }
    }

    fn poll(&self) -> Duration {
        self.view.run.created.plan.timing.cluster_poll
    }

    fn pending(&self, wait: Duration) -> Look {
        Look::Pending { saw: Some(self.saw()), again_in: wait.min(self.poll()) }
    }

    /// What speaks against a drill now. A single bad look is waited out; one that stays ends the drill.
    fn unfit(&self) -> Option<String> {
        let created = &self.view.run.created;
        if !created.standby_workload.is_parked() {
            return Some(format!("nothing says that the workload at {} is parked", created.standby));
        }
        match self.seen.primary.value() {
            Some(origin) if origin.is_healthy() => {}
            Some(origin) => return Some(format!("the primary does not serve: {}", origin.text())),
            None => return Some("whether the primary serves cannot be seen".into()),
        }
        match self.seen.cluster.value().map(ClusterView::phase) {
            Some(ClusterPhase::Down) => None,
            _ => Some(format!("the standby does not rest: {}", self.saw().text())),
        }
    }

    fn is_overdue(&self) -> bool {
        self.view.has_run_for(self.view.run.created.plan.timing.confirm_hold)
    }

    /// AKS wants its rest between a stop and a start; an outage does not wait for it, a drill does.
    fn rests_for(&self) -> Option<Duration> {
        let created = &self.view.run.created;
        let StandbyWorkload::Parked { since, .. } = created.standby_workload else { return None };
        let rest = TimeDelta::from_std(created.plan.timing.cluster_rest).unwrap_or(TimeDelta::MAX);
        (since + rest - self.view.now).to_std().ok().filter(|left| !left.is_zero())
    }

    fn refused(&self, why: &str) -> Look {
        let hold = duration::text(self.view.run.created.plan.timing.confirm_hold);
        let message = format!("the drill did not begin, nothing was touched: for {hold}, {why}");
        Look::Failed { class: FailureClass::Other, message, saw: Some(self.saw()) }
    }
}
