//! The ways into a cluster: kubeconfigs, and commands that run inside (managedClusters 2025-10-01, examples of
//! azure-rest-api-specs; learn.microsoft.com, access-private-cluster).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::sandbox::world::{Cluster, GROUP, SUBSCRIPTION, Site, World};

use super::aks::with_cluster;
use super::answer::Answer;
use super::call::Call;

/// `listClusterUserCredential`: without an Entra cluster `format` has no effect.
pub(super) fn user_credential(call: &Call, name: &str) -> Answer {
    let exec = match call.param("format").map(str::to_ascii_lowercase).as_deref() {
        None | Some("" | "azure") => false,
        Some("exec" | "web-service") => true,
        Some(other) => {
            let message =
                format!("The value '{other}' of parameter format is invalid. Supported: azure, exec, web-service.");
            return call.unknown(Answer::error(400, "InvalidParameter", message));
        }
    };
    with_cluster(call, name, |cluster| {
        let site = site(&call.world, &cluster.name);
        match site.and_then(|site| call.world.kubeconfig(&site, exec)) {
            Some(text) => Answer::ok(json!({"kubeconfigs": [{"name": "clusterUser", "value": STANDARD.encode(text)}]})),
            None => Answer::error(500, "InternalServerError", "No API servers run in this world."),
        }
    })
}

fn site(world: &World, cluster: &str) -> Option<Site> {
    world.workloads().into_iter().flat_map(|it| it.sites).find(|it| it.cluster == cluster)
}

/// `runCommand`: taken at once, its result is elsewhere.
pub(super) fn run_command(call: &Call, name: &str) -> Answer {
    with_cluster(call, name, |cluster| match command(call, cluster) {
        Ok((line, user)) => {
            let id = call.world.run_command(&cluster.name, &line, &user);
            Answer::empty(202).with("location", address(call, cluster, &id))
        }
        Err(refused) => refused,
    })
}

/// The command line, and whom its token belongs to.
fn command(call: &Call, cluster: &Cluster) -> Result<(String, String), Answer> {
    let (body, settings) = (call.body_json(), call.world.kubernetes());
    if !settings.run_command {
        return Err(Answer::error(400, "BadRequest", "Run command is disabled for this managed cluster."));
    }
    if !cluster.nodes_running {
        let message = format!(
            "managed cluster is in Provisioning State({}) and Power State({}), run command cannot be performed",
            cluster.provisioning, cluster.power
        );
        return Err(Answer::error(409, "OperationNotAllowed", message));
    }
    let line = body["command"].as_str().filter(|it| !it.is_empty());
    let missing = || call.unknown(Answer::error(400, "InvalidParameter", "Required parameter command is missing."));
    let line = line.ok_or_else(missing)?.to_owned();
    let token = body["clusterToken"].as_str().unwrap_or_default();
    if !settings.entra {
        return Ok((line, "masterclient".to_owned()));
    }
    match call.world.kube_token(token) {
        Ok(claims) => Ok((line, claims.oid)),
        Err(why) => {
            let message = format!("The cluster uses Microsoft Entra and clusterToken does not fit: {why}.");
            Err(Answer::error(400, "BadRequest", message))
        }
    }
}

fn address(call: &Call, cluster: &Cluster, id: &str) -> String {
    format!(
        "https://{}/subscriptions/{SUBSCRIPTION}/resourcegroups/{GROUP}/providers/Microsoft.ContainerService/\
         managedClusters/{}/commandResults/{id}?api-version={}",
        call.host,
        cluster.name,
        call.param("api-version").unwrap_or_default()
    )
}

/// `commandResults`: 202 until there is one. States are in lower case.
pub(super) fn result(call: &Call, cluster: &Cluster, id: &str) -> Answer {
    let Some(command) = call.world.commanded(id) else {
        return call.unknown(Answer::error(404, "NotFound", format!("The command '{id}' was not found.")));
    };
    let Some(ended) = command.ends.filter(|at| *at <= call.world.now()) else {
        return Answer::empty(202).with("location", address(call, cluster, id));
    };
    let properties = match command.result {
        Ok((code, logs)) => json!({
            "provisioningState": "succeeded", "exitCode": code, "logs": logs,
            "startedAt": command.started.to_rfc3339(), "finishedAt": ended.to_rfc3339(),
        }),
        Err(reason) => json!({"provisioningState": "failed", "reason": reason}),
    };
    Answer::ok(json!({"id": id, "properties": properties}))
}
