//! AKS: states, long-running operations, refusals.

use std::time::Duration;

use reqwest::Method;
use reveille::sandbox::world::{
    ArmFault, Darkness, FaultAction, OperationStatus, Outcome, Power, Provisioning, SlowRestart,
};

use serde_json::Value;

use super::{LONG, Rig, cluster_path};

const PRIMARY: &str = "aks-sonar-eastus2";
const STANDBY: &str = "aks-sonar-centralus";
const CONFLICT: &str = "OperationNotAllowed";

#[tokio::test]
async fn a_cluster_shows_power_provisioning_and_pools() {
    let rig = Rig::start().await;
    let answer = rig.get(&cluster_path(STANDBY, "")).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.body["properties"]["powerState"]["code"], "Stopped");
    assert_eq!(answer.body["properties"]["provisioningState"], "Succeeded");
    assert_eq!(answer.body["location"], "centralus");
    let pools = rig.get(&cluster_path(PRIMARY, "/agentPools")).await;
    assert_eq!(pools.body["value"].as_array().unwrap().len(), 2);
    assert_eq!(pools.body["value"][0]["properties"]["powerState"]["code"], "Running");
}

#[tokio::test]
async fn an_old_cluster_answers_without_a_power_state() {
    let rig = Rig::start().await;
    rig.world.change_cluster(PRIMARY, |it| it.hides_power = true);
    let answer = rig.get(&cluster_path(PRIMARY, "")).await;
    assert!(answer.body["properties"].get("powerState").is_none());
}

#[tokio::test]
async fn a_start_is_accepted_without_a_body_and_ends_as_recorded() {
    let rig = Rig::start().await;
    let accepted = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert_eq!(accepted.status, 202);
    assert!(accepted.body.is_null());
    let status_url = accepted.header("azure-asyncoperation").to_owned();
    assert!((3000..4500).contains(&status_url.len()), "{}", status_url.len());
    assert!(
        status_url.contains("/locations/centralus/operations/") && status_url.contains("?api-version=2016-03-30&t=")
    );

    // The desired power flips at once, nodes do not run yet.
    let during = rig.get(&cluster_path(STANDBY, "")).await;
    assert_eq!(during.body["properties"]["powerState"]["code"], "Running");
    assert_eq!(during.body["properties"]["provisioningState"], "Starting");
    assert!(!rig.world.applications_run(STANDBY));
    let first = rig.send(Method::GET, &status_url, None).await;
    assert_eq!(first.body["status"], "InProgress");
    assert_eq!(first.body["error"]["code"], "NotLatestOperation");
    assert!(first.headers.get("retry-after").is_none());

    let ended = rig.finish(&accepted).await;
    assert_eq!(ended["status"], "Succeeded");
    assert_eq!(ended["error"]["code"], "NotLatestOperation");
    assert!(ended["endTime"].is_string());
    let location = accepted.header("location");
    let result = rig.send(Method::GET, location, None).await;
    assert_eq!((result.status.as_u16(), result.header("location")), (204, location));
    assert!(rig.world.applications_run(STANDBY));
}

#[tokio::test]
async fn a_stop_shows_no_error_and_leaves_no_nodes() {
    let rig = Rig::start().await;
    let accepted = rig.post(&cluster_path(PRIMARY, "/stop")).await;
    assert_eq!(accepted.status, 202);
    let result = rig.send(Method::GET, accepted.header("location"), None).await;
    assert_eq!(result.status, 202);
    assert!(rig.world.applications_run(PRIMARY));
    let ended = rig.finish(&accepted).await;
    assert_eq!(ended["status"], "Succeeded");
    assert!(ended.get("error").is_none());
    let cluster = rig.world.cluster(PRIMARY).unwrap();
    assert_eq!(
        (cluster.power, cluster.provisioning, cluster.nodes_running),
        (Power::Stopped, Provisioning::Succeeded, false)
    );
}

