//! One container, through the official client, with the tokens, time-outs and attempts of this crate.

use super::attempts::Patience;
use super::bearer::Bearer;
use super::error::BlobError;
use crate::azure::arm::Arm;
use crate::azure::traced::Traced;
use crate::azure::{Azure, SetUpError};
use crate::telemetry::Service;
use azure_core::http::{ClientOptions, RetryOptions, Transport, Url};
use azure_storage_blob::{BlobClient, BlobContainerClient, BlobContainerClientOptions};
use std::fmt;
use std::sync::Arc;

/// What a token for any storage account is asked for, in every cloud (learn.microsoft.com, "Authorize access to blobs
/// using Microsoft Entra ID").
pub(super) const AUDIENCE: &str = "https://storage.azure.com";

/// What a container is for: it decides what a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Logs,
    Documents,
}

/// A container and how patient to be with it.
pub(super) struct Place {
    client: BlobContainerClient,
    arm: Arc<Arm>,
    pub url: String,
    pub of: Use,
    pub patience: Patience,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("url", &self.url).field("of", &self.of).finish_non_exhaustive()
    }
}

impl Place {
    pub fn new(
        azure: &Azure,
        url: &str,
        of: Use,
        patience: Patience,
        client: Arc<reqwest::Client>,
    ) -> Result<Self, SetUpError> {
        let wrong = || SetUpError::NotAContainer(url.to_owned());
        let address = Url::parse(url).ok().filter(|url| url.scheme() == "https").ok_or_else(wrong)?;
        let bearer = Bearer::new(azure.arm.clone());
        let options = ClientOptions {
            transport: Some(Transport::new(client)),
            // The SDK's retries turn a lost 201 into a 412 and take tens of seconds; those of `attempts` do neither.
            retry: RetryOptions::none(),
            per_try_policies: vec![Arc::new(bearer), Arc::new(Traced(Service::Storage))],
            ..Default::default()
        };
        let options = BlobContainerClientOptions { client_options: options, ..Default::default() };
        let client = BlobContainerClient::new(address, None, Some(options)).map_err(|_| wrong())?;
        Ok(Self { client, arm: azure.arm.clone(), url: url.to_owned(), of, patience })
    }

    pub fn container(&self) -> &BlobContainerClient {
        &self.client
    }

    pub fn blob(&self, name: &str, suffix: &str) -> BlobClient {
        self.client.blob_client(&format!("{name}{suffix}"))
    }

    /// Sees that there is a token, outside of the attempts: their time is too short for a cold identity endpoint, and
    /// one that is cut off would be asked from the start again.
    pub async fn token(&self) -> Result<(), BlobError> {
        self.arm.tokens.token(AUDIENCE).await.map(drop).map_err(BlobError::Token)
    }

    /// What became of a call, in the words of this container.
    pub fn error(&self, error: azure_core::Error) -> BlobError {
        BlobError::read(error, &self.url, self.of)
    }
}
