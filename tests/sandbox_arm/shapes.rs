//! Every simulated body against a published or recorded one: the same names, the same JSON types.

use std::collections::BTreeMap;

use reveille::sandbox::monitor::common_alert;
use reveille::sandbox::world::SUBSCRIPTION;
use serde_json::Value;

use super::{FRONT_DOOR_VERSION, Rig, cluster_path, profile_path, server_path};

/// JSON type by path; all elements of an array share one path. Null says nothing about a type.
fn shape(value: &Value) -> BTreeMap<String, &'static str> {
    let mut found = BTreeMap::new();
    walk(value, String::new(), &mut found);
    found
}

fn walk(value: &Value, path: String, found: &mut BTreeMap<String, &'static str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(value, format!("{path}/{name}"), found)),
        Value::Array(elements) => elements.iter().for_each(|it| walk(it, format!("{path}[]"), found)),
        Value::Null => drop(found.entry(path).or_insert("null")),
        Value::Bool(_) => drop(found.insert(path, "bool")),
        Value::Number(_) => drop(found.insert(path, "number")),
        Value::String(_) => drop(found.insert(path, "string")),
    }
}

/// What differs: names only we have (`+`), names only they have (`-`), and types that differ (`!`).
fn differences(ours: &Value, fixture: &str) -> Vec<String> {
    let path = format!("{}/tests/fixtures/sandbox_arm/{fixture}.json", env!("CARGO_MANIFEST_DIR"));
    let published: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let (ours, theirs) = (shape(ours), shape(&published));
    let only_ours = ours.keys().filter(|it| !theirs.contains_key(*it)).map(|it| format!("+{it}"));
    let only_theirs = theirs.keys().filter(|it| !ours.contains_key(*it)).map(|it| format!("-{it}"));
    let typed = ours
        .iter()
        .filter(|(path, kind)| theirs.get(*path).is_some_and(|it| it != *kind && *it != "null" && **kind != "null"));
    let typed = typed.map(|(path, kind)| format!("!{path} is a {kind} here"));
    only_ours.chain(only_theirs).chain(typed).collect()
}

fn assert_same(ours: &Value, fixture: &str, known: &[&str]) {
    assert_eq!(differences(ours, fixture), known, "{fixture}");
}

#[tokio::test]
async fn postgres_bodies_are_as_recorded() {
    let rig = Rig::start().await;
    let primary = rig.get(&server_path("pg-sonar-eastus2", "")).await.body;
    assert_same(&primary, "postgres_primary", &["-/properties/backup/earliestRestoreDate"]);
    let replica = rig.get(&server_path("pg-sonar-centralus", "")).await.body;
    assert_same(&replica, "postgres_replica", &[]);
    let endpoint = rig.get(&server_path("pg-sonar-eastus2", "/virtualendpoints/sonar")).await.body;
    assert_same(&endpoint, "postgres_virtual_endpoint", &[]);
}

#[tokio::test]
async fn front_door_bodies_are_as_published() {
    let rig = Rig::start().await;
    let read =
        async |rest: &str| rig.get(&format!("{}?api-version={FRONT_DOOR_VERSION}", profile_path(rest))).await.body;
    assert_same(&read("/originGroups/sonarqube/origins/eastus2").await, "front_door_origin", &[]);
    assert_same(&read("/afdEndpoints/sonar-abc").await, "front_door_endpoint", &[]);
    let group = differences(&read("/originGroups/sonarqube").await, "front_door_origin_group");
    let no_authentication = |it: &&String| !it.contains("/properties/authentication");
    assert_eq!(group.iter().filter(no_authentication).collect::<Vec<_>>(), ["+/properties/sessionAffinityState"]);
    let routes = differences(&read("/afdEndpoints/sonar-abc/routes").await, "front_door_routes");
    let optional = ["cacheConfiguration", "customDomains", "ruleSets"];
    let other: Vec<_> = routes.iter().filter(|it| !optional.iter().any(|part| it.contains(part))).collect();
    assert!(other.is_empty(), "{other:?}");
}

#[tokio::test]
async fn aks_bodies_use_published_names_and_types() {
    let rig = Rig::start().await;
    let cluster = differences(&rig.get(&cluster_path("aks-sonar-eastus2", "")).await.body, "aks_cluster");
    let wrong: Vec<_> = cluster.iter().filter(|it| it.starts_with('!')).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    for name in ["-/properties/provisioningState", "-/properties/fqdn", "-/properties/nodeResourceGroup", "-/location"]
    {
        assert!(!cluster.iter().any(|it| it == name), "{name}");
    }
    let pools = differences(&rig.get(&cluster_path("aks-sonar-eastus2", "/agentPools")).await.body, "aks_agent_pools");
    let lacking: Vec<_> = pools.iter().filter(|it| !it.starts_with('+')).collect();
    assert_eq!(lacking, ["-/value[]/properties/eTag", "-/value[]/properties/nodeImageVersion"]);
}

#[tokio::test]
async fn metrics_and_alerts_use_published_names_and_types() {
    let rig = Rig::start().await;
    rig.world.record_origin_probe("sonar-eastus2.example.com", true);
    let query = "api-version=2024-02-01&metricnames=OriginHealthPercentage&aggregation=average,minimum,maximum";
    let filter = "$filter=Origin eq '*'";
    let metrics =
        rig.get(&format!("{}?{query}&{filter}", profile_path("/providers/Microsoft.Insights/metrics"))).await.body;
    assert_same(&metrics, "metrics", &[]);

    let alert = rig.world.fire_alert("sonar", 1.5).unwrap();
    let alert = rig.world.resolve_alert(&alert.id, 100.0).unwrap();
    let payload = common_alert(&alert, 99.0);
    assert_same(&payload, "alert_resolved", &["+/data/alertContext/condition/allOf[]/webTestName"]);
    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{}", alert.id);
    let instance = rig.get(&format!("{path}?api-version=2019-03-01")).await.body;
    let lacking = ["-/properties/essentials/smartGroupId", "-/properties/essentials/smartGroupingReason"];
    assert_same(&instance, "alert_instance", &lacking);
}
