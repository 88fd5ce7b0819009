//! What is known of a plan's workload in Kubernetes, and what that means: parked, released, or neither.
//!
//! Source: kubernetes.io, Deployments, StatefulSets and the pod lifecycle. Wanted counts say what was asked for, ready
//! counts what came of it; only when the pods themselves are gone does nothing of a workload run (and write) any more.
//! A selector that finds nothing finds no parked workload: it is as likely a wrong one.

mod labels;
mod parts;
mod standing;

pub use labels::{LabelSelector, NotASelector};
pub use parts::{ApiView, ClaimView, NodeView, NodesView, NotAnObject, PodPhase, PodView};
pub use parts::{WorkloadKind, WorkloadPart, WorkloadRef};
pub use standing::{Counts, Standing, WorkloadView};

use serde::{Deserialize, Serialize};

/// Which objects of a cluster a plan's workload consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkloadSelector {
    pub namespace: String,
    /// Selects Deployments and StatefulSets by their labels.
    pub labels: LabelSelector,
}

/// The label by which SonarQube's Data Center chart tells its two parts apart (chart `sonarqube-dce`).
pub const SONARQUBE_PART: &str = "sonarqube.datacenter/type";

impl WorkloadSelector {
    /// What the chart `sonarqube-dce` installs, in the namespace `sonarqube`: the application nodes and search nodes.
    pub fn sonarqube() -> Self {
        let labels = LabelSelector::one_of(SONARQUBE_PART, &["app", "search"]);
        Self { namespace: "sonarqube".into(), labels }
    }
}

impl std::fmt::Display for WorkloadSelector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in namespace {}", self.labels, self.namespace)
    }
}

/// By which way a cluster was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// The cluster's own API server.
    Direct,
    /// A command that Azure ran inside the cluster, because its API server cannot be reached from here.
    RunCommand,
}

impl Via {
    /// The way, for the reader of a report.
    pub fn text(self) -> &'static str {
        match self {
            Self::Direct => "Kubernetes API server",
            Self::RunCommand => "az aks command (runCommand)",
        }
    }

    /// What the reader has to know of answers that came this way (learn.microsoft.com, AKS "command invoke").
    pub fn limits(self) -> Option<&'static str> {
        match self {
            Self::Direct => None,
            Self::RunCommand => Some(
                "Seen by a command in a pod that Azure starts inside the cluster: it needs free room on a node and an image \
                 within about 60 seconds, its output ends at 512 kB, and Azure does not offer it for use by programs.",
            ),
        }
    }
}

#[cfg(test)]
mod tests;
