//! Lists as tables: what `kubectl get` asks for and prints (kubernetes.io, API concepts, "Receiving resources as Tables").

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::ask::{Ask, Target};
use super::kinds::Kind;
use super::pods::is_ready;
use super::reply::{Content, Reply};
use super::store::is_terminating;

/// The answer as a table, when that is what the caller takes and there are objects to show.
pub(super) fn shown(ask: &Ask, reply: Reply, now: DateTime<Utc>) -> Reply {
    let kind = match ask.target() {
        Some(Target::List(resource, _) | Target::Object(resource, _)) => resource.kind,
        _ => return reply,
    };
    let wanted = ask.accept.contains("as=Table") && ask.method == "GET" && reply.status == 200;
    match &reply.body {
        Content::Json(body) if wanted => Reply::ok(table(kind, body, now)),
        _ => reply,
    }
}

fn table(kind: Kind, body: &Value, now: DateTime<Utc>) -> Value {
    let one = [body.clone()];
    let objects = body["items"].as_array().map_or(&one[..], Vec::as_slice);
    let rows: Vec<Value> = objects.iter().map(|it| row(kind, it, now)).collect();
    let columns = ["Name"].iter().chain(columns(kind)).chain(&["Age"]).map(|name| {
        let format = if *name == "Name" { "name" } else { "" };
        json!({"name": name, "type": "string", "format": format, "description": "", "priority": 0})
    });
    json!({
        "kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": body["metadata"],
        "columnDefinitions": columns.collect::<Vec<_>>(), "rows": rows,
    })
}

/// Between the name and the age.
fn columns(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Namespace => &["Status"],
        Kind::Node => &["Status", "Version"],
        Kind::Pod => &["Ready", "Status", "Restarts"],
        Kind::Claim => &["Status", "Volume", "Capacity"],
        Kind::Deployment => &["Ready", "Up-to-date", "Available"],
        Kind::StatefulSet => &["Ready"],
        Kind::Autoscaler => &["Reference"],
        Kind::Event => &["Reason"],
    }
}

fn row(kind: Kind, object: &Value, now: DateTime<Utc>) -> Value {
    let mut cells = vec![object["metadata"]["name"].clone()];
    cells.extend(cells_of(kind, object));
    cells.push(age(object, now).into());
    let partial = json!({
        "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"],
    });
    json!({"cells": cells, "object": partial})
}

fn cells_of(kind: Kind, object: &Value) -> Vec<Value> {
    let (spec, status) = (&object["spec"], &object["status"]);
    let count = |name: &str| status[name].as_u64().unwrap_or_default();
    let ready = || format!("{}/{}", count("readyReplicas"), spec["replicas"].as_u64().unwrap_or_default()).into();
    match kind {
        Kind::Namespace => vec![status["phase"].clone()],
        Kind::Node => {
            let ready = if is_ready(object) { "Ready" } else { "NotReady" };
            vec![ready.into(), status["nodeInfo"]["kubeletVersion"].clone()]
        }
        Kind::Pod => {
            let container = &status["containerStatuses"][0];
            let ready = u8::from(container["ready"] == true);
            vec![
                format!("{ready}/1").into(),
                pod_status(object),
                container["restartCount"].as_u64().unwrap_or(0).into(),
            ]
        }
        Kind::Claim => {
            let phase = if is_terminating(object) { "Terminating".into() } else { status["phase"].clone() };
            vec![phase, spec["volumeName"].clone(), status["capacity"]["storage"].clone()]
        }
        Kind::Deployment => vec![ready(), count("updatedReplicas").into(), count("availableReplicas").into()],
        Kind::StatefulSet => vec![ready()],
        Kind::Autoscaler => {
            let target = &spec["scaleTargetRef"];
            let part = |name: &str| target[name].as_str().unwrap_or_default().to_owned();
            vec![format!("{}/{}", part("kind"), part("name")).into()]
        }
        Kind::Event => vec![object["reason"].clone()],
    }
}

fn pod_status(pod: &Value) -> Value {
    let state = &pod["status"]["containerStatuses"][0]["state"];
    if is_terminating(pod) {
        return "Terminating".into();
    }
    let reasons = [&state["waiting"]["reason"], &state["terminated"]["reason"], &pod["status"]["phase"]];
    reasons.into_iter().find(|it| !it.is_null()).cloned().unwrap_or_default()
}

/// In the largest unit, as people read it.
fn age(object: &Value, now: DateTime<Utc>) -> String {
    let created = object["metadata"]["creationTimestamp"].as_str().and_then(|it| it.parse::<DateTime<Utc>>().ok());
    let seconds = created.map_or(0, |at| (now - at).num_seconds().max(0));
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}
