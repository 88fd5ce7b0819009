//! Front Door's configuration, its metrics, and alerts.

use reqwest::Method;
use reveille::sandbox::world::{AlertState, SUBSCRIPTION};
use serde_json::{Value, json};

use super::{Answer, FRONT_DOOR_VERSION, POSTGRES_VERSION, Rig, profile_path};

const PRIMARY: &str = "sonar-eastus2.example.com";
const STANDBY: &str = "sonar-centralus.example.com";

async fn read(rig: &Rig, rest: &str) -> Answer {
    rig.get(&format!("{}?api-version={FRONT_DOOR_VERSION}", profile_path(rest))).await
}

/// Points of the last ten minutes, oldest first, with the filter and more parameters given.
async fn health(rig: &Rig, more: &str) -> Answer {
    let now = rig.world.now();
    let from = (now - chrono::TimeDelta::minutes(10)).format("%Y-%m-%dT%H:%M:%SZ");
    let to = now.format("%Y-%m-%dT%H:%M:%SZ");
    let path = profile_path("/providers/Microsoft.Insights/metrics");
    let query = "api-version=2024-02-01&metricnames=OriginHealthPercentage&interval=PT1M&aggregation=average";
    rig.get(&format!("{path}?{query}&timespan={from}/{to}{more}")).await
}

fn averages(answer: &Answer) -> Vec<Option<f64>> {
    let data = answer.body["value"][0]["timeseries"][0]["data"].as_array().unwrap();
    data.iter().map(|it| it.get("average").and_then(Value::as_f64)).collect()
}

#[tokio::test]
async fn the_profile_with_its_group_origins_endpoint_and_route_can_be_read() {
    let rig = Rig::start().await;
    assert_eq!(read(&rig, "").await.body["sku"]["name"], "Standard_AzureFrontDoor");
    assert_eq!(
        read(&rig, "/originGroups/sonarqube").await.body["properties"]["loadBalancingSettings"]["sampleSize"],
        4
    );
    let origins = read(&rig, "/originGroups/sonarqube/origins").await.body;
    assert_eq!(origins["value"][0]["properties"]["hostName"], PRIMARY);
    assert_eq!(origins["value"][1]["properties"]["priority"], 2);
    assert!(origins["value"][1]["id"].as_str().unwrap().contains("/origingroups/sonarqube/origins/centralus"));
    assert_eq!(read(&rig, "/afdEndpoints/sonar-abc").await.body["properties"]["hostName"], "sonar-abc.z01.azurefd.net");
    assert_eq!(
        read(&rig, "/afdEndpoints/sonar-abc/routes").await.body["value"][0]["properties"]["patternsToMatch"],
        json!(["/*"])
    );
    assert_eq!(read(&rig, "/originGroups/nothing").await.status, 404);
}

#[tokio::test]
async fn a_priority_can_be_missing() {
    let rig = Rig::start().await;
    rig.world.change_profile("afd-sonarqube", |it| it.origins[1].priority = None);
    assert!(read(&rig, "/originGroups/sonarqube/origins/centralus").await.body["properties"]["priority"].is_null());
}

#[tokio::test]
async fn origin_health_before_the_world_began_is_what_the_origin_was() {
    let rig = Rig::start().await;
    let primary = averages(&health(&rig, &format!("&$filter=Origin eq '{PRIMARY}'")).await);
    assert!(primary.len() >= 10);
    assert_eq!(primary[0], Some(100.0));
    let standby = averages(&health(&rig, &format!("&$filter=Origin eq '{STANDBY}'")).await);
    assert_eq!(standby[0], Some(0.0));
    // Without probes the newest minutes have no data, which is neither 0 nor 100.
    assert_eq!(*primary.last().unwrap(), None);
}

#[tokio::test]
async fn the_newest_minutes_show_the_newest_probes() {
    let rig = Rig::start().await;
    // One more than the two of the default: a minute may begin between the probes and the answer.
    rig.world.tune(|it| it.metric_recent_minutes += 1);
    for healthy in [true, false, false, false] {
        rig.world.record_origin_probe(PRIMARY, healthy);
    }
    let points = averages(&health(&rig, &format!("&$filter=Origin%20eq%20%27{PRIMARY}%27")).await);
    assert_eq!(points[points.len() - 2..], [Some(25.0), Some(25.0)]);
    let series = &health(&rig, &format!("&$filter=Origin eq '{PRIMARY}'")).await.body["value"][0]["timeseries"][0]["metadatavalues"]
        [0];
    assert_eq!((&series["name"]["value"], &series["value"]), (&json!("origin"), &json!(PRIMARY)));
}

