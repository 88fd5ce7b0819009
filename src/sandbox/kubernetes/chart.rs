//! What the chart `sonarqube-dce` leaves on a cluster: names, labels and the shape of its objects
//! (github.com/SonarSource/helm-chart-sonarqube, charts/sonarqube-dce, 2026).

use serde_json::{Value, json};

use super::kinds::Kind;
use super::store::Key;

/// Replicas of the search nodes and of the application, as the chart has them.
pub(super) const SEARCH: u64 = 3;
pub(super) const APP: u64 = 2;
const CHART: &str = "sonarqube-dce-2026.5.0";
const IMAGE: &str = "sonarqube:2026.4.0-datacenter";

/// A Helm release: its namespace has its name.
#[derive(Debug, Clone)]
pub(super) struct Release(pub String);

/// One of the two parts of the product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Search,
    App,
}

impl Part {
    pub fn word(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::App => "app",
        }
    }

    /// The part that a pod of the chart belongs to.
    pub fn of(object: &Value) -> Option<Self> {
        match object["metadata"]["labels"]["sonarqube.datacenter/type"].as_str()? {
            "search" => Some(Self::Search),
            "app" => Some(Self::App),
            _ => None,
        }
    }

    fn container(self) -> &'static str {
        match self {
            Self::Search => "sonarqube-dce-search",
            Self::App => "sonarqube-dce",
        }
    }
}

impl Release {
    fn full_name(&self) -> String {
        format!("{}-sonarqube-dce", self.0)
    }

    pub fn key(&self, part: Part) -> Key {
        let kind = if part == Part::Search { Kind::StatefulSet } else { Kind::Deployment };
        Key::new(kind, &self.0, &format!("{}-{}", self.full_name(), part.word()))
    }

    /// `{template}-{pod}`, as the controller of StatefulSets names claims.
    pub fn claim(&self, pod: &str) -> Key {
        Key::new(Kind::Claim, &self.0, &format!("{}-{pod}", self.full_name()))
    }

    fn labels(&self, part: Part) -> Value {
        json!({
            "app": "sonarqube-dce",
            "chart": CHART,
            "release": self.0,
            "heritage": "Helm",
            "app.kubernetes.io/name": self.0,
            "app.kubernetes.io/instance": self.0,
            "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/part-of": "sonarqube",
            "app.kubernetes.io/component": self.full_name(),
            "app.kubernetes.io/version": "2026.4.0-datacenter",
            "sonarqube.datacenter/type": part.word(),
        })
    }

    /// What selects the pods. The part's own label is not in it.
    fn selector(&self, part: Part) -> Value {
        json!({"app": format!("sonarqube-dce-{}", part.word()), "release": self.0})
    }

    pub fn pod_labels(&self, part: Part) -> Value {
        let mut labels = self.selector(part);
        labels["sonarqube.datacenter/type"] = part.word().into();
        labels
    }

    /// The claim template's own labels, over which the controller puts those of the selector: the label of the part,
    /// by which everything else is found, is not among them.
    pub fn claim_labels(&self) -> Value {
        let mut labels = self.selector(Part::Search);
        labels["chart"] = "sonarqube-dce".into();
        labels
    }

    pub fn workload(&self, part: Part, replicas: u64) -> Value {
        let mut spec = json!({
            "replicas": replicas,
            "revisionHistoryLimit": 10,
            "selector": {"matchLabels": self.selector(part)},
            "template": {
                "metadata": {"labels": self.pod_labels(part)},
                "spec": {
                    "containers": [container(part)],
                    "restartPolicy": "Always",
                    "terminationGracePeriodSeconds": 60,
                },
            },
        });
        match part {
            Part::App => spec["strategy"] = json!({"type": "Recreate"}),
            Part::Search => {
                spec["serviceName"] = format!("{}-search", self.full_name()).into();
                spec["updateStrategy"] = json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0}});
                spec["podManagementPolicy"] = "Parallel".into();
                spec["persistentVolumeClaimRetentionPolicy"] = json!({"whenDeleted": "Retain", "whenScaled": "Retain"});
                spec["volumeClaimTemplates"] = json!([self.claim_template()]);
            }
        }
        json!({"metadata": {"labels": self.labels(part), "generation": 1}, "spec": spec})
    }

    /// The autoscaler of the application. It leaves a Deployment alone that is scaled to zero.
    pub fn autoscaler(&self) -> Value {
        let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": self.key(Part::App).name});
        json!({
            "metadata": {"labels": self.labels(Part::App)},
            "spec": {"scaleTargetRef": target, "minReplicas": APP, "maxReplicas": 2 * APP},
            "status": {"currentReplicas": APP, "desiredReplicas": APP},
        })
    }

    fn claim_template(&self) -> Value {
        let labels = json!({"release": self.0, "chart": "sonarqube-dce", "app": self.full_name()});
        json!({
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": self.full_name(), "labels": labels},
            "spec": claim_spec(),
        })
    }

    pub fn claim_object(&self) -> Value {
        let mut spec = claim_spec();
        spec["volumeName"] = format!("pvc-{}", uuid::Uuid::new_v4()).into();
        spec["storageClassName"] = "default".into();
        json!({
            "metadata": {"labels": self.claim_labels(), "finalizers": ["kubernetes.io/pvc-protection"]},
            "spec": spec,
            "status": {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "5Gi"}},
        })
    }
}

fn claim_spec() -> Value {
    json!({"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}, "volumeMode": "Filesystem"})
}

pub(super) fn container(part: Part) -> Value {
    json!({"name": part.container(), "image": IMAGE, "imagePullPolicy": "IfNotPresent"})
}
