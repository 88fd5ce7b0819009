//! May a drill begin? What the ledger says, then what is seen; unknown is never healthy and never parked.

use super::{Closed, Drill, DrillKind, Refusal};
use crate::domain::application::OriginView;
use crate::domain::cluster::{ClusterPhase, ClusterView};
use crate::domain::fact::Fact;
use crate::domain::ledger::state::RunLine;
use crate::domain::ledger::{PlanState, primary};
use crate::domain::names::SiteName;
use crate::domain::plan::{Automation, Plan, Workload};
use crate::domain::runbook::RunKind;
use chrono::{DateTime, TimeDelta, Utc};

/// What is known of the world. What nobody looked at is as unknown as what nobody could see.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Own probe of the primary's origin, past Front Door.
    pub primary: Option<Fact<OriginView>>,
    /// Front Door's health of the primary's origin, in percent.
    pub origin_health: Option<Fact<f64>>,
    /// The standby's cluster.
    pub standby: Option<Fact<ClusterView>>,
    /// What the record of the standby's workload says.
    pub parking: Option<Parking>,
    /// When the standby's cluster was stopped the last time, if anybody knows.
    pub standby_stopped_at: Option<DateTime<Utc>>,
}

/// Whether the standby's workload is scaled to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parking {
    Parked,
    Unparked,
}

impl Drill {
    /// Whether its calendar lets it begin now, however late it is.
    pub fn may_begin_at(&self, now: DateTime<Utc>) -> Result<(), Refusal> {
        let until = |wall| self.schedule.instant(wall);
        match self.closed(self.schedule.wall(now)) {
            None => Ok(()),
            Some(Closed::Blocked { until: wall, .. }) => Err(Refusal::BlockedDate { until: until(wall) }),
            Some(Closed::Outside { until: wall, .. }) => Err(Refusal::OutsideWindow { until: until(wall) }),
        }
    }
}

/// Whether a drill of that kind may begin now. Everything is asked again at the version at which it is admitted.
pub fn may_begin(
    kind: DrillKind,
    state: &PlanState,
    plan: &Plan,
    facts: &Facts,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    held_by_ledger(kind, state, plan)?;
    if !kind.acts() {
        return Ok(());
    }
    let primary = primary(state, plan);
    let standby = &plan.other(&primary).name;
    primary_is_healthy(&primary, facts, plan)?;
    standby_is_cold(standby, facts)?;
    standby_is_parked(standby, facts, plan)?;
    standby_has_rested(standby, state, facts, plan, now)
}

/// What configuration and ledger alone say; when they refuse nobody has to look at the world.
pub fn held_by_ledger(kind: DrillKind, state: &PlanState, plan: &Plan) -> Result<(), Refusal> {
    let held = [
        (kind.acts() && plan.automation == Automation::Observe).then_some(Refusal::ObserveOnly),
        starts_beside_the_primary(kind, state, plan),
        switched_over(kind, state),
        state.paused.as_ref().map(|paused| Refusal::Paused { by: paused.by.clone(), why: paused.why.clone() }),
        state.incident.as_ref().map(|incident| Refusal::IncidentOpen { incident: incident.id.clone() }),
        state.active.as_ref().map(|active| Refusal::RunActive { run: active.run.clone() }),
        state.debts.first().filter(|_| kind.acts()).map(|debt| Refusal::FenceOwed { site: debt.site.clone() }),
    ];
    held.into_iter().flatten().next().map_or(Ok(()), Err)
}

/// While the way back is still to come, nothing else is rehearsed that would put it off.
fn switched_over(kind: DrillKind, state: &PlanState) -> Option<Refusal> {
    let away = state.away.as_ref().filter(|_| kind.acts() && kind != DrillKind::Switchover)?;
    Some(Refusal::SwitchedOver { home: away.home.clone(), run: away.run.clone() })
}

/// A drill proves that the standby is up before the primary is touched.
fn starts_beside_the_primary(kind: DrillKind, state: &PlanState, plan: &Plan) -> Option<Refusal> {
    let beside = kind.acts() && plan.workload == Workload::StartsWithCluster;
    beside.then(|| Refusal::StartsWithCluster { site: plan.other(&primary(state, plan)).name.clone() })
}

/// Own eyes have to see it healthy; Front Door's metric may be silent, but must not contradict.
fn primary_is_healthy(site: &SiteName, facts: &Facts, plan: &Plan) -> Result<(), Refusal> {
    let unhealthy = |said| Refusal::PrimaryUnhealthy { site: site.clone(), said };
    let health = facts.origin_health.as_ref().and_then(Fact::value);
    match seen(facts.primary.as_ref()) {
        Ok(view) if view.is_failed() => Err(unhealthy(view.text())),
        _ if health.is_some_and(|health| *health < plan.timing.metric_threshold) => {
            let percent = health.copied().unwrap_or_default();
            Err(unhealthy(format!("Front Door reports {percent:.0} % origin health")))
        }
        Ok(view) if view.is_healthy() => Ok(()),
        Ok(view) => Err(Refusal::PrimaryUnknown { site: site.clone(), why: view.text() }),
        Err(why) => Err(Refusal::PrimaryUnknown { site: site.clone(), why: why.to_owned() }),
    }
}

fn standby_is_cold(site: &SiteName, facts: &Facts) -> Result<(), Refusal> {
    let site = site.clone();
    let view = match seen(facts.standby.as_ref()) {
        Ok(view) => view,
        Err(why) => return Err(Refusal::ClusterUnknown { site, why: why.to_owned() }),
    };
    match view.phase() {
        ClusterPhase::Down => Ok(()),
        ClusterPhase::Up => Err(Refusal::StandbyRunning { site }),
        _ => Err(Refusal::ClusterBusy { site, said: view.text() }),
    }
}

/// Where the workload starts with its cluster there is nothing to be parked.
fn standby_is_parked(site: &SiteName, facts: &Facts, plan: &Plan) -> Result<(), Refusal> {
    match facts.parking {
        _ if plan.workload == Workload::StartsWithCluster => Ok(()),
        Some(Parking::Parked) => Ok(()),
        Some(Parking::Unparked) => Err(Refusal::StandbyUnparked { site: site.clone() }),
        None => Err(Refusal::ParkingUnknown { site: site.clone() }),
    }
}

/// AKS asks for 15 to 30 minutes between a stop and the next start (learn.microsoft.com, AKS start/stop).
fn standby_has_rested(
    site: &SiteName,
    state: &PlanState,
    facts: &Facts,
    plan: &Plan,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    let by_drill = DrillKind::ALL.into_iter().filter(|kind| kind.acts()).filter_map(|kind| state.last_drill_run(kind));
    // Those that a person started are in no schedule's record.
    let stops = |line: &&RunLine| matches!(line.kind, RunKind::StandbyDrill | RunKind::Park | RunKind::SwitchoverDrill);
    let by_anybody = state.runs.iter().filter(stops).filter_map(|line| line.closed_at);
    let stopped = by_drill.filter_map(|run| run.closed_at).chain(by_anybody).chain(facts.standby_stopped_at).max();
    let Some(stopped) = stopped else { return Ok(()) };
    let until = stopped + TimeDelta::from_std(plan.timing.cluster_rest).unwrap_or(TimeDelta::MAX);
    if now < until { Err(Refusal::StoppedRecently { site: site.clone(), until }) } else { Ok(()) }
}

fn seen<T>(fact: Option<&Fact<T>>) -> Result<&T, &str> {
    let Some(fact) = fact else { return Err("nobody looked") };
    fact.value().ok_or_else(|| fact.unknown_reason().unwrap_or("no reason given"))
}
