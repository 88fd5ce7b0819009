//! PostgreSQL flexible server: servers, replicas, virtual endpoints, promotion, start, stop and restart.

use axum::http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::sandbox::world::{
    FaultAction, GROUP, Operation, OperationKind, PromoteMode, PromoteOption, Promotion, SUBSCRIPTION, Server,
    ServerRefusal, VirtualEndpoint, World,
};

use super::aks::outcome;
use super::answer::Answer;
use super::call::Call;
use super::{lro, postgres_json, route, subscription};

/// What a path below `Microsoft.DBforPostgreSQL` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Servers,
    Server(String),
    Start(String),
    Stop(String),
    Restart(String),
    Replicas(String),
    Endpoints(String),
    Endpoint(String, String),
    Status(String),
    Result(String),
}

impl Target {
    pub fn parse(tail: &[&str]) -> Option<Self> {
        Some(match *tail {
            ["flexibleservers"] => Self::Servers,
            ["flexibleservers", name] => Self::Server(name.into()),
            ["flexibleservers", name, "start"] => Self::Start(name.into()),
            ["flexibleservers", name, "stop"] => Self::Stop(name.into()),
            ["flexibleservers", name, "restart"] => Self::Restart(name.into()),
            ["flexibleservers", name, "replicas"] => Self::Replicas(name.into()),
            ["flexibleservers", name, "virtualendpoints"] => Self::Endpoints(name.into()),
            ["flexibleservers", name, "virtualendpoints", endpoint] => Self::Endpoint(name.into(), endpoint.into()),
            ["locations", _, "azureasyncoperation", id] => Self::Status(id.into()),
            ["locations", _, "operationresults", id] => Self::Result(id.into()),
            _ => return None,
        })
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Endpoints(_) | Self::Endpoint(..) => "Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints",
            _ => "Microsoft.DBforPostgreSQL/flexibleServers",
        }
    }

    pub fn is_operation(&self) -> bool {
        self.operation_id().is_some()
    }

    pub fn operation_id(&self) -> Option<&str> {
        match self {
            Self::Status(id) | Self::Result(id) => Some(id),
            _ => None,
        }
    }

    fn server(&self) -> Option<&str> {
        match self {
            Self::Server(name)
            | Self::Start(name)
            | Self::Stop(name)
            | Self::Restart(name)
            | Self::Replicas(name)
            | Self::Endpoints(name)
            | Self::Endpoint(name, _) => Some(name),
            Self::Servers | Self::Status(_) | Self::Result(_) => None,
        }
    }

    /// The region whose resource provider answers.
    pub fn region(&self, world: &World) -> Option<String> {
        let of_operation = self.operation_id().and_then(|it| world.operation(it)).map(|it| it.target);
        let server = self.server().map(str::to_owned).or(of_operation)?;
        world.server(&server).map(|it| it.region)
    }
}

pub(super) fn handle(call: &Call, target: &Target, effect: Option<&FaultAction>) -> Answer {
    if let Some(server) = target.server().filter(|it| call.world.server(it).is_none()) {
        return call.unknown(subscription::resource_not_found("Microsoft.DBforPostgreSQL/flexibleServers", server));
    }
    match (&call.method, target) {
        (&Method::PATCH, Target::Server(name)) => patch(call, name, effect),
        (&Method::POST, Target::Start(name)) => power(call, name, OperationKind::ServerStart, effect),
        (&Method::POST, Target::Stop(name)) => power(call, name, OperationKind::ServerStop, effect),
        (&Method::POST, Target::Restart(name)) => power(call, name, OperationKind::ServerRestart, effect),
        (&Method::GET, target) => read(call, target),
        _ => route::not_allowed(call),
    }
}

fn read(call: &Call, target: &Target) -> Answer {
    let world = &call.world;
    match target {
        Target::Servers => Answer::list(world.servers().iter().map(|it| postgres_json::server(world, it)).collect()),
        Target::Server(name) => {
            world.server(name).map_or_else(|| gone(name), |it| Answer::ok(postgres_json::server(world, &it)))
        }
        Target::Replicas(name) => Answer::list(replicas(world, name)),
        Target::Endpoints(name) => endpoints(call, name),
        Target::Endpoint(name, endpoint) => one_endpoint(call, name, endpoint),
        Target::Status(id) => world.operation(id).map_or_else(|| gone(id), |it| lro::status(&it, false)),
        Target::Result(id) => world.operation(id).map_or_else(|| gone(id), |it| result(call, &it)),
        Target::Start(_) | Target::Stop(_) | Target::Restart(_) => route::not_allowed(call),
    }
}

/// It was there when the call was addressed.
fn gone(name: &str) -> Answer {
    Answer::error(404, "ResourceNotFound", format!("'{name}' was not found."))
}

fn replicas(world: &World, primary: &str) -> Vec<Value> {
    let is_replica = |it: &&Server| it.source.as_deref() == Some(primary);
    world.servers().iter().filter(is_replica).map(|it| postgres_json::server(world, it)).collect()
}

/// The result of a promotion is the server; the others have none.
fn result(call: &Call, operation: &Operation) -> Answer {
    lro::result(call, &lro::POSTGRES, operation, || match (operation.kind, call.world.server(&operation.target)) {
        (OperationKind::Promote(_), Some(server)) => Answer::ok(postgres_json::server(&call.world, &server)),
        _ => Answer::empty(204),
    })
}

