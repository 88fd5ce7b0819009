//! The common alert schema for a metric alert on Front Door's origin health.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::sandbox::world::{Alert, Condition, GROUP, SUBSCRIPTION};

/// The body a webhook gets (learn.microsoft.com, alerts-common-schema): the threshold is a string, the value a number,
/// and only a fired alert has the times of its window.
pub fn common_alert(alert: &Alert, threshold: f64) -> Value {
    json!({
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": essentials(alert),
            "alertContext": {
                "properties": null,
                "conditionType": "SingleResourceMultipleMetricCriteria",
                "condition": condition(alert, threshold),
            },
            "customProperties": {},
        },
    })
}

fn essentials(alert: &Alert) -> Value {
    let mut body = json!({
        "alertId": alert.resource_id(),
        "alertRule": alert.rule,
        "severity": "Sev1",
        "signalType": "Metric",
        "monitorCondition": format!("{:?}", alert.condition),
        "monitoringService": "Platform",
        "alertTargetIDs": [alert.target.to_ascii_lowercase()],
        "configurationItems": [alert.target.rsplit('/').next()],
        "originAlertId": format!("{SUBSCRIPTION}_{GROUP}_microsoft.insights_metricAlerts_{}_1234567890", alert.rule),
        "firedDateTime": ticks(alert.fired),
        "description": "primary origin unhealthy",
        "essentialsVersion": "1.0",
        "alertContextVersion": "1.0",
    });
    if let Some(resolved) = alert.resolved {
        body["resolvedDateTime"] = ticks(resolved).into();
    }
    body
}

fn condition(alert: &Alert, threshold: f64) -> Value {
    let mut body = json!({
        "windowSize": "PT5M",
        "allOf": [{
            "metricName": "OriginHealthPercentage",
            "metricNamespace": "Microsoft.Cdn/profiles",
            "operator": "LessThan",
            "threshold": threshold.to_string(),
            "timeAggregation": "Average",
            "dimensions": [{"name": "Origin", "value": alert.origin}],
            "metricValue": alert.value,
            "webTestName": null,
        }],
    });
    if alert.condition == Condition::Fired {
        let ends = alert.fired - TimeDelta::minutes(1);
        body["windowStartTime"] = millis(ends - TimeDelta::minutes(5)).into();
        body["windowEndTime"] = millis(ends).into();
    }
    body
}

fn ticks(at: DateTime<Utc>) -> String {
    format!("{}{:07}Z", at.format("%Y-%m-%dT%H:%M:%S."), at.timestamp_subsec_nanos() / 100)
}

fn millis(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
