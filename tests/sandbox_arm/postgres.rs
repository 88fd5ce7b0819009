//! PostgreSQL: roles, virtual endpoints, promotion.

use std::time::Duration;

use reqwest::Method;
use reveille::sandbox::world::{ArmFault, Darkness, FaultAction, Role};
use serde_json::json;

use super::{Answer, Rig, promote_body, server_path};

const PRIMARY: &str = "pg-sonar-eastus2";
const REPLICA: &str = "pg-sonar-centralus";
const WRITER: &str = "sonar.writer.postgres.database.azure.com";

async fn promote(rig: &Rig, server: &str, mode: &str, option: &str) -> Answer {
    rig.send(Method::PATCH, &rig.url(&server_path(server, "")), Some(promote_body(mode, option))).await
}

#[tokio::test]
async fn servers_show_roles_source_and_display_names_of_locations() {
    let rig = Rig::start().await;
    let primary = rig.get(&server_path(PRIMARY, "")).await.body;
    assert_eq!(primary["properties"]["replicationRole"], "Primary");
    assert_eq!(primary["location"], "East US 2");
    assert!(primary["properties"].get("sourceServerResourceId").is_none());
    let replica = rig.get(&server_path(REPLICA, "")).await.body;
    assert_eq!(replica["properties"]["replica"]["role"], "GeoAsyncReplica");
    assert!(replica["properties"]["replica"].get("replicationState").is_none());
    assert!(replica["properties"]["sourceServerResourceId"].as_str().unwrap().ends_with(PRIMARY));
    let replicas = rig.get(&server_path(PRIMARY, "/replicas")).await.body;
    assert_eq!(replicas["value"][0]["name"], REPLICA);
}

#[tokio::test]
async fn the_virtual_endpoint_is_only_found_under_the_primary() {
    let rig = Rig::start().await;
    let found = rig.get(&server_path(PRIMARY, "/virtualEndpoints")).await;
    assert_eq!(found.body["value"][0]["properties"]["members"], json!([PRIMARY, REPLICA]));
    assert_eq!(found.body["value"][0]["type"], "Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints");
    assert_eq!(rig.get(&server_path(PRIMARY, "/virtualendpoints/SONAR")).await.status, 200);
    let other = rig.get(&server_path(REPLICA, "/virtualendpoints")).await;
    assert_eq!((other.status.as_u16(), other.code()), (404, "ResourceNotFound"));
    assert!(other.message().contains("orcasbreadth"));
    rig.world.remove_virtual_endpoint("sonar");
    assert_eq!(rig.get(&server_path(PRIMARY, "/virtualendpoints")).await.status, 404);
    assert_eq!(rig.unknown_calls(), 0);
}

#[tokio::test]
async fn a_forced_switchover_swaps_roles_and_moves_the_writer() {
    let rig = Rig::start().await;
    let accepted = promote(&rig, REPLICA, "Switchover", "Forced").await;
    assert_eq!(accepted.status, 202);
    assert_eq!(accepted.body["operation"], "ReadReplicaSiteSwapManagementOperation");
    let url = accepted.header("azure-asyncoperation");
    assert!(url.contains("/locations/Central%20US/azureAsyncOperation/") && url.contains("?api-version=2025-08-01&t="));
    let ended = rig.poll(url).await;
    assert_eq!(ended["status"], "Succeeded");
    assert!(ended.get("endTime").is_none());
    let result = rig.send(Method::GET, accepted.header("location"), None).await;
    assert_eq!(result.body["properties"]["replicationRole"], "Primary");

    let old = rig.get(&server_path(PRIMARY, "")).await.body;
    assert_eq!(old["properties"]["replicationRole"], "GeoAsyncReplica");
    assert!(old["properties"]["sourceServerResourceId"].as_str().unwrap().ends_with(REPLICA));
    assert_eq!(rig.world.name_target(WRITER).unwrap(), format!("{REPLICA}.postgres.database.azure.com"));
    assert_eq!(rig.get(&server_path(REPLICA, "/virtualendpoints/sonar")).await.status, 200);
    assert_eq!(rig.get(&server_path(PRIMARY, "/virtualendpoints/sonar")).await.status, 404);
}

#[tokio::test]
async fn lower_case_values_and_a_role_are_taken_too() {
    let rig = Rig::start().await;
    let replica = json!({"role": "Primary", "promoteMode": "switchover", "promoteOption": "planned"});
    let body = json!({"properties": {"replica": replica}});
    let accepted = rig.send(Method::PATCH, &rig.url(&server_path(REPLICA, "")), Some(body)).await;
    assert_eq!(rig.poll(accepted.header("azure-asyncoperation")).await["status"], "Succeeded");
    let wrong =
        json!({"properties": {"replica": {"role": "None", "promoteMode": "switchover", "promoteOption": "planned"}}});
    let refused = rig.send(Method::PATCH, &rig.url(&server_path(PRIMARY, "")), Some(wrong)).await;
    assert_eq!((refused.status.as_u16(), rig.unknown_calls()), (400, 1));
}

