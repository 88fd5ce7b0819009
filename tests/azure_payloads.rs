//! What the Azure clients make of payloads that Azure published or that were recorded from it.

use crate::azure_server::{Act, Seen, Server};
use crate::azure_wire::{CLUSTER, azure, azure_with, cluster, quick, soon};
use chrono::{DateTime, Utc};
use reveille::azure::{
    AlertId, AlertState, Dimension, Metric, OperationStatus, ReplicationRole, Sent, ServiceError, Settings, Since,
    Verdict,
};
use reveille::domain::cluster::ClusterPhase;
use reveille::domain::failure::FailureClass;
use reveille::domain::resource::ResourceId;
use serde_json::{Value, json};
use std::time::Duration;

const PROFILE: &str =
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-dr/providers/Microsoft.Cdn/profiles/afd";

fn fixture(name: &str) -> Value {
    let path = format!("{}/tests/fixtures/azure/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))).unwrap()
}

/// The body of the answer in a published example.
fn published(name: &str) -> String {
    fixture(name)["responses"]["200"]["body"].to_string()
}

fn recorded(exchange: &Value) -> Act {
    Act::answer(exchange["status"].as_u64().unwrap() as u16, &exchange["body"].to_string())
}

fn postgres_server(name: &str) -> ResourceId {
    ResourceId::parse(&format!(
        "/subscriptions/s/resourceGroups/rg-dr/providers/Microsoft.DBforPostgreSQL/flexibleServers/{name}"
    ))
    .unwrap()
}

fn profile() -> ResourceId {
    ResourceId::parse(PROFILE).unwrap()
}

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[tokio::test]
async fn a_cluster_without_a_power_state_is_not_up() {
    let server = Server::play([Act::answer(200, &published("aks/ManagedClustersGet"))]).await;
    let view = azure(&server).aks().get(&cluster()).await.unwrap().value;
    assert_eq!((view.pools[0].name.as_str(), view.pools[0].count, &view.power), ("nodepool1", Some(3), &None));
    assert!(matches!(view.phase(), ClusterPhase::Unclear(_)));
}

#[tokio::test]
async fn a_body_that_is_no_cluster_is_an_error() {
    for body in ["{}", "[]", "null", r#"{"properties":null}"#, "<html>", ""] {
        let server = Server::play([Act::answer(200, body)]).await;
        let error = azure(&server).aks().get(&cluster()).await.unwrap_err();
        assert!(error.to_string().contains(CLUSTER), "{error}");
    }
}

#[tokio::test]
async fn a_cluster_of_odd_types_is_read_as_far_as_it_goes() {
    let body = json!({"properties": {"provisioningState": "STARTING", "powerState": null, "agentPoolProfiles": [
        {"name": "a", "count": "2", "provisioningState": 7, "powerState": {"code": null}}, null, {"name": null}]}});
    let server = Server::play([Act::answer(200, &body.to_string())]).await;
    let view = azure(&server).aks().get(&cluster()).await.unwrap().value;
    assert_eq!((view.phase(), view.pools[0].count, view.pools.len()), (ClusterPhase::Starting, Some(2), 3));
}

/// What each refusal quoted in public becomes.
#[tokio::test]
async fn refusals_of_start_and_stop_are_told_apart() {
    let errors = fixture("aks/error-messages");
    let table = [
        ("start_on_running", true, "already there"),
        ("stop_on_stopped", false, "already there"),
        ("start_on_running", false, "busy"),
        ("busy_old_text", true, "busy"),
        ("busy_agentpool", false, "busy"),
        ("busy_2026_text", true, "busy"),
        ("throttled", true, "throttled"),
    ];
    for (name, start, expected) in table {
        let server = Server::play([recorded(&errors[name])]).await;
        let azure = azure(&server);
        let aks = azure.aks();
        let sent =
            if start { aks.start(&cluster(), soon()).await } else { aks.stop(&cluster(), soon()).await }.unwrap();
        assert_eq!(kind(&sent), expected, "{name}: {sent:?}");
    }
}

#[tokio::test]
async fn other_refusals_of_a_start_keep_their_class() {
    let table = [
        (409, json!({"code": "AKSOperationPreempted", "message": "m"}), "busy"),
        (
            409,
            json!({"code": "EtagMismatch", "message": "m", "subcode": "PutManagedClusterAndComponents_FailedPrecondition"}),
            "busy",
        ),
        (409, json!({"error": {"code": "ScopeLocked", "message": "m"}}), "rejected locked"),
        (400, json!({"error": {"code": "QuotaExceeded", "message": "m"}}), "rejected quota"),
        (404, json!({"error": {"code": "ResourceNotFound", "message": "m"}}), "rejected not-found"),
        (409, json!({"code": "OperationNotAllowed", "message": "something new"}), "rejected other"),
        (500, json!({"error": {"code": "AksCapacityHeavyUsage", "message": "m"}}), "rejected capacity"),
        (500, json!({"error": {"code": "InternalServerError", "message": "m"}}), "unknown"),
        (
            409,
            json!({"code": "OperationNotAllowed", "message": "managed cluster is in Provisioning State(Stopping) and Power State(Stopped), starting cannot be performed"}),
            "busy",
        ),
    ];
    for (status, body, expected) in table {
        let server = Server::play([Act::answer(status, &body.to_string())]).await;
        let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
        assert_eq!(kind(&sent), expected, "{body}");
    }
}

fn kind(sent: &Sent) -> String {
    match sent {
        Sent::Accepted { .. } => "accepted".into(),
        Sent::NothingToDo { .. } => "nothing to do".into(),
        Sent::AlreadyThere { .. } => "already there".into(),
        Sent::Busy { .. } => "busy".into(),
        Sent::Rejected { class, .. } => format!("rejected {class}"),
        Sent::Throttled { .. } => "throttled".into(),
        Sent::Unknown { .. } => "unknown".into(),
    }
}

#[test]
fn recorded_operations_are_judged_by_their_status_alone() {
    let recorded = fixture("aks/recorded-stop-start");
    let verdicts: Vec<_> = ["stop", "start"]
        .iter()
        .flat_map(|power| recorded[power].as_array().unwrap())
        .filter_map(|exchange| OperationStatus::from_json(&exchange["body"]))
        .map(|status| (status.verdict, status.error.is_some(), status.failure()))
        .collect();
    let expected = [
        (Verdict::Running, false, None),
        (Verdict::Succeeded, false, None),
        (Verdict::Running, true, None),
        (Verdict::Succeeded, true, None),
    ];
    assert_eq!(verdicts, expected);
    let failed = &fixture("aks/error-messages")["capacity_in_operation"]["body"];
    let status = OperationStatus::from_json(failed).unwrap();
    assert_eq!((status.verdict, status.failure()), (Verdict::Failed, Some(FailureClass::Capacity)));
}

#[tokio::test]
async fn servers_tell_their_role_before_and_after_a_switchover() {
    let recorded_all = fixture("postgresql/recorded-switchover");
    let table = [
        ("primary_before", ReplicationRole::Primary, None),
        ("replica_before", ReplicationRole::AsyncReplica, Some("azuredbclitest-000003")),
        ("promoted_after", ReplicationRole::Primary, None),
        ("old_primary_after", ReplicationRole::AsyncReplica, Some("azuredbclirep2000005")),
    ];
    for (name, role, source) in table {
        let server = Server::play([recorded(&recorded_all[name])]).await;
        let read = azure(&server).postgres().server(&postgres_server("a")).await.unwrap().value;
        assert_eq!((read.role, read.source.as_ref().map(ResourceId::name)), (role, source), "{name}");
        assert_eq!(
            (read.region.as_str(), read.state.as_str(), read.replication_state),
            ("canadacentral", "Ready", None)
        );
    }
}

#[tokio::test]
async fn replicas_are_listed_with_their_replication_state() {
    let server = Server::play([Act::answer(200, &published("postgresql/ReplicasListByServer"))]).await;
    let replicas = azure(&server).postgres().replicas(&postgres_server("a")).await.unwrap().value;
    assert_eq!(replicas[0].text(), "state Ready, role replica, replication Active");
    assert!(server.seen()[0].target.ends_with("/flexibleServers/a/replicas?api-version=2025-08-01"));
}

/// Through `a` Azure answers `here`, through `b` it answers `there`.
async fn two_servers(here: Act, there: Act) -> Server {
    Server::answering(
        move |seen: &Seen| if seen.target.contains("/flexibleServers/a/") { here.clone() } else { there.clone() },
    )
    .await
}

#[tokio::test]
async fn a_virtual_endpoint_is_found_through_whichever_server_knows_it() {
    let body = fixture("postgresql/recorded-switchover")["virtual_endpoint_before"]["body"].to_string();
    let servers = [postgres_server("a"), postgres_server("b")];
    for nothing in [Act::answer(404, ""), Act::answer(400, ""), Act::answer(403, "")] {
        for (here, there) in [(Act::answer(200, &body), nothing.clone()), (nothing, Act::answer(200, &body))] {
            let server = two_servers(here, there).await;
            let found = azure(&server).postgres().virtual_endpoint(&servers, "ve").await.unwrap().value.unwrap();
            assert_eq!(found.writer.as_deref(), Some("virtual-endpoint000002.writer.postgres.database.azure.com"));
            assert_eq!(found.reader.as_deref(), Some("virtual-endpoint000002.reader.postgres.database.azure.com"));
            assert_eq!(found.members.len(), 2);
        }
    }
}

#[tokio::test]
async fn one_server_in_the_dark_does_not_hide_the_endpoint() {
    let server = two_servers(Act::Hang, Act::answer(200, &published("postgresql/VirtualEndpointsGet"))).await;
    let servers = [postgres_server("a"), postgres_server("b")];
    let endless = Settings { request_timeout: Duration::from_secs(3600), ..quick(&server.url) };
    let azure = azure_with(&server, endless);
    let found = tokio::time::timeout(Duration::from_secs(60), azure.postgres().virtual_endpoint(&servers, "ve"));
    let found = found.await.expect("an answer without waiting for the dark one").unwrap().value.unwrap();
    assert_eq!(found.writer.as_deref(), Some("examplebasename.writer.postgres.database.azure.com"));
}

#[tokio::test]
async fn no_endpoint_is_believed_only_without_a_failure_beside_it() {
    let none = recorded(&fixture("postgresql/recorded-switchover")["virtual_endpoints_list_when_none"]);
    let servers = [postgres_server("a"), postgres_server("b")];
    let table = [
        (none.clone(), none.clone(), true),
        (none.clone(), Act::answer(400, ""), true),
        (none.clone(), Act::answer(403, ""), false),
        (Act::answer(400, ""), Act::answer(400, ""), false),
    ];
    for (here, there, believed) in table {
        let server = two_servers(here, there).await;
        let listed = azure(&server).postgres().virtual_endpoints(&servers).await;
        assert_eq!(listed.is_ok_and(|answer| answer.value.is_empty()), believed);
        let got = azure(&server).postgres().virtual_endpoint(&servers, "ve").await;
        assert_eq!(got.is_ok_and(|answer| answer.value.is_none()), believed);
    }
}

#[tokio::test]
async fn origins_without_a_priority_have_none() {
    let server = Server::play([Act::answer(200, &published("frontdoor/AFDOrigins_ListByOriginGroup"))]).await;
    let origins = azure(&server).front_door().origins(&profile(), "g").await.unwrap().value;
    let origin = &origins[0];
    assert_eq!(
        (origin.host.as_str(), origin.priority, origin.enabled),
        ("host1.blob.core.windows.net", None, Some(true))
    );
    assert_eq!(server.seen()[0].target, format!("{PROFILE}/originGroups/g/origins?api-version=2025-06-01"));
}

#[tokio::test]
async fn an_origin_group_tells_how_it_probes_unless_probing_is_off() {
    let on = published("frontdoor/AFDOriginGroups_Get");
    let off = r#"{"name":"g","properties":{"loadBalancingSettings":null,"healthProbeSettings":null}}"#;
    let server = Server::play([Act::answer(200, &on), Act::answer(200, off)]).await;
    let azure = azure(&server);
    let group = azure.front_door().origin_group(&profile(), "g").await.unwrap().value;
    assert_eq!((group.sample_size, group.successful_samples), (Some(3), Some(3)));
    assert_eq!(group.probe.unwrap().interval_seconds, Some(10));
    assert_eq!(azure.front_door().origin_group(&profile(), "g").await.unwrap().value.probe, None);
}

#[tokio::test]
async fn endpoints_and_profiles_are_read() {
    let list = json!({"value": [serde_json::from_str::<Value>(&published("frontdoor/AFDEndpoints_Get")).unwrap()]});
    let body =
        json!({"name": "afd", "sku": {"name": "Standard_AzureFrontDoor"}, "properties": {"resourceState": "Active"}});
    let server = Server::play([Act::answer(200, &list.to_string()), Act::answer(200, &body.to_string())]).await;
    let azure = azure(&server);
    let endpoints = azure.front_door().endpoints(&profile()).await.unwrap().value;
    assert_eq!(endpoints[0].host, "endpoint1-abcdefghijklmnop.z01.azurefd.net");
    let read = azure.front_door().profile(&profile()).await.unwrap().value;
    assert_eq!(read.sku.as_deref(), Some("Standard_AzureFrontDoor"));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_but_not_from_elsewhere() {
    let item = |name: &str| format!(r#"{{"name":"{name}","properties":{{"hostName":"{name}.example"}}}}"#);
    let first = format!(r#"{{"value":[{}],"nextLink":"{{arm}}/next?$skiptoken=a%20b&x=1"}}"#, item("a"));
    let last = format!(r#"{{"value":[{}],"nextLink":null}}"#, item("b"));
    let server = Server::play([Act::answer(200, &first), Act::answer(200, &last)]).await;
    let origins = azure(&server).front_door().origins(&profile(), "g").await.unwrap().value;
    assert_eq!(origins.iter().map(|origin| origin.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(server.seen()[1].target, "/next?$skiptoken=a%20b&x=1");

    let elsewhere = r#"{"value":[],"nextLink":"https://evil.example/next"}"#;
    let server = Server::play([Act::answer(200, elsewhere)]).await;
    let error = azure(&server).front_door().origins(&profile(), "g").await.unwrap_err();
    assert!(error.text().contains("evil.example"), "{}", error.text());
}

#[tokio::test]
async fn a_list_without_an_end_is_given_up() {
    let server = Server::answering(|_| Act::answer(200, r#"{"value":[],"nextLink":"{arm}/again"}"#)).await;
    let error = azure(&server).front_door().origins(&profile(), "g").await.unwrap_err();
    assert!(error.to_string().contains("no end"), "{error}");
}

#[tokio::test]
async fn a_minute_without_data_stays_without_data() {
    let server = Server::play([Act::answer(200, &fixture("monitor/made-origin-health").to_string())]).await;
    let (from, to) = (time("2026-07-01T09:50:00Z"), time("2026-07-01T10:00:00Z"));
    let points =
        azure(&server).monitor().origin_health(&profile(), "Sonar-Primary.example.com", from, to).await.unwrap().value;
    let averages: Vec<_> = points.iter().map(|point| point.average).collect();
    assert_eq!(averages, [Some(100.0), Some(0.0), None]);
    let expected = "?api-version=2024-02-01&metricnames=OriginHealthPercentage&metricnamespace=Microsoft.Cdn%2Fprofiles&interval=PT1M&aggregation=average&timespan=2026-07-01T09%3A50%3A00Z%2F2026-07-01T10%3A00%3A00Z&AutoAdjustTimegrain=false&%24filter=Origin%20eq%20%27Sonar-Primary.example.com%27";
    assert_eq!(server.seen()[0].target, format!("{PROFILE}/providers/Microsoft.Insights/metrics{expected}"));
}

#[tokio::test]
async fn the_metric_of_another_origin_is_no_answer() {
    let server = Server::play([Act::answer(200, &fixture("monitor/made-origin-health").to_string())]).await;
    let (from, to) = (time("2026-07-01T09:50:00Z"), time("2026-07-01T10:00:00Z"));
    let points = azure(&server).monitor().origin_health(&profile(), "other.example.com", from, to).await.unwrap().value;
    assert!(points.is_empty());
}

#[tokio::test]
async fn a_metric_that_failed_or_is_missing_is_an_error_and_not_empty() {
    let mut failed = fixture("monitor/made-origin-health");
    failed["value"][0]["errorCode"] = json!("InvalidSamplingType");
    for body in [failed, json!({"value": []}), json!({})] {
        let server = Server::play([Act::answer(200, &body.to_string())]).await;
        let (from, to) = (time("2026-07-01T09:50:00Z"), time("2026-07-01T10:00:00Z"));
        assert!(azure(&server).monitor().origin_health(&profile(), "o", from, to).await.is_err());
    }
}

#[tokio::test]
async fn one_dimension_of_a_published_metric_is_picked_out() {
    let metric = Metric { namespace: "Microsoft.Storage/storageAccounts/blobServices", name: "BlobCount" };
    let server = Server::play([Act::answer(200, &published("monitor/GetMetric"))]).await;
    let (from, to) = (time("2021-04-20T09:00:00Z"), time("2021-04-20T14:00:00Z"));
    let hot = Dimension { name: "Tier", value: "hot" };
    let points = azure(&server).monitor().series(&profile(), metric, Some(hot), from, to).await.unwrap().value;
    assert_eq!(points.iter().map(|point| point.average).collect::<Vec<_>>(), [Some(7.0), Some(7.0)]);
}

const ALERT: &str = "/subscriptions/3b540246-808d-4331-99aa-917b808a9166/providers/Microsoft.AlertsManagement/alerts/66114d64-d9d9-478b-95c9-b789d6502100";

#[tokio::test]
async fn an_alert_is_read_and_its_state_changed_through_its_subscription() {
    let body = published("alertsmanagement/Alerts_GetById");
    let published_id = serde_json::from_str::<Value>(&body).unwrap()["id"].as_str().unwrap().to_owned();
    let server = Server::play([Act::answer(200, &body), Act::answer(200, &body)]).await;
    let azure = azure(&server);
    let id = AlertId::parse(&published_id).unwrap();
    assert_eq!(id, AlertId::parse(ALERT).unwrap());
    let alert = azure.alerts().get(&id).await.unwrap().value;
    assert!(alert.is_fired());
    assert_eq!((alert.state.as_deref(), alert.suppressed), (Some("Acknowledged"), Some(false)));
    azure.alerts().change_state(&id, AlertState::Closed, "over", soon()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].target, format!("{ALERT}?api-version=2019-03-01"));
    assert_eq!(seen[1].target, format!("{ALERT}/changestate?api-version=2019-03-01&newState=Closed"));
    assert_eq!(seen[1].body, r#"{"comments":"over"}"#);
}

#[tokio::test]
async fn fired_alerts_on_a_target_are_listed() {
    let fired: Value = serde_json::from_str(&published("alertsmanagement/Alerts_GetById")).unwrap();
    let mut resolved = fired.clone();
    resolved["properties"]["essentials"]["monitorCondition"] = json!("Resolved");
    let server = Server::play([Act::answer(200, &json!({"value": [resolved, fired, {}]}).to_string())]).await;
    let alerts = azure(&server).alerts().fired(&profile(), Since::Day).await.unwrap().value;
    assert_eq!(alerts.len(), 1);
    assert!(server.seen()[0].target.contains("&monitorCondition=Fired&timeRange=1d"));
}

#[test]
fn an_alert_id_from_outside_cannot_lead_elsewhere() {
    for text in [
        "",
        "/subscriptions/../../x/providers/Microsoft.AlertsManagement/alerts/66114d64-d9d9-478b-95c9-b789d6502100",
        "/subscriptions/3b540246-808d-4331-99aa-917b808a9166/providers/Microsoft.AlertsManagement/alerts/..",
        "/subscriptions/3b540246-808d-4331-99aa-917b808a9166/providers/Microsoft.AlertsManagement/alerts/66114d64-d9d9-478b-95c9-b789d6502100?x=1",
        "/subscriptions/3b540246-808d-4331-99aa-917b808a9166/resourceGroups/g/providers/Microsoft.Insights/metricAlerts/rule",
        "66114d64-d9d9-478b-95c9-b789d6502100",
    ] {
        assert_eq!(AlertId::parse(text), None, "{text}");
    }
}

#[test]
fn published_database_errors_are_busy_or_unknown() {
    let errors = fixture("postgresql/error-messages");
    let class = |name: &str| {
        let error = ServiceError::from_body(errors[name]["body"].to_string().as_bytes());
        reveille::azure::classify(errors[name]["status"].as_u64().map(|status| status as u16), &error)
    };
    assert_eq!(class("busy"), FailureClass::Busy);
    assert_eq!(class("missing_source"), FailureClass::Other);
}
