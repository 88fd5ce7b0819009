//! PostgreSQL flexible servers and their virtual endpoints, as the control plane describes them.
//!
//! Source: learn.microsoft.com, read replicas and virtual endpoints of Azure Database for PostgreSQL flexible server.
//! `Ready` is a control-plane view; that SQL works and where the writer name leads is for probes to prove.

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::{Arm, Call, unreadable};
use super::error::ArmError;
use super::lenient;
use crate::domain::resource::ResourceId;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::future::Future;

const VERSION: &str = "2025-08-01";
pub(super) const SERVER: Api =
    Api::get("read database server", "", VERSION, "Microsoft.DBforPostgreSQL/flexibleServers/read");
pub(super) const REPLICAS: Api =
    Api::get("list replicas of", "/replicas", VERSION, "Microsoft.DBforPostgreSQL/flexibleServers/replicas/read");
pub(super) const ENDPOINT: Api = Api::get(
    "read virtual endpoint of",
    "/virtualendpoints/{}",
    VERSION,
    "Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints/read",
);
pub(super) const ENDPOINTS: Api = Api::get(
    "list virtual endpoints of",
    "/virtualendpoints",
    VERSION,
    "Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints/read",
);

/// One server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    pub name: String,
    /// As Azure wrote it (an open set: Ready, Stopped, Starting, Updating, Inaccessible, …).
    pub state: String,
    pub role: ReplicationRole,
    /// Active, Catchup, Reconfiguring, …; absent for a healthy replica as well.
    pub replication_state: Option<String>,
    /// The server it replicates from; only replicas have one.
    pub source: Option<ResourceId>,
    /// Region name in lower case without spaces: `canadacentral`, however Azure spelled it.
    pub region: String,
    pub fqdn: Option<String>,
}

/// The part a server plays in replication.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReplicationRole {
    /// It has no replicas.
    None,
    Primary,
    AsyncReplica,
    GeoAsyncReplica,
    /// Missing, or a word that nobody here knows.
    Unknown(String),
}

/// A pair of names that follow the primary and its replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualEndpoint {
    pub name: String,
    /// The name whose second label is `writer`.
    pub writer: Option<String>,
    pub reader: Option<String>,
    /// Names of the servers behind it, in no order to rely on.
    pub members: Vec<String>,
}

/// Access to PostgreSQL flexible servers.
#[derive(Clone, Copy)]
pub struct Postgres<'a> {
    pub(super) arm: &'a Arm,
}

impl Postgres<'_> {
    pub async fn server(self, server: &ResourceId) -> Result<Answer<Server>, ArmError> {
        let call = self.call(SERVER, server, &[]);
        let answer = self.arm.get_json(&call).await?;
        let ids = answer.request_ids.clone();
        answer.try_map(|body| server_in(&body).ok_or_else(|| unreadable(&call.name, "it describes no server", ids)))
    }

    /// The replicas of a primary.
    pub async fn replicas(self, primary: &ResourceId) -> Result<Answer<Vec<Server>>, ArmError> {
        let answer = self.arm.list(self.call(REPLICAS, primary, &[])).await?;
        Ok(answer.map(|list| list.iter().filter_map(server_in).collect()))
    }

    /// The virtual endpoint called `name`, through whichever of the servers knows it: it lives under the one that is
    /// primary at the moment, and asked through the other one Azure answers 400 or 404. `None` when none of them does.
    pub async fn virtual_endpoint(
        self,
        servers: &[ResourceId],
        name: &str,
    ) -> Result<Answer<Option<VirtualEndpoint>>, ArmError> {
        first_that_knows(servers.iter().map(|server| {
            let call = self.call(ENDPOINT, server, &[name]);
            async move { self.arm.get_json(&call).await.map(|answer| answer.map(|body| endpoint_in(&body))) }
        }))
        .await
    }

    /// All virtual endpoints of the servers. Azure says "there are none" with 404.
    pub async fn virtual_endpoints(self, servers: &[ResourceId]) -> Result<Answer<Vec<VirtualEndpoint>>, ArmError> {
        let found = first_that_knows(servers.iter().map(|server| {
            let call = self.call(ENDPOINTS, server, &[]);
            async move {
                let endpoints = |list: Vec<Value>| list.iter().filter_map(endpoint_in).collect::<Vec<_>>();
                let answer = self.arm.list(call).await?.map(endpoints);
                Ok(answer.map(|list| (!list.is_empty()).then_some(list)))
            }
        }))
        .await?;
        Ok(found.map(Option::unwrap_or_default))
    }

    fn call(self, api: Api, server: &ResourceId, names: &[&str]) -> Call {
        let on = On { resource: server.as_str(), names, query: &[] };
        self.arm.call(api, &api.path(on), on)
    }
}

