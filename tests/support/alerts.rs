//! Alerts as Azure Monitor posts them, made from the fixtures.

use serde_json::{Value, json};

const FIRED: &str = include_str!("../fixtures/alerts/synthetic-afd-origin-health-fired.json");
const RESOLVED: &str = include_str!("../fixtures/alerts/synthetic-afd-origin-health-resolved.json");

/// The origin that is primary on every stage, and the one that is cold.
pub const PRIMARY: &str = "sonar-eastus2.example.com";
pub const STANDBY: &str = "sonar-centralus.example.com";

/// A fired alert about the primary's origin; `number` tells one alert from another.
pub fn fired(number: u32) -> Value {
    about(FIRED, PRIMARY, number)
}

/// The message that ends the alert of that number.
pub fn resolved(number: u32) -> Value {
    about(RESOLVED, PRIMARY, number)
}

/// A fired alert about another origin.
pub fn fired_about(origin: &str, number: u32) -> Value {
    about(FIRED, origin, number)
}

/// A fired alert of another rule.
pub fn fired_by(rule: &str, number: u32) -> Value {
    let mut alert = fired(number);
    alert["data"]["essentials"]["alertRule"] = json!(rule);
    alert
}

fn about(text: &str, origin: &str, number: u32) -> Value {
    let mut alert: Value = serde_json::from_str(text).unwrap();
    let id = format!("{}/{number:08x}-1111-4222-8333-444444444444", instances());
    alert["data"]["essentials"]["alertId"] = json!(id);
    alert["data"]["essentials"]["firedDateTime"] = json!(chrono::Utc::now().to_rfc3339());
    alert["data"]["alertContext"]["condition"]["allOf"][0]["dimensions"][0]["value"] = json!(origin);
    alert
}

fn instances() -> &'static str {
    "/subscriptions/11111111-2222-3333-4444-555555555555/providers/Microsoft.AlertsManagement/alerts"
}
