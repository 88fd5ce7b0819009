//! The objects of one cluster, as etcd holds them: each with a uid and the version of its last change.

use std::collections::BTreeMap;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::kinds::Kind;

/// Where an object is. The namespace of a cluster-wide kind is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub kind: Kind,
    pub namespace: String,
    pub name: String,
}

impl Key {
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self { kind, namespace: namespace.to_owned(), name: name.to_owned() }
    }
}

/// All objects of a cluster.
#[derive(Debug, Default)]
pub(super) struct Store {
    objects: BTreeMap<Key, Value>,
    version: u64,
}

/// A long-lived cluster has seen that many changes before the world begins.
const FIRST_VERSION: u64 = 184_000;

impl Store {
    pub fn new() -> Self {
        Self { objects: BTreeMap::new(), version: FIRST_VERSION }
    }

    /// The version of the last change of anything.
    pub fn version(&self) -> String {
        self.version.to_string()
    }

    pub fn get(&self, key: &Key) -> Option<&Value> {
        self.objects.get(key)
    }

    /// The objects of a kind, in one namespace or in all, in the order of their names.
    pub fn list<'a>(&'a self, kind: Kind, namespace: Option<&'a str>) -> impl Iterator<Item = (&'a Key, &'a Value)> {
        let wanted = move |key: &Key| key.kind == kind && namespace.is_none_or(|it| it == key.namespace);
        self.objects.iter().filter(move |(key, _)| wanted(key))
    }

    /// The keys of a kind in all namespaces.
    pub fn keys(&self, kind: Kind) -> Vec<Key> {
        self.list(kind, None).map(|(key, _)| key.clone()).collect()
    }

    /// Creates an object; what every object has is added.
    pub fn create(&mut self, key: Key, mut object: Value, now: DateTime<Utc>) -> &Value {
        self.version += 1;
        let resource = key.kind.resource();
        object["apiVersion"] = resource.api_version().into();
        object["kind"] = resource.name.into();
        let metadata = &mut object["metadata"];
        metadata["name"] = key.name.clone().into();
        if resource.namespaced {
            metadata["namespace"] = key.namespace.clone().into();
        }
        metadata["uid"] = uuid::Uuid::new_v4().to_string().into();
        metadata["creationTimestamp"] = time(now).into();
        metadata["resourceVersion"] = self.version.to_string().into();
        self.objects.entry(key).insert_entry(object).into_mut()
    }

    /// Changes an object. Its version moves only when something really changed.
    pub fn change(&mut self, key: &Key, change: impl FnOnce(&mut Value)) {
        let Some(object) = self.objects.get_mut(key) else { return };
        let before = object.clone();
        change(object);
        if *object != before {
            self.version += 1;
            object["metadata"]["resourceVersion"] = self.version.to_string().into();
        }
    }

    pub fn remove(&mut self, key: &Key) -> Option<Value> {
        self.version += 1;
        self.objects.remove(key)
    }
}

/// RFC 3339 to the second, as Kubernetes writes times.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Whether an object waits for its end.
pub(super) fn is_terminating(object: &Value) -> bool {
    !object["metadata"]["deletionTimestamp"].is_null()
}

/// A condition of a status.
pub(super) fn condition(kind: &str, holds: bool, reason: &str, since: DateTime<Utc>) -> Value {
    json!({
        "type": kind,
        "status": if holds { "True" } else { "False" },
        "reason": reason,
        "lastTransitionTime": time(since),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_real_change_moves_the_version() {
        let mut store = Store::new();
        let key = Key::new(Kind::Pod, "ns", "x");
        store.create(key.clone(), json!({"spec": {}}), DateTime::UNIX_EPOCH);
        let version = store.version();
        store.change(&key, |_| {});
        assert_eq!(store.version(), version);
        store.change(&key, |it| it["spec"]["a"] = 1.into());
        assert_ne!(store.version(), version);
        assert_eq!(store.get(&key).unwrap()["metadata"]["resourceVersion"], store.version());
        assert_eq!(store.list(Kind::Pod, Some("other")).count(), 0);
    }
}