#[tokio::test]
async fn unknown_origins_have_no_series_and_unknown_dimensions_are_refused() {
    let rig = Rig::start().await;
    let none = health(&rig, "&$filter=Origin eq 'other.example.com'").await;
    assert_eq!((none.status.as_u16(), &none.body["value"][0]["timeseries"]), (200, &json!([])));
    let refused = health(&rig, "&$filter=Colour eq 'red'").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "BadRequest"));
    let lax = health(&rig, "&$filter=Colour eq 'red'&ValidateDimensions=false").await;
    assert_eq!(lax.body["value"][0]["timeseries"], json!([]));
    assert_eq!(
        health(&rig, "&$filter=Origin eq '*'").await.body["value"][0]["timeseries"].as_array().unwrap().len(),
        2
    );
}

#[tokio::test]
async fn replication_delay_is_only_known_of_a_replica() {
    let rig = Rig::start().await;
    rig.world.change_server("pg-sonar-centralus", |it| it.lag = 7.0);
    let read = async |server: &str| {
        let path = super::server_path(server, "/providers/Microsoft.Insights/metrics")
            .replace(&format!("?api-version={POSTGRES_VERSION}"), "");
        let answer =
            rig.get(&format!("{path}?api-version=2024-02-01&metricnames=physical_replication_delay_in_seconds")).await;
        averages(&answer)
    };
    assert_eq!(read("pg-sonar-centralus").await[0], Some(7.0));
    assert_eq!(read("pg-sonar-eastus2").await[0], None);
}

#[tokio::test]
async fn an_alert_can_be_read_and_acknowledged_without_touching_its_condition() {
    let rig = Rig::start().await;
    let alert = rig.world.fire_alert("sonar", 0.0).unwrap();
    let path = |id: &str, rest: &str| {
        format!(
            "/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{id}{rest}?api-version=2019-03-01"
        )
    };
    assert_eq!(rig.get(&path(&alert.id, "")).await.body["properties"]["essentials"]["alertState"], "New");
    let url = rig.url(&format!("{}&newState=Acknowledged", path(&alert.id, "/changestate")));
    let changed = rig.send(Method::POST, &url, Some(json!({"comments": "on it"}))).await;
    assert_eq!(changed.body["properties"]["essentials"]["alertState"], "Acknowledged");
    assert_eq!(changed.body["properties"]["essentials"]["monitorCondition"], "Fired");
    assert_eq!(rig.world.alert(&alert.id).unwrap().state, AlertState::Acknowledged);
    let target = profile_path("").to_lowercase();
    let alerts = path("", "").replace("alerts/?", "alerts?");
    let list = |state: &str| format!("{alerts}&alertState={state}&targetResource={target}");
    assert_eq!(rig.get(&list("Acknowledged")).await.body["value"].as_array().unwrap().len(), 1);
    assert_eq!(rig.get(&list("New")).await.body["value"], json!([]));
    assert_eq!(rig.get(&path("eeeeeeee-4444-5555-6666-ffffffffffff", "")).await.status, 404);
    assert_eq!(rig.unknown_calls(), 0);
}

#[tokio::test]
async fn the_history_of_an_alert_tells_each_change_with_who_and_why() {
    let rig = Rig::start().await;
    let alert = rig.world.fire_alert("sonar", 0.0).unwrap();
    let base = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.AlertsManagement/alerts/{}", alert.id);
    let path = |rest: &str| format!("{base}{rest}?api-version=2019-03-01");
    for (state, comments) in [("Acknowledged", "on it"), ("Closed", "done")] {
        let url = rig.url(&format!("{}&newState={state}", path("/changestate")));
        rig.send(Method::POST, &url, Some(json!({"comments": comments}))).await;
    }
    rig.world.resolve_alert(&alert.id, 100.0);
    let caller = rig.world.system_identity().unwrap().client_id;
    let history = rig.get(&path("/history")).await.body;
    let of = |it: &Value| {
        let names = ["modificationEvent", "oldValue", "newValue", "modifiedBy", "comments"];
        names.map(|name| it[name].as_str().unwrap().to_owned()).to_vec()
    };
    let told: Vec<Vec<String>> = history["properties"]["modifications"].as_array().unwrap().iter().map(of).collect();
    let expected = [
        ["MonitorConditionChange", "Fired", "Resolved", "System", ""],
        ["StateChange", "Acknowledged", "Closed", &caller, "done"],
        ["StateChange", "New", "Acknowledged", &caller, "on it"],
        ["AlertCreated", "", "New", "System", ""],
    ];
    assert_eq!(told, expected);
}