#[tokio::test]
async fn starting_what_runs_and_stopping_what_is_stopped_are_conflicts_in_a_flat_body() {
    let rig = Rig::start().await;
    let start = rig.post(&cluster_path(PRIMARY, "/start")).await;
    assert_eq!((start.status.as_u16(), start.code()), (409, "OperationNotAllowed"));
    assert!(start.body.get("error").is_none());
    assert!(
        start
            .message()
            .contains("Provisioning State(Succeeded) and Power State(Running), starting cannot be performed")
    );
    let stop = rig.post(&cluster_path(STANDBY, "/stop")).await;
    assert_eq!((stop.status.as_u16(), stop.code()), (409, "OperationNotAllowed"));
    assert!(stop.message().contains("not currently running, stopping cannot be performed"));
}

#[tokio::test]
async fn a_second_start_is_a_conflict_that_says_starting() {
    let rig = Rig::start().await;
    assert_eq!(rig.post(&cluster_path(STANDBY, "/start")).await.status, 202);
    let second = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert_eq!(second.status, 409);
    assert!(second.message().contains("Provisioning State(Starting) and Power State(Running)"), "{}", second.message());
}

#[tokio::test]
async fn a_busy_cluster_names_the_other_operation() {
    let rig = Rig::start().await;
    let update = rig.world.update_cluster(STANDBY, false, Duration::from_secs(60)).unwrap();
    let start = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert_eq!(start.status, 409);
    assert!(start.message().contains(&update.id));
    rig.world.finish_operation(&update.id);
    rig.world.update_cluster(STANDBY, true, Duration::from_secs(60)).unwrap();
    let start = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert!(start.message().contains("Another agentpool operation (system - Updating)"));
}

#[tokio::test]
async fn refusals_come_in_the_very_shape_that_was_seen_of_each() {
    let rig = Rig::start().await;
    let running = rig.post(&cluster_path(PRIMARY, "/start")).await;
    assert_eq!(names(&running.body), ["code", "details", "message", "subcode"]);
    let update = rig.world.update_cluster(STANDBY, false, LONG).unwrap();
    let busy = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert_eq!(
        (names(&busy.body), busy.body["code"].as_str()),
        (vec!["code".into(), "message".into()], Some(CONFLICT))
    );
    rig.world.finish_operation(&update.id);
    rig.world.tune(|it| it.busy_in_old_words = true);
    let old = rig.world.update_cluster(STANDBY, false, LONG).unwrap();
    assert_eq!(enveloped(&rig).await, "Another operation (Updating)");
    rig.world.finish_operation(&old.id);
    rig.world.update_cluster(STANDBY, true, LONG).unwrap();
    assert_eq!(enveloped(&rig).await, "Another agentpool operation (system - Updating)");
}

fn names(body: &Value) -> Vec<String> {
    body.as_object().unwrap().keys().cloned().collect()
}

/// What the refusal in the envelope, and in nothing else, says is in progress.
async fn enveloped(rig: &Rig) -> String {
    let refused = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert_eq!((refused.status.as_u16(), names(&refused.body)), (409, vec!["error".to_owned()]));
    assert_eq!(names(&refused.body["error"]), ["code", "message"]);
    assert_eq!(refused.body["error"]["code"], CONFLICT);
    let message = refused.body["error"]["message"].as_str().unwrap();
    let rest = message.strip_prefix("Operation is not allowed: ").unwrap();
    rest.split(" is in progress, please wait for it to finish").next().unwrap().to_owned()
}

#[tokio::test]
async fn a_stop_preempts_a_start_in_flight() {
    let rig = Rig::start().await;
    let start = rig.post(&cluster_path(STANDBY, "/start")).await;
    let stop = rig.post(&cluster_path(STANDBY, "/stop")).await;
    assert_eq!(stop.status, 202);
    let start = rig.poll(start.header("azure-asyncoperation")).await;
    assert_eq!(
        (start["status"].as_str(), start["error"]["code"].as_str()),
        (Some("Failed"), Some("AKSOperationPreempted"))
    );
    assert_eq!(rig.finish(&stop).await["status"], "Succeeded");
    assert!(!rig.world.cluster(STANDBY).unwrap().nodes_running);
}

