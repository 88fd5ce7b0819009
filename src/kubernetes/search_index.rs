//! The volumes of SonarQube's search nodes: which claims are theirs, and which only bear such a name.
//!
//! A claim is called `<template>-<set>-<ordinal>`, and two StatefulSets can come to the same name. The controller gives each
//! claim that it makes the labels by which the set selects its pods, and, where the retention policy says so, an owner
//! (kubernetes.io, StatefulSets). A claim that says otherwise is somebody else's.

use super::Seen;
use super::api;
use super::cluster::Cluster;
use super::decode::{self, Found, labels};
use super::error::KubernetesError;
use crate::azure::lenient::{items, text};
use crate::domain::search_index::{IndexView, SearchClaim};
use crate::domain::workload::{SONARQUBE_PART, WorkloadKind, WorkloadPart, WorkloadSelector};
use serde_json::Value;

impl Cluster {
    /// A workload with the volume claims of its search nodes.
    pub async fn search_index(&self, selector: &WorkloadSelector) -> Result<Seen<IndexView>, KubernetesError> {
        let workload = self.workload(selector).await?;
        let sets = format!("{SONARQUBE_PART}=search");
        let (sets, claims) = tokio::try_join!(
            self.objects(api::STATEFUL_SETS, &selector.namespace, &sets),
            self.claim_objects(&selector.namespace, None),
        )?;
        let selected = |part: &WorkloadPart| workload.value.part(&part.object).is_some();
        let found = sets.value.iter().filter_map(|set| {
            let part = Found::read(WorkloadKind::StatefulSet, &selector.namespace, set)?.part;
            selected(&part).then(|| claims_of(&part, set, &claims.value))
        });
        let found = found.flatten().collect();
        let mut seen = workload.map(|workload| IndexView { workload, claims: found });
        seen.request_ids.extend(sets.request_ids);
        seen.request_ids.extend(claims.request_ids);
        Ok(seen)
    }
}

/// The claims that bear the names of a set's.
fn claims_of(part: &WorkloadPart, set: &Value, claims: &[Value]) -> Vec<SearchClaim> {
    let claims = claims.iter().filter_map(|object| {
        let claim = decode::claim(&part.object.namespace, object)?;
        part.owns_claim(&claim.name).then(|| SearchClaim { foreign: foreign(part, set, object), claim })
    });
    claims.collect()
}

/// What speaks against the claim being the set's.
fn foreign(part: &WorkloadPart, set: &Value, claim: &Value) -> Option<String> {
    let has = labels(claim, "/metadata/labels");
    let wants = labels(set, "/spec/selector/matchLabels");
    let other = wants.iter().find(|(key, value)| has.get(*key) != Some(*value));
    if let Some((key, value)) = other {
        return Some(format!("it has no label {key}={value}"));
    }
    items(claim, "/metadata/ownerReferences").find_map(|owner| {
        let (kind, name) = (text(owner, "/kind")?, text(owner, "/name")?);
        let own = match kind.as_str() {
            "StatefulSet" => name == part.object.name,
            "Pod" => name.strip_prefix(&format!("{}-", part.object.name)).is_some_and(is_ordinal),
            _ => false,
        };
        (!own).then(|| format!("it belongs to {kind} {name}"))
    })
}

fn is_ordinal(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn set() -> (Value, WorkloadPart) {
        let set = json!({
            "metadata": {"name": "sonar-search", "labels": {SONARQUBE_PART: "search"}},
            "spec": {
                "selector": {"matchLabels": {"app": "search", "release": "sonar"}},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
            },
        });
        let part = Found::read(WorkloadKind::StatefulSet, "ns", &set).unwrap().part;
        (set, part)
    }

    fn claim(name: &str, labels: Value, owner: Option<(&str, &str)>) -> Value {
        let owners: Vec<Value> = owner.iter().map(|(kind, name)| json!({"kind": kind, "name": name})).collect();
        json!({"metadata": {"name": name, "labels": labels, "ownerReferences": owners}})
    }

    #[test]
    fn a_claim_is_a_search_nodes_by_name_labels_and_owner() {
        let (set, part) = set();
        let own = || json!({"app": "search", "release": "sonar", "chart": "x"});
        for (labels, owner, foreign) in [
            (own(), None, None),
            (own(), Some(("StatefulSet", "sonar-search")), None),
            (own(), Some(("Pod", "sonar-search-0")), None),
            (own(), Some(("StatefulSet", "search")), Some("it belongs to StatefulSet search")),
            (own(), Some(("Pod", "sonar-search-x")), Some("it belongs to Pod sonar-search-x")),
            (json!({"app": "search"}), None, Some("it has no label release=sonar")),
            (json!({}), None, Some("it has no label app=search")),
        ] {
            let found = claims_of(&part, &set, &[claim("data-sonar-search-0", labels, owner)]);
            assert_eq!(found[0].foreign.as_deref(), foreign);
        }
        assert_eq!(claims_of(&part, &set, &[claim("data-sonar-app-0", own(), None)]), []);
    }
}
