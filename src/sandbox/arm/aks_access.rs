//! The ways into a cluster: kubeconfigs, and commands that run inside (managedClusters 2025-10-01, examples of
//! azure-rest-api-specs; learn.microsoft.com, access-private-cluster).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::sandbox::world::{Site, World};

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
