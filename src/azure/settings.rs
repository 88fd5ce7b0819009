//! Where Azure is and how long it may take: everything that differs between clouds, and the budgets of a call.

use std::time::Duration;

/// Settings of the Azure clients. The default is the public cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Base URL of Azure Resource Manager, `https` only, with a port if it has one of its own.
    pub arm: String,
    /// Audience of tokens for Azure Resource Manager, without `/.default`.
    pub arm_audience: String,
    /// Audience of tokens that serve as PostgreSQL passwords.
    pub postgres_audience: String,
    /// Audience of tokens for the API servers of AKS clusters: the Entra application of them all, in every cloud.
    pub kubernetes_audience: String,
    /// Longest time of one attempt, from connecting to the last byte of the answer.
    pub request_timeout: Duration,
    /// Longest time to connect, TLS included. What never connected was never sent, so it may be sent again.
    pub connect_timeout: Duration,
    /// Longest time to get a token.
    pub token_timeout: Duration,
    /// Longest time to read a secret from a vault, its token and further attempts included.
    pub vault_timeout: Duration,
    /// Within this time after the first attempt a failed call is attempted again.
    pub retry_budget: Duration,
    /// Pause before the second attempt; it doubles with each further one, with jitter.
    pub retry_pause: Duration,
    /// Longest pause that is not asked for by Azure itself.
    pub retry_pause_limit: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            arm: "https://management.azure.com".into(),
            arm_audience: "https://management.azure.com".into(),
            postgres_audience: "https://ossrdbms-aad.database.windows.net".into(),
            kubernetes_audience: "6dae42f8-4368-4678-94ff-3960e28e3630".into(),
            request_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            token_timeout: Duration::from_secs(15),
            vault_timeout: Duration::from_secs(10),
            retry_budget: Duration::from_secs(30),
            retry_pause: Duration::from_millis(500),
            retry_pause_limit: Duration::from_secs(8),
        }
    }
}

/// Which identity asks for tokens. Chosen by configuration, never guessed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Identity {
    /// The managed identity of the function app (or virtual machine); a user-assigned one by its client id.
    Managed { client_id: Option<String> },
    /// Whoever is logged in to the Azure CLI on this machine.
    AzureCli,
}
