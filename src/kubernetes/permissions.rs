//! What the identity has to be allowed, so that a role holds no more than what is used.

use super::api;

/// Verbs and resources of every call to an API server (kubernetes.io, RBAC). Nodes are of the whole cluster, everything
/// else is of the workload's namespace. `/readyz` is open to whoever is known.
pub const PERMISSIONS: [(&str, &str); 13] = [
    api::NODES.rule(),
    api::DEPLOYMENTS.rule(),
    api::STATEFUL_SETS.rule(),
    api::AUTOSCALERS.rule(),
    api::PODS.rule(),
    api::CLAIMS.rule(),
    api::SCALE_DEPLOYMENT.rule(),
    api::SCALE_STATEFUL_SET.rule(),
    api::DELETE_CLAIM.rule(),
    // The probe pod.
    api::CREATE_POD.rule(),
    api::POD.rule(),
    api::POD_LOG.rule(),
    api::DELETE_POD.rule(),
];