/// Asks all at once and takes the first that has something; a server in a dark region must not hold up the other.
///
/// "None" is believed only when one says so plainly (404) and no other one failed: a failure may hide the one that knows,
/// and 400 alone may as well be a mistake of ours.
async fn first_that_knows<T>(
    questions: impl Iterator<Item = impl Future<Output = Result<Answer<Option<T>>, ArmError>>>,
) -> Result<Answer<Option<T>>, ArmError> {
    let mut answers: FuturesUnordered<_> = questions.collect();
    let mut none = Answer { value: None, request_ids: Vec::new() };
    let (mut said_none, mut rejected, mut failed) = (false, None, None);
    while let Some(answer) = answers.next().await {
        match answer {
            Ok(found) if found.value.is_some() => return Ok(found),
            Ok(empty) => (said_none, none.request_ids) = (true, empty.request_ids),
            Err(error) if error.is_not_found() => (said_none, none.request_ids) = (true, error.request_ids()),
            Err(error) if is_rejected(&error) => rejected = Some(error),
            Err(error) => failed = Some(error),
        }
    }
    match failed.or(rejected.filter(|_| !said_none)) {
        Some(error) => Err(error),
        None => Ok(none),
    }
}

fn is_rejected(error: &ArmError) -> bool {
    matches!(error, ArmError::Refused { refusal, .. } if refusal.status == 400)
}

fn server_in(body: &Value) -> Option<Server> {
    let properties = body.get("properties").filter(|properties| properties.is_object())?;
    let role = lenient::text(properties, "/replicationRole").or_else(|| lenient::text(properties, "/replica/role"));
    Some(Server {
        name: lenient::text(body, "/name").unwrap_or_default(),
        state: lenient::text(properties, "/state").unwrap_or_else(|| "unknown".into()),
        role: ReplicationRole::of(role.as_deref().unwrap_or_default()),
        replication_state: lenient::text(properties, "/replica/replicationState"),
        source: lenient::text(properties, "/sourceServerResourceId").and_then(|id| ResourceId::parse(&id).ok()),
        region: lenient::region(&lenient::text(body, "/location").unwrap_or_default()),
        fqdn: lenient::text(properties, "/fullyQualifiedDomainName"),
    })
}

fn endpoint_in(body: &Value) -> Option<VirtualEndpoint> {
    let properties = body.get("properties").filter(|properties| properties.is_object())?;
    let texts = |key: &str| -> Vec<String> {
        lenient::items(properties, key).filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let hosts = texts("/virtualEndpoints");
    let labelled = |label: &str| hosts.iter().find(|host| second_label(host).eq_ignore_ascii_case(label)).cloned();
    Some(VirtualEndpoint {
        name: lenient::text(body, "/name").unwrap_or_default(),
        writer: labelled("writer"),
        reader: labelled("reader"),
        members: texts("/members"),
    })
}

fn second_label(host: &str) -> &str {
    host.split('.').nth(1).unwrap_or_default()
}

impl ReplicationRole {
    fn of(text: &str) -> Self {
        match text.to_ascii_lowercase().as_str() {
            "none" => Self::None,
            "primary" => Self::Primary,
            "asyncreplica" => Self::AsyncReplica,
            "geoasyncreplica" => Self::GeoAsyncReplica,
            _ => Self::Unknown(text.to_owned()),
        }
    }

    pub fn is_replica(&self) -> bool {
        matches!(self, Self::AsyncReplica | Self::GeoAsyncReplica)
    }

    pub fn text(&self) -> &str {
        match self {
            Self::None => "none",
            Self::Primary => "primary",
            Self::AsyncReplica => "replica",
            Self::GeoAsyncReplica => "geo replica",
            Self::Unknown(text) if text.is_empty() => "not told",
            Self::Unknown(text) => text,
        }
    }
}

impl Server {
    pub fn is_ready(&self) -> bool {
        self.state.eq_ignore_ascii_case("Ready")
    }

    /// State and role in one line, for evidence.
    pub fn text(&self) -> String {
        let replication = self.replication_state.as_deref().map(|state| format!(", replication {state}"));
        format!("state {}, role {}{}", self.state, self.role.text(), replication.unwrap_or_default())
    }
}
