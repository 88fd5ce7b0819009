//! After a failover the old site has a workload that nobody parked. A person sees to it: with its way to the database
//! closed it is scaled to zero and started, and Reveille parks it.

use super::super::cluster::Power;
use super::super::host::Host;
use super::super::steps::index;
use super::super::time::{MINUTE, sleep_ms};
use super::super::workload;
use super::super::{peek, world::SITES};
use reveille::domain::drill::DrillKind;
use reveille::domain::ledger::{self, PlanState, Request};
use reveille::domain::names::SiteName;
use reveille::domain::parking::{ParkingState, Scale};
use reveille::domain::run::StartedBy;
use std::sync::Arc;

/// The site that does not serve.
pub fn standby(host: &Host, state: &PlanState) -> usize {
    1 - index(&ledger::primary(state, &host.plan.plan))
}

pub fn is_parked(host: &Host, state: &PlanState) -> bool {
    let known = state.parking(&SiteName::new(SITES[standby(host, state)]));
    known.is_some_and(|known| matches!(known.state, ParkingState::Parked { .. }))
}

/// Whether the standby rests as a drill wants to find it, and as the ledger says.
pub fn is_tidy(host: &Host, state: &PlanState) -> bool {
    let site = standby(host, state);
    is_parked(host, state) && *host.world.state().sites[site].power.now() == Power::Stopped
}

/// Looks after the standby, hours after everything else is quiet.
pub async fn up(host: Arc<Host>) {
    loop {
        host.nap(10 * MINUTE).await;
        order_way_back(&host).await;
        if !is_due(&host).await {
            continue;
        }
        sleep_ms(host.world.between(30 * MINUTE, 180 * MINUTE)).await;
        if is_due(&host).await {
            park(&host).await;
        }
    }
}

/// A way back that failed is ordered again by a person, once everything is quiet.
async fn order_way_back(host: &Arc<Host>) {
    let Some(state) = peek::plan(host).await else { return };
    let failed = state.away.as_ref().is_some_and(|away| away.failed.is_some());
    if !failed || state.active.is_some() || state.incident.is_some() {
        return;
    }
    let (plan, by) = (host.name().clone(), "ann".to_owned());
    let by = StartedBy::Person { by, said: None, why: "the way back is to be tried again".into(), force: false };
    let facts =
        Box::new(super::super::host::drill_facts(&host.world, &ledger::primary(&state, &host.plan.plan), &state));
    let request = Request::DrillByHand { kind: DrillKind::Switchover, by, key: None, facts };
    let taken = host.invoke(move |engine| async move { engine.take(&plan, &request).await }).await;
    if let Some(Ok(taken)) = taken {
        host.wake_started(&taken);
    }
}

async fn is_due(host: &Host) -> bool {
    let Some(state) = peek::plan(host).await else { return false };
    let busy = state.active.is_some() || state.incident.is_some() || !state.debts.is_empty();
    let alive = *host.world.state().sites[standby(host, &state)].alive.now();
    !busy && alive && !is_tidy(host, &state)
}

async fn park(host: &Arc<Host>) {
    let Some(state) = peek::plan(host).await else { return };
    let site = standby(host, &state);
    for (object, _) in workload::counts() {
        // A person may edit what is to run there even while the cluster is off: it is deployed anew.
        host.world.state().sites[site].workload.scale(host.world.now(), &Scale { object, replicas: 0 });
    }
    sleep_ms(MINUTE).await;
    if *host.world.state().sites[site].power.now() == Power::Stopped {
        host.world.turn(site, Power::Up);
    }
    let (plan, by) = (host.name().clone(), "ann".to_owned());
    let by = StartedBy::Person { by, said: None, why: "the old site is to be the standby".into(), force: false };
    let request = Request::Park { by, key: None };
    let taken = host.invoke(move |engine| async move { engine.take(&plan, &request).await }).await;
    if let Some(Ok(taken)) = taken {
        host.wake_started(&taken);
    }
}
