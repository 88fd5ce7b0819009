//! The calls that would be made, without making them: what `plan` prints and roles are made of. Addresses and actions
//! come from the descriptions that the client itself uses.

use super::api::{Api, On};
use super::monitor::{Dimension, Metric};
use super::{SetUpError, aks, alerts, base_url, cluster_access, key_vault, monitor, operation};
use crate::azure::AlertState;
use crate::domain::outlook::{PlannedCall, Wire};
use crate::domain::resource::ResourceId;
use crate::domain::secret::VaultSecret;
use reqwest::Url;

/// The calls to one Azure Resource Manager.
#[derive(Debug, Clone)]
pub struct Planned {
    base: Url,
}

impl Planned {
    /// `arm` is the address of Azure Resource Manager.
    pub fn new(arm: &str) -> Result<Self, SetUpError> {
        let base = base_url(arm).ok_or_else(|| SetUpError::NotAnArmUrl(arm.to_owned()))?;
        Ok(Self { base })
    }

    pub fn cluster(&self, cluster: &ResourceId) -> PlannedCall {
        self.on(aks::READ, cluster)
    }

    pub fn start(&self, cluster: &ResourceId) -> PlannedCall {
        self.on(aks::START, cluster)
    }

    pub fn stop(&self, cluster: &ResourceId) -> PlannedCall {
        self.on(aks::STOP, cluster)
    }

    pub fn user_kubeconfig(&self, cluster: &ResourceId) -> PlannedCall {
        self.on(cluster_access::CREDENTIAL, cluster)
    }

    /// A command inside a cluster, which may do anything, and the question for its result.
    pub fn command(&self, cluster: &ResourceId) -> [PlannedCall; 2] {
        let on = On { names: &["{command}"], ..On::just(cluster.as_str()) };
        let result = cluster_access::COMMAND_RESULT.planned(&self.base, on, cluster.as_str()).of(cluster.name());
        [self.on(cluster_access::RUN_COMMAND, cluster), result]
    }

    /// The status of an operation on a cluster. It lies beside the cluster, in its subscription.
    pub fn operation(&self, cluster: &ResourceId) -> PlannedCall {
        let subscription = format!("/subscriptions/{}", cluster.subscription());
        let on = On { names: &["{region}", "{operation}"], ..On::just(&subscription) };
        operation::POLL.planned(&self.base, on, &subscription).of(cluster.name())
    }

    /// Front Door's view of the health of one origin.
    pub fn origin_health(&self, profile: &ResourceId, origin_host: &str) -> PlannedCall {
        let filter = Dimension::origin(origin_host).filter();
        let query = monitor::query(Metric::ORIGIN_HEALTH, "{from}/{to}", Some(&filter));
        let on = On { query: &query, ..On::just(profile.as_str()) };
        monitor::SERIES.planned(&self.base, on, profile.as_str()).of(profile.name())
    }

    /// Says of an alert of that subscription that it is being seen to.
    pub fn acknowledge_alert(&self, subscription: &str) -> PlannedCall {
        let subscription = format!("/subscriptions/{subscription}");
        let query = [("newState", AlertState::Acknowledged.text())];
        let on = On { names: &["{alert}"], query: &query, ..On::just(&subscription) };
        alerts::CHANGE_STATE.planned(&self.base, on, &subscription)
    }

    /// A secret read from its vault. Its action is one of the vault's own interface: the built-in role Key Vault Secrets
    /// User has it, on the vault.
    pub fn secret(&self, place: &VaultSecret) -> PlannedCall {
        let url = format!("{}/secrets/{}?api-version={}", place.vault, place.secret, key_vault::API_VERSION);
        PlannedCall::new("read secret", Wire::Https { method: "GET".into(), url }, false).of(&place.secret)
    }

    /// An operation as it would be called; its action is looked for at `scope`.
    pub(super) fn planned(&self, api: Api, on: On<'_>, scope: &str) -> PlannedCall {
        api.planned(&self.base, on, scope)
    }

    fn on(&self, api: Api, resource: &ResourceId) -> PlannedCall {
        self.planned(api, On::just(resource.as_str()), resource.as_str()).of(resource.name())
    }
}
