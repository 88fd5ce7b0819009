//! What an API server says it can do.

use serde_json::{Value, json};

use super::kinds::{RESOURCES, group_version};
use super::reply::Reply;
use crate::sandbox::arm::KUBERNETES;

/// The groups beside the core.
const GROUPS: [(&str, &str); 2] = [("apps", "v1"), ("autoscaling", "v2")];

pub(super) fn version() -> Reply {
    let mut parts = KUBERNETES.split('.');
    let (major, minor) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Reply::ok(json!({
        "major": major, "minor": minor, "gitVersion": format!("v{KUBERNETES}"),
        "gitCommit": "74bb5dbb15e3c9cc8ff9ec7c8b2f7b5f3ae0c0de", "gitTreeState": "clean",
        "buildDate": "2025-08-14T11:03:07Z", "goVersion": "go1.24.5", "compiler": "gc", "platform": "linux/amd64",
    }))
}

pub(super) fn core_versions() -> Reply {
    Reply::ok(json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}))
}

pub(super) fn groups() -> Reply {
    let groups: Vec<Value> = GROUPS.iter().map(|(name, version)| group_object(name, version)).collect();
    Reply::ok(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
}

pub(super) fn group(name: &str) -> Option<Reply> {
    let (name, version) = GROUPS.iter().find(|(it, _)| *it == name)?;
    let mut object = group_object(name, version);
    object["kind"] = "APIGroup".into();
    object["apiVersion"] = "v1".into();
    Some(Reply::ok(object))
}

fn group_object(name: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"name": name, "versions": [version], "preferredVersion": version})
}

pub(super) fn resources(group: &str, version: &str) -> Option<Reply> {
    let mut list = Vec::new();
    for it in RESOURCES.iter().filter(|it| (it.group, it.version) == (group, version)) {
        list.push(json!({
            "name": it.plural, "singularName": it.singular, "namespaced": it.namespaced,
            "kind": it.name, "verbs": it.verbs, "shortNames": it.short,
        }));
        for sub in it.subresources {
            list.push(subresource(it.plural, sub, it.name));
        }
    }
    let body = json!({"kind": "APIResourceList", "groupVersion": group_version(group, version), "resources": list});
    (!list.is_empty()).then(|| Reply::ok(body))
}

fn subresource(plural: &str, sub: &str, kind: &str) -> Value {
    let name = format!("{plural}/{sub}");
    match sub {
        "scale" => json!({
            "name": name, "singularName": "", "namespaced": true, "group": "autoscaling", "version": "v1",
            "kind": "Scale", "verbs": ["get", "patch", "update"],
        }),
        _ => json!({"name": name, "singularName": "", "namespaced": true, "kind": kind, "verbs": ["get"]}),
    }
}
