//! What the objects in answers mean. Read leniently: fields may be missing or `null`, and new ones appear.

use crate::azure::lenient::{flag, items, text, time, whole};
use crate::domain::workload::{ClaimView, LabelSelector, NodeView, PodPhase, PodView};
use crate::domain::workload::{SONARQUBE_PART, WorkloadKind, WorkloadPart, WorkloadRef};
use serde_json::Value;
use std::collections::BTreeMap;

/// A Deployment or StatefulSet, with what is needed to find its pods.
pub(super) struct Found {
    pub part: WorkloadPart,
    /// Which pods are its own, in words for the API server.
    own_pods: String,
    template_labels: BTreeMap<String, String>,
}

impl Found {
    /// `None` without a name: then it is no object.
    pub fn read(kind: WorkloadKind, namespace: &str, object: &Value) -> Option<Self> {
        let name = text(object, "/metadata/name")?;
        let generation = |pointer| object.pointer(pointer).and_then(Value::as_u64);
        let newest = generation("/metadata/generation");
        let part = WorkloadPart {
            object: WorkloadRef { kind, namespace: namespace.to_owned(), name },
            // Kubernetes's own default.
            wanted: whole(object, "/spec/replicas").unwrap_or(1),
            existing: whole(object, "/status/replicas").unwrap_or(0),
            ready: whole(object, "/status/readyReplicas").unwrap_or(0),
            settled: newest.is_none() || generation("/status/observedGeneration") >= newest,
            claim_templates: items(object, "/spec/volumeClaimTemplates")
                .filter_map(|claim| text(claim, "/metadata/name"))
                .collect(),
            part: labels(object, "/metadata/labels").remove(SONARQUBE_PART),
            autoscaler: None,
        };
        let own_pods = own_pods(object.pointer("/spec/selector").unwrap_or(&Value::Null));
        Some(Self { part, own_pods, template_labels: labels(object, "/spec/template/metadata/labels") })
    }

    /// The selector that finds its pods, where the plan's own does not.
    pub fn pods_unlike(&self, selector: &LabelSelector) -> Option<&str> {
        let unlike = !selector.matches(&self.template_labels) && !self.own_pods.is_empty();
        unlike.then_some(self.own_pods.as_str())
    }
}

pub(super) fn labels(object: &Value, pointer: &str) -> BTreeMap<String, String> {
    let pairs = object.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
    pairs.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// `spec.selector` as a text (kubernetes.io, "Resources that support set-based requirements").
fn own_pods(selector: &Value) -> String {
    let equal = labels(selector, "/matchLabels").into_iter().map(|(key, value)| format!("{key}={value}"));
    let sets = items(selector, "/matchExpressions").filter_map(|expression| {
        let key = text(expression, "/key")?;
        let values: Vec<&str> = items(expression, "/values").filter_map(Value::as_str).collect();
        let values = values.join(",");
        Some(match text(expression, "/operator")?.as_str() {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key,
            "DoesNotExist" => format!("!{key}"),
            _ => return None,
        })
    });
    equal.chain(sets).collect::<Vec<_>>().join(",")
}

/// Which object a horizontal autoscaler scales, and its name.
pub(super) fn autoscaler(namespace: &str, object: &Value) -> Option<(WorkloadRef, String)> {
    let kind = match text(object, "/spec/scaleTargetRef/kind")?.as_str() {
        "Deployment" => WorkloadKind::Deployment,
        "StatefulSet" => WorkloadKind::StatefulSet,
        _ => return None,
    };
    let name = text(object, "/spec/scaleTargetRef/name")?;
    Some((WorkloadRef { kind, namespace: namespace.to_owned(), name }, text(object, "/metadata/name")?))
}

pub(super) fn pod(object: &Value) -> Option<PodView> {
    Some(PodView {
        name: text(object, "/metadata/name")?,
        phase: match text(object, "/status/phase").as_deref() {
            Some("Pending") => PodPhase::Pending,
            Some("Running") => PodPhase::Running,
            Some("Succeeded") => PodPhase::Succeeded,
            Some("Failed") => PodPhase::Failed,
            _ => PodPhase::Unknown,
        },
        ready: condition(object, "Ready").is_some_and(|ready| text(ready, "/status").as_deref() == Some("True")),
        ending: text(object, "/metadata/deletionTimestamp").is_some(),
        waiting: waiting(object),
        exit_code: exit_code(object),
    })
}

fn condition<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    items(object, "/status/conditions").find(|condition| text(condition, "/type").as_deref() == Some(kind))
}

fn containers(object: &Value) -> impl Iterator<Item = &Value> {
    items(object, "/status/initContainerStatuses").chain(items(object, "/status/containerStatuses"))
}

/// Why it does not run: a container's own reason, else what the scheduler says. That a container is being made says
/// nothing yet.
fn waiting(object: &Value) -> Option<String> {
    let stuck = containers(object).find_map(|container| {
        let reason = text(container, "/state/waiting/reason")?;
        let said = text(container, "/state/waiting/message");
        let harmless = ["ContainerCreating", "PodInitializing"].contains(&reason.as_str());
        (!harmless).then(|| joined(reason, said))
    });
    let unscheduled = || {
        let scheduled = condition(object, "PodScheduled")?;
        let reason = text(scheduled, "/reason").filter(|_| text(scheduled, "/status").as_deref() == Some("False"))?;
        Some(joined(reason, text(scheduled, "/message")))
    };
    let ended = || Some(joined(text(object, "/status/reason")?, text(object, "/status/message")));
    stuck.or_else(unscheduled).or_else(ended)
}

fn joined(reason: String, message: Option<String>) -> String {
    match message {
        Some(message) => format!("{reason}: {}", message.lines().next().unwrap_or_default()),
        None => reason,
    }
}

fn exit_code(object: &Value) -> Option<i32> {
    let first = items(object, "/status/containerStatuses").next()?;
    first.pointer("/state/terminated/exitCode")?.as_i64().and_then(|code| i32::try_from(code).ok())
}

pub(super) fn claim(namespace: &str, object: &Value) -> Option<ClaimView> {
    Some(ClaimView {
        namespace: namespace.to_owned(),
        name: text(object, "/metadata/name")?,
        uid: text(object, "/metadata/uid").unwrap_or_default(),
        phase: text(object, "/status/phase").unwrap_or_else(|| "Unknown".into()),
        created: time(object, "/metadata/creationTimestamp"),
        ending: text(object, "/metadata/deletionTimestamp").is_some(),
    })
}

pub(super) fn node(object: &Value) -> Option<NodeView> {
    let ready = condition(object, "Ready");
    let status = ready.and_then(|ready| text(ready, "/status"));
    let is_ready = status.as_deref() == Some("True");
    let cordoned = flag(object, "/spec/unschedulable") == Some(true);
    let said = ready.and_then(|ready| text(ready, "/reason")).unwrap_or_else(|| "it reports no condition Ready".into());
    let mut labels = labels(object, "/metadata/labels");
    Some(NodeView {
        name: text(object, "/metadata/name")?,
        pool: labels.remove("kubernetes.azure.com/agentpool").or_else(|| labels.remove("agentpool")),
        ready: is_ready && !cordoned,
        why_not: match (is_ready, cordoned) {
            (true, false) => None,
            (true, true) => Some("cordoned: it takes no pods".into()),
            (false, _) => Some(said),
        },
        kubelet: text(object, "/status/nodeInfo/kubeletVersion").unwrap_or_default(),
        created: time(object, "/metadata/creationTimestamp"),
    })
}
