//! Pods: what their objects say while they come and go.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::probe_pod::Ended;
use super::store::{condition, time};

/// Where the states of containers are.
const STATES: &str = "/status/containerStatuses/0/state";

/// A pod that a controller makes.
pub(super) fn owned(labels: &Value, spec: &Value, owner: Value) -> Value {
    json!({"metadata": {"labels": labels, "ownerReferences": [owner]}, "spec": spec, "status": {"phase": "Pending"}})
}

/// A reference to the controller of a pod.
pub(super) fn owner(kind: &str, name: &str, uid: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": kind, "name": name, "uid": uid,
        "controller": true, "blockOwnerDeletion": true,
    })
}

/// It waits for a place.
pub(super) fn unplaced(pod: &mut Value, now: DateTime<Utc>) {
    if pod["status"]["conditions"][0]["reason"] == "Unschedulable" {
        return;
    }
    let mut placed = condition("PodScheduled", false, "Unschedulable", now);
    placed["message"] = "0/5 nodes are available: 5 Insufficient cpu.".into();
    pod["status"] = json!({"phase": "Pending", "qosClass": "Burstable", "conditions": [placed]});
}

/// It has a place, and its container is made.
pub(super) fn placed(pod: &mut Value, node: &str, reason: &str, now: DateTime<Utc>) {
    let waiting = json!({"waiting": {"reason": reason, "message": waiting_for(reason, pod)}});
    if pod.pointer(STATES) == Some(&waiting) {
        return;
    }
    pod["spec"]["nodeName"] = node.into();
    pod["status"] = json!({
        "phase": "Pending",
        "qosClass": "Burstable",
        "conditions": conditions(false, now),
        "containerStatuses": [container_status(pod, false, waiting)],
    });
}

fn waiting_for(reason: &str, pod: &Value) -> Value {
    let image = pod.pointer("/spec/containers/0/image").and_then(Value::as_str).unwrap_or_default();
    match reason {
        "ImagePullBackOff" => format!("Back-off pulling image \"{image}\"").into(),
        _ => Value::Null,
    }
}

/// Its container runs.
pub(super) fn running(pod: &mut Value, node: &str, now: DateTime<Utc>) {
    pod["spec"]["nodeName"] = node.into();
    let state = json!({"running": {"startedAt": time(now)}});
    pod["status"] = json!({
        "phase": "Running",
        "qosClass": "Burstable",
        "startTime": time(now),
        "hostIP": "10.224.0.4",
        "podIP": "10.244.1.7",
        "conditions": conditions(false, now),
        "containerStatuses": [container_status(pod, false, state)],
    });
}

/// Whether it may get traffic.
pub(super) fn set_ready(pod: &mut Value, ready: bool, now: DateTime<Utc>) {
    if is_ready(pod) != ready {
        pod["status"]["conditions"] = conditions(ready, now);
        pod["status"]["containerStatuses"][0]["ready"] = ready.into();
        pod["status"]["containerStatuses"][0]["started"] = ready.into();
    }
}

/// Its container has come to its end.
pub(super) fn completed(pod: &mut Value, ended: &Ended, now: DateTime<Utc>) {
    let succeeded = ended.exit_code == 0;
    let reason = ended.reason.unwrap_or(if succeeded { "Completed" } else { "Error" });
    let began = pod["status"]["startTime"].clone();
    let terminated = json!({"terminated": {
        "exitCode": ended.exit_code, "reason": reason, "startedAt": began, "finishedAt": time(now),
    }});
    let again = match pod["spec"]["restartPolicy"].as_str() {
        Some("Never") => false,
        Some("OnFailure") => !succeeded,
        _ => true,
    };
    pod["status"]["conditions"] = conditions(false, now);
    if again && ended.reason != Some("DeadlineExceeded") {
        // This kubelet only says that it would.
        let mut status = container_status(pod, false, json!({"waiting": {"reason": "CrashLoopBackOff"}}));
        status["lastState"] = terminated;
        status["restartCount"] = 1.into();
        pod["status"]["containerStatuses"] = json!([status]);
        return;
    }
    pod["status"]["phase"] = if succeeded { "Succeeded" } else { "Failed" }.into();
    pod["status"]["containerStatuses"] = json!([container_status(pod, false, terminated)]);
    if let Some(reason) = ended.reason {
        pod["status"]["reason"] = reason.into();
    }
}

pub(super) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|it| it["type"] == "Ready" && it["status"] == "True"))
}

fn conditions(ready: bool, now: DateTime<Utc>) -> Value {
    let reason = if ready { "" } else { "ContainersNotReady" };
    json!([
        condition("PodScheduled", true, "", now),
        condition("Initialized", true, "", now),
        condition("ContainersReady", ready, reason, now),
        condition("Ready", ready, reason, now),
    ])
}

fn container_status(pod: &Value, ready: bool, state: Value) -> Value {
    let container = &pod["spec"]["containers"][0];
    json!({
        "name": container["name"],
        "image": container["image"],
        "imageID": "",
        "ready": ready,
        "started": ready,
        "restartCount": 0,
        "state": state,
    })
}
