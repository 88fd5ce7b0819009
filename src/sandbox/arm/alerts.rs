//! Alert instances (AlertsManagement 2019-03-01): read, list, history, change of state.

use axum::http::Method;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::sandbox::world::{Alert, AlertState, Condition, GROUP, Modification};

use super::answer::Answer;
use super::call::Call;
use super::route;

/// What a path below `Microsoft.AlertsManagement` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Alerts,
    Alert(String),
    ChangeState(String),
    History(String),
}

impl Target {
    pub fn parse(tail: &[&str]) -> Option<Self> {
        Some(match *tail {
            ["alerts"] => Self::Alerts,
            ["alerts", id] => Self::Alert(id.into()),
            ["alerts", id, "changestate"] => Self::ChangeState(id.into()),
            ["alerts", id, "history"] => Self::History(id.into()),
            _ => return None,
        })
    }
}

pub(super) fn handle(call: &Call, target: &Target) -> Answer {
    match (&call.method, target) {
        (&Method::GET, Target::Alerts) => list(call),
        (&Method::GET, Target::Alert(id)) => {
            call.world.alert(id).map_or_else(|| not_found(id), |it| Answer::ok(alert(&it)))
        }
        (&Method::GET, Target::History(id)) => {
            call.world.alert(id).map_or_else(|| not_found(id), |it| Answer::ok(history(&it)))
        }
        (&Method::POST, Target::ChangeState(id)) => change_state(call, id),
        _ => route::not_allowed(call),
    }
}

/// Test alerts have ids that no alert has: a 404 is no mistake of the caller.
fn not_found(id: &str) -> Answer {
    Answer::error(404, "ResourceNotFound", format!("The alert '{id}' was not found."))
}

fn list(call: &Call) -> Answer {
    let since = call.world.now() - time_range(call.param("timeRange"));
    let alerts = call.world.alerts();
    let matching = alerts.iter().filter(|it| it.modified >= since && matches(call, it));
    Answer::list(matching.map(alert).collect())
}

fn time_range(given: Option<&str>) -> TimeDelta {
    match given {
        Some("1h") => TimeDelta::hours(1),
        Some("7d") => TimeDelta::days(7),
        Some("30d") => TimeDelta::days(30),
        _ => TimeDelta::days(1),
    }
}

fn matches(call: &Call, alert: &Alert) -> bool {
    let is = |name: &str, actual: &str| call.param(name).is_none_or(|it| it.eq_ignore_ascii_case(actual));
    is("targetResource", &alert.target)
        && is("monitorCondition", &format!("{:?}", alert.condition))
        && is("alertState", &format!("{:?}", alert.state))
        && is("alertRule", &alert.rule)
}

fn change_state(call: &Call, id: &str) -> Answer {
    let state = match call.param("newState").map(str::to_ascii_lowercase).as_deref() {
        Some("new") => AlertState::New,
        Some("acknowledged") => AlertState::Acknowledged,
        Some("closed") => AlertState::Closed,
        _ => return call.unknown(Answer::error(400, "BadRequest", "newState has to be New, Acknowledged or Closed.")),
    };
    let comments = call.body_json().get("comments").and_then(Value::as_str).unwrap_or_default().to_owned();
    let changed = call.world.change_alert_state(id, state, &call.caller_name(), &comments);
    changed.map_or_else(|| not_found(id), |it| Answer::ok(alert(&it)))
}

fn alert(alert: &Alert) -> Value {
    json!({
        "properties": {"essentials": essentials(alert), "context": {}, "egressConfig": {}},
        "id": alert.resource_id(),
        "type": "Microsoft.AlertsManagement/alerts",
        "name": alert.rule,
    })
}

fn essentials(alert: &Alert) -> Value {
    let mut body = json!({
        "severity": "Sev1",
        "signalType": "Metric",
        "alertState": format!("{:?}", alert.state),
        "monitorCondition": format!("{:?}", alert.condition),
        "monitorService": "Platform",
        "targetResource": alert.target.to_ascii_lowercase(),
        "targetResourceName": alert.target.rsplit('/').next(),
        "targetResourceGroup": GROUP,
        "targetResourceType": "profiles",
        "sourceCreatedId": alert.id,
        "alertRule": rule_id(alert),
        "startDateTime": super::lro::time(alert.fired),
        "lastModifiedDateTime": super::lro::time(alert.modified),
        "lastModifiedUserName": alert.modified_by,
        "actionStatus": {"isSuppressed": false},
        "description": "primary origin unhealthy",
    });
    if let Some(resolved) = alert.resolved.filter(|_| alert.condition == Condition::Resolved) {
        body["monitorConditionResolvedDateTime"] = super::lro::time(resolved).into();
    }
    body
}

fn rule_id(alert: &Alert) -> String {
    format!(
        "/subscriptions/{}/resourceGroups/{GROUP}/providers/microsoft.insights/metricAlerts/{}",
        crate::sandbox::world::SUBSCRIPTION,
        alert.rule
    )
}

/// Newest first, as in the published example.
fn history(alert: &Alert) -> Value {
    json!({
        "id": format!("{}/history/default", alert.resource_id()),
        "type": "Microsoft.AlertsManagement/alerts/history",
        "name": "default",
        "properties": {
            "alertId": alert.id,
            "modifications": alert.history.iter().rev().map(modification).collect::<Vec<_>>(),
        },
    })
}

fn modification(it: &Modification) -> Value {
    json!({
        "modificationEvent": format!("{:?}", it.event),
        "oldValue": it.old,
        "newValue": it.new,
        "modifiedAt": super::lro::time(it.at),
        "modifiedBy": it.by,
        "comments": it.comments,
        "description": "",
    })
}
