//! What callers are allowed: role assignments of Azure, and access rules inside the clusters. Without any, everything.

use std::sync::{Mutex, PoisonError};

use super::World;

/// A role assignment: these actions at this scope and below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whatever their case, without wildcards.
    pub actions: Vec<String>,
    /// A subscription, a resource group or a resource.
    pub scope: String,
}

/// An access rule inside every cluster (kubernetes.io, RBAC).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KubeRule {
    /// Everywhere when missing.
    pub namespace: Option<String>,
    /// API group; empty for the core.
    pub group: String,
    /// With its sub-resource, such as `deployments/scale`.
    pub resource: String,
    /// `list`, `patch`, …
    pub verbs: Vec<String>,
}

#[derive(Default)]
struct Access(Mutex<Allowed>);

/// What is not restricted is missing.
#[derive(Default)]
struct Allowed {
    azure: Option<Vec<Grant>>,
    clusters: Option<Vec<KubeRule>>,
}

impl World {
    /// From now on callers of ARM are allowed this and nothing else.
    pub fn grant_only(&self, grants: Vec<Grant>) {
        self.plane::<Access>().0.lock().unwrap_or_else(PoisonError::into_inner).azure = Some(grants);
    }

    /// From now on callers of the clusters are allowed this and nothing else.
    pub fn kube_grant_only(&self, rules: Vec<KubeRule>) {
        self.plane::<Access>().0.lock().unwrap_or_else(PoisonError::into_inner).clusters = Some(rules);
    }

    /// Whether an action on what lies at a path is allowed.
    pub(in crate::sandbox) fn is_granted(&self, action: &str, path: &str) -> bool {
        let access = self.plane::<Access>();
        let access = access.0.lock().unwrap_or_else(PoisonError::into_inner);
        let allows =
            |grant: &Grant| is_at(path, &grant.scope) && grant.actions.iter().any(|it| it.eq_ignore_ascii_case(action));
        access.azure.as_ref().is_none_or(|grants| grants.iter().any(allows))
    }

    /// Whether a verb on a resource in a namespace (empty: of the whole cluster) is allowed.
    pub(in crate::sandbox) fn kube_is_granted(&self, verb: &str, group: &str, resource: &str, namespace: &str) -> bool {
        let access = self.plane::<Access>();
        let access = access.0.lock().unwrap_or_else(PoisonError::into_inner);
        let allows = |rule: &KubeRule| {
            rule.namespace.as_deref().is_none_or(|it| it == namespace)
                && (rule.group.as_str(), rule.resource.as_str()) == (group, resource)
                && rule.verbs.iter().any(|it| it == verb)
        };
        access.clusters.as_ref().is_none_or(|rules| rules.iter().any(allows))
    }
}

/// Scopes end at a slash: what merely begins alike is something else.
fn is_at(path: &str, scope: &str) -> bool {
    let (path, scope) = (path.to_ascii_lowercase(), scope.to_ascii_lowercase());
    path.strip_prefix(scope.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_covers_what_is_below_it_and_nothing_that_begins_alike() {
        assert!(is_at("/subscriptions/s/resourceGroups/A/x", "/subscriptions/s/resourcegroups/a"));
        assert!(is_at("/subscriptions/s", "/subscriptions/s/"));
        assert!(!is_at("/subscriptions/s/resourceGroups/ab", "/subscriptions/s/resourceGroups/a"));
    }
}
