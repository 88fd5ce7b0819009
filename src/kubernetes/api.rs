//! The calls to an API server, each described once: the client makes its requests of the description, and access rules
//! and `plan` are made of the same.

use crate::domain::outlook::{PlannedCall, Wire};

/// One kind of call (kubernetes.io, API concepts and RBAC).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Api {
    /// Of access rules: `list`, `patch`.
    pub verb: &'static str,
    /// With its group and sub-resource: `deployments.apps/scale`.
    pub resource: &'static str,
    /// With `{namespace}` and `{name}`, as far as there are.
    pub path: &'static str,
}

const fn api(verb: &'static str, resource: &'static str, path: &'static str) -> Api {
    Api { verb, resource, path }
}

pub(super) const READYZ: Api = api("get", "readyz", "/readyz");
/// What a command printed: no call to an API server, and so in no access rule.
pub(super) const COMMAND_RESULTS: Api = api("get", "command results", "");
pub(super) const NODES: Api = api("list", "nodes", "/api/v1/nodes");
pub(super) const DEPLOYMENTS: Api = api("list", "deployments.apps", "/apis/apps/v1/namespaces/{namespace}/deployments");
pub(super) const STATEFUL_SETS: Api =
    api("list", "statefulsets.apps", "/apis/apps/v1/namespaces/{namespace}/statefulsets");
pub(super) const AUTOSCALERS: Api = api(
    "list",
    "horizontalpodautoscalers.autoscaling",
    "/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers",
);
pub(super) const PODS: Api = api("list", "pods", "/api/v1/namespaces/{namespace}/pods");
pub(super) const CLAIMS: Api =
    api("list", "persistentvolumeclaims", "/api/v1/namespaces/{namespace}/persistentvolumeclaims");
pub(super) const SCALE_DEPLOYMENT: Api =
    api("patch", "deployments.apps/scale", "/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale");
pub(super) const SCALE_STATEFUL_SET: Api =
    api("patch", "statefulsets.apps/scale", "/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}/scale");
pub(super) const DELETE_CLAIM: Api =
    api("delete", "persistentvolumeclaims", "/api/v1/namespaces/{namespace}/persistentvolumeclaims/{name}");
pub(super) const CREATE_POD: Api = api("create", "pods", "/api/v1/namespaces/{namespace}/pods");
pub(super) const POD: Api = api("get", "pods", "/api/v1/namespaces/{namespace}/pods/{name}");
pub(super) const POD_LOG: Api = api("get", "pods/log", "/api/v1/namespaces/{namespace}/pods/{name}/log");
pub(super) const DELETE_POD: Api = api("delete", "pods", "/api/v1/namespaces/{namespace}/pods/{name}");

impl Api {
    /// As access rules have it.
    pub const fn rule(self) -> (&'static str, &'static str) {
        (self.verb, self.resource)
    }

    pub fn path(self, namespace: &str, name: &str) -> String {
        self.path.replace("{namespace}", namespace).replace("{name}", name)
    }

    /// The list that the object is in: what the crate `kube` puts the rest behind.
    pub fn collection(self, namespace: &str) -> String {
        let whole = self.path.split("/{name}").next().unwrap_or(self.path);
        whole.replace("{namespace}", namespace)
    }

    fn method(self) -> &'static str {
        match self.verb {
            "get" | "list" => "GET",
            "create" => "POST",
            "patch" => "PATCH",
            _ => "DELETE",
        }
    }

    /// The call as `plan` prints it.
    pub(super) fn planned(self, cluster: &str, namespace: &str, name: &str) -> PlannedCall {
        let wire = Wire::Kubernetes {
            cluster: cluster.to_owned(),
            method: self.method().to_owned(),
            path: self.path(namespace, name),
            verb: self.verb.to_owned(),
            resource: self.resource.to_owned(),
            namespace: self.path.contains("{namespace}").then(|| namespace.to_owned()),
        };
        PlannedCall::new(format!("{} {}", self.verb, self.resource), wire, self.method() != "GET")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_takes_namespace_and_name_and_its_list_comes_without_the_name() {
        let path = "/apis/apps/v1/namespaces/sonar/deployments/app/scale";
        assert_eq!(SCALE_DEPLOYMENT.path("sonar", "app"), path);
        assert_eq!(SCALE_DEPLOYMENT.collection("sonar"), "/apis/apps/v1/namespaces/sonar/deployments");
        assert_eq!(CREATE_POD.collection("sonar"), CREATE_POD.path("sonar", ""));
    }

    #[test]
    fn only_what_is_no_get_changes_something() {
        assert!(SCALE_DEPLOYMENT.planned("a", "n", "x").mutates && CREATE_POD.planned("a", "n", "x").mutates);
        let nodes = NODES.planned("a", "n", "x");
        let Wire::Kubernetes { namespace, method, .. } = &nodes.wire else { panic!() };
        assert_eq!((nodes.mutates, namespace.as_deref(), method.as_str()), (false, None, "GET"));
    }
}
