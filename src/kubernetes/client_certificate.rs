//! When the certificate ends by which a cluster without Entra knows us. AKS gives out kubeconfigs whose certificates last
//! two years and are renewed only by a rotation (learn.microsoft.com, certificate rotation in AKS).

use super::access::AccessError;
use super::cluster::Cluster;
use super::kubeconfig::{BadKubeconfig, Parsed, User};
use crate::probe::certificate::end_of;
use chrono::{DateTime, Utc};

impl Cluster {
    /// The end of the client certificate; `None` where the cluster asks for tokens of Entra. The cluster itself is not
    /// asked, so that one that is stopped tells it too.
    pub async fn client_certificate_end(&self) -> Result<Option<DateTime<Utc>>, AccessError> {
        let text = self.azure.aks().user_kubeconfig(&self.id).await.map_err(AccessError::Kubeconfig)?.value;
        match Parsed::read(&text)?.user {
            User::Entra => Ok(None),
            User::Certificate { chain, .. } => {
                let end = chain.first().and_then(end_of);
                end.map(Some).ok_or(AccessError::Unusable(BadKubeconfig::BadCertificate))
            }
        }
    }
}
