//! Azure resource ids and host names with an optional port.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::hash::{Hash, Hasher};

/// An Azure resource id. Azure itself changes the casing of ids between answers, so ids are equal ignoring case.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ResourceId(String);

/// Why a text is not a resource id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is not a resource id; expected /subscriptions/{{id}}/resourceGroups/{{group}}/providers/{{namespace}}/{{type}}/{{name}}"
)]
pub struct NotAResourceId(pub String);

impl ResourceId {
    pub fn parse(text: &str) -> Result<Self, NotAResourceId> {
        let trimmed = text.trim_end_matches('/');
        let parts: Vec<&str> = trimmed.split('/').collect();
        let shaped = parts.len() >= 9
            && parts.len() % 2 == 1
            && parts[0].is_empty()
            && parts[1].eq_ignore_ascii_case("subscriptions")
            && parts[3].eq_ignore_ascii_case("resourceGroups")
            && parts[5].eq_ignore_ascii_case("providers")
            && parts[1..].iter().all(|part| !part.is_empty());
        if shaped { Ok(Self(trimmed.to_owned())) } else { Err(NotAResourceId(text.to_owned())) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn part(&self, index: usize) -> &str {
        self.0.split('/').nth(index).unwrap_or_default()
    }

    pub fn subscription(&self) -> &str {
        self.part(2)
    }

    pub fn resource_group(&self) -> &str {
        self.part(4)
    }

    /// The last segment: `aks-sonar-eastus2`.
    pub fn name(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// Namespace and type, such as `Microsoft.ContainerService/managedClusters`.
    pub fn resource_type(&self) -> String {
        let mut parts = self.0.split('/').skip(6);
        let namespace = parts.next().unwrap_or_default();
        let types: Vec<&str> = parts.step_by(2).collect();
        format!("{namespace}/{}", types.join("/"))
    }

    pub fn is_type(&self, resource_type: &str) -> bool {
        self.resource_type().eq_ignore_ascii_case(resource_type)
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for ResourceId {}

impl Hash for ResourceId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_ascii_lowercase().hash(state);
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ResourceId {
    type Error = NotAResourceId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ResourceId> for String {
    fn from(id: ResourceId) -> String {
        id.0
    }
}

/// A host name with an optional port, as in `sonar-eastus2.example.com` or `localhost:8443`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPort {
    pub host: String,
    pub port: Option<u16>,
}

/// Why a text is not a host name with an optional port.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{0:?} is not a host name; expected a name such as sonar.example.com, with an optional :port, without https:// and path"
)]
pub struct NotAHost(pub String);

impl HostPort {
    pub fn parse(text: &str) -> Result<Self, NotAHost> {
        let wrong = || NotAHost(text.to_owned());
        let (host, port) = match text.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let legal = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
        };
        if host.len() > 253 || !host.split('.').all(legal) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }

    /// `https://host[:port]`, without a trailing slash.
    pub fn https(&self) -> String {
        format!("https://{self}")
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}:{port}", self.host),
            None => f.write_str(&self.host),
        }
    }
}

impl TryFrom<String> for HostPort {
    type Error = NotAHost;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<HostPort> for String {
    fn from(host: HostPort) -> String {
        host.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: &str =
        "/subscriptions/s/resourceGroups/rg-dr/providers/Microsoft.ContainerService/managedClusters/aks-a";

    #[test]
    fn an_id_tells_its_parts_and_ignores_case() {
        let id = ResourceId::parse(CLUSTER).unwrap();
        assert_eq!(id.name(), "aks-a");
        assert_eq!(id.resource_group(), "rg-dr");
        assert!(id.is_type("microsoft.containerservice/managedclusters"));
        assert_eq!(id, ResourceId::parse(&CLUSTER.to_lowercase()).unwrap());
    }

    #[test]
    fn a_half_id_is_refused() {
        assert!(ResourceId::parse("/subscriptions/s/resourceGroups/rg").is_err());
        assert!(ResourceId::parse("aks-a").is_err());
        assert!(ResourceId::parse(&format!("{CLUSTER}/extra")).is_err());
    }

    #[test]
    fn a_host_may_carry_a_port_but_no_scheme() {
        assert_eq!(HostPort::parse("A.example.com:8443").unwrap().to_string(), "a.example.com:8443");
        assert!(HostPort::parse("https://a.example.com").is_err());
        assert!(HostPort::parse("a.example.com/path").is_err());
    }
}
