//! Faults of ARM.

use std::time::{Duration, Instant};

use reqwest::Method;
use reveille::sandbox::world::{ArmFault, Entry, Event, FaultAction, Power};
use serde_json::json;

use super::{Rig, cluster_path};

const STANDBY: &str = "aks-sonar-centralus";

#[tokio::test]
async fn a_throttled_answer_may_come_with_and_without_retry_after() {
    let rig = Rig::start().await;
    rig.world.add_fault(ArmFault::on("GET", "/managedClusters/", FaultAction::throttled(Some(7))).times(1));
    rig.world.add_fault(ArmFault::on("GET", "/managedClusters/", FaultAction::throttled(None)).times(1));
    let first = rig.get(&cluster_path(STANDBY, "")).await;
    assert_eq!((first.status.as_u16(), first.header("retry-after")), (429, "7"));
    let second = rig.get(&cluster_path(STANDBY, "")).await;
    assert_eq!((second.status.as_u16(), second.header("retry-after")), (429, ""));
    assert_eq!(rig.get(&cluster_path(STANDBY, "")).await.status, 200);
}

#[tokio::test]
async fn a_reset_connection_changes_nothing() {
    let rig = Rig::start().await;
    rig.world.add_fault(ArmFault::on("POST", "/start", FaultAction::Reset).times(1));
    let url = rig.url(&cluster_path(STANDBY, "/start"));
    assert!(rig.try_send(Method::POST, &url, None).await.is_err());
    assert_eq!(rig.world.cluster(STANDBY).unwrap().power, Power::Stopped);
    assert_eq!(rig.post(&cluster_path(STANDBY, "/start")).await.status, 202);
}

#[tokio::test]
async fn an_accepted_call_can_lose_its_answer() {
    let rig = Rig::start().await;
    rig.world.add_fault(ArmFault::on("POST", "/start", FaultAction::AcceptAndReset).times(1));
    let url = rig.url(&cluster_path(STANDBY, "/start"));
    assert!(rig.try_send(Method::POST, &url, None).await.is_err());
    assert_eq!(rig.world.cluster(STANDBY).unwrap().power, Power::Running);
}

#[tokio::test]
async fn a_slow_answer_is_late_and_right() {
    let rig = Rig::start().await;
    rig.world.add_fault(ArmFault::on("GET", "/managedClusters/", FaultAction::Slow { delay_ms: 150 }));
    let begun = Instant::now();
    assert_eq!(rig.get(&cluster_path(STANDBY, "")).await.status, 200);
    assert!(begun.elapsed() >= Duration::from_millis(150));
}

#[tokio::test]
async fn a_call_can_be_carried_out_although_its_caller_gave_up() {
    let rig = Rig::start().await;
    let action = FaultAction::SlowAnswer { delay_ms: 60_000 };
    rig.world.add_fault(ArmFault::on("POST", "/start", action).times(1));
    let url = rig.url(&cluster_path(STANDBY, "/start"));
    let request = rig.client.post(&url).bearer_auth(&rig.token).timeout(Duration::from_millis(150));
    assert!(request.send().await.unwrap_err().is_timeout());
    assert_eq!(rig.world.cluster(STANDBY).unwrap().power, Power::Running);
    let logged = |it: &Entry| matches!(&it.event, Event::ArmCall { status: Some(202), .. });
    assert!(rig.world.entries().iter().any(logged));
}

#[tokio::test]
async fn the_operation_address_can_be_forbidden_while_the_operation_goes_on() {
    let rig = Rig::start().await;
    let action = FaultAction::error(
        403,
        "AuthorizationFailed",
        "no authorization to perform action 'Microsoft.ContainerService/locations/operations/read'",
    );
    rig.world.add_fault(ArmFault::on("GET", "/operations/", action));
    let accepted = rig.post(&cluster_path(STANDBY, "/start")).await;
    let refused = rig.send(Method::GET, accepted.header("azure-asyncoperation"), None).await;
    assert_eq!((refused.status.as_u16(), refused.code()), (403, "AuthorizationFailed"));
    let id = accepted.header("azure-asyncoperation").split('?').next().unwrap().rsplit('/').next().unwrap();
    rig.world.finish_operation(id);
    let cluster = rig.get(&cluster_path(STANDBY, "")).await;
    assert_eq!(cluster.body["properties"]["provisioningState"], "Succeeded");
    assert!(rig.world.applications_run(STANDBY));
    rig.world.clear_faults();
    assert_eq!(rig.poll(accepted.header("azure-asyncoperation")).await["status"], "Succeeded");
}

#[tokio::test]
async fn faults_can_be_written_down_as_data() {
    let written = json!({"method": "POST", "path": "/start", "times": 2, "fault": "answer", "status": 503, "body": {}});
    let fault: ArmFault = serde_json::from_value(written).unwrap();
    let misspelt = json!({"path": "/start", "fault": "answer", "status": 503, "bodie": {}});
    assert!(serde_json::from_value::<ArmFault>(misspelt).is_err());
    let reset: ArmFault = serde_json::from_value(json!({"path": "/start", "fault": "accept-and-reset"})).unwrap();
    assert_eq!(reset.action, FaultAction::AcceptAndReset);
    let rig = Rig::start().await;
    rig.world.add_fault(fault);
    let statuses = [503, 503, 202];
    for status in statuses {
        assert_eq!(rig.post(&cluster_path(STANDBY, "/start")).await.status, status);
    }
}
