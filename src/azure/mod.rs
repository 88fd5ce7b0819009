//! Azure as Reveille sees it: the only code that knows Azure Resource Manager's URLs, api-versions and tokens.
//!
//! ```text
//! aks · cluster_access · cluster_detail · compute                what can be asked, and what the answers mean
//! postgres · front_door · monitor · alerts
//! alert_rules · authorization · operation
//!                     │
//!                    arm          pages, retries of reads, the care that writes need
//!              ┌──────┼───────┐
//!       http  link  pace  credential      one exchange · links byte for byte · token buckets · tokens
//! ```
//! `secrets` reads what `key_vault` and the app settings hold; Key Vault has a front of its own, so it goes through
//! Microsoft's client with a token of the same identity (`vault_token`).
//!
//! Beside them stands [`BlobStore`], the state in a storage account, with a client of its own.
//!
//! Each operation is described once, as an `api::Api` beside the code that uses it: its address, its api-version, the
//! action that a role has to allow. [`Planned`] tells of the same descriptions what a run would call.
//!
//! Reads give an [`Answer`] or an [`ArmError`] with its [class](crate::domain::failure::FailureClass). What changes
//! something gives [`Sent`]; there an error means that nothing was sent. Nothing here decides what to do next, and
//! nothing here turns an accepted request into a success: callers read the resource again.

pub mod actions;
mod aks;
mod alert_rules;
mod alerts;
mod answer;
mod api;
mod arm;
mod authorization;
pub mod blob_store;
mod cluster_access;
mod cluster_detail;
mod compute;
mod credential;
mod error;
mod failure;
mod front_door;
mod http;
mod key_vault;
mod lane;
pub(crate) mod lenient;
mod link;
mod monitor;
mod operation;
mod pace;
mod planned;
mod planned_reads;
mod postgres;
mod retry;
mod secrets;
mod sent;
mod service_error;
mod settings;
mod traced;
mod vault_token;
mod who;

pub use aks::Aks;
pub use alert_rules::AlertRules;
pub use alerts::{Alert, AlertId, AlertState, Alerts, Since};
pub use answer::Answer;
pub use authorization::Authorization;
pub use blob_store::{BlobStore, Patience};
pub use cluster_access::{CommandPoll, CommandResult, Commanded};
pub use compute::Compute;
pub use credential::CredentialError;
pub use error::{ArmError, CallName, Refusal};
pub use failure::classify;
pub use front_door::{Endpoint, FrontDoor, HealthProbe, Origin, OriginGroup, Profile};
pub use link::BadLink;
pub use monitor::{Dimension, Metric, Monitor, Point};
pub use operation::{OperationStatus, Operations, Poll, Polled, Verdict};
pub use planned::Planned;
pub use postgres::{Postgres, ReplicationRole, Server, VirtualEndpoint};
pub(crate) use retry::retry_after;
pub use sent::Sent;
pub use service_error::ServiceError;
pub use settings::{Identity, Settings};

use crate::domain::secret::Secret;
use arm::Arm;
use azure_core::credentials::TokenCredential;
use credential::Tokens;
use key_vault::KeyVault;
use reqwest::{ClientBuilder, Url};
use secrets::Kept;
use std::sync::Arc;

/// The Azure clients of one configuration. Cheap to clone; all clones share connections and tokens.
#[derive(Clone)]
pub struct Azure {
    arm: Arc<Arm>,
    secrets: Arc<Kept>,
}

/// Why the Azure clients cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error(
        "{0:?} is not the base URL of an Azure Resource Manager; expected one such as https://management.azure.com"
    )]
    NotAnArmUrl(String),
    #[error("{0:?} is not a container; expected one such as https://account.blob.core.windows.net/reveille")]
    NotAContainer(String),
    #[error("the HTTP client for Azure cannot be made")]
    Client(#[source] reqwest::Error),
}

impl Azure {
    /// Clients that use `identity`. The caller's `builder` brings name resolution and trust.
    pub fn new(settings: Settings, identity: Identity, builder: ClientBuilder) -> Result<Self, SetUpError> {
        let tokens = Tokens::chosen(identity, &settings);
        Self::assemble(settings, tokens, builder)
    }

    /// Clients that use a credential of the caller's.
    pub fn with_credential(
        settings: Settings,
        credential: Arc<dyn TokenCredential>,
        builder: ClientBuilder,
    ) -> Result<Self, SetUpError> {
        let tokens = Tokens::given(credential, &settings);
        Self::assemble(settings, tokens, builder)
    }

    fn assemble(settings: Settings, tokens: Tokens, builder: ClientBuilder) -> Result<Self, SetUpError> {
        let base = base_url(&settings.arm).ok_or_else(|| SetUpError::NotAnArmUrl(settings.arm.clone()))?;
        let client = http::finish(builder, &settings).map_err(SetUpError::Client)?;
        let tokens = Arc::new(tokens);
        let secrets = Arc::new(Kept::new(KeyVault::new(client.clone(), tokens.clone(), settings.vault_timeout)));
        Ok(Self { arm: Arc::new(Arm::new(client, base, settings, tokens)), secrets })
    }

    pub fn aks(&self) -> Aks<'_> {
        Aks { arm: &self.arm }
    }

    pub fn postgres(&self) -> Postgres<'_> {
        Postgres { arm: &self.arm }
    }

    pub fn front_door(&self) -> FrontDoor<'_> {
        FrontDoor { arm: &self.arm }
    }

    pub fn monitor(&self) -> Monitor<'_> {
        Monitor { arm: &self.arm }
    }

    pub fn alerts(&self) -> Alerts<'_> {
        Alerts { arm: &self.arm }
    }

    pub fn alert_rules(&self) -> AlertRules<'_> {
        AlertRules { arm: &self.arm }
    }

    pub fn compute(&self) -> Compute<'_> {
        Compute { arm: &self.arm }
    }

    pub fn authorization(&self) -> Authorization<'_> {
        Authorization { arm: &self.arm }
    }

    pub fn operations(&self) -> Operations<'_> {
        Operations { arm: &self.arm }
    }

    /// A token that serves as the password of a PostgreSQL login with Entra authentication; another one than the
    /// `refused`.
    pub async fn postgres_token(&self, refused: Option<&Secret>) -> Result<Secret, CredentialError> {
        self.token(&self.arm.settings.postgres_audience, refused).await
    }

    /// A token for the API servers of AKS clusters with Entra authentication; another one than the `refused`.
    pub async fn kubernetes_token(&self, refused: Option<&Secret>) -> Result<Secret, CredentialError> {
        self.token(&self.arm.settings.kubernetes_audience, refused).await
    }

    async fn token(&self, audience: &str, refused: Option<&Secret>) -> Result<Secret, CredentialError> {
        match refused {
            Some(refused) => self.arm.tokens.instead_of(refused, audience).await,
            None => self.arm.tokens.token(audience).await,
        }
    }

    /// This machine's clock minus Azure's, by the newest answer; `None` before there is one. To the second, and a slow way
    /// counts as a clock that is ahead.
    pub fn clock(&self) -> Option<chrono::TimeDelta> {
        self.arm.clock()
    }

    /// The host of Azure Resource Manager.
    pub fn arm_host(&self) -> &str {
        self.arm.host()
    }

    /// Asks for a token for Azure Resource Manager, to see whether the identity works at all.
    pub async fn check_identity(&self) -> Result<(), CredentialError> {
        self.arm.tokens.token(&self.arm.settings.arm_audience).await.map(drop)
    }
}

/// `https`, a host, nothing after it.
fn base_url(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    (url.scheme() == "https" && url.host_str().is_some() && bare).then_some(url)
}
