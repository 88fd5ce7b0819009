//! What can be asked of a cluster.

use super::Seen;
use super::api::{self, Api};
use super::call::{Call, checked};
use super::cluster::Cluster;
use super::decode::{self, Found};
use super::error::{CallName, KubernetesError};
use super::reply::Reply;
use crate::azure::lenient;
use crate::domain::workload::{ApiView, ClaimView, NodesView, PodView, Via};
use crate::domain::workload::{WorkloadKind, WorkloadPart, WorkloadRef, WorkloadSelector, WorkloadView};
use serde_json::Value;
use std::collections::BTreeMap;

/// Lists longer than this many pages are not read to the end.
const PAGE_LIMIT: usize = 100;

/// A list: what of, and which labels are wanted.
struct List<'a> {
    api: Api,
    /// Empty where the list is of the whole cluster.
    namespace: &'a str,
    labels: Option<&'a str>,
}

impl Cluster {
    /// Whether the API server says of itself that it is ready. One that says no is an answer, too.
    pub async fn api_ready(&self) -> Result<Seen<ApiView>, KubernetesError> {
        let call = self.get(api::READYZ, String::new(), api::READYZ.path)?;
        let reply = self.ask(&call).await?;
        let ready = reply.is_success();
        if !ready && reply.status < 500 {
            return Err(refused(reply, &call));
        }
        let said = if ready { reply.text().trim().to_owned() } else { reply.refusal().to_string() };
        Ok(Seen { value: ApiView { ready, said }, via: reply.via, request_ids: reply.request_ids })
    }

    pub async fn nodes(&self) -> Result<Seen<NodesView>, KubernetesError> {
        let list = List { api: api::NODES, namespace: "", labels: None };
        let seen = self.list(&list).await?;
        Ok(seen.map(|items| NodesView { nodes: items.iter().filter_map(decode::node).collect() }))
    }

    /// What a selector finds: Deployments, StatefulSets, and every pod of theirs that is still there.
    pub async fn workload(&self, selector: &WorkloadSelector) -> Result<Seen<WorkloadView>, KubernetesError> {
        let (namespace, labels) = (self.namespace("list", &selector.namespace)?, selector.labels.to_string());
        let (mut found, (scaled, autoscalers_unknown)) =
            tokio::try_join!(self.parts(namespace, &labels), async { Ok(self.autoscalers(namespace).await) })?;
        for Found { part, .. } in &mut found.value {
            part.autoscaler = scaled.get(&part.object).cloned();
        }
        // Pods are looked for last: one that was there while its object was read is not missed.
        let mut wanted: Vec<&str> = found.value.iter().filter_map(|it| it.pods_unlike(&selector.labels)).collect();
        wanted.push(&labels);
        let pods = self.pods(namespace, &wanted).await?;
        found.request_ids.extend(pods.request_ids);
        let parts = |found: Vec<Found>| found.into_iter().map(|found| found.part).collect();
        Ok(found.map(|found| WorkloadView { parts: parts(found), pods: pods.value, autoscalers_unknown }))
    }

    async fn parts(&self, namespace: &str, labels: &str) -> Result<Seen<Vec<Found>>, KubernetesError> {
        let (deployments, sets) = tokio::try_join!(
            self.objects(api::DEPLOYMENTS, namespace, labels),
            self.objects(api::STATEFUL_SETS, namespace, labels),
        )?;
        let read = |kind, items: &[Value]| -> Vec<Found> {
            items.iter().filter_map(|item| Found::read(kind, namespace, item)).collect()
        };
        let mut value = read(WorkloadKind::Deployment, &deployments.value);
        value.extend(read(WorkloadKind::StatefulSet, &sets.value));
        let mut seen = deployments.map(|_| value);
        seen.request_ids.extend(sets.request_ids);
        Ok(seen)
    }

    pub(super) async fn objects(
        &self,
        api: Api,
        namespace: &str,
        labels: &str,
    ) -> Result<Seen<Vec<Value>>, KubernetesError> {
        self.list(&List { api, namespace, labels: Some(labels) }).await
    }

    /// Pods that any of these selectors finds, each once.
    async fn pods(&self, namespace: &str, selectors: &[&str]) -> Result<Seen<Vec<PodView>>, KubernetesError> {
        let mut pods: BTreeMap<String, PodView> = BTreeMap::new();
        let (mut via, mut request_ids) = (Via::Direct, Vec::new());
        for labels in selectors {
            let found = self.list(&List { api: api::PODS, namespace, labels: Some(labels) }).await?;
            via = found.via;
            request_ids.extend(found.request_ids);
            pods.extend(found.value.iter().filter_map(decode::pod).map(|pod| (pod.name.clone(), pod)));
        }
        Ok(Seen { value: pods.into_values().collect(), via, request_ids })
    }

    /// Autoscalers by what they scale; and why none are known, if so: a role that may not read them hinders nothing.
    async fn autoscalers(&self, namespace: &str) -> (BTreeMap<WorkloadRef, String>, Option<String>) {
        match self.list(&List { api: api::AUTOSCALERS, namespace, labels: None }).await {
            Ok(seen) => (seen.value.iter().filter_map(|item| decode::autoscaler(namespace, item)).collect(), None),
            Err(error) => (BTreeMap::new(), Some(error.text())),
        }
    }

