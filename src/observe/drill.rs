//! What a drill has to know of the world before it may begin.

use super::Observer;
use crate::domain::drill::{Facts, Parking};
use crate::domain::ledger::{self, PlanState};
use crate::domain::parking::{Parking as Known, ParkingState};
use crate::domain::plan::Plan;

impl Observer {
    /// Looks at everything that may refuse a drill that acts, side by side. Whether the standby is parked is told by the
    /// ledger's record of it, and not here.
    pub async fn drill_facts(&self, plan: &Plan, state: &PlanState) -> Facts {
        let primary = ledger::primary(state, plan);
        let (Some(site), standby) = (plan.site(&primary), plan.other(&primary)) else { return Facts::default() };
        let (own, origin_health, cluster) = tokio::join!(
            self.origin(plan, site),
            self.origin_health(plan, site),
            self.cluster(standby, plan.timing.arm_timeout),
        );
        let known = state.parking(&standby.name);
        Facts {
            primary: Some(own),
            origin_health: Some(origin_health),
            standby: Some(cluster),
            parking: known.map(|known| if is_parked(known) { Parking::Parked } else { Parking::Unparked }),
            // Written down once the run was over that stopped the cluster with its workload at zero.
            standby_stopped_at: known.filter(|known| is_parked(known)).map(|known| known.since),
        }
    }
}

fn is_parked(known: &Known) -> bool {
    matches!(known.state, ParkingState::Parked { .. })
}