#[tokio::test]
async fn a_failed_start_leaves_failed_and_running_and_may_be_tried_again() {
    let rig = Rig::start().await;
    rig.world.add_fault(ArmFault::on("POST", "/start", FaultAction::no_capacity()).times(1));
    let accepted = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert_eq!(accepted.status, 202);
    let ended = rig.finish(&accepted).await;
    assert_eq!(
        (ended["status"].as_str(), ended["error"]["code"].as_str()),
        (Some("Failed"), Some("AksCapacityHeavyUsage"))
    );
    let cluster = rig.get(&cluster_path(STANDBY, "")).await;
    assert_eq!(cluster.body["properties"]["provisioningState"], "Failed");
    assert_eq!(cluster.body["properties"]["powerState"]["code"], "Running");
    assert!(!rig.world.applications_run(STANDBY));
    let again = rig.post(&cluster_path(STANDBY, "/start")).await;
    assert_eq!(rig.finish(&again).await["status"], "Succeeded");
}

#[tokio::test]
async fn a_stop_that_hangs_stays_in_progress_with_its_nodes_running() {
    let rig = Rig::start().await;
    rig.world.tune(|it| it.stop = Duration::from_millis(10));
    rig.world.add_fault(ArmFault::on("POST", "/stop", FaultAction::OperationHangs));
    let accepted = rig.post(&cluster_path(PRIMARY, "/stop")).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    let status = rig.send(Method::GET, accepted.header("azure-asyncoperation"), None).await;
    assert_eq!(status.body["status"], "InProgress");
    let cluster = rig.get(&cluster_path(PRIMARY, "")).await;
    assert_eq!(cluster.body["properties"]["provisioningState"], "Stopping");
    assert!(rig.world.cluster(PRIMARY).unwrap().nodes_running);
}

#[tokio::test]
async fn a_hasty_restart_takes_long() {
    let rig = Rig::start().await;
    let slow = SlowRestart { within: Duration::from_secs(900), takes: Duration::from_secs(600) };
    rig.world.tune(|it| (it.slow_restart, it.start) = (Some(slow), Duration::ZERO));
    let rested = rig.world.start_cluster(STANDBY, Outcome::default()).unwrap();
    assert_eq!(rig.world.operation(&rested.id).unwrap().status, OperationStatus::Succeeded);
    let stop = rig.world.stop_cluster(STANDBY, Outcome::default()).unwrap();
    rig.world.finish_operation(&stop.id);
    let hasty = rig.world.start_cluster(STANDBY, Outcome::default()).unwrap();
    assert_eq!(rig.world.operation(&hasty.id).unwrap().status, OperationStatus::InProgress);
}

#[tokio::test]
async fn operation_addresses_have_to_come_back_byte_for_byte() {
    let rig = Rig::start().await;
    let accepted = rig.post(&cluster_path(STANDBY, "/start")).await;
    let url = accepted.header("azure-asyncoperation");
    let swapped = url.replace("api-version=2016-03-30", "api-version=2025-10-01");
    assert_eq!(rig.send(Method::GET, &swapped, None).await.status, 403);
    let stripped = url.split("&h=").next().unwrap();
    assert_eq!(rig.send(Method::GET, stripped, None).await.status, 403);
    assert_eq!(rig.unknown_calls(), 2);
    let id = url.split("/operations/").nth(1).unwrap().split('?').next().unwrap();
    rig.world.forget_operation(id);
    assert_eq!(rig.send(Method::GET, url, None).await.status, 404);
}

#[tokio::test]
async fn a_region_without_its_control_plane_answers_504() {
    let rig = Rig::start().await;
    rig.world.tune(|it| it.gateway_timeout = Duration::from_millis(5));
    rig.world.set_darkness("eastus2", Darkness { control_plane: true, ..Darkness::outage() });
    let stop = rig.post(&cluster_path(PRIMARY, "/stop")).await;
    assert_eq!((stop.status.as_u16(), stop.code()), (504, "GatewayTimeout"));
    assert_eq!(rig.get(&cluster_path(STANDBY, "")).await.status, 200);
    assert_eq!(rig.world.cluster(PRIMARY).unwrap().power, Power::Running);
}
