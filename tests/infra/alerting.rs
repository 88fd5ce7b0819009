//! What the rules of the templates would send, read by the code that will get it.

use super::predicted::{FILES, Predicted};
use super::settings::Configured;
use crate::support::alerts::fired;
use chrono::Utc;
use reveille::domain::alert::{Concern, concern, parse};
use serde_json::{Value, json};

/// The alert that Azure Monitor sends for a rule: its name, its scope, and its first criterion with what it saw.
fn sent_by(rule: &Value, scope: &str) -> String {
    let criterion = &rule["properties"]["criteria"]["allOf"][0];
    let dimensions = criterion["dimensions"].as_array().unwrap().iter();
    let dimensions: Vec<Value> = dimensions.map(|it| json!({ "name": it["name"], "value": it["values"][0] })).collect();
    let mut alert = fired(1);
    alert["data"]["essentials"]["alertRule"] = rule["name"].clone();
    alert["data"]["essentials"]["alertTargetIDs"] = json!([scope.to_lowercase()]);
    let seen = &mut alert["data"]["alertContext"]["condition"]["allOf"][0];
    seen["metricName"] = criterion["metricName"].clone();
    seen["metricNamespace"] = criterion["metricNamespace"].clone();
    seen["dimensions"] = json!(dimensions);
    alert.to_string()
}

/// Whom it concerns of the plan that infra/reveille.toml describes there.
fn concerns(file: &str, rule: &str) -> Concern {
    let predicted = Predicted::of(file);
    let config = Configured::of(file).config();
    let plan = &config.plans[0];
    let rule = predicted.of_type("Microsoft.Insights/metricAlerts").find(|it| it["name"] == rule).unwrap();
    let scope = match rule["properties"]["scopes"][0].as_str().unwrap() {
        // The store's own id, which is an output of its module.
        computed if computed.starts_with('[') => {
            predicted.of_type("Microsoft.Storage/storageAccounts").next().unwrap()["id"].as_str()
        }
        id => Some(id),
    };
    let alert = parse(&sent_by(rule, scope.unwrap())).unwrap();
    concern(&alert, plan, &plan.preferred().name, Utc::now())
}

#[test]
fn the_rule_about_the_primary_sends_what_the_plan_takes_for_an_outage() {
    for file in FILES {
        let concern = concerns(file, "afd-primary-origin-health");
        assert!(matches!(concern, Concern::Outage(_)), "{file}: {concern:?}");
    }
}

#[test]
fn the_heartbeat_is_no_outage() {
    for file in FILES {
        assert_eq!(concerns(file, "reveille-heartbeat"), Concern::Unrelated, "{file}");
    }
}
