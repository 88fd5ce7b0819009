//! The rule that always fires: stateless, on the store's transactions, through the same action group as all others.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::sandbox::world::{GROUP, SUBSCRIPTION, World};

use super::delivery::Courier;
use super::{Shared, current};

/// Name of the rule.
pub const RULE: &str = "reveille-heartbeat";
/// How often it is looked whether there are heartbeats at all.
const IDLE: std::time::Duration = std::time::Duration::from_millis(500);

pub(super) async fn beat_forever(world: World, settings: Shared, courier: Courier) {
    loop {
        let now = current(&settings);
        tokio::time::sleep(now.heartbeat.unwrap_or(IDLE)).await;
        if now.heartbeat.is_some() && !current(&settings).heartbeats_lost {
            let id = uuid::Uuid::new_v4().to_string();
            courier.send(&now, &id, "Fired", &body(&id, world.now()), 1);
        }
    }
}

/// As in life a new alert each time: a stateless rule knows nothing of the ones before.
fn body(id: &str, now: DateTime<Utc>) -> Value {
    let store = format!(
        "/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}/providers/microsoft.storage/storageaccounts/strevle"
    );
    json!({
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {
            "essentials": {
                "alertId": format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{id}"),
                "alertRule": RULE,
                "severity": "Sev4",
                "signalType": "Metric",
                "monitorCondition": "Fired",
                "monitoringService": "Platform",
                "alertTargetIDs": [store],
                "firedDateTime": now.to_rfc3339(),
                "description": "Always fires.",
                "essentialsVersion": "1.0",
                "alertContextVersion": "1.0",
            },
            "alertContext": {
                "conditionType": "SingleResourceMultipleMetricCriteria",
                "condition": {
                    "windowSize": "PT15M",
                    "allOf": [{
                        "metricName": "Transactions",
                        "metricNamespace": "Microsoft.Storage/storageAccounts",
                        "operator": "GreaterThanOrEqual",
                        "threshold": "0",
                        "timeAggregation": "Total",
                        "dimensions": [],
                        "metricValue": 120.0,
                    }],
                },
            },
        },
    })
}
