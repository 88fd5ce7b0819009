//! Alert instances of Azure Monitor.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::log::Event;
use super::{World, ids};

/// Who changes what the monitor says.
const SYSTEM: &str = "System";

/// One alert instance.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// GUID.
    pub id: String,
    /// Rule that made it.
    pub rule: String,
    /// Workload it is about.
    pub workload: String,
    /// Resource id of the profile.
    pub target: String,
    /// Origin host of the dimension.
    pub origin: String,
    /// What the monitor says.
    pub condition: Condition,
    /// What people say.
    pub state: AlertState,
    /// The metric when it fired, and when it resolved.
    pub value: f64,
    /// When it fired.
    pub fired: DateTime<Utc>,
    /// When it resolved.
    pub resolved: Option<DateTime<Utc>>,
    /// When it last changed.
    pub modified: DateTime<Utc>,
    /// Who changed it last.
    pub modified_by: String,
    /// All that happened to it, oldest first.
    pub history: Vec<Modification>,
}

/// One change of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Modification {
    /// What changed.
    pub event: Modified,
    /// From what; empty when it was made.
    pub old: String,
    /// To what.
    pub new: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: String,
    /// What was said about it.
    pub comments: String,
}

/// `modificationEvent`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modified {
    /// The alert was made.
    AlertCreated,
    /// Somebody changed what people say.
    StateChange,
    /// The monitor changed what it says.
    MonitorConditionChange,
}

/// `monitorCondition`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum Condition {
    /// The condition holds.
    Fired,
    /// It held and does no more.
    Resolved,
}

/// `alertState`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AlertState {
    /// Nobody has looked.
    New,
    /// Somebody has.
    Acknowledged,
    /// Somebody is done with it.
    Closed,
}

impl Alert {
    /// The id that webhooks carry.
    pub fn resource_id(&self) -> String {
        ids::alert(&self.id)
    }

    fn modify(&mut self, event: Modified, old: String, new: String, at: DateTime<Utc>, by: &str, comments: &str) {
        self.modified = at;
        self.modified_by = by.to_owned();
        self.history.push(Modification { event, old, new, at, by: by.to_owned(), comments: comments.to_owned() });
    }
}

impl World {
    /// All alerts, oldest first.
    pub fn alerts(&self) -> Vec<Alert> {
        self.state().alerts.clone()
    }

    /// The alert with that GUID.
    pub fn alert(&self, id: &str) -> Option<Alert> {
        self.state().alerts.iter().find(|it| it.id.eq_ignore_ascii_case(id)).cloned()
    }

    /// Opens an alert for a workload's rule.
    pub fn fire_alert(&self, workload: &str, value: f64) -> Option<Alert> {
        let mut state = self.state();
        let found = state.workloads.iter().find(|it| it.name == workload)?.clone();
        let now = state.clock.now();
        let mut alert = Alert {
            id: uuid::Uuid::new_v4().to_string(),
            rule: found.rule(),
            workload: found.name.clone(),
            target: found.profile_id(),
            origin: found.sites[0].origin.clone(),
            condition: Condition::Fired,
            state: AlertState::New,
            value,
            fired: now,
            resolved: None,
            modified: now,
            modified_by: SYSTEM.to_owned(),
            history: Vec::new(),
        };
        alert.modify(Modified::AlertCreated, String::new(), "New".to_owned(), now, SYSTEM, "");
        state.alerts.push(alert.clone());
        let event =
            Event::AlertFired { alert: alert.id.clone(), rule: alert.rule.clone(), workload: alert.workload.clone() };
        state.log_at(now, event, format!("alert {} fired: {} is at {value:.0} %", alert.rule, alert.origin));
        Some(alert)
    }

    /// Resolves an alert.
    pub fn resolve_alert(&self, id: &str, value: f64) -> Option<Alert> {
        let mut state = self.state();
        let now = state.clock.now();
        let alert = state.alerts.iter_mut().find(|it| it.id == id)?;
        let old = std::mem::replace(&mut alert.condition, Condition::Resolved);
        alert.modify(Modified::MonitorConditionChange, format!("{old:?}"), "Resolved".to_owned(), now, SYSTEM, "");
        alert.resolved = Some(now);
        alert.value = value;
        let alert = alert.clone();
        let event = Event::AlertResolved {
            alert: alert.id.clone(),
            rule: alert.rule.clone(),
            workload: alert.workload.clone(),
        };
        state.log_at(now, event, format!("alert {} resolved", alert.rule));
        Some(alert)
    }

    /// Changes what people say about an alert; the condition stays as it is.
    pub fn change_alert_state(&self, id: &str, to: AlertState, by: &str, comments: &str) -> Option<Alert> {
        let mut state = self.state();
        let now = state.clock.now();
        let alert = state.alerts.iter_mut().find(|it| it.id.eq_ignore_ascii_case(id))?;
        let old = std::mem::replace(&mut alert.state, to);
        alert.modify(Modified::StateChange, format!("{old:?}"), format!("{to:?}"), now, by, comments);
        let alert = alert.clone();
        let event =
            Event::AlertChanged { alert: alert.id.clone(), state: format!("{to:?}"), comments: comments.to_owned() };
        state.log_at(now, event, format!("alert {} is {to:?} now: {comments}", alert.rule));
        Some(alert)
    }
}
