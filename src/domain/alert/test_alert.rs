//! The alert that `reveille test-alert` posts: shaped like one of Azure Monitor's, and marked so that it starts nothing.
//!
//! A real alert must never be taken for it. So the mark is in several places at once, all of which Azure fills by itself: a
//! member beside `schemaId` and `data`, where Azure puts nothing; the id of an alert, which is a resource id in every real
//! one; the service that monitors; and the name of the rule, which is reserved. Whoever forges it gets an alert that does
//! nothing, which sending none does as well.
//!
//! Source: learn.microsoft.com, common alert schema (the fields of `essentials`; `customProperties`, labels and descriptions
//! are people's, and none of them counts here).

use crate::domain::plan::{Plan, Site};
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The name of its rule, which no plan may have among its own.
pub const RULE: &str = "reveille-test-alert";
const MEMBER: &str = "reveilleTestAlert";
const ID_BEGINS: &str = "reveille-test-alert/";
const SERVICE: &str = "Reveille";

/// The body of a test alert about the origin of a plan's site. `number` tells it apart from others.
pub fn test_alert(plan: &Plan, site: &Site, number: &str, now: DateTime<Utc>) -> Value {
    let at = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({
        "schemaId": "azureMonitorCommonAlertSchema",
        MEMBER: { "number": number, "says": "This is a test. Nothing is wrong, and nothing is to be done." },
        "data": {
            "essentials": {
                "alertId": format!("{ID_BEGINS}{number}"),
                "alertRule": RULE,
                "severity": "Sev4",
                "signalType": "Metric",
                "monitorCondition": "Fired",
                "monitoringService": SERVICE,
                "alertTargetIDs": [plan.front_door.profile],
                "firedDateTime": at,
                "description": "A test of the way of alerts; nothing is wrong.",
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
            },
            "alertContext": {
                "conditionType": "SingleResourceMultipleMetricCriteria",
                "condition": {
                    "windowSize": "PT5M",
                    "allOf": [{
                        "metricName": "OriginHealthPercentage",
                        "metricNamespace": "Microsoft.Cdn/profiles",
                        "operator": "LessThan",
                        "threshold": "0",
                        "timeAggregation": "Average",
                        "dimensions": [{ "name": "Origin", "value": site.origin.host }],
                        "metricValue": 100.0,
                    }],
                },
            },
        },
    })
}

/// The number of a test alert; `None` when any part of the mark is missing, and so for every alert of Azure's.
pub(super) fn mark(body: &Value) -> Option<String> {
    let number = body.get(MEMBER)?.get("number")?.as_str()?;
    let essentials = body.pointer("/data/essentials")?;
    let is = |key: &str, wanted: &str| essentials.get(key).and_then(Value::as_str) == Some(wanted);
    let marked =
        is("alertRule", RULE) && is("monitoringService", SERVICE) && is("alertId", &format!("{ID_BEGINS}{number}"));
    marked.then(|| number.to_owned())
}
