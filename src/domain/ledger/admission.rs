//! Admission: what becomes of an alert, a tick of the watch or a person's request. Pure; the caller appends what it
//! says at the version it read, and on a conflict reads and decides again.

use super::event::Cause;
use super::guard::Guard;
use super::state::{Incident, PlanState, Taken};
use crate::domain::drill::{self, Asked, DrillDue, DrillKind};
use crate::domain::names::{IncidentId, RunId, SiteName};
use crate::domain::parking::{Parking, ParkingState, StandbyWorkload};
use crate::domain::plan::{Plan, Workload};
use crate::domain::run::StartedBy;
use crate::domain::runbook::RunKind;
use chrono::{DateTime, TimeDelta, Utc};

/// What is asked of a plan.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// An outage was told: by an alert, or by the watch that read the metric itself.
    Outage(Cause),
    /// The watch asks again for an open incident.
    AskAgain,
    /// A person asks for a failover.
    Failover { cause: Cause, force: bool },
    /// The watch wants to pay a fence debt.
    PayDebt { site: SiteName },
    /// A person wants the standby's workload parked and its cluster stopped.
    Park { by: StartedBy, key: Option<String> },
    /// An occurrence of a drill's schedule is due, with what was seen of the world.
    Drill { due: DrillDue, facts: Box<drill::Facts> },
    /// The way back of a switchover drill, with what was seen of the world.
    WayBack { facts: Box<drill::Facts> },
    /// A person wants a drill now, with what was seen of the world.
    DrillByHand { kind: DrillKind, by: StartedBy, key: Option<String>, facts: Box<drill::Facts> },
}

/// What is to be done about it.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// Start a run. `open` is the incident to be opened with it, if none is open.
    Admit(Admission),
    /// A run is under way already, or this very request was taken before.
    Join { run: RunId },
    /// The outage is known; a guard holds it. `open` as above; `known` if nothing new is to be written.
    Defer { open: Option<Cause>, incident: Option<IncidentId>, guard: Guard, known: bool },
    /// A person's drill does not begin, and why.
    Refuse { refusal: drill::Refusal },
    /// There is nothing to be done.
    Nothing { why: String },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Admission {
    pub kind: RunKind,
    pub by: StartedBy,
    pub open: Option<Cause>,
    /// The run that has to give way first.
    pub preempts: Option<RunId>,
    /// The site to be left or fenced.
    pub leave: SiteName,
    pub key: Option<String>,
}

/// Decides. `primary` is the site that is primary now.
pub fn admit(state: &PlanState, plan: &Plan, request: &Request, now: DateTime<Utc>) -> Decision {
    match request {
        Request::Outage(cause) => outage(state, plan, cause, now),
        Request::AskAgain => match &state.incident {
            Some(incident) => ask_again(state, plan, incident, now),
            None => Decision::Nothing { why: "no incident is open".into() },
        },
        Request::Failover { cause, force } => by_hand(state, plan, cause, *force, now),
        Request::PayDebt { site } => pay_debt(state, plan, site),
        Request::Park { by, key } => park(state, plan, by, key.as_deref()),
        Request::Drill { due, facts } => rehearse(state, plan, due, facts, now),
        Request::WayBack { facts } => go_back(state, plan, facts, now),
        Request::DrillByHand { kind, by, key, facts } => by_person(state, plan, *kind, by, key.as_deref(), facts, now),
    }
}

/// The site that is primary: moved by runs, the preferred one before any did.
pub fn primary(state: &PlanState, plan: &Plan) -> SiteName {
    state.primary.clone().unwrap_or_else(|| plan.preferred().name.clone())
}

/// What is known of the workload at the site that a run moves to. What is configured as parked is believed only with the
/// record that says so; and a record says more than the configuration where a run has scaled what starts with its cluster.
pub fn standby_workload(state: &PlanState, plan: &Plan, standby: &SiteName) -> StandbyWorkload {
    match (plan.workload, state.parking(standby)) {
        (Workload::StartsWithCluster, _) if plan.kubernetes.is_none() => StandbyWorkload::StartsWithCluster,
        (Workload::StartsWithCluster, None) => StandbyWorkload::StartsWithCluster,
        (_, Some(Parking { state: ParkingState::Parked { counts }, since, .. })) => {
            StandbyWorkload::Parked { counts: counts.clone(), since: *since }
        }
        _ => StandbyWorkload::NotKnown,
    }
}

fn outage(state: &PlanState, plan: &Plan, cause: &Cause, now: DateTime<Utc>) -> Decision {
    if let Some(taken) = cause.key.as_deref().and_then(|key| state.taken(key))
        && let Some(decision) = taken_before(state, taken)
    {
        return decision;
    }
    if let Some(run) = failover_under_way(state) {
        return Decision::Join { run };
    }
    match (&state.incident, guard(state, plan, now)) {
        (Some(incident), Some(guard)) => deferred_again(incident, guard),
        (Some(_), None) => admission(state, plan, cause, None),
        (None, Some(guard)) => Decision::Defer { open: Some(cause.clone()), incident: None, guard, known: false },
        (None, None) => admission(state, plan, cause, Some(cause.clone())),
    }
}

