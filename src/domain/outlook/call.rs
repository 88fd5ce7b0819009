//! A call that would be made.

use serde::Serialize;
use std::fmt;

/// When commands that Azure runs inside a cluster take the place of calls to its API server.
pub const AROUND: &str = "if the cluster's API server cannot be reached";

/// One call, with what is only known in a run in braces.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedCall {
    /// For people: `start cluster`, or with its object `start cluster aks-b`.
    pub what: String,
    #[serde(flatten)]
    pub wire: Wire,
    /// Whether it changes anything.
    pub mutates: bool,
    /// Only then, in words; without it whenever its step looks or acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<&'static str>,
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "to")]
pub enum Wire {
    /// Azure Resource Manager.
    Azure {
        method: String,
        url: String,
        /// What a role has to allow.
        action: String,
        /// The resource, or subscription, at which it is looked for.
        scope: String,
    },
    /// The API server of a cluster.
    Kubernetes {
        cluster: String,
        method: String,
        path: String,
        /// Verb and resource of access rules (kubernetes.io, RBAC): `patch`, `deployments.apps/scale`.
        verb: String,
        resource: String,
        /// `None`: of the whole cluster, or open to whoever is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        namespace: Option<String>,
    },
    /// An own look at a host.
    Https { method: String, url: String },
    /// A statement to PostgreSQL.
    Sql { server: String, statement: String },
    /// A name that is resolved.
    Dns { name: String },
    /// A connection that is opened, encrypted and closed again.
    Connection { host: String },
}

impl PlannedCall {
    pub fn new(what: impl Into<String>, wire: Wire, mutates: bool) -> Self {
        Self { what: what.into(), wire, mutates, when: None }
    }

    /// With what it is done to.
    pub fn of(mut self, object: &str) -> Self {
        self.what = format!("{} {object}", self.what);
        self
    }

    /// Only then.
    pub fn only(mut self, when: &'static str) -> Self {
        self.when = Some(when);
        self
    }

    /// Whether a request that was seen is this one. `host_and_path` has no query; what a run fills in matches anything of
    /// one segment.
    pub fn is(&self, method: &str, host_and_path: &str) -> bool {
        let (own, address) = match &self.wire {
            Wire::Azure { method, url, .. } | Wire::Https { method, url } => {
                (method, url.split('?').next().unwrap_or_default().trim_start_matches("https://").to_owned())
            }
            Wire::Kubernetes { method, path, cluster, .. } => (method, format!("{cluster}{path}")),
            Wire::Sql { .. } | Wire::Dns { .. } | Wire::Connection { .. } => return false,
        };
        own == method && matches(&address, host_and_path)
    }
}

/// Whether a path has the shape of another one, whose segments in braces match anything. Casing differs in Azure's own
/// links.
pub fn matches(shape: &str, path: &str) -> bool {
    let is_open = |segment: &str| segment.starts_with('{') && segment.ends_with('}');
    let same = |(wanted, seen): (&str, &str)| is_open(wanted) && !seen.is_empty() || wanted.eq_ignore_ascii_case(seen);
    shape.split('/').count() == path.split('/').count() && shape.split('/').zip(path.split('/')).all(same)
}

impl fmt::Display for Wire {
    /// One line: `POST https://…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Azure { method, url, .. } | Self::Https { method, url } => write!(f, "{method} {url}"),
            Self::Kubernetes { cluster, method, path, .. } => write!(f, "{method} {path} at {cluster}"),
            Self::Sql { server, statement } => write!(f, "SQL {statement} at {server}"),
            Self::Dns { name } => write!(f, "DNS {name}"),
            Self::Connection { host } => write!(f, "TLS {host}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_run_fills_in_matches_one_segment_of_a_request() {
        assert!(matches("/a/{name}/c", "/A/b/C"));
        for other in ["/a/b/d", "/a/c", "/a/b/b/c", "/a//c"] {
            assert!(!matches("/a/{name}/c", other), "{other}");
        }
    }

    #[test]
    fn a_request_is_known_by_method_and_address() {
        let wire = Wire::Azure {
            method: "GET".into(),
            url: "https://arm.test/subscriptions/s/alerts/{alert}?api-version=1".into(),
            action: "x/read".into(),
            scope: "/subscriptions/s".into(),
        };
        let call = PlannedCall::new("read alert", wire, false);
        assert!(call.is("GET", "arm.test/subscriptions/s/alerts/7"));
        assert!(!call.is("POST", "arm.test/subscriptions/s/alerts/7"));
        assert!(!call.is("GET", "other.test/subscriptions/s/alerts/7"));
    }
}
