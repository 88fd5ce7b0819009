//! The scale sub-resource, and the few changes of a Deployment or StatefulSet that are taken.

use serde_json::{Value, json};

use super::ask::{Ask, Place};
use super::cluster::Cluster;
use super::kinds::Resource;
use super::patch::{PatchError, patched};
use super::reply::Reply;
use super::store::Key;

/// A `Scale`. Replicas of zero are left out of its spec, as `omitempty` has it.
fn scale_of(workload: &Value) -> Value {
    let metadata = &workload["metadata"];
    let mut scale = json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
            "resourceVersion": metadata["resourceVersion"],
            "creationTimestamp": metadata["creationTimestamp"],
        },
        "spec": {},
        "status": {
            "replicas": workload["status"]["replicas"].as_u64().unwrap_or_default(),
            "selector": selector(&workload["spec"]["selector"]["matchLabels"]),
        },
    });
    if let Some(replicas) = workload["spec"]["replicas"].as_u64().filter(|it| *it > 0) {
        scale["spec"]["replicas"] = replicas.into();
    }
    scale
}

fn selector(labels: &Value) -> String {
    let labels = labels.as_object().into_iter().flatten();
    let pairs: Vec<String> =
        labels.map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default())).collect();
    pairs.join(",")
}

/// GET, PATCH and PUT of a scale.
pub(super) fn scale(ask: &Ask, cluster: &mut Cluster, resource: &Resource, place: &Place) -> Reply {
    let key = Key::new(resource.kind, &place.namespace, &place.name);
    let Some(workload) = cluster.store.get(&key) else { return Reply::not_found(resource, &place.name) };
    let current = scale_of(workload);
    let wanted = match ask.method.as_str() {
        "GET" => return Reply::ok(current),
        "PATCH" => patched(&current, &ask.content_type, &ask.body).map_err(|it| refused(it, resource, &place.name)),
        "PUT" => whole(ask),
        _ => return Reply::not_allowed(),
    };
    match wanted.and_then(|wanted| replicas(&wanted, &current, resource, &place.name)) {
        Ok(replicas) => set_replicas(ask, cluster, &key, replicas),
        Err(refused) => refused,
    }
}

fn whole(ask: &Ask) -> Result<Value, Reply> {
    let body: Value = serde_json::from_slice(&ask.body).map_err(|it| Reply::bad_request(it.to_string()))?;
    let is_scale = body["kind"] == "Scale";
    let message = "the object provided is unrecognized (must be of type Scale)";
    is_scale.then_some(body).ok_or_else(|| Reply::bad_request(message))
}

/// What is wanted, when it was made from the current version and is allowed.
fn replicas(wanted: &Value, current: &Value, resource: &Resource, name: &str) -> Result<u64, Reply> {
    let version = wanted["metadata"]["resourceVersion"].as_str().filter(|it| !it.is_empty());
    if version.is_some_and(|it| Some(it) != current["metadata"]["resourceVersion"].as_str()) {
        return Err(Reply::conflict(resource, name));
    }
    match &wanted["spec"]["replicas"] {
        Value::Null => Ok(0),
        it => it.as_u64().ok_or_else(|| {
            let why = format!("spec.replicas: Invalid value: {it}: must be greater than or equal to 0");
            Reply::invalid("Scale", "autoscaling", name, &why)
        }),
    }
}

fn set_replicas(ask: &Ask, cluster: &mut Cluster, key: &Key, replicas: u64) -> Reply {
    let mut changed = cluster.store.get(key).cloned().unwrap_or_default();
    changed["spec"]["replicas"] = replicas.into();
    if ask.is_dry() {
        return Reply::ok(scale_of(&changed));
    }
    store(cluster, key, changed);
    Reply::ok(cluster.store.get(key).map(scale_of).unwrap_or_default())
}

/// PATCH and PUT of the object itself: replicas, labels and annotations may change.
pub(super) fn change(ask: &Ask, cluster: &mut Cluster, resource: &Resource, place: &Place) -> Reply {
    let key = Key::new(resource.kind, &place.namespace, &place.name);
    let Some(current) = cluster.store.get(&key).cloned() else { return Reply::not_found(resource, &place.name) };
    let wanted = match ask.method.as_str() {
        "PATCH" => patched(&current, &ask.content_type, &ask.body).map_err(|it| refused(it, resource, &place.name)),
        _ => serde_json::from_slice(&ask.body).map_err(|it| Reply::bad_request(it.to_string())),
    };
    match wanted.and_then(|wanted| allowed(wanted, &current, resource, &place.name)) {
        Ok(changed) if ask.is_dry() => Reply::ok(changed),
        Ok(changed) => {
            store(cluster, &key, changed);
            Reply::ok(cluster.store.get(&key).cloned().unwrap_or_default())
        }
        Err(refused) => refused,
    }
}

/// The current object with what may change from the wanted one. This world knows no roll-outs.
fn allowed(wanted: Value, current: &Value, resource: &Resource, name: &str) -> Result<Value, Reply> {
    let replicas = replicas(&wanted, current, resource, name)?;
    let mut changed = current.clone();
    changed["spec"]["replicas"] = replicas.into();
    for field in ["labels", "annotations"] {
        if !wanted["metadata"][field].is_null() {
            changed["metadata"][field] = wanted["metadata"][field].clone();
        }
    }
    let mut spec = wanted["spec"].clone();
    spec["replicas"] = replicas.into();
    if spec == changed["spec"] {
        return Ok(changed);
    }
    Err(Reply::invalid(resource.name, resource.group, name, "spec: Forbidden: only replicas can be changed here"))
}

fn store(cluster: &mut Cluster, key: &Key, changed: Value) {
    cluster.store.change(key, |it| {
        let generation = it["metadata"]["generation"].as_u64().unwrap_or(1);
        let moved = it["spec"] != changed["spec"];
        *it = changed;
        if moved {
            it["metadata"]["generation"] = (generation + 1).into();
        }
    });
    cluster.settled = false;
}

pub(super) fn refused(error: PatchError, resource: &Resource, name: &str) -> Reply {
    match error {
        PatchError::Unsupported => Reply::refusal(
            415,
            "UnsupportedMediaType",
            "the body of the request was in an unknown format - accepted media types include: \
             application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
            json!({}),
        ),
        PatchError::Unreadable(why) => Reply::bad_request(why),
        PatchError::DoesNotApply(why) => Reply::refusal(
            422,
            "Invalid",
            format!("the server rejected our request due to an error in our request: {why}"),
            super::reply::details(resource, name),
        ),
    }
}
