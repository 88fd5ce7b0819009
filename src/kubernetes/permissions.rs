//! What the identity has to be allowed, so that a role holds no more than what is used.

/// Verbs and resources of every call to an API server (kubernetes.io, RBAC). Nodes are of the whole cluster, everything
/// else is of the workload's namespace. `/readyz` is open to whoever is known.
pub const PERMISSIONS: [(&str, &str); 13] = [
    ("list", "nodes"),
    ("list", "deployments.apps"),
    ("list", "statefulsets.apps"),
    ("list", "horizontalpodautoscalers.autoscaling"),
    ("list", "pods"),
    ("list", "persistentvolumeclaims"),
    ("patch", "deployments.apps/scale"),
    ("patch", "statefulsets.apps/scale"),
    ("delete", "persistentvolumeclaims"),
    // The probe pod.
    ("create", "pods"),
    ("get", "pods"),
    ("get", "pods/log"),
    ("delete", "pods"),
];

/// Actions of Azure's on a cluster (learn.microsoft.com, permissions of Microsoft.ContainerService). The last two only
/// where the API server cannot be reached.
pub const AZURE_ACTIONS: [&str; 4] = [
    "Microsoft.ContainerService/managedClusters/read",
    "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
    "Microsoft.ContainerService/managedClusters/runcommand/action",
    "Microsoft.ContainerService/managedClusters/commandResults/read",
];
