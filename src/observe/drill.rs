//! What a drill has to know of the world before it may begin.

use super::Observer;
use crate::domain::drill::{Facts, Parking};
use crate::domain::ledger::{self, PlanState};
use crate::domain::parking::ParkingState;
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
        Facts {
            primary: Some(own),
            origin_health: Some(origin_health),
            standby: Some(cluster),
            parking: state.parking(&standby.name).map(|known| match known.state {
                ParkingState::Parked { .. } => Parking::Parked,
                ParkingState::Released => Parking::Unparked,
            }),
            standby_stopped_at: None,
        }
    }
}
