//! How callers of the API servers prove themselves, and what a kubeconfig says.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::sandbox::ca::{Authority, CaError};
use crate::sandbox::world::{Claims, Site, TENANT, TokenRefusal, World};

/// The AKS server application of Microsoft Entra, in all clouds.
pub(super) const SERVER_APPLICATION: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
/// The AKS client application, which people's tools use.
const CLIENT_APPLICATION: &str = "80faf920-1908-4b52-b5ef-a8e7bedfc67a";
/// The user of a client certificate.
const CERTIFIED_USER: &str = "masterclient";

/// What kubeconfigs are made of.
#[derive(Clone)]
struct Material {
    ca: String,
    certificate: String,
    key: String,
}

#[derive(Default)]
struct Trust(Mutex<Option<Arc<Material>>>);

impl World {
    /// From now on kubeconfigs name this authority, which also proves the administrators of clusters without Entra.
    pub(super) fn trust(&self, authority: &Authority) -> Result<(), CaError> {
        let (certificate, key) = authority.client_certificate(CERTIFIED_USER, "system:masters")?;
        let material = Material { ca: authority.pem().to_owned(), certificate, key };
        *self.plane::<Trust>().0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(material));
        Ok(())
    }

    fn material(&self) -> Option<Arc<Material>> {
        self.plane::<Trust>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The authority's certificate as PEM, once API servers run.
    pub(super) fn authority(&self) -> Option<String> {
        self.material().map(|it| it.ca.clone())
    }

    /// How a kubeconfig proves an administrator of clusters without Entra.
    pub(super) fn administrator(&self) -> Option<String> {
        self.material().map(|it| certified(&it))
    }

    /// The kubeconfig of a cluster as `listClusterUserCredential` gives it; `None` before its API server was started.
    /// `exec` makes it one for kubelogin.
    pub(in crate::sandbox) fn kubeconfig(&self, site: &Site, exec: bool) -> Option<String> {
        let material = self.material()?;
        let user = match (self.kubernetes().entra, exec) {
            (false, _) => certified(&material),
            (true, true) => by_kubelogin(),
            (true, false) => by_provider(),
        };
        Some(kubeconfig(site, self.ports().https, &material.ca, &user))
    }

    /// Who a caller is.
    ///
    /// # Errors
    /// Why the API server does not know it.
    pub(super) fn kube_caller(&self, authorization: Option<&str>, certified: bool) -> Result<String, String> {
        let entra = self.kubernetes().entra;
        if certified && !entra {
            return Ok(CERTIFIED_USER.to_owned());
        }
        let Some(token) = authorization.and_then(|it| it.strip_prefix("Bearer ")).filter(|_| entra) else {
            return Err("anonymous".to_owned());
        };
        self.kube_token(token).map(|claims| claims.oid)
    }

    /// # Errors
    /// Why a token is refused.
    pub(in crate::sandbox) fn kube_token(&self, token: &str) -> Result<Claims, String> {
        self.check_token(token.trim(), &[SERVER_APPLICATION]).map_err(|refusal| match refusal {
            TokenRefusal::Invalid => "invalid token".to_owned(),
            TokenRefusal::Expired { .. } => "expired token".to_owned(),
            TokenRefusal::Audience { audience } => format!("token for {audience}"),
        })
    }
}

fn kubeconfig(site: &Site, port: u16, ca: &str, user: &str) -> String {
    let (cluster, host) = (&site.cluster, site.api_server_host());
    let ca = STANDARD.encode(ca);
    format!(
        "apiVersion: v1\nclusters:\n- cluster:\n    certificate-authority-data: {ca}\n    server: https://{host}:{port}\n  \
         name: {cluster}\ncontexts:\n- context:\n    cluster: {cluster}\n    user: clusterUser_rg-dr_{cluster}\n  \
         name: {cluster}\ncurrent-context: {cluster}\nkind: Config\npreferences: {{}}\nusers:\n\
         - name: clusterUser_rg-dr_{cluster}\n  user:\n{user}"
    )
}

fn certified(material: &Material) -> String {
    let (certificate, key) = (STANDARD.encode(&material.certificate), STANDARD.encode(&material.key));
    format!("    client-certificate-data: {certificate}\n    client-key-data: {key}\n")
}

fn by_kubelogin() -> String {
    format!(
        "    exec:\n      apiVersion: client.authentication.k8s.io/v1beta1\n      args:\n      - get-token\n      \
         - --environment\n      - AzurePublicCloud\n      - --server-id\n      - {SERVER_APPLICATION}\n      \
         - --client-id\n      - {CLIENT_APPLICATION}\n      - --tenant-id\n      - {TENANT}\n      - --login\n      \
         - devicecode\n      command: kubelogin\n      env: null\n      provideClusterInfo: false\n"
    )
}

/// The form from before kubelogin, which the service gives unless it is asked for another.
fn by_provider() -> String {
    format!(
        "    auth-provider:\n      config:\n        apiserver-id: {SERVER_APPLICATION}\n        \
         client-id: {CLIENT_APPLICATION}\n        config-mode: '1'\n        environment: AzurePublicCloud\n        \
         tenant-id: {TENANT}\n      name: azure\n"
    )
}
