//! AKS: clusters, agent pools, start and stop.

use axum::http::Method;

use crate::sandbox::world::{Cluster, FaultAction, Operation, OperationError, Outcome, World};

use super::aks_refusal::refused;
use super::answer::Answer;
use super::call::Call;
use super::{aks_access, aks_json, lro, route};

/// What a path below `Microsoft.ContainerService` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Clusters,
    Cluster(String),
    Start(String),
    Stop(String),
    UserCredential(String),
    RunCommand(String),
    CommandResult(String, String),
    Pools(String),
    Pool(String, String),
    Versions(String),
    Status(String),
    Result(String),
}

impl Target {
    pub fn parse(tail: &[&str]) -> Option<Self> {
        Some(match *tail {
            ["managedclusters"] => Self::Clusters,
            ["managedclusters", name] => Self::Cluster(name.into()),
            ["managedclusters", name, "start"] => Self::Start(name.into()),
            ["managedclusters", name, "stop"] => Self::Stop(name.into()),
            ["managedclusters", name, "listclusterusercredential"] => Self::UserCredential(name.into()),
            ["managedclusters", name, "runcommand"] => Self::RunCommand(name.into()),
            ["managedclusters", name, "commandresults", id] => Self::CommandResult(name.into(), id.into()),
            ["managedclusters", name, "agentpools"] => Self::Pools(name.into()),
            ["managedclusters", name, "agentpools", pool] => Self::Pool(name.into(), pool.into()),
            ["locations", region, "kubernetesversions"] => Self::Versions(region.into()),
            ["locations", _, "operations", id] => Self::Status(id.into()),
            ["locations", _, "operationresults", id] => Self::Result(id.into()),
            _ => return None,
        })
    }

    pub fn kind(&self) -> &'static str {
        match self {
            Self::Pools(_) | Self::Pool(..) => "Microsoft.ContainerService/managedClusters/agentPools",
            Self::Versions(_) => "Microsoft.ContainerService/locations/kubernetesVersions",
            _ => "Microsoft.ContainerService/managedClusters",
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

    /// The region whose resource provider answers.
    pub fn region(&self, world: &World) -> Option<String> {
        match self {
            Self::Clusters => None,
            Self::Versions(region) => Some(region.clone()),
            Self::Cluster(name)
            | Self::Start(name)
            | Self::Stop(name)
            | Self::UserCredential(name)
            | Self::RunCommand(name)
            | Self::CommandResult(name, _)
            | Self::Pools(name)
            | Self::Pool(name, _) => world.cluster(name).map(|it| it.region),
            Self::Status(id) | Self::Result(id) => world.operation(id).map(|it| it.location),
        }
    }
}

pub(super) fn handle(call: &Call, target: &Target, effect: Option<&FaultAction>) -> Answer {
    match (&call.method, target) {
        (&Method::POST, Target::Start(name)) => start(call, name, effect),
        (&Method::POST, Target::Stop(name)) => stop(call, name, effect),
        (&Method::POST, Target::UserCredential(name)) => aks_access::user_credential(call, name),
        (&Method::POST, Target::RunCommand(name)) => aks_access::run_command(call, name),
        (&Method::GET, target) => read(call, target),
        _ => route::not_allowed(call),
    }
}

fn read(call: &Call, target: &Target) -> Answer {
    match target {
        Target::Clusters => {
            let (clusters, access) = (call.world.clusters(), call.world.kubernetes());
            Answer::list(clusters.iter().map(|it| aks_json::cluster(it, &access)).collect())
        }
        Target::Cluster(name) => {
            with_cluster(call, name, |it| Answer::ok(aks_json::cluster(it, &call.world.kubernetes())))
        }
        Target::Versions(region) if call.world.region(region).is_none() => {
            call.unknown(super::compute::no_region(region))
        }
        Target::Versions(_) => Answer::ok(aks_json::versions(&call.world.estate().versions)),
        Target::Pools(name) => with_cluster(call, name, |it| Answer::list(aks_json::pools(it))),
        Target::Pool(name, pool) => with_cluster(call, name, |it| one_pool(call, it, pool)),
        Target::Status(id) => with_operation(call, id, |it| lro::status(it, true)),
        Target::Result(id) => with_operation(call, id, |it| lro::result(call, &lro::AKS, it, || Answer::empty(204))),
        Target::CommandResult(name, id) => with_cluster(call, name, |it| aks_access::result(call, it, id)),
        Target::Start(_) | Target::Stop(_) | Target::UserCredential(_) | Target::RunCommand(_) => {
            route::not_allowed(call)
        }
    }
}

pub(super) fn with_cluster(call: &Call, name: &str, answer: impl FnOnce(&Cluster) -> Answer) -> Answer {
    call.world.cluster(name).map_or_else(|| not_found(call, name), |it| answer(&it))
}

fn with_operation(call: &Call, id: &str, answer: impl FnOnce(&Operation) -> Answer) -> Answer {
    // It was there when the signature was checked; forgetting it meanwhile is a 404 like before.
    call.world
        .operation(id)
        .map_or_else(|| Answer::error(404, "NotFound", "The operation was not found."), |it| answer(&it))
}

fn one_pool(call: &Call, cluster: &Cluster, pool: &str) -> Answer {
    match cluster.pools.iter().find(|it| it.name == pool) {
        Some(found) => Answer::ok(aks_json::pool(cluster, found)),
        None => call.unknown(Answer::error(404, "NotFound", format!("Agent pool '{pool}' was not found."))),
    }
}

pub(super) fn not_found(call: &Call, name: &str) -> Answer {
    call.unknown(super::subscription::resource_not_found("Microsoft.ContainerService/managedClusters", name))
}

fn start(call: &Call, name: &str, effect: Option<&FaultAction>) -> Answer {
    match call.world.start_cluster(name, outcome(effect)) {
        Ok(operation) => lro::accepted(call, &lro::AKS, &operation, None),
        Err(refusal) => refused(call, name, refusal),
    }
}

fn stop(call: &Call, name: &str, effect: Option<&FaultAction>) -> Answer {
    match call.world.stop_cluster(name, outcome(effect)) {
        Ok(operation) => lro::accepted(call, &lro::AKS, &operation, None),
        Err(refusal) => refused(call, name, refusal),
    }
}

/// How a fault makes the operation end.
pub(super) fn outcome(effect: Option<&FaultAction>) -> Outcome {
    let mut outcome = Outcome::default();
    match effect {
        Some(FaultAction::OperationFails { code, message }) => {
            outcome.fails = Some(OperationError::new(code, message.clone()))
        }
        Some(FaultAction::OperationHangs) => outcome.hangs = true,
        Some(FaultAction::ErrorBeside) => outcome.error_beside = true,
        _ => {}
    }
    outcome
}
