//! What is known of the application at an origin and of the way through Front Door.

use super::names::SiteName;
use serde::{Deserialize, Serialize};

/// One HTTP look at an origin, by its own name, past Front Door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum OriginView {
    /// It answered as its health rule asks (what it said).
    Healthy { said: String },
    /// It answered, but not as a healthy one does.
    Unhealthy { said: String },
    /// The application itself says that it is restarting or migrating: neither up nor lost.
    Busy { said: String },
    /// Nothing answered there, for none of its applications: connection refused, timed out, reset.
    Unreachable { why: String },
}

/// The state of the application, as its own status interface tells it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum AppView {
    /// It serves. `search_index` says whether the search index is known to match the database.
    Serving {
        said: String,
        search_index: IndexState,
    },
    /// It is coming up (STARTING, an HTML page or 503 before the API exists).
    Starting {
        said: String,
    },
    /// SonarQube waits for a person to start a database migration: the two sites' versions differ.
    MigrationNeeded {
        said: String,
    },
    MigrationRunning {
        said: String,
    },
    /// It says of itself that it is down.
    Down {
        said: String,
    },
    /// Nothing answers.
    Unreachable {
        why: String,
    },
}

/// Whether the search index is known to match the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IndexState {
    Verified,
    /// After a failover SonarQube's index may be stale, and nothing that can be asked without a user token tells.
    NotVerified,
    /// The application has no such index.
    NotApplicable,
}

/// What came back through the Front Door host name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum RouteView {
    /// Served, and a header set at the ingress names the site.
    ServedBy { site: SiteName, said: String },
    /// Served, and the plan names no header that would tell by which site: the weaker proof.
    Served { said: String },
    /// Served, but the header that tells the sites apart did not come: it may well be the old site.
    Unmarked { header: String, said: String },
    /// Served by a site that should not serve now.
    ServedByOther { by: String, said: String },
    /// Front Door answered, the application did not.
    Failing { said: String },
    /// Front Door itself did not answer.
    Unreachable { why: String },
}

impl OriginView {
    pub fn is_healthy(&self) -> bool {
        matches!(self, Self::Healthy { .. })
    }

    /// Nothing answers there at all. Whatever answers may write, a page of the gateway too: something runs behind it.
    pub fn is_silent(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether the look speaks for an outage. One at a busy application speaks neither for it nor against it.
    pub fn is_failed(&self) -> bool {
        matches!(self, Self::Unhealthy { .. } | Self::Unreachable { .. })
    }

    pub fn text(&self) -> String {
        match self {
            Self::Healthy { said } => format!("healthy ({said})"),
            Self::Unhealthy { said } => format!("unhealthy ({said})"),
            Self::Busy { said } => format!("busy ({said})"),
            Self::Unreachable { why } => format!("unreachable ({why})"),
        }
    }
}

impl AppView {
    pub fn text(&self) -> String {
        match self {
            Self::Serving { said, .. } => format!("serving ({said})"),
            Self::Starting { said } => format!("starting ({said})"),
            Self::MigrationNeeded { said } => format!("waits for a database migration ({said})"),
            Self::MigrationRunning { said } => format!("migrates its database ({said})"),
            Self::Down { said } => format!("down ({said})"),
            Self::Unreachable { why } => format!("unreachable ({why})"),
        }
    }
}

impl RouteView {
    pub fn text(&self) -> String {
        match self {
            Self::ServedBy { site, said } => format!("served by {site} ({said})"),
            Self::Served { said } => format!("served, site not told ({said})"),
            Self::Unmarked { header, said } => {
                format!("served, but the answer has no header {header} to tell by which site ({said})")
            }
            Self::ServedByOther { by, said } => format!("served by {by} ({said})"),
            Self::Failing { said } => format!("failing ({said})"),
            Self::Unreachable { why } => format!("Front Door unreachable ({why})"),
        }
    }
}