/// A second delivery gets the first one's run. One whose incident is still waiting is asked again like any other.
fn taken_before(state: &PlanState, taken: &Taken) -> Option<Decision> {
    match taken {
        Taken::Run(run) => Some(Decision::Join { run: run.clone() }),
        Taken::Incident(incident) => match &state.incident {
            Some(open) if &open.id == incident => None,
            _ => Some(match state.active.as_ref().filter(|active| &active.incident == incident) {
                Some(active) => Decision::Join { run: active.run.clone() },
                None => Decision::Nothing { why: format!("this alert belongs to {incident}, which is closed") },
            }),
        },
    }
}

fn failover_under_way(state: &PlanState) -> Option<RunId> {
    state.active.as_ref().filter(|active| active.kind == RunKind::Failover).map(|active| active.run.clone())
}

fn ask_again(state: &PlanState, plan: &Plan, incident: &Incident, now: DateTime<Utc>) -> Decision {
    if let Some(run) = failover_under_way(state) {
        return Decision::Join { run };
    }
    match guard(state, plan, now) {
        Some(guard) => deferred_again(incident, guard),
        None => admission(state, plan, &asked_by(incident), None),
    }
}

/// Who asks again. A person's word counts for the run that it ordered and for no later one: by then the primary may be
/// back, and nobody was asked whether it is still to be left.
fn asked_by(incident: &Incident) -> Cause {
    let by = match (&incident.cause.by, incident.runs.last()) {
        (StartedBy::Person { .. }, Some(after)) => StartedBy::Again { after: after.clone() },
        (by, _) => by.clone(),
    };
    Cause { by, ..incident.cause.clone() }
}

/// Repeats are coalesced: a guard that is known for this incident is not written again.
fn deferred_again(incident: &Incident, guard: Guard) -> Decision {
    let known = incident.deferred.as_ref().is_some_and(|held| held.guard == guard.kind && held.until == guard.until);
    Decision::Defer { open: None, incident: Some(incident.id.clone()), guard, known }
}

/// A planned move that has taken the primary away and may still come through.
fn moving(state: &PlanState, plan: &Plan, now: DateTime<Utc>) -> Option<RunId> {
    held_by_move(state, plan, now).and(state.active.as_ref()).map(|active| active.run.clone())
}

fn by_hand(state: &PlanState, plan: &Plan, cause: &Cause, force: bool, now: DateTime<Utc>) -> Decision {
    if let Some(Taken::Run(run)) = cause.key.as_deref().and_then(|key| state.taken(key)) {
        return Decision::Join { run: run.clone() };
    }
    if let Some(run) = failover_under_way(state).or_else(|| moving(state, plan, now).filter(|_| !force)) {
        return Decision::Join { run };
    }
    match &state.paused {
        Some(paused) if !force => {
            let guard = Guard::paused(&paused.by, &paused.why);
            Decision::Defer { open: None, incident: None, guard, known: true }
        }
        _ => admission(state, plan, cause, state.incident.is_none().then(|| cause.clone())),
    }
}

fn pay_debt(state: &PlanState, plan: &Plan, site: &SiteName) -> Decision {
    let Some(debt) = state.debts.iter().find(|debt| &debt.site == site) else {
        return Decision::Nothing { why: format!("no fence is owed for {site}") };
    };
    if let Some(active) = &state.active {
        return Decision::Join { run: active.run.clone() };
    }
    if &primary(state, plan) == site {
        return Decision::Nothing { why: format!("{site} is the active site; it is never fenced") };
    }
    if let Some(paused) = &state.paused {
        let guard = Guard::paused(&paused.by, &paused.why);
        return Decision::Defer { open: None, incident: None, guard, known: true };
    }
    Decision::Admit(Admission {
        kind: RunKind::Fence,
        by: StartedBy::Debt { of_run: debt.run.clone() },
        open: None,
        preempts: None,
        leave: site.clone(),
        key: None,
    })
}

/// Parking takes the standby away for minutes, so it waits for quiet times.
fn park(state: &PlanState, plan: &Plan, by: &StartedBy, key: Option<&str>) -> Decision {
    if let Some(Taken::Run(run)) = key.and_then(|key| state.taken(key)) {
        return Decision::Join { run: run.clone() };
    }
    if plan.workload != Workload::Parked {
        let why = "its workload starts with its cluster (workload in reveille.toml); there is nothing to be parked";
        return Decision::Nothing { why: why.into() };
    }
    if let Some(active) = &state.active {
        return Decision::Join { run: active.run.clone() };
    }
    if let Some(incident) = &state.incident {
        let why = format!("incident {} is open, and the standby may be needed", incident.id);
        return Decision::Nothing { why };
    }
    Decision::Admit(Admission {
        kind: RunKind::Park,
        by: by.clone(),
        open: None,
        preempts: None,
        leave: primary(state, plan),
        key: key.map(str::to_owned),
    })
}

