//! Configurations of many plans, and the alert that concerns one of them, as the Functions host would hand it over.

use serde_json::{Value, json};

const GROUP: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-dr/providers";

/// `reveille.toml` with plans `p0`, `p1`, …, and a file store beside it.
pub fn config(plans: usize) -> String {
    let plans: Vec<Value> = (0..plans).map(plan).collect();
    let config = json!({"store": {"url": "file:./state"}, "identity": {"kind": "managed"}, "plan": plans});
    toml::to_string(&config).unwrap_or_default()
}

fn plan(number: usize) -> Value {
    let site = |region: &str| {
        json!({
            "name": region,
            "preferred": region == "eastus2",
            "cluster": format!("{GROUP}/Microsoft.ContainerService/managedClusters/aks-p{number}-{region}"),
            "origin": origin(number, region),
        })
    };
    json!({
        "name": format!("p{number}"),
        "automation": "act",
        "workload": "starts-with-cluster",
        "rto": "30m", "rpo": "5m", "cooldown": "1h",
        "front_door": {
            "profile": profile(number),
            "origin_group": "group",
            "hostname": format!("p{number}-abc.z01.azurefd.net"),
        },
        "site": [site("eastus2"), site("centralus")],
        "database": {
            "servers": [format!("{GROUP}/Microsoft.DBforPostgreSQL/flexibleServers/pg-p{number}")],
            "virtual_endpoint": format!("p{number}"),
            "database": "app", "user": "reveille",
            "password": {"env": "PG_PASSWORD"},
        },
        "app": [{"kind": "sonarqube"}],
    })
}

fn profile(number: usize) -> String {
    format!("{GROUP}/Microsoft.Cdn/profiles/afd-p{number}")
}

fn origin(number: usize, region: &str) -> String {
    format!("p{number}-{region}.example.com")
}

/// An invocation of `alert` by an action group whose function key has a name. `condition` is `Fired` or `Resolved`.
pub fn alert(number: usize, condition: &str) -> String {
    let key = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";
    let identity = json!({
        "AuthenticationType": "WebJobsAuthLevel",
        "IsAuthenticated": true,
        "Claims": [{"Type": key, "Value": "azure-monitor"}],
    });
    let request = json!({
        "Url": "https://app.example.net/api/alert", "Method": "POST",
        "Query": {}, "Params": {}, "Headers": {"Content-Type": ["application/json"]},
        "Identities": [identity],
        "Body": common_alert(number, condition).to_string(),
    });
    json!({"Data": {"req": request}, "Metadata": {}}).to_string()
}

/// The common alert schema (learn.microsoft.com, alerts-common-schema), of a rule on origin health.
fn common_alert(number: usize, condition: &str) -> Value {
    let criterion = json!({
        "metricName": "OriginHealthPercentage",
        "metricNamespace": "Microsoft.Cdn/profiles",
        "operator": "LessThan", "threshold": "99", "timeAggregation": "Average",
        "dimensions": [{"name": "Origin", "value": origin(number, "eastus2")}],
        "metricValue": 0.0,
    });
    let essentials = json!({
        "alertId": format!("/subscriptions/s/providers/Microsoft.AlertsManagement/alerts/{number:08}-1111-4222-8333-444444444444"),
        "alertRule": "afd-primary-origin-health",
        "severity": "Sev1", "signalType": "Metric",
        "monitorCondition": condition, "monitoringService": "Platform",
        "alertTargetIDs": [profile(number)],
        "originAlertId": format!("rule-{number}"),
        "firedDateTime": chrono::Utc::now().to_rfc3339(),
        "essentialsVersion": "1.0", "alertContextVersion": "1.0",
    });
    let context = json!({
        "conditionType": "SingleResourceMultipleMetricCriteria",
        "condition": {"windowSize": "PT5M", "allOf": [criterion]},
    });
    json!({
        "schemaId": "azureMonitorCommonAlertSchema",
        "data": {"essentials": essentials, "alertContext": context, "customProperties": {}},
    })
}
