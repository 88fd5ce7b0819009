//! What is done by hand inside a cluster, with `kubectl`.

use super::{HandStep, step};
use crate::domain::plan::{Kubernetes, Plan, Site, Workload};
use crate::domain::report::advice::aks_command;
use crate::domain::workload::{Counts, WorkloadRef};

/// Bringing the standby's workload up, where it was parked.
pub(super) fn steps(plan: &Plan, to: &Site) -> Vec<HandStep> {
    let Some(kubernetes) = plan.kubernetes.as_ref().filter(|_| plan.workload == Workload::Parked) else {
        return Vec::new();
    };
    let index = kubernetes.search_index.as_ref().map(|_| reset_index(kubernetes, to));
    index.into_iter().chain([release(kubernetes, to)]).collect()
}

/// Every selected object to no pods.
pub(super) fn to_zero(plan: &Plan, site: &Site) -> Vec<String> {
    let Some(kubernetes) = &plan.kubernetes else { return Vec::new() };
    let Kubernetes { workload, .. } = kubernetes;
    vec![
        aks_command("get-credentials", &site.cluster),
        format!(
            "kubectl scale deployment,statefulset --selector \"{}\" --namespace {} --replicas 0",
            workload.labels, workload.namespace
        ),
    ]
}

fn reset_index(kubernetes: &Kubernetes, to: &Site) -> HandStep {
    let namespace = &kubernetes.workload.namespace;
    step(
        "Delete the old search index",
        "It slept with the site and is older than the database. Only now, while no pod runs: look at the names before you \
         delete.",
        vec![
            aks_command("get-credentials", &to.cluster),
            format!("kubectl get pods,pvc --namespace {namespace}"),
            format!("kubectl delete pvc --namespace {namespace} NAMES OF THE SEARCH NODES' CLAIMS"),
        ],
        "No pod and no claim of the search nodes is left.",
        "Go on without: SonarQube serves, and its search shows an old state until somebody reindexes.",
    )
}

fn release(kubernetes: &Kubernetes, to: &Site) -> HandStep {
    let namespace = &kubernetes.workload.namespace;
    let look = format!(
        "kubectl get deployments,statefulsets,pods --selector \"{}\" --namespace {namespace}",
        kubernetes.workload.labels
    );
    let mut commands = vec![aks_command("get-credentials", &to.cluster), look.clone()];
    commands.extend(counts(&kubernetes.replicas).unwrap_or_else(|| vec![unknown(namespace)]));
    commands.push(look);
    step(
        "Release the workload",
        "Only behind the fence, or with the decision to go on without it. Those that keep data come first.",
        commands,
        "Every object is ready.",
        "Look at the pods that are not: kubectl describe pod NAME. A pod that waits for a node waits for its pool.",
    )
}

/// StatefulSets before Deployments, as a run does it; `None` where the plan has no counts.
fn counts(replicas: &Counts) -> Option<Vec<String>> {
    let scale = |(object, count): (&WorkloadRef, &u32)| {
        let kind = object.kind.text().to_ascii_lowercase();
        format!("kubectl scale {kind}/{} --namespace {} --replicas {count}", object.name, object.namespace)
    };
    (!replicas.is_empty()).then(|| replicas.iter().rev().map(scale).collect())
}

fn unknown(namespace: &str) -> String {
    format!("kubectl scale KIND/NAME --namespace {namespace} --replicas COUNT   # as `reveille status` showed them")
}
