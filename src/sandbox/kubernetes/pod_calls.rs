//! Calls about pods and the volumes they use.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::ask::{Ask, Place};
use super::cluster::{Cluster, Run};
use super::control::suffix;
use super::kinds::Resource;
use super::reply::{Content, Reply};
use super::settings::Settings;
use super::store::{Key, is_terminating, time};

/// Creates a bare pod.
pub(super) fn create(
    ask: &Ask,
    cluster: &mut Cluster,
    resource: &Resource,
    namespace: Option<String>,
    now: DateTime<Utc>,
) -> Reply {
    // A pod is only created in a namespace.
    let Some(namespace) = namespace else { return Reply::not_allowed() };
    let pod = match pod_of(ask, resource, &namespace) {
        Ok(pod) => pod,
        Err(refused) => return refused,
    };
    let key = Key::new(resource.kind, &namespace, pod["metadata"]["name"].as_str().unwrap_or_default());
    if cluster.store.get(&key).is_some() {
        return Reply::already_exists(resource, &key.name);
    }
    if cluster.store.get(&Key::new(super::kinds::Kind::Namespace, "", &namespace)).is_none() {
        return Reply::not_found(super::kinds::Kind::Namespace.resource(), &namespace);
    }
    if ask.is_dry() {
        return Reply::created(pod);
    }
    cluster.runs.insert(key.clone(), Run { created: now, started: None, ends: None });
    cluster.settled = false;
    Reply::created(cluster.store.create(key, pod, now).clone())
}

fn pod_of(ask: &Ask, resource: &Resource, namespace: &str) -> Result<Value, Reply> {
    let mut pod: Value = serde_json::from_slice(&ask.body).map_err(|it| Reply::bad_request(it.to_string()))?;
    if pod["kind"] != "Pod" || pod["apiVersion"] != "v1" {
        return Err(Reply::bad_request("the object provided is unrecognized (must be of type Pod)"));
    }
    let own = pod["metadata"]["namespace"].as_str().unwrap_or(namespace);
    if own != namespace {
        return Err(Reply::bad_request(format!(
            "the namespace of the provided object does not match the namespace sent on the request ({own} != {namespace})"
        )));
    }
    let name = name_of(&pod["metadata"])?;
    let containers = pod["spec"]["containers"].as_array().map(Vec::as_slice).unwrap_or_default();
    if containers.is_empty() {
        return Err(Reply::invalid(resource.name, "", &name, "spec.containers: Required value"));
    }
    if let Some(place) = containers.iter().position(|it| it["image"].as_str().is_none_or(str::is_empty)) {
        let why = format!("spec.containers[{place}].image: Required value");
        return Err(Reply::invalid(resource.name, "", &name, &why));
    }
    pod["metadata"]["name"] = name.into();
    pod["status"] = json!({"phase": "Pending"});
    default(&mut pod["spec"], "restartPolicy", "Always".into());
    default(&mut pod["spec"], "terminationGracePeriodSeconds", 30.into());
    Ok(pod)
}

fn default(object: &mut Value, name: &str, value: Value) {
    if object[name].is_null() {
        object[name] = value;
    }
}

fn name_of(metadata: &Value) -> Result<String, Reply> {
    let made_up = || metadata["generateName"].as_str().map(|it| format!("{it}{}", suffix()));
    let name = metadata["name"].as_str().map(str::to_owned).or_else(made_up);
    let name = name.ok_or_else(|| {
        Reply::invalid("Pod", "", "", "metadata.name: Required value: name or generateName is required")
    })?;
    let fits = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '-' || it == '.';
    if name.chars().all(fits) && !name.starts_with('-') && name.len() <= 253 {
        return Ok(name);
    }
    let why = format!(
        "metadata.name: Invalid value: \"{name}\": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.'"
    );
    Err(Reply::invalid("Pod", "", &name, &why))
}

/// Options of a deletion: in the query or in the body.
struct Deletion {
    grace: Option<u64>,
    uid: Option<String>,
}

impl Deletion {
    fn of(ask: &Ask) -> Self {
        let body: Value = serde_json::from_slice(&ask.body).unwrap_or_default();
        let grace = ask.param("gracePeriodSeconds").and_then(|it| it.parse().ok());
        Self {
            grace: grace.or_else(|| body["gracePeriodSeconds"].as_u64()),
            uid: body["preconditions"]["uid"].as_str().map(str::to_owned),
        }
    }

    fn check(&self, object: &Value, resource: &Resource, name: &str) -> Result<(), Reply> {
        let same = self.uid.as_deref().is_none_or(|it| object["metadata"]["uid"] == it);
        same.then_some(()).ok_or_else(|| Reply::conflict(resource, name))
    }
}

/// Deletes a pod: it goes on until its grace is over.
pub(super) fn delete(
    ask: &Ask,
    cluster: &mut Cluster,
    resource: &Resource,
    place: &Place,
    (now, settings): (DateTime<Utc>, &Settings),
) -> Reply {
    let key = Key::new(resource.kind, &place.namespace, &place.name);
    let Some(pod) = cluster.store.get(&key) else { return Reply::not_found(resource, &place.name) };
    let deletion = Deletion::of(ask);
    if let Err(refused) = deletion.check(pod, resource, &place.name) {
        return refused;
    }
    let grace = deletion.grace.or(pod["spec"]["terminationGracePeriodSeconds"].as_u64());
    if !ask.is_dry() {
        cluster.delete_pod(&key, grace, now, settings);
    }
    Reply::ok(cluster.store.get(&key).cloned().unwrap_or_default())
}

/// Deletes a claim: one that is in use waits for its pod to go (`kubernetes.io/pvc-protection`).
pub(super) fn delete_claim(
    ask: &Ask,
    cluster: &mut Cluster,
    resource: &Resource,
    place: &Place,
    now: DateTime<Utc>,
) -> Reply {
    let key = Key::new(resource.kind, &place.namespace, &place.name);
    let Some(claim) = cluster.store.get(&key) else { return Reply::not_found(resource, &place.name) };
    if let Err(refused) = Deletion::of(ask).check(claim, resource, &place.name) {
        return refused;
    }
    if !ask.is_dry() {
        cluster.store.change(&key, |it| {
            if !is_terminating(it) {
                it["metadata"]["deletionTimestamp"] = time(now).into();
                it["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            }
        });
        cluster.settled = false;
    }
    Reply::ok(cluster.store.get(&key).cloned().unwrap_or_default())
}

/// What a pod's container has printed.
pub(super) fn log(ask: &Ask, cluster: &Cluster, resource: &Resource, place: &Place) -> Reply {
    let key = Key::new(resource.kind, &place.namespace, &place.name);
    let Some(pod) = cluster.store.get(&key) else { return Reply::not_found(resource, &place.name) };
    let status = &pod["status"]["containerStatuses"][0];
    let waiting = status["state"]["waiting"]["reason"].as_str();
    if waiting.is_some() || status.is_null() {
        let reason = waiting.unwrap_or("ContainerCreating");
        let container = pod["spec"]["containers"][0]["name"].as_str().unwrap_or_default();
        let message = format!("container \"{container}\" in pod \"{}\" is waiting to start: {reason}", place.name);
        return Reply::bad_request(message);
    }
    let text = cluster.logs.get(&key).map(String::as_str).unwrap_or_default();
    let limit = ask.param("limitBytes").and_then(|it| it.parse().ok()).unwrap_or(usize::MAX);
    let text = text.chars().take(limit).collect();
    Reply { status: 200, body: Content::Text(text), retry_after: None }
}
