//! A request to an API server, taken apart.

use super::kinds::{Resource, find};

/// A request, however it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Ask {
    /// `GET`, `PATCH`, …
    pub method: String,
    pub path: String,
    /// Decoded.
    pub query: Vec<(String, String)>,
    /// Without its parameters.
    pub content_type: String,
    /// What the caller takes.
    pub accept: String,
    pub body: Vec<u8>,
}

/// What a path names.
#[derive(Debug, Clone)]
pub(super) enum Target {
    Version,
    /// `/readyz` and the like, which answer the text `ok`.
    Health,
    CoreVersions,
    Groups,
    Group(String),
    Resources(String, String),
    List(&'static Resource, Option<String>),
    Object(&'static Resource, Place),
    Sub(&'static Resource, Place, String),
}

/// Namespace and name; the namespace of a cluster-wide object is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub namespace: String,
    pub name: String,
}

impl Ask {
    /// A reading request for a path with its query, not encoded.
    pub fn get(path_and_query: &str) -> Self {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        let pairs = query.split('&').filter(|it| !it.is_empty());
        let pair = |it: &str| {
            let (key, value) = it.split_once('=').unwrap_or((it, ""));
            (decoded(key), decoded(value))
        };
        Self { method: "GET".into(), path: path.to_owned(), query: pairs.map(pair).collect(), ..Self::default() }
    }

    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str()).filter(|it| !it.is_empty())
    }

    pub fn is_read(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD")
    }

    pub fn wants_watch(&self) -> bool {
        self.is_read() && matches!(self.param("watch"), Some("true" | "1"))
    }

    /// What is asked for is only tried.
    pub fn is_dry(&self) -> bool {
        self.param("dryRun").is_some()
    }

    pub fn target(&self) -> Option<Target> {
        let parts: Vec<&str> = self.path.split('/').filter(|it| !it.is_empty()).collect();
        match parts.as_slice() {
            ["version"] => Some(Target::Version),
            ["readyz" | "livez" | "healthz", ..] => Some(Target::Health),
            ["api"] => Some(Target::CoreVersions),
            ["apis"] => Some(Target::Groups),
            ["apis", group] => Some(Target::Group((*group).to_owned())),
            ["api", version] => Some(Target::Resources(String::new(), (*version).to_owned())),
            ["apis", group, version] => Some(Target::Resources((*group).to_owned(), (*version).to_owned())),
            ["api", version, rest @ ..] => below("", version, rest),
            ["apis", group, version, rest @ ..] => below(group, version, rest),
            _ => None,
        }
    }

    /// The verb that access rules speak of.
    pub fn verb(&self) -> &'static str {
        let collection = matches!(self.target(), Some(Target::List(..)));
        match (self.method.as_str(), collection) {
            ("GET" | "HEAD", _) if self.wants_watch() => "watch",
            ("GET" | "HEAD", true) => "list",
            ("POST", _) => "create",
            ("PUT", _) => "update",
            ("PATCH", _) => "patch",
            ("DELETE", true) => "deletecollection",
            ("DELETE", false) => "delete",
            _ => "get",
        }
    }

    /// Group, resource with its sub-resource, namespace and name, as access rules speak of them.
    pub fn resource(&self) -> Option<(&'static Resource, String, Place)> {
        let nowhere =
            |namespace: Option<String>| Place { namespace: namespace.unwrap_or_default(), name: String::new() };
        match self.target()? {
            Target::List(resource, namespace) => Some((resource, resource.plural.to_owned(), nowhere(namespace))),
            Target::Object(resource, place) => Some((resource, resource.plural.to_owned(), place)),
            Target::Sub(resource, place, sub) => Some((resource, format!("{}/{sub}", resource.plural), place)),
            _ => None,
        }
    }
}

fn below(group: &str, version: &str, rest: &[&str]) -> Option<Target> {
    let place = |namespace: &str, name: &str| Place { namespace: namespace.to_owned(), name: name.to_owned() };
    match rest {
        // Before the namespaced ones: a namespace is an object as well.
        ["namespaces", name] => Some(Target::Object(find(group, version, "namespaces")?, place("", name))),
        ["namespaces", namespace, plural] => {
            namespaced(group, version, plural).map(|it| Target::List(it, Some((*namespace).to_owned())))
        }
        ["namespaces", namespace, plural, name] => {
            Some(Target::Object(namespaced(group, version, plural)?, place(namespace, name)))
        }
        ["namespaces", namespace, plural, name, sub] => {
            let resource = namespaced(group, version, plural)?;
            resource
                .subresources
                .contains(sub)
                .then(|| Target::Sub(resource, place(namespace, name), (*sub).to_owned()))
        }
        [plural] => find(group, version, plural).map(|it| Target::List(it, None)),
        [plural, name] => {
            let resource = find(group, version, plural).filter(|it| !it.namespaced)?;
            Some(Target::Object(resource, place("", name)))
        }
        _ => None,
    }
}

fn namespaced(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    find(group, version, plural).filter(|it| it.namespaced)
}

/// Percent-encoding undone; what is none is left as it is.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = (*first == b'%').then(|| tail.get(..2)).flatten();
        let code = code.and_then(|it| std::str::from_utf8(it).ok()).and_then(|it| u8::from_str_radix(it, 16).ok());
        match code {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(if *first == b'+' { b' ' } else { *first });
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_what_they_name() {
        let verb = |method: &str, path: &str| Ask { method: method.into(), ..Ask::get(path) }.verb();
        assert_eq!(verb("GET", "/api/v1/nodes"), "list");
        assert_eq!(verb("GET", "/api/v1/nodes/x"), "get");
        assert_eq!(verb("PATCH", "/apis/apps/v1/namespaces/a/deployments/b/scale"), "patch");
        assert_eq!(verb("GET", "/api/v1/pods?watch=true"), "watch");
        let (resource, named, place) = Ask::get("/apis/apps/v1/namespaces/a/deployments/b/scale").resource().unwrap();
        assert_eq!((resource.group, named.as_str(), place.name.as_str()), ("apps", "deployments/scale", "b"));
        for path in ["/api/v1/namespaces/a/nodes", "/apis/apps/v1/pods", "/api/v1/pods/x", "/x"] {
            assert!(Ask::get(path).target().is_none(), "{path}");
        }
    }

    #[test]
    fn a_query_is_decoded() {
        let ask = Ask::get("/api/v1/pods?labelSelector=a%20in%20%28b%2Cc%29&limit=5");
        assert_eq!(ask.param("labelSelector"), Some("a in (b,c)"));
        assert_eq!(ask.param("limit"), Some("5"));
    }
}