/// An occurrence that a run took, or that something refuses, is asked for in vain.
fn rehearse(state: &PlanState, plan: &Plan, due: &DrillDue, facts: &drill::Facts, now: DateTime<Utc>) -> Decision {
    match drill::ask(state, plan, due, facts, now) {
        Asked::Over => Decision::Nothing { why: format!("drill {} is not due any more", due.drill) },
        Asked::Refused { refusal, .. } => Decision::Nothing { why: refusal.text() },
        Asked::MayBegin => {
            let drill = plan.drills.iter().find(|drill| drill.name == due.drill);
            let by = StartedBy::Schedule { due: due.clone() };
            match drill {
                Some(drill) => drill_admitted(state, plan, drill.kind, by, Some(due.key())),
                None => Decision::Nothing { why: format!("the plan has no drill {}", due.drill) },
            }
        }
    }
}

/// Asked by the timer, as long as the way back is still to come.
fn go_back(state: &PlanState, plan: &Plan, facts: &drill::Facts, now: DateTime<Utc>) -> Decision {
    let Some(away) = &state.away else { return Decision::Nothing { why: "no way back is still to come".into() } };
    match drill::may_go_back(away, state, plan, facts, now) {
        Err(refusal) => Decision::Refuse { refusal },
        Ok(()) => {
            let by = StartedBy::WayBack { of_run: away.run.clone() };
            drill_admitted(state, plan, DrillKind::Switchover, by, None)
        }
    }
}

/// The same question without a calendar. One that was taken before gives its run.
fn by_person(
    state: &PlanState,
    plan: &Plan,
    kind: DrillKind,
    by: &StartedBy,
    key: Option<&str>,
    facts: &drill::Facts,
    now: DateTime<Utc>,
) -> Decision {
    if let Some(Taken::Run(run)) = key.and_then(|key| state.taken(key)) {
        return Decision::Join { run: run.clone() };
    }
    let named = plan.drills.iter().any(|drill| drill.kind == kind) || state.away.is_some();
    if kind == DrillKind::Switchover && !named {
        return Decision::Refuse { refusal: drill::Refusal::NotConfigured };
    }
    match drill::may_begin(kind, state, plan, facts, now) {
        Err(refusal) => Decision::Refuse { refusal },
        Ok(()) => drill_admitted(state, plan, kind, by.clone(), key.map(str::to_owned)),
    }
}

fn drill_admitted(state: &PlanState, plan: &Plan, kind: DrillKind, by: StartedBy, key: Option<String>) -> Decision {
    let (kind, leave) = (kind.run(), primary(state, plan));
    Decision::Admit(Admission { kind, by, open: None, preempts: None, leave, key })
}

fn admission(state: &PlanState, plan: &Plan, cause: &Cause, open: Option<Cause>) -> Decision {
    Decision::Admit(Admission {
        kind: RunKind::Failover,
        by: cause.by.clone(),
        open,
        preempts: state.active.as_ref().map(|active| active.run.clone()),
        leave: primary(state, plan),
        key: cause.key.clone(),
    })
}

/// The guards of automatic starts, in order.
fn guard(state: &PlanState, plan: &Plan, now: DateTime<Utc>) -> Option<Guard> {
    if let Some(guard) = held_by_move(state, plan, now) {
        return Some(guard);
    }
    if let Some(paused) = &state.paused {
        return Some(Guard::paused(&paused.by, &paused.why));
    }
    let last = state.last_closed.as_ref().filter(|last| !state.acknowledged && cools_down(&last.outcome))?;
    let until = last.at + TimeDelta::from_std(plan.cooldown).unwrap_or(TimeDelta::MAX);
    (now < until).then(|| Guard::cooldown(&last.run, until))
}

/// A planned move makes the very alert that tells of an outage. It has as long as a recovery may take to come through, or to
/// put the primary back; then the failover takes precedence.
fn held_by_move(state: &PlanState, plan: &Plan, now: DateTime<Utc>) -> Option<Guard> {
    let active = state.active.as_ref()?;
    let until = active.moving_since? + TimeDelta::from_std(plan.rto).unwrap_or(TimeDelta::MAX);
    (now < until).then(|| Guard::moving(&active.run, until))
}

/// A run that found no outage, gave way or paid a debt moved nothing that could flap: it must not delay a real outage.
fn cools_down(outcome: &str) -> bool {
    !matches!(outcome, "no-outage" | "gave-way" | "fenced")
}
