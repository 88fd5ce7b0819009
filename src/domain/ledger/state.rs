//! A plan as folded from its ledger.

use super::away::{self, Away};
use super::event::{Cause, LedgerEvent};
use super::guard::GuardKind;
use crate::domain::drill::DrillRecord;
use crate::domain::history::History;
use crate::domain::names::{DrillName, IncidentId, RunId, SiteName};
use crate::domain::parking::{Parking, ParkingState};
use crate::domain::run::StartedBy;
use crate::domain::runbook::RunKind;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Runs remembered for `GET …/runs`; older ones are found by listing the journals.
const RUNS_KEPT: usize = 50;

/// Keys remembered to recognise second deliveries.
const KEYS_KEPT: usize = 50;

/// Everything the ledger says.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanState {
    /// The site that is primary, once a run has moved it; before that the preferred one is.
    pub primary: Option<SiteName>,
    /// The open incident. There is at most one: whatever matches while it is open belongs to it.
    pub incident: Option<Incident>,
    /// The run that is not closed yet.
    pub active: Option<ActiveRun>,
    pub last_closed: Option<ClosedRun>,
    pub acknowledged: bool,
    pub paused: Option<Paused>,
    pub debts: Vec<Debt>,
    /// The way back of a switchover drill is still to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub away: Option<Away>,
    /// What is known of each site's workload; nothing is known of one that is missing here.
    #[serde(default)]
    pub parking: Vec<Parking>,
    /// The newest runs, oldest first.
    pub runs: Vec<RunLine>,
    /// Keys of alerts and manual starts that were taken, with what became of them.
    pub keys: Vec<(String, Taken)>,
    /// Schedules, with what became of their occurrences.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub drills: BTreeMap<DrillName, DrillRecord>,
    /// How long the stages of its runs took.
    #[serde(default, skip_serializing_if = "History::is_empty")]
    pub history: History,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    pub id: IncidentId,
    pub primary: SiteName,
    pub opened_at: DateTime<Utc>,
    pub cause: Cause,
    pub deferred: Option<Deferred>,
    /// Runs that ended without closing it.
    pub runs: Vec<RunId>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deferred {
    pub guard: GuardKind,
    pub since: DateTime<Utc>,
    pub until: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ActiveRun {
    pub run: RunId,
    pub incident: IncidentId,
    pub kind: RunKind,
    /// The site to be left or fenced.
    pub leave: SiteName,
    pub by: StartedBy,
    pub admitted_at: DateTime<Utc>,
    /// Since when a planned move has taken the primary away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving_since: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClosedRun {
    pub run: RunId,
    pub at: DateTime<Utc>,
    pub outcome: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunLine {
    pub run: RunId,
    pub kind: RunKind,
    pub admitted_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub outcome: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Paused {
    pub by: String,
    pub why: String,
    pub at: DateTime<Utc>,
}

/// A fence that was not proven when a run went on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Debt {
    pub site: SiteName,
    pub run: RunId,
    pub why: String,
    pub since: DateTime<Utc>,
}

/// What became of an alert or a manual start with this key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Taken {
    Incident(IncidentId),
    Run(RunId),
}

impl PlanState {
    pub fn apply(&mut self, event: &LedgerEvent, at: DateTime<Utc>) {
        self.apply_to_drills(event, at);
        match event {
            LedgerEvent::Snapshot { state, .. } => *self = (**state).clone(),
            LedgerEvent::Sealed => {}
            LedgerEvent::IncidentOpened { incident, primary, cause } => self.open(incident, primary, cause, at),
            LedgerEvent::Deferred { guard, until, .. } => {
                if let Some(incident) = &mut self.incident {
                    incident.deferred = Some(Deferred { guard: *guard, since: at, until: *until });
                }
            }
            LedgerEvent::RunAdmitted { run, incident, kind, leave, by, key, .. } => {
                let (run, incident, leave, by) = (run.clone(), incident.clone(), leave.clone(), by.clone());
                let (kind, admitted_at, moving_since) = (*kind, at, None);
                self.admit(ActiveRun { run: run.clone(), incident, kind, leave, by, admitted_at, moving_since });
                self.remember(key.as_deref(), Taken::Run(run));
            }
            LedgerEvent::RunClosed { run, outcome, closes, serves } => self.close(run, outcome, *closes, serves, at),
            LedgerEvent::StagesMeasured { stages, .. } => self.history.take_in(stages, at),
            LedgerEvent::MoveBegun { run } => {
                let active = self.active.as_mut().filter(|active| &active.run == run);
                active.into_iter().for_each(|active| active.moving_since = active.moving_since.or(Some(at)));
            }
            LedgerEvent::PrimaryMoved { run, site } => self.hand_over(run, site, at),
            LedgerEvent::WayBackHeld { refusal } => {
                self.away.iter_mut().for_each(|away| away.held.push(refusal.clone()));
            }
            LedgerEvent::FenceOwed { site, run, why } => self.owe(site, run, why, at),
            LedgerEvent::FencePaid { site, .. } => self.debts.retain(|debt| &debt.site != site),
            LedgerEvent::WorkloadSeen { site, run, state } => self.park(site, run, state, at),
            LedgerEvent::Paused { by, why, .. } => {
                self.paused = Some(Paused { by: by.clone(), why: why.clone(), at });
            }
            LedgerEvent::Resumed { .. } => self.paused = None,
            LedgerEvent::Acknowledged { .. } => self.acknowledged = true,
            LedgerEvent::DrillScheduled { .. }
            | LedgerEvent::DrillTaken { .. }
            | LedgerEvent::DrillSkipped { .. }
            | LedgerEvent::DrillRefused { .. } => {}
        }
    }

    fn open(&mut self, incident: &IncidentId, primary: &SiteName, cause: &Cause, at: DateTime<Utc>) {
        self.remember(cause.key.as_deref(), Taken::Incident(incident.clone()));
        self.incident = Some(Incident {
            id: incident.clone(),
            primary: primary.clone(),
            opened_at: at,
            cause: cause.clone(),
            deferred: None,
            runs: Vec::new(),
        });
    }

    fn admit(&mut self, active: ActiveRun) {
        if let Some(open) = &mut self.incident {
            open.deferred = None;
        }
        // Cool-down and acknowledgement are about failovers: paying a debt moves nothing that could flap.
        self.acknowledged &= active.kind != RunKind::Failover;
        let (run, kind, admitted_at) = (active.run.clone(), active.kind, active.admitted_at);
        self.runs.push(RunLine { run, kind, admitted_at, closed_at: None, outcome: None });
        self.active = Some(active);
        let excess = self.runs.len().saturating_sub(RUNS_KEPT);
        self.runs.drain(..excess);
    }

    fn close(&mut self, run: &RunId, outcome: &str, closes: bool, serves: &Option<SiteName>, at: DateTime<Utc>) {
        if let Some(line) = self.runs.iter_mut().rev().find(|line| &line.run == run) {
            line.closed_at = Some(at);
            line.outcome = Some(outcome.to_owned());
        }
        // A run that gave way is no longer the active one; its end changes nothing else.
        let Some(active) = self.active.take_if(|active| &active.run == run) else { return };
        // Nobody knows what a run did whose journal cannot be read.
        if outcome == "parked" {
            self.parking.clear();
        }
        if active.kind == RunKind::Failover {
            self.last_closed = Some(ClosedRun { run: run.clone(), at, outcome: outcome.to_owned() });
        }
        if let Some(site) = serves {
            self.primary = Some(site.clone());
            // What serves now must not be fenced any more.
            self.debts.retain(|debt| &debt.site != site);
        }
        away::over(&mut self.away, &active, serves.as_ref());
        // The site that a failover did not leave in the end stays primary, and a primary is never fenced. Only what closes
        // the incident says so: an open one is asked again.
        if closes && serves.is_none() && active.kind == RunKind::Failover {
            self.debts.retain(|debt| debt.site != active.leave);
        }
        if let Some(incident) = self.incident.as_mut().filter(|incident| incident.id == active.incident) {
            incident.runs.push(run.clone());
        }
        self.incident.take_if(|incident| closes && incident.id == active.incident);
    }

    fn hand_over(&mut self, run: &RunId, site: &SiteName, at: DateTime<Utc>) {
        let Some(active) = self.active.as_mut().filter(|active| &active.run == run) else { return };
        active.moving_since = None;
        away::moved(&mut self.away, active, site, at);
        self.primary = Some(site.clone());
        self.debts.retain(|debt| &debt.site != site);
        self.incident.take_if(|incident| &incident.primary != site);
    }

    fn owe(&mut self, site: &SiteName, run: &RunId, why: &str, at: DateTime<Utc>) {
        if !self.debts.iter().any(|debt| &debt.site == site) {
            self.debts.push(Debt { site: site.clone(), run: run.clone(), why: why.to_owned(), since: at });
        }
    }

    /// Only the newest run speaks: one that gave way may be closed long after the other has released what it had parked.
    fn park(&mut self, site: &SiteName, run: &RunId, state: &ParkingState, at: DateTime<Utc>) {
        if self.runs.last().is_some_and(|newest| &newest.run != run) {
            return;
        }
        let remembered = match state {
            ParkingState::Parked { counts } => counts.clone(),
            ParkingState::Released => self.parking(site).map(|known| known.remembered.clone()).unwrap_or_default(),
        };
        let (state, run) = (state.clone(), run.clone());
        self.parking.retain(|known| &known.site != site);
        self.parking.push(Parking { site: site.clone(), state, run, since: at, remembered });
    }

    /// What is known of a site's workload.
    pub fn parking(&self, site: &SiteName) -> Option<&Parking> {
        self.parking.iter().find(|known| &known.site == site)
    }

    fn remember(&mut self, key: Option<&str>, taken: Taken) {
        let Some(key) = key else { return };
        self.keys.retain(|(known, _)| known != key);
        self.keys.push((key.to_owned(), taken));
        let excess = self.keys.len().saturating_sub(KEYS_KEPT);
        self.keys.drain(..excess);
    }

    /// What became of an earlier delivery with this key.
    pub fn taken(&self, key: &str) -> Option<&Taken> {
        self.keys.iter().find(|(known, _)| known == key).map(|(_, taken)| taken)
    }
}
