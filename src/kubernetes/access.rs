//! The way into one cluster, kept between calls: what its kubeconfig says, until that is old or not accepted any more.

use super::direct::Direct;
use super::kubeconfig::{BadKubeconfig, Parsed};
use super::settings::Settings;
use crate::azure::{ArmError, Azure, CredentialError};
use crate::domain::failure::FailureClass;
use crate::domain::resource::ResourceId;
use crate::probe::dns::Dns;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;

/// Why there is no way into a cluster.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    #[error("Azure gave no kubeconfig")]
    Kubeconfig(#[source] ArmError),
    #[error("the kubeconfig from Azure cannot be used")]
    Unusable(#[from] BadKubeconfig),
    #[error("there is no token for the cluster's API server")]
    Token(#[source] CredentialError),
    #[error("the TLS client cannot be set up")]
    Tls(#[source] rustls::Error),
    #[error("the HTTP client cannot be set up")]
    Client(#[source] reqwest::Error),
}

impl AccessError {
    pub fn class(&self) -> FailureClass {
        match self {
            Self::Kubeconfig(error) => error.class(),
            Self::Token(_) => FailureClass::Identity,
            Self::Unusable(_) | Self::Tls(_) | Self::Client(_) => FailureClass::Other,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Kubeconfig(error) => error.retry_after(),
            _ => None,
        }
    }

    pub(super) fn request_ids(&self) -> Vec<String> {
        match self {
            Self::Kubeconfig(error) => error.request_ids(),
            _ => Vec::new(),
        }
    }
}

/// What is kept of one cluster.
#[derive(Default)]
pub(super) struct Kept {
    way: Mutex<Option<Way>>,
    /// Nothing could connect, and a command went around: until then it is not tried again.
    detour: std::sync::Mutex<Option<Detour>>,
}

#[derive(Clone)]
struct Way {
    direct: Arc<Direct>,
    good_until: Instant,
}

#[derive(Clone)]
struct Detour {
    until: Instant,
    why: String,
}

/// What a way into a cluster is made with.
pub(super) struct Means<'a> {
    pub azure: &'a Azure,
    pub settings: &'a Settings,
    pub dns: &'a Dns,
}

impl Kept {
    /// The way that is known, or a new one; one question to Azure, however many callers wait.
    pub async fn way(&self, cluster: &ResourceId, means: Means<'_>) -> Result<Arc<Direct>, AccessError> {
        let mut kept = self.way.lock().await;
        if let Some(way) = kept.as_ref().filter(|way| Instant::now() < way.good_until) {
            return Ok(way.direct.clone());
        }
        let text = means.azure.aks().user_kubeconfig(cluster).await.map_err(AccessError::Kubeconfig)?.value;
        let direct = Arc::new(Direct::open(Parsed::read(&text)?, means.settings, means.dns)?);
        *kept = Some(Way { direct: direct.clone(), good_until: Instant::now() + means.settings.kubeconfig_kept });
        Ok(direct)
    }

    /// The server did not accept what this way stands for. Another caller may have replaced it already.
    pub async fn forget(&self, refused: &Arc<Direct>) {
        let mut kept = self.way.lock().await;
        if kept.as_ref().is_some_and(|way| Arc::ptr_eq(&way.direct, refused)) {
            *kept = None;
        }
    }

    /// Why the API server is not tried now, if so.
    pub fn detour(&self) -> Option<String> {
        let detour = self.detour.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        detour.as_ref().filter(|detour| Instant::now() < detour.until).map(|detour| detour.why.clone())
    }

    /// The API server answered.
    pub fn straight_again(&self) {
        *self.detour.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
    }

    /// A command went around the API server.
    pub fn went_around(&self, why: &str, settings: &Settings) {
        let mut detour = self.detour.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let on_one = detour.as_ref().is_some_and(|detour| Instant::now() < detour.until);
        if !on_one {
            *detour = Some(Detour { until: Instant::now() + settings.detour, why: why.to_owned() });
        }
    }
}
