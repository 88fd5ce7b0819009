//! The objects of a cluster, as far as a plan cares.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The two kinds of objects that keep a number of pods running and that can be scaled to zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorkloadKind {
    Deployment,
    StatefulSet,
}

impl WorkloadKind {
    /// As Kubernetes writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
        }
    }
}

/// One object: its kind, namespace and name. Written `Deployment/sonarqube/sonarqube-dce-app`, in journals too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct WorkloadRef {
    pub kind: WorkloadKind,
    pub namespace: String,
    pub name: String,
}

/// Why a text is not the kind, namespace and name of an object.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not an object; expected one such as Deployment/sonarqube/sonarqube-dce-app")]
pub struct NotAnObject(pub String);

impl TryFrom<String> for WorkloadRef {
    type Error = NotAnObject;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parts: Vec<&str> = text.split('/').collect();
        let kind = match parts[0] {
            "Deployment" => WorkloadKind::Deployment,
            "StatefulSet" => WorkloadKind::StatefulSet,
            _ => return Err(NotAnObject(text)),
        };
        match parts[1..] {
            [namespace, name] if !namespace.is_empty() && !name.is_empty() => {
                Ok(Self { kind, namespace: namespace.to_owned(), name: name.to_owned() })
            }
            _ => Err(NotAnObject(text)),
        }
    }
}

impl From<WorkloadRef> for String {
    fn from(object: WorkloadRef) -> String {
        object.to_string()
    }
}

impl fmt::Display for WorkloadRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.kind.text(), self.namespace, self.name)
    }
}

/// A Deployment or StatefulSet that the selector matches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadPart {
    pub object: WorkloadRef,
    /// `spec.replicas`: how many pods there are to be.
    pub wanted: u32,
    /// `status.replicas`: how many its controller counts, whatever their labels are; those that are ending not included.
    pub existing: u32,
    /// `status.readyReplicas`: how many are there and ready.
    pub ready: u32,
    /// Whether the controller has seen the newest `spec`; before that its counts are those of an older one.
    pub settled: bool,
    /// Names of its volume claim templates; its claims are called `<template>-<name>-<ordinal>`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claim_templates: Vec<String>,
    /// The value of SonarQube's part label (`app`, `search`), if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// The horizontal autoscaler that changes its count, if one was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autoscaler: Option<String>,
}

impl WorkloadPart {
    pub fn has_claims(&self) -> bool {
        !self.claim_templates.is_empty()
    }

    /// SonarQube's search nodes as the chart installs them: a StatefulSet with claims, labelled `search`.
    pub fn is_search_index(&self) -> bool {
        self.object.kind == WorkloadKind::StatefulSet && self.has_claims() && self.part.as_deref() == Some("search")
    }

    /// Whether a claim of this name is one of its own.
    pub fn owns_claim(&self, claim: &str) -> bool {
        let ordinal = |template: &String| claim.strip_prefix(&format!("{template}-{}-", self.object.name));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        self.claim_templates.iter().filter_map(ordinal).any(is_number)
    }
}

/// `status.phase` of a pod (kubernetes.io, Pod Lifecycle).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PodPhase {
    Pending,
    Running,
    /// All its containers ended well and stay ended.
    Succeeded,
    /// All its containers ended, at least one of them badly.
    Failed,
    /// The node does not tell, or a phase nobody knows.
    Unknown,
}

/// A pod.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodView {
    pub name: String,
    pub phase: PodPhase,
    pub ready: bool,
    /// It was deleted and is still ending.
    #[serde(default)]
    pub ending: bool,
    /// Why it does not run, as the scheduler or the kubelet says: `Unschedulable: 0/3 nodes …`, `ImagePullBackOff`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<String>,
    /// Exit code of its first container, once it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

impl PodView {
    /// All its containers ended for good: nothing of it runs any more, even while the object is still there.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, PodPhase::Succeeded | PodPhase::Failed)
    }

    pub fn text(&self) -> String {
        let phase = format!("{:?}", self.phase);
        match (&self.waiting, self.ending) {
            (Some(why), _) => format!("pod {} {phase} ({why})", self.name),
            (None, true) => format!("pod {} still ending", self.name),
            (None, false) => format!("pod {} {phase}{}", self.name, if self.ready { ", ready" } else { "" }),
        }
    }
}

/// A volume claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimView {
    pub namespace: String,
    pub name: String,
    /// Tells it from a later claim of the same name.
    pub uid: String,
    /// `Bound`, `Pending`, `Lost`.
    pub phase: String,
    pub created: Option<DateTime<Utc>>,
    /// It was deleted and waits for its pod to end.
    pub ending: bool,
}

/// Whether the API server says of itself that it is ready (`/readyz`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApiView {
    pub ready: bool,
    /// What it said.
    pub said: String,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeView {
    pub name: String,
    /// The AKS node pool it belongs to (label `kubernetes.azure.com/agentpool`).
    pub pool: Option<String>,
    pub ready: bool,
    /// Why it is not ready, as its condition says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_not: Option<String>,
    /// Version of its kubelet, such as `v1.33.2`.
    pub kubelet: String,
    pub created: Option<DateTime<Utc>>,
}

/// All nodes of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct NodesView {
    pub nodes: Vec<NodeView>,
}

impl NodesView {
    pub fn ready(&self) -> usize {
        self.nodes.iter().filter(|node| node.ready).count()
    }

    /// There are nodes, and every one of them is ready.
    pub fn all_ready(&self) -> bool {
        !self.nodes.is_empty() && self.ready() == self.nodes.len()
    }

    /// `5 of 6 nodes ready; np-3: NetworkUnavailable`.
    pub fn text(&self) -> String {
        let ill = self.nodes.iter().filter(|node| !node.ready);
        let ill = ill.map(|node| format!("; {}: {}", node.name, node.why_not.as_deref().unwrap_or("not ready")));
        format!("{} of {} nodes ready{}", self.ready(), self.nodes.len(), ill.collect::<String>())
    }
}
