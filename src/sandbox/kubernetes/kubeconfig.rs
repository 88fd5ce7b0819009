//! A kubeconfig for people: `kubectl` drives the simulated clusters with it, as they are reached from this machine.
//!
//! What `listClusterUserCredential` gives names hosts that only the sandbox's own DNS server knows, and leaves the token to
//! kubelogin. This one names loopback addresses, the host names that the certificates are for, and holds a token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::trust::SERVER_APPLICATION;
use crate::sandbox::world::{Site, World};

/// Name of its one user.
const USER: &str = "sandbox";

impl World {
    /// A context for each cluster, named like it; the first workload's primary is the current one. The token is as long-lived as
    /// any other of this world. `None` before API servers run.
    pub fn kubeconfig_for_people(&self) -> Option<String> {
        let ca = STANDARD.encode(self.authority()?);
        let workloads = self.workloads();
        let sites: Vec<&Site> = workloads.iter().flat_map(|it| &it.sites).collect();
        let clusters: String = sites.iter().map(|site| self.cluster_entry(site, &ca)).collect();
        let contexts: String = sites.iter().map(|site| context(&site.cluster)).collect();
        let current = sites.first().map_or("", |site| site.cluster.as_str());
        Some(format!(
            "apiVersion: v1\nkind: Config\npreferences: {{}}\ncurrent-context: {current}\nclusters:\n{clusters}\
             contexts:\n{contexts}users:\n- name: {USER}\n  user:\n{}",
            self.person()?
        ))
    }

    fn cluster_entry(&self, site: &Site, ca: &str) -> String {
        let (name, host, port) = (&site.cluster, site.api_server_host(), self.ports().https);
        let server = self.names().address(&host).map_or_else(|| host.clone(), |address| address.to_string());
        format!(
            "- name: {name}\n  cluster:\n    server: https://{server}:{port}\n    tls-server-name: {host}\n    \
             certificate-authority-data: {ca}\n"
        )
    }

    /// How its user proves who it is: by a token, or where clusters know nothing of Entra by their administrator's certificate.
    fn person(&self) -> Option<String> {
        if !self.kubernetes().entra {
            return self.administrator();
        }
        let identity = self.system_identity()?;
        Some(format!("    token: {}\n", self.issue_token(&identity, SERVER_APPLICATION).0))
    }
}

fn context(cluster: &str) -> String {
    format!("- name: {cluster}\n  context:\n    cluster: {cluster}\n    user: {USER}\n")
}
