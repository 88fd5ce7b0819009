//! The kinds of objects that the simulated API servers know, and where they are found.

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Namespace,
    Node,
    Pod,
    Claim,
    Deployment,
    StatefulSet,
    Autoscaler,
    /// There are none: nothing here tells its story that way.
    Event,
}

/// What discovery says of a kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resource {
    pub kind: Kind,
    /// Empty for the core group.
    pub group: &'static str,
    pub version: &'static str,
    /// As in a path.
    pub plural: &'static str,
    pub singular: &'static str,
    /// As in an object.
    pub name: &'static str,
    pub namespaced: bool,
    pub short: &'static [&'static str],
    pub verbs: &'static [&'static str],
    pub subresources: &'static [&'static str],
}

const READ: &[&str] = &["get", "list", "watch"];
const SCALED: &[&str] = &["get", "list", "patch", "update", "watch"];

/// All kinds.
pub(super) const RESOURCES: [Resource; 8] = [
    Resource {
        kind: Kind::Namespace,
        group: "",
        version: "v1",
        plural: "namespaces",
        singular: "namespace",
        name: "Namespace",
        namespaced: false,
        short: &["ns"],
        verbs: READ,
        subresources: &[],
    },
    Resource {
        kind: Kind::Node,
        group: "",
        version: "v1",
        plural: "nodes",
        singular: "node",
        name: "Node",
        namespaced: false,
        short: &["no"],
        verbs: READ,
        subresources: &[],
    },
    Resource {
        kind: Kind::Pod,
        group: "",
        version: "v1",
        plural: "pods",
        singular: "pod",
        name: "Pod",
        namespaced: true,
        short: &["po"],
        verbs: &["create", "delete", "get", "list", "watch"],
        subresources: &["log"],
    },
    Resource {
        kind: Kind::Claim,
        group: "",
        version: "v1",
        plural: "persistentvolumeclaims",
        singular: "persistentvolumeclaim",
        name: "PersistentVolumeClaim",
        namespaced: true,
        short: &["pvc"],
        verbs: &["delete", "get", "list", "watch"],
        subresources: &[],
    },
    Resource {
        kind: Kind::Deployment,
        group: "apps",
        version: "v1",
        plural: "deployments",
        singular: "deployment",
        name: "Deployment",
        namespaced: true,
        short: &["deploy"],
        verbs: SCALED,
        subresources: &["scale"],
    },
    Resource {
        kind: Kind::StatefulSet,
        group: "apps",
        version: "v1",
        plural: "statefulsets",
        singular: "statefulset",
        name: "StatefulSet",
        namespaced: true,
        short: &["sts"],
        verbs: SCALED,
        subresources: &["scale"],
    },
    Resource {
        kind: Kind::Autoscaler,
        group: "autoscaling",
        version: "v2",
        plural: "horizontalpodautoscalers",
        singular: "horizontalpodautoscaler",
        name: "HorizontalPodAutoscaler",
        namespaced: true,
        short: &["hpa"],
        verbs: READ,
        subresources: &[],
    },
    Resource {
        kind: Kind::Event,
        group: "",
        version: "v1",
        plural: "events",
        singular: "event",
        name: "Event",
        namespaced: true,
        short: &["ev"],
        verbs: READ,
        subresources: &[],
    },
];

impl Kind {
    pub fn resource(self) -> &'static Resource {
        // Every kind has its line above; a test holds that.
        RESOURCES.iter().find(|it| it.kind == self).unwrap_or(&RESOURCES[0])
    }
}

impl Resource {
    /// `v1` or `apps/v1`.
    pub fn api_version(&self) -> String {
        group_version(self.group, self.version)
    }

    /// `statefulsets.apps "x"`, as the API server names an object in its messages.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether a person means this kind with that word.
    pub fn answers_to(&self, word: &str) -> bool {
        let word = word.to_ascii_lowercase();
        let word = word.split('.').next().unwrap_or_default();
        word == self.plural || word == self.singular || self.short.contains(&word)
    }
}

pub(super) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

/// The kind at `/apis/{group}/{version}/…/{plural}`.
pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|it| (it.group, it.version, it.plural) == (group, version, plural))
}

/// The kind that a word of a command line means.
pub(super) fn meant(word: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|it| it.answers_to(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_finds_its_own_line() {
        for resource in &RESOURCES {
            assert_eq!(resource.kind.resource().plural, resource.plural);
        }
        assert_eq!(meant("sts").map(|it| it.kind), Some(Kind::StatefulSet));
        assert_eq!(meant("deployments.apps").map(|it| it.kind), Some(Kind::Deployment));
        assert!(meant("secrets").is_none());
    }
}
