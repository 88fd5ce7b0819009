//! Reads the common alert schema and the older metric alert schema, leniently: any field may be missing or null.
//!
//! Source: learn.microsoft.com, Azure Monitor, common alert schema and non-common alert schema definitions.

use super::test_alert;
use crate::domain::resource::ResourceId;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// An alert, as far as its payload tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Alert {
    /// Recognises a second delivery.
    pub key: Option<String>,
    /// Resource id of the alert instance, to read it or to change its state.
    pub id: Option<String>,
    pub rule: Option<String>,
    pub condition: Condition,
    pub targets: Vec<ResourceId>,
    pub fired_at: Option<DateTime<Utc>>,
    pub criteria: Vec<Criterion>,
    /// Its number, where Reveille itself made it to try the way of alerts: then it starts nothing.
    pub test: Option<String>,
}

/// Fired and resolved arrive as two messages of one alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    Fired,
    Resolved,
    Unknown(String),
}

/// One criterion of a metric alert.
#[derive(Debug, Clone, PartialEq)]
pub struct Criterion {
    pub metric: String,
    pub dimensions: Vec<(String, String)>,
    pub value: Option<f64>,
}

/// Why a body is no alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    #[error("the body is JSON, but no alert of Azure Monitor: {0}")]
    NotAnAlert(String),
}

/// Reads a body.
pub fn parse(body: &str) -> Result<Alert, Unreadable> {
    let value: Value = serde_json::from_str(body).map_err(|error| Unreadable::NotJson(error.to_string()))?;
    let data = value.get("data").filter(|data| data.is_object());
    let data = data.ok_or_else(|| Unreadable::NotAnAlert("it has no object \"data\"".into()))?;
    if let Some(essentials) = data.get("essentials").filter(|essentials| essentials.is_object()) {
        let test = test_alert::mark(&value);
        return Ok(Alert { test, ..common(essentials, data.pointer("/alertContext/condition")) });
    }
    match data.get("context").filter(|context| context.is_object()) {
        Some(context) => Ok(legacy(data, context)),
        None => Err(Unreadable::NotAnAlert("it has neither \"essentials\" nor \"context\"".into())),
    }
}

fn common(essentials: &Value, condition: Option<&Value>) -> Alert {
    let id = text(essentials, "alertId");
    let guid = id.as_deref().and_then(|id| id.rsplit('/').next()).map(|guid| format!("alert:{}", guid.to_lowercase()));
    let targets = essentials.get("alertTargetIDs").and_then(Value::as_array);
    Alert {
        key: guid,
        rule: text(essentials, "alertRule"),
        condition: match text(essentials, "monitorCondition") {
            Some(word) if word.eq_ignore_ascii_case("fired") => Condition::Fired,
            Some(word) if word.eq_ignore_ascii_case("resolved") => Condition::Resolved,
            other => Condition::Unknown(other.unwrap_or_default()),
        },
        targets: targets.into_iter().flatten().filter_map(resource).collect(),
        fired_at: time(essentials, "firedDateTime"),
        criteria: criteria(condition),
        test: None,
        id,
    }
}

/// The older schema has no id per alert: rule, target and time stand for one.
fn legacy(data: &Value, context: &Value) -> Alert {
    let rule_id = text(context, "id");
    let target = context.get("resourceId").and_then(resource);
    let stamp = text(context, "timestamp");
    let key = rule_id.zip(stamp).map(|(rule, stamp)| format!("rule:{}@{stamp}", rule.to_lowercase()));
    Alert {
        key,
        id: None,
        rule: text(context, "name"),
        condition: match text(data, "status") {
            Some(word) if word.eq_ignore_ascii_case("activated") => Condition::Fired,
            Some(word) if word.eq_ignore_ascii_case("deactivated") => Condition::Resolved,
            other => Condition::Unknown(other.unwrap_or_default()),
        },
        targets: target.into_iter().collect(),
        fired_at: time(context, "timestamp"),
        criteria: criteria(context.get("condition")),
        test: None,
    }
}

fn criteria(condition: Option<&Value>) -> Vec<Criterion> {
    let all = condition.and_then(|condition| condition.get("allOf")).and_then(Value::as_array);
    all.into_iter().flatten().map(criterion).collect()
}

fn criterion(value: &Value) -> Criterion {
    let dimensions = value.get("dimensions").and_then(Value::as_array);
    Criterion {
        metric: text(value, "metricName").unwrap_or_default(),
        dimensions: dimensions
            .into_iter()
            .flatten()
            .filter_map(|dimension| Some((text(dimension, "name")?, text(dimension, "value")?)))
            .collect(),
        value: value.get("metricValue").and_then(number),
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned).filter(|text| !text.is_empty())
}

/// Thresholds come as text, values as numbers, and either may come as the other.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

fn time(value: &Value, key: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(&text(value, key)?).ok().map(|time| time.with_timezone(&Utc))
}

fn resource(value: &Value) -> Option<ResourceId> {
    ResourceId::parse(value.as_str()?).ok()
}