#[tokio::test]
async fn a_standalone_promotion_leaves_the_writer_behind() {
    let rig = Rig::start().await;
    let accepted = promote(&rig, REPLICA, "Standalone", "Forced").await;
    rig.poll(accepted.header("azure-asyncoperation")).await;
    assert_eq!(rig.world.server(REPLICA).unwrap().role, Role::None);
    assert!(!rig.world.server(PRIMARY).unwrap().in_recovery());
    assert_eq!(rig.world.name_target(WRITER).unwrap(), format!("{PRIMARY}.postgres.database.azure.com"));
}

#[tokio::test]
async fn a_dark_primary_can_only_be_left_by_force() {
    let rig = Rig::start().await;
    rig.world.set_darkness("eastus2", Darkness::with_database());
    let planned = promote(&rig, REPLICA, "Switchover", "Planned").await;
    assert_eq!((planned.status.as_u16(), planned.code()), (409, "ServerUnavailableForOperation"));
    let forced = promote(&rig, REPLICA, "Switchover", "Forced").await;
    rig.poll(forced.header("azure-asyncoperation")).await;
    let old = rig.get(&server_path(PRIMARY, "")).await.body;
    assert_eq!(old["properties"]["replica"]["replicationState"], "Reconfiguring");
}

#[tokio::test]
async fn a_busy_server_and_a_primary_cannot_be_promoted() {
    let rig = Rig::start().await;
    rig.world.tune(|it| it.promote_forced = Duration::from_secs(60));
    assert_eq!(promote(&rig, REPLICA, "Switchover", "Forced").await.status, 202);
    let busy = promote(&rig, REPLICA, "Switchover", "Forced").await;
    assert_eq!((busy.status.as_u16(), busy.code()), (409, "ServerIsBusy"));
    assert_eq!(promote(&rig, PRIMARY, "Switchover", "Forced").await.status, 400);
}

#[tokio::test]
async fn the_source_can_be_demanded_as_one_regression_did() {
    let rig = Rig::start().await;
    rig.world.tune(|it| it.promote_needs_source = true);
    let refused = promote(&rig, REPLICA, "Switchover", "Forced").await;
    assert_eq!((refused.status.as_u16(), refused.code()), (400, "MissingRequiredParameter"));
    let source = rig.get(&server_path(REPLICA, "")).await.body["properties"]["sourceServerResourceId"].clone();
    let mut body = promote_body("Switchover", "Forced");
    body["properties"]["sourceServerResourceId"] = source;
    assert_eq!(rig.send(Method::PATCH, &rig.url(&server_path(REPLICA, "")), Some(body)).await.status, 202);
}

#[tokio::test]
async fn a_stopped_server_does_not_answer_and_starts_again() {
    let rig = Rig::start().await;
    let stop = rig.post(&server_path(PRIMARY, "/stop")).await;
    assert_eq!(rig.poll(stop.header("azure-asyncoperation")).await["status"], "Succeeded");
    assert_eq!(rig.get(&server_path(PRIMARY, "")).await.body["properties"]["state"], "Stopped");
    assert!(!rig.world.server_answers(PRIMARY));
    let start = rig.post(&server_path(PRIMARY, "/start")).await;
    rig.poll(start.header("azure-asyncoperation")).await;
    assert!(rig.world.server_answers(PRIMARY));
    let result = rig.send(Method::GET, start.header("location"), None).await;
    assert_eq!(result.status, 204);
}

#[tokio::test]
async fn power_calls_that_do_not_fit_the_state_are_conflicts_and_change_nothing() {
    let rig = Rig::start().await;
    let start = rig.post(&server_path(PRIMARY, "/start")).await;
    assert_eq!((start.status.as_u16(), start.code()), (409, "ServerUnavailableForOperation"));
    let stop = rig.post(&server_path(PRIMARY, "/stop")).await;
    rig.poll(stop.header("azure-asyncoperation")).await;
    for action in ["/stop", "/restart"] {
        let refused = rig.post(&server_path(PRIMARY, action)).await;
        assert_eq!((refused.status.as_u16(), refused.code()), (409, "ServerIsNotReady"), "{action}");
    }
    assert_eq!(rig.get(&server_path(PRIMARY, "")).await.body["properties"]["state"], "Stopped");
    assert!(!rig.world.server_answers(PRIMARY));
}

#[tokio::test]
async fn an_operation_that_fails_leaves_the_server_as_it_was() {
    let rig = Rig::start().await;
    let failing = |action: &str| {
        let fails = FaultAction::OperationFails { code: "InternalServerError".into(), message: "no".into() };
        ArmFault::on("POST", action, fails).times(1)
    };
    let states = async |action: &str| {
        let accepted = rig.post(&server_path(PRIMARY, action)).await;
        let ended = rig.poll(accepted.header("azure-asyncoperation")).await;
        (ended["status"].as_str().unwrap().to_owned(), rig.world.server(PRIMARY).unwrap().state)
    };
    rig.world.add_fault(failing("/stop"));
    assert_eq!(states("/stop").await, ("Failed".into(), "Ready".into()));
    assert_eq!(states("/stop").await, ("Succeeded".into(), "Stopped".into()));
    rig.world.add_fault(failing("/start"));
    assert_eq!(states("/start").await, ("Failed".into(), "Stopped".into()));
    assert_eq!(states("/start").await, ("Succeeded".into(), "Ready".into()));
}
