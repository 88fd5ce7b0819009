//! Secrets from wherever configuration says they are. What came from a vault is kept for a few minutes, and serves on
//! while the vault cannot be asked: an outage may take the vault along with everything else.

use super::Azure;
use super::key_vault::{Found, KeyVault};
use crate::domain::secret::{Secret, SecretError, SecretRef, VaultSecret, WhyNot};
use crate::engine::ports::Secrets;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A secret read within this time is not read again, unless it was refused.
const FRESH: Duration = Duration::from_secs(300);

/// How an app setting begins that is a reference and was not resolved (learn.microsoft.com, Key Vault references).
const UNRESOLVED: &str = "@Microsoft.KeyVault(";

/// What vaults gave, with the time at which they did.
pub(super) struct Kept {
    vault: KeyVault,
    found: Mutex<HashMap<VaultSecret, (Found, Instant)>>,
}

impl Kept {
    pub(super) fn new(vault: KeyVault) -> Self {
        Self { vault, found: Mutex::default() }
    }

    async fn kept_or_read(&self, place: &VaultSecret) -> Result<Secret, WhyNot> {
        let kept = self.kept(place);
        if let Some((found, at)) = &kept
            && at.elapsed() < FRESH
        {
            return Ok(found.value.clone());
        }
        match (self.read(place).await, kept) {
            (Ok(found), _) => Ok(found.value),
            (Err(why), Some((found, _))) if why.is_passing() => {
                tracing::warn!("{place} {why}; the value that was read before serves on");
                Ok(found.value)
            }
            (Err(why), _) => Err(why),
        }
    }

    async fn read(&self, place: &VaultSecret) -> Result<Found, WhyNot> {
        let found = self.vault.read(place).await?;
        if found.expires.is_some_and(|end| end <= Utc::now()) {
            tracing::warn!("{place} has expired; it is used all the same");
        }
        let mut kept = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(place.clone(), (found.clone(), Instant::now()));
        Ok(found)
    }

    fn kept(&self, place: &VaultSecret) -> Option<(Found, Instant)> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(place).cloned()
    }
}

#[async_trait]
impl Secrets for Azure {
    async fn secret(&self, place: &SecretRef) -> Result<Secret, SecretError> {
        let read = match place {
            SecretRef::Env(name) => setting(name),
            SecretRef::Vault(at) => self.secrets.kept_or_read(at).await,
        };
        read.map_err(|why| SecretError { place: place.clone(), why })
    }

    async fn instead_of(&self, refused: &Secret, place: &SecretRef) -> Option<Secret> {
        // The environment of a process does not change.
        let SecretRef::Vault(at) = place else { return None };
        let found = self.secrets.read(at).await;
        if let Err(why) = &found {
            tracing::warn!("{at} was refused where it was shown, and {why}");
        }
        found.ok().map(|found| found.value).filter(|value| value != refused)
    }
}

impl Azure {
    /// When a secret ends, asked of its vault now. Whoever can read it at all learns that too.
    pub async fn secret_end(&self, place: &SecretRef) -> Result<Option<DateTime<Utc>>, SecretError> {
        let read = match place {
            SecretRef::Env(name) => setting(name).map(|_| None),
            SecretRef::Vault(at) => self.secrets.read(at).await.map(|found| found.expires),
        };
        read.map_err(|why| SecretError { place: place.clone(), why })
    }
}

fn setting(name: &str) -> Result<Secret, WhyNot> {
    match std::env::var(name) {
        Ok(text) if text.trim_start().starts_with(UNRESOLVED) => Err(WhyNot::Unresolved),
        Ok(text) if !text.trim().is_empty() => Ok(Secret::new(text)),
        _ => Err(WhyNot::Unset),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_that_is_missing_is_named() {
        assert_eq!(setting("REVEILLE_NO_SUCH_VARIABLE"), Err(WhyNot::Unset));
        assert!(setting("PATH").is_ok());
    }
}
