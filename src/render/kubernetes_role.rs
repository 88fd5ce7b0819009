//! Access rules as YAML, for `kubectl apply -f`.

use crate::domain::outlook::{KubernetesRules, Rule};
use std::fmt::Write;

/// A ClusterRole for what is of the whole cluster, and a Role in each namespace. `name` is legal in Kubernetes.
pub fn kubernetes_role(rules: &KubernetesRules, name: &str) -> String {
    let mut documents = Vec::new();
    if !rules.cluster.is_empty() {
        documents.push(document("ClusterRole", name, None, &rules.cluster));
    }
    for (namespace, rules) in &rules.namespaces {
        documents.push(document("Role", name, Some(namespace), rules));
    }
    documents.join("---\n")
}

fn document(kind: &str, name: &str, namespace: Option<&str>, rules: &[Rule]) -> String {
    let mut text = format!("apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata:\n  name: {name}\n");
    if let Some(namespace) = namespace {
        let _ = writeln!(text, "  namespace: {namespace}");
    }
    text.push_str("rules:\n");
    for Rule { group, resource, verbs } in rules {
        let verbs: Vec<String> = verbs.iter().map(|verb| format!("\"{verb}\"")).collect();
        let _ = writeln!(text, "- apiGroups: [\"{group}\"]");
        let _ = writeln!(text, "  resources: [\"{resource}\"]");
        let _ = writeln!(text, "  verbs: [{}]", verbs.join(", "));
    }
    text
}
