//! What a valid configuration consists of.

use crate::domain::heartbeat::Heartbeat;
use crate::domain::names::{ChannelName, PlanName};
use crate::domain::plan::{DatabaseAuth, Plan};
use crate::domain::resource::HostPort;
use crate::domain::retention::Retention;
use crate::domain::secret::SecretRef;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// A valid configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub store: StoreUrl,
    /// How long what lies there is kept.
    pub retention: Retention,
    pub identity: Identity,
    pub cloud: Cloud,
    pub network: Network,
    pub engine: EngineSettings,
    /// The alert that always comes; nothing is expected without it.
    pub heartbeat: Option<Heartbeat>,
    pub channels: Vec<ChannelConfig>,
    /// At least one.
    pub plans: Vec<Plan>,
    /// SHA-256 of the file's text, in lower-case hexadecimal: tells which configuration a run was admitted under.
    pub digest: String,
}

impl Config {
    pub fn plan(&self, name: &PlanName) -> Option<&Plan> {
        self.plans.iter().find(|plan| &plan.name == name)
    }

    pub fn channel(&self, name: &ChannelName) -> Option<&ChannelConfig> {
        self.channels.iter().find(|channel| &channel.name == name)
    }

    /// Every secret the file names, each with what it is for.
    pub fn secrets(&self) -> Vec<(String, &SecretRef)> {
        let urls = self.channels.iter().map(|channel| (format!("the URL of channel {}", channel.name), &channel.url));
        let passwords = self.plans.iter().filter_map(|plan| match &plan.database.auth {
            DatabaseAuth::Password(password) => {
                Some((format!("the database password of plan {}", plan.name), password))
            }
            DatabaseAuth::Entra => None,
        });
        let tokens = self.plans.iter().filter_map(|plan| {
            let token = plan.search_index()?.token.as_ref()?;
            Some((format!("the search index token of plan {}", plan.name), token))
        });
        urls.chain(passwords).chain(tokens).collect()
    }
}

/// Where ledgers and journals live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreUrl {
    /// A folder; a relative one begins at the configuration file's folder.
    File(PathBuf),
    /// Two containers of an Azure storage account.
    Blob(Containers),
}

/// The containers of the state: the named one for logs, which may be immutable as long as appends are allowed, and one
/// beside it for the small documents, which are overwritten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Containers {
    /// The account's blob endpoint, `https://host[:port]`.
    pub account: String,
    /// The name of the container for logs.
    pub container: String,
}

impl Containers {
    /// What the second container's name adds to the first one's.
    pub const DOCUMENTS_SUFFIX: &str = "-documents";

    pub fn logs_url(&self) -> String {
        format!("{}/{}", self.account, self.container)
    }

    pub fn documents_url(&self) -> String {
        format!("{}{}", self.logs_url(), Self::DOCUMENTS_SUFFIX)
    }
}

/// Who Reveille is towards Azure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The function app's managed identity; the system-assigned one unless a client id names another.
    Managed { client_id: Option<String> },
    /// The account that the Azure CLI is logged in with.
    AzureCli,
}

/// The endpoints of a cloud. Defaults are those of the public one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cloud {
    /// Azure Resource Manager, `https://host[:port]` without a slash at the end.
    pub arm: String,
    /// What a token for Azure Resource Manager is asked for.
    pub arm_audience: String,
    /// What a token for logging in to PostgreSQL is asked for.
    pub postgres_audience: String,
    /// What PostgreSQL server names end in, without a leading dot.
    pub postgres_suffix: String,
}

/// How this instance sees the network.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// DNS servers to ask; empty means those of the system.
    pub dns_servers: Vec<SocketAddr>,
    /// From where this instance sees things, in words; reports quote it.
    pub vantage: Option<String>,
}

/// How runs are driven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineSettings {
    /// The longest that one `/run` invocation works.
    pub slice: Duration,
    /// Time between two renewals of a claim.
    pub renew: Duration,
    /// A claim that was not renewed for this long, by the store's clock, is dead.
    pub claim_dead: Duration,
    /// The same for a claim of another process on the same instance.
    pub same_instance_dead: Duration,
    /// A mutating call is begun within this time after it was journaled, or not at all.
    pub send_within: Duration,
    /// Plans that one `watch` looks at side by side.
    pub watch_plans_at_once: usize,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            slice: Duration::from_secs(240),
            renew: Duration::from_secs(10),
            claim_dead: Duration::from_secs(30),
            same_instance_dead: Duration::from_secs(3),
            send_within: Duration::from_secs(10),
            watch_plans_at_once: 16,
        }
    }
}

/// Where reports are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelConfig {
    pub name: ChannelName,
    pub kind: ChannelKind,
    /// Where the URL is to be read from: such URLs carry a signature.
    pub url: SecretRef,
    /// Time-out of one delivery.
    pub timeout: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChannelKind {
    /// An Adaptive Card to a Teams Workflows URL.
    Teams,
    /// A CloudEvents 1.0 event to any URL.
    CloudEvents,
}

impl Cloud {
    /// `https://host[:port]` of a resource manager address, or why it is none.
    pub(super) fn https_root(text: &str) -> Result<String, &'static str> {
        let wrong = "is not an address such as https://management.azure.com, with an optional :port and no path";
        let host = text.strip_prefix("https://").ok_or(wrong)?;
        HostPort::parse(host.trim_end_matches('/')).map(|host| host.https()).map_err(|_| wrong)
    }
}