/// The resource lives under the primary at the moment; read through another server, or without one, it is a 404 that
/// leaks an internal address (recorded traffic of azure-cli).
fn endpoints(call: &Call, server: &str) -> Answer {
    let found = endpoints_under(&call.world, server);
    if found.is_empty() {
        return endpoint_not_found(call, server, "");
    }
    Answer::list(found.iter().map(postgres_json::endpoint).collect())
}

fn one_endpoint(call: &Call, server: &str, name: &str) -> Answer {
    let found = endpoints_under(&call.world, server).into_iter().find(|it| it.name == name);
    found.map_or_else(
        || endpoint_not_found(call, server, &format!("/{name}")),
        |it| Answer::ok(postgres_json::endpoint(&it)),
    )
}

fn endpoints_under(world: &World, server: &str) -> Vec<VirtualEndpoint> {
    world.virtual_endpoints().into_iter().filter(|it| it.primary == server).collect()
}

fn endpoint_not_found(call: &Call, server: &str, rest: &str) -> Answer {
    let region = call.world.server(server).map(|it| it.region).unwrap_or_default();
    let version = call.param("api-version").unwrap_or_default();
    let message = format!(
        "The specified resource 'https://orcasbreadth.{region}.control.database.windows.net:8343/modules/ArmPostgreSQL\
         /subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers\
         /{server}/virtualendpoints{rest}?api-version={version}' was not found."
    );
    Answer::error(404, "ResourceNotFound", message)
}

/// The part of a PATCH that this Azure understands.
#[derive(Deserialize)]
struct Patch {
    properties: PatchProperties,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PatchProperties {
    replica: PatchReplica,
    #[serde(default)]
    source_server_resource_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PatchReplica {
    promote_mode: String,
    promote_option: String,
    #[serde(default)]
    role: Option<String>,
}

impl PatchReplica {
    /// Values match whatever their case; the role, when given, has to fit the mode.
    fn promotion(&self) -> Option<Promotion> {
        let mode = match self.promote_mode.to_ascii_lowercase().as_str() {
            "switchover" => PromoteMode::Switchover,
            "standalone" => PromoteMode::Standalone,
            _ => return None,
        };
        let option = match self.promote_option.to_ascii_lowercase().as_str() {
            "planned" => PromoteOption::Planned,
            "forced" => PromoteOption::Forced,
            _ => return None,
        };
        let role = if mode == PromoteMode::Switchover { "Primary" } else { "None" };
        let fits = self.role.as_ref().is_none_or(|it| it.eq_ignore_ascii_case(role));
        fits.then_some(Promotion { mode, option })
    }
}

fn patch(call: &Call, name: &str, effect: Option<&FaultAction>) -> Answer {
    let Ok(patch) = serde_json::from_slice::<Patch>(&call.body) else {
        return call.unknown(Answer::error(
            400,
            "InvalidParameterValue",
            "The request body is not a promotion of a replica.",
        ));
    };
    let Some(promotion) = patch.properties.replica.promotion() else {
        return call.unknown(Answer::error(400, "InvalidParameterValue", "Invalid value given for parameter replica."));
    };
    if call.world.knobs().promote_needs_source && patch.properties.source_server_resource_id.is_none() {
        return Answer::error(
            400,
            "MissingRequiredParameter",
            "Parameter 'properties.sourceServerResourceId' must be specified.",
        );
    }
    let begun = call.world.promote(name, promotion, outcome(effect));
    begun.map_or_else(|refusal| refused(name, refusal), |it| accepted(call, &it))
}

fn power(call: &Call, name: &str, kind: OperationKind, effect: Option<&FaultAction>) -> Answer {
    let begun = call.world.power_server(name, kind, outcome(effect));
    begun.map_or_else(|refusal| refused(name, refusal), |it| accepted(call, &it))
}

fn accepted(call: &Call, operation: &Operation) -> Answer {
    let started = operation.started.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
    let body = json!({"operation": operation.kind.name(), "startTime": started});
    lro::accepted(call, &lro::POSTGRES, operation, Some(body))
}

fn refused(name: &str, refusal: ServerRefusal) -> Answer {
    match refusal {
        ServerRefusal::NotFound => gone(name),
        ServerRefusal::Busy => {
            let text = format!(
                "Cannot complete operation while server '{name}' is busy processing another operation. Try again later."
            );
            Answer::error(409, "ServerIsBusy", text)
        }
        ServerRefusal::NotReady => {
            Answer::error(409, "ServerIsNotReady", format!("The server '{name}' is not in the state Ready."))
        }
        ServerRefusal::NotStopped => Answer::error(
            409,
            "ServerUnavailableForOperation",
            format!("The server '{name}' is not stopped and cannot be started."),
        ),
        ServerRefusal::NotAReplica => {
            Answer::error(400, "InvalidParameterValue", format!("The server '{name}' is not a replica."))
        }
        ServerRefusal::PrimaryDown => Answer::error(
            409,
            "ServerUnavailableForOperation",
            "The primary server is not available for a planned promotion.",
        ),
        ServerRefusal::NoVirtualEndpoint => Answer::error(
            400,
            "VirtualEndpointNotFound",
            "Switchover needs virtual endpoints whose reader is the replica.",
        ),
    }
}
