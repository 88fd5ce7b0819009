//! Makes containers, as whoever deploys does: the app makes none.

use std::net::SocketAddr;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};

use super::{HOST, StorageError};
use crate::sandbox::world::TENANT;

/// The second container's name is the first's with this behind it.
const DOCUMENTS: &str = "-documents";
const API_VERSION: &str = "2025-11-05";

pub(super) struct Containers {
    client: reqwest::Client,
    base: String,
}

impl Containers {
    pub(super) fn of(server: SocketAddr, ca_pem: &str) -> Result<Self, StorageError> {
        let client = client(server, ca_pem).map_err(StorageError::Client)?;
        Ok(Self { client, base: format!("https://{HOST}:{}", server.port()) })
    }

    /// Makes two new ones; gives the first one's name.
    pub(super) async fn make_pair(&self) -> Result<String, StorageError> {
        let name = format!("r{}", uuid::Uuid::new_v4().simple());
        self.make(&name).await?;
        self.make(&format!("{name}{DOCUMENTS}")).await?;
        Ok(name)
    }

    async fn make(&self, name: &str) -> Result<(), StorageError> {
        let request = self.client.put(format!("{}/{name}?restype=container", self.base)).bearer_auth(token());
        let sent = request.header("x-ms-version", API_VERSION).body("").send().await;
        let made = sent.and_then(reqwest::Response::error_for_status);
        made.map(drop).map_err(|source| StorageError::Container { name: name.to_owned(), source })
    }
}

/// A client that trusts the server and finds it under its name in Azure.
pub(super) fn client(server: SocketAddr, ca_pem: &str) -> reqwest::Result<reqwest::Client> {
    let ca = reqwest::Certificate::from_pem(ca_pem.as_bytes())?;
    // Azurite closes idle connections after 5 s; one that is taken just then would break a call by itself.
    let idle = std::time::Duration::from_secs(2);
    reqwest::Client::builder().tls_certs_only([ca]).resolve(HOST, server).no_proxy().pool_idle_timeout(idle).build()
}

/// A token as Entra's: Azurite looks at the claims and not at the signature.
fn token() -> String {
    let now = Utc::now();
    let (before, after) = (now - TimeDelta::hours(1), now + TimeDelta::hours(1));
    let claims = json!({
        "aud": "https://storage.azure.com", "iss": format!("https://sts.windows.net/{TENANT}/"),
        "iat": before.timestamp(), "nbf": before.timestamp(), "exp": after.timestamp(),
    });
    let part = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmVk", part(json!({ "alg": "RS256", "typ": "JWT" })), part(claims))
}