    /// Volume claims by their labels. Those of a StatefulSet carry the labels of its own selector, and maybe no others.
    pub async fn claims(&self, selector: &WorkloadSelector) -> Result<Seen<Vec<ClaimView>>, KubernetesError> {
        let labels = selector.labels.to_string();
        self.claims_in(&selector.namespace, Some(&labels)).await
    }

    /// The volume claims of one StatefulSet, known by their names, whatever their labels are.
    pub async fn claims_of(&self, part: &WorkloadPart) -> Result<Seen<Vec<ClaimView>>, KubernetesError> {
        let mut seen = self.claims_in(&part.object.namespace, None).await?;
        seen.value.retain(|claim| part.owns_claim(&claim.name));
        Ok(seen)
    }

    async fn claims_in(&self, namespace: &str, labels: Option<&str>) -> Result<Seen<Vec<ClaimView>>, KubernetesError> {
        let seen = self.claim_objects(namespace, labels).await?;
        Ok(seen.map(|items| items.iter().filter_map(|item| decode::claim(namespace, item)).collect()))
    }

    pub(super) async fn claim_objects(
        &self,
        namespace: &str,
        labels: Option<&str>,
    ) -> Result<Seen<Vec<Value>>, KubernetesError> {
        let namespace = self.namespace("list", namespace)?;
        self.list(&List { api: api::CLAIMS, namespace, labels }).await
    }

    /// One pod; `None` when there is none of that name.
    pub async fn pod(&self, namespace: &str, name: &str) -> Result<Seen<Option<PodView>>, KubernetesError> {
        let call = self.get_pod(api::POD, namespace, name, "")?;
        let reply = self.ask(&call).await?;
        if reply.status == 404 {
            return Ok(Seen { value: None, via: reply.via, request_ids: reply.request_ids });
        }
        let seen: Seen<Value> = reply.read(&call.name)?;
        Ok(seen.map(|object| decode::pod(&object)))
    }

    /// What the first container of a pod printed, at most the last 64 kB.
    pub async fn pod_log(&self, namespace: &str, name: &str) -> Result<Seen<String>, KubernetesError> {
        let call = self.get_pod(api::POD_LOG, namespace, name, "?limitBytes=65536")?;
        let reply = self.ask(&call).await?.accepted(&call.name)?;
        Ok(Seen { value: reply.text(), via: reply.via, request_ids: reply.request_ids })
    }

    fn get_pod(&self, api: Api, namespace: &str, name: &str, query: &str) -> Result<Call, KubernetesError> {
        self.namespace("get", namespace)?;
        self.namespace("get", name)?;
        self.get(api, format!("{namespace}/{name}"), &format!("{}{query}", api.path(namespace, name)))
    }

    fn get(&self, api: Api, object: String, path: &str) -> Result<Call, KubernetesError> {
        let name = self.name(api, object);
        Call::get(name.clone(), path).map_err(|error| not_sendable(&name, &error))
    }

    /// All items of a list, with all its pages.
    async fn list(&self, list: &List<'_>) -> Result<Seen<Vec<Value>>, KubernetesError> {
        let (name, path) = (self.name(list.api, in_namespace(list.namespace)), list.api.path(list.namespace, ""));
        let mut all: Vec<Value> = Vec::new();
        let (mut ids, mut page, mut via) = (Vec::new(), None, Via::Direct);
        for _ in 0..PAGE_LIMIT {
            let call = Call::list(name.clone(), &path, list.labels, page.as_deref());
            let call = call.map_err(|error| not_sendable(&name, &error))?;
            let mut seen: Seen<Value> = self.ask(&call).await?.read(&name)?;
            ids.append(&mut seen.request_ids);
            via = seen.via;
            let Some(Value::Array(items)) = seen.value.get_mut("items").map(Value::take) else {
                return Err(no_list(name, seen, "there is no list in it"));
            };
            all.extend(items);
            page = lenient::text(&seen.value, "/metadata/continue");
            if page.is_none() {
                return Ok(Seen { value: all, via, request_ids: ids });
            }
        }
        Err(no_list(name, Seen { value: (), via, request_ids: ids }, "the list has no end"))
    }

    /// What a call is called in errors.
    pub(super) fn name(&self, api: Api, object: String) -> CallName {
        CallName { verb: api.verb, resource: api.resource, object, cluster: self.id.name().to_owned() }
    }

    /// A namespace (or name) that can stand in a path and in a command line.
    pub(super) fn namespace<'a>(&self, verb: &'static str, text: &'a str) -> Result<&'a str, KubernetesError> {
        let objects = Api { verb, resource: "objects", path: "" };
        let name = |error| not_sendable(&self.name(objects, String::new()), &error);
        checked(text).map_err(name)
    }
}

fn in_namespace(namespace: &str) -> String {
    if namespace.is_empty() { String::new() } else { format!("in namespace {namespace}") }
}

pub(super) fn not_sendable(name: &CallName, why: &dyn std::error::Error) -> KubernetesError {
    KubernetesError::NotSendable { call: name.boxed(), why: crate::domain::causes::with_causes(why) }
}

fn refused(reply: Reply, call: &Call) -> KubernetesError {
    KubernetesError::Refused { call: call.name.boxed(), refusal: Box::new(reply.refusal()) }
}

fn no_list<T>(call: CallName, seen: Seen<T>, why: &str) -> KubernetesError {
    KubernetesError::Unreadable {
        call: Box::new(call),
        via: seen.via,
        why: why.to_owned(),
        request_ids: seen.request_ids,
    }
}
