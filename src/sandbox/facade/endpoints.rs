//! Where other programs find the sandbox.

use serde::Serialize;

use super::{PERSON_KEY, Sandbox};
use crate::sandbox::world::SUBSCRIPTION;

/// The audience of a token for ARM.
const ARM_AUDIENCE: &str = "https://management.azure.com";

/// What `--serve` prints, of the first workload. Every address is on `localhost`.
#[derive(Clone, Serialize)]
pub struct Endpoints {
    /// Base of ARM's addresses.
    pub arm: String,
    /// `IDENTITY_ENDPOINT`.
    pub identity_endpoint: String,
    /// `IDENTITY_HEADER`.
    pub identity_header: String,
    /// Base of the Front Door endpoint.
    pub front_door: String,
    /// Base of the function app.
    pub functions: String,
    /// A function key of a person.
    pub function_key: String,
    /// The sandbox's CA certificate as PEM.
    pub ca_file: String,
    /// A kubeconfig with a context for each cluster, which goes by loopback addresses.
    pub kubeconfig: String,
    /// Subscription id.
    pub subscription: String,
    /// A token for ARM.
    pub access_token: String,
    /// Cluster id of the site where the workload runs.
    pub primary_cluster: String,
    /// Cluster id of the site where it can run.
    pub replica_cluster: String,
    /// PostgreSQL server ids, of the same two sites.
    pub database_servers: Vec<String>,
    /// Front Door profile id.
    pub front_door_profile: String,
}

impl std::fmt::Debug for Endpoints {
    /// Without the key, the header and the token.
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Endpoints")
            .field("arm", &self.arm)
            .field("front_door", &self.front_door)
            .field("functions", &self.functions)
            .finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Where everything is. Each call issues a new ARM token.
    pub fn endpoints(&self) -> Endpoints {
        let workloads = self.world.workloads();
        let sites = workloads.first().map(|workload| workload.sites.clone());
        let [first, second] =
            sites.map_or_else(Default::default, |sites| sites.map(|site| [site.cluster_id(), site.server_id()]));
        let [primary_cluster, primary_server] = first;
        let [replica_cluster, replica_server] = second;
        Endpoints {
            arm: format!("https://localhost:{}", self.world.ports().https),
            identity_endpoint: self.identity.url.replacen("127.0.0.1", "localhost", 1),
            identity_header: self.identity.header.clone(),
            front_door: self.planes.front_door(),
            functions: self.host().url().to_owned(),
            function_key: self.keys.named.get(PERSON_KEY).cloned().unwrap_or_default(),
            ca_file: self.ca_file.display().to_string(),
            kubeconfig: self.kubeconfig.display().to_string(),
            subscription: SUBSCRIPTION.to_owned(),
            access_token: self.token(),
            primary_cluster,
            replica_cluster,
            database_servers: vec![primary_server, replica_server],
            front_door_profile: workloads.first().map(|workload| workload.profile_id()).unwrap_or_default(),
        }
    }

    fn token(&self) -> String {
        let identity = self.world.system_identity();
        identity.map(|identity| self.world.issue_token(&identity, ARM_AUDIENCE).0).unwrap_or_default()
    }
}
