//! Secrets of Key Vaults, through Microsoft's client: it asks the vault whose tokens it takes (the challenge of a first
//! 401), and gives none to a vault that is not of that domain. So nothing has to be configured for sovereign clouds.

use super::credential::Tokens;
use super::service_error::ServiceError;
use super::traced::Traced;
use super::vault_token::VaultToken;
use crate::domain::causes::with_causes;
use crate::domain::secret::{Secret, VaultSecret, WhyNot};
use crate::telemetry::Service;
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_core::time::Duration as Span;
use azure_security_keyvault_secrets::{SecretClient, SecretClientOptions};
use chrono::{DateTime, Utc};
use reqwest::Client;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// `api-version` of the vaults' own interface (learn.microsoft.com, REST API reference of Key Vault, "Get Secret").
pub(super) const API_VERSION: &str = "2025-07-01";

/// Reads from any vault.
pub(super) struct KeyVault {
    client: Client,
    tokens: Arc<Tokens>,
    timeout: Duration,
    vaults: Mutex<HashMap<String, Arc<SecretClient>>>,
}

/// A secret as a vault gave it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub value: Secret,
    /// When it ends, where somebody said so. It can be read after that too.
    pub expires: Option<DateTime<Utc>>,
}

impl KeyVault {
    pub(super) fn new(client: Client, tokens: Arc<Tokens>, timeout: Duration) -> Self {
        Self { client, tokens, timeout, vaults: Mutex::default() }
    }

    /// The newest version of a secret.
    pub(super) async fn read(&self, place: &VaultSecret) -> Result<Found, WhyNot> {
        let asked = tokio::time::timeout(self.timeout, self.ask(place)).await;
        let late = format!("no answer within {}", crate::domain::duration::text(self.timeout));
        asked.unwrap_or(Err(WhyNot::Passing { said: late }))
    }

    async fn ask(&self, place: &VaultSecret) -> Result<Found, WhyNot> {
        let client = self.vault(&place.vault).map_err(|error| why(&error))?;
        let answer = client.get_secret(&place.secret, None).await.map_err(|error| why(&error))?;
        let secret = answer.into_model().map_err(|error| why(&error))?;
        let value = secret.value.filter(|text| !text.is_empty()).ok_or(WhyNot::Unset)?;
        let end = secret.attributes.and_then(|attributes| attributes.expires);
        let expires = end.and_then(|end| DateTime::from_timestamp(end.unix_timestamp(), 0));
        Ok(Found { value: Secret::new(value), expires })
    }

    /// One client for each vault: it remembers what the vault's challenge told.
    fn vault(&self, address: &str) -> azure_core::Result<Arc<SecretClient>> {
        let mut vaults = self.vaults.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = vaults.get(address) {
            return Ok(known.clone());
        }
        let credential = Arc::new(VaultToken::new(self.tokens.clone()));
        let client = Arc::new(SecretClient::new(address, credential, Some(self.options()))?);
        vaults.insert(address.to_owned(), client.clone());
        Ok(client)
    }

    fn options(&self) -> SecretClientOptions {
        let retry = ExponentialRetryOptions {
            initial_delay: Span::milliseconds(200),
            max_delay: Span::seconds(2),
            max_total_elapsed: self.timeout.try_into().unwrap_or(Span::seconds(10)),
            ..Default::default()
        };
        let client_options = ClientOptions {
            transport: Some(Transport::new(Arc::new(self.client.clone()))),
            retry: RetryOptions::exponential(retry),
            per_try_policies: vec![Arc::new(Traced(Service::KeyVault))],
            ..Default::default()
        };
        SecretClientOptions { api_version: API_VERSION.to_owned(), client_options, ..Default::default() }
    }
}

/// What the client's error means.
fn why(error: &azure_core::Error) -> WhyNot {
    match error.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => {
            let body = raw_response.as_ref().map(|it| it.body().as_ref()).unwrap_or_default();
            refusal(u16::from(*status), &ServiceError::from_body(body))
        }
        ErrorKind::Credential => WhyNot::NoToken { said: with_causes(error) },
        ErrorKind::Connection => WhyNot::Unreachable { said: with_causes(error) },
        ErrorKind::Io => WhyNot::Passing { said: with_causes(error) },
        _ => WhyNot::Refused { said: with_causes(error) },
    }
}

/// The innermost code tells most (learn.microsoft.com, "Azure Key Vault REST API error codes").
fn refusal(status: u16, error: &ServiceError) -> WhyNot {
    let codes: Vec<&str> = error.innermost_first().iter().map(|error| error.code.as_str()).collect();
    let has = |code: &str| codes.iter().any(|it| it.eq_ignore_ascii_case(code));
    let said = || format!("HTTP {status}, {}", one_line(error));
    match status {
        403 if has("ForbiddenByRbac") => WhyNot::Role,
        403 if has("ForbiddenByPolicy") || has("AccessDenied") => WhyNot::Policy,
        403 if has("ForbiddenByFirewall") || has("ForbiddenByConnection") => WhyNot::Firewall { said: said() },
        403 if has("SecretDisabled") => WhyNot::Disabled,
        404 => WhyNot::NotFound,
        408 | 429 | 500..=599 => WhyNot::Passing { said: said() },
        _ => WhyNot::Refused { said: said() },
    }
}

/// Vaults write several lines, the first of which says what is wrong and the rest who asked.
fn one_line(error: &ServiceError) -> String {
    error.to_string().lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forbidden(inner: &str) -> WhyNot {
        let body = format!(
            r#"{{"error":{{"code":"Forbidden","message":"Caller is not authorized.\r\nCaller: x","innererror":{{"code":"{inner}"}}}}}}"#
        );
        refusal(403, &ServiceError::from_body(body.as_bytes()))
    }

    #[test]
    fn the_inner_code_tells_what_is_missing() {
        assert_eq!(forbidden("ForbiddenByRbac"), WhyNot::Role);
        assert_eq!(forbidden("ForbiddenByPolicy"), WhyNot::Policy);
        assert_eq!(forbidden("SecretDisabled"), WhyNot::Disabled);
        let WhyNot::Firewall { said } = forbidden("ForbiddenByFirewall") else { panic!() };
        assert_eq!(said, "HTTP 403, Forbidden: Caller is not authorized.; Caller: x");
        assert!(matches!(forbidden("SomethingNew"), WhyNot::Refused { .. }));
    }

    #[test]
    fn a_vaults_own_trouble_may_pass() {
        for status in [429, 500, 503] {
            assert!(matches!(refusal(status, &ServiceError::default()), WhyNot::Passing { .. }), "{status}");
        }
        assert_eq!(refusal(404, &ServiceError::default()), WhyNot::NotFound);
        assert!(matches!(refusal(400, &ServiceError::default()), WhyNot::Refused { .. }));
    }
}
