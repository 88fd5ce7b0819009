//! Our tokens for Microsoft's Key Vault client. It keeps a token by itself, so it asks a second time only when the vault
//! refused the first or its end is near; either way the one it has is not to be given again.

use super::credential::Tokens;
use crate::domain::causes::with_causes;
use crate::domain::secret::Secret;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::error::ErrorKind;
use std::sync::{Arc, Mutex, PoisonError};

/// The tokens of one vault's client.
pub(super) struct VaultToken {
    tokens: Arc<Tokens>,
    given: Mutex<Option<Secret>>,
}

impl VaultToken {
    pub(super) fn new(tokens: Arc<Tokens>) -> Self {
        Self { tokens, given: Mutex::default() }
    }

    fn given(&self) -> Option<Secret> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn give(&self, token: &AccessToken) {
        let text = Secret::new(token.token.secret());
        *self.given.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }
}

impl std::fmt::Debug for VaultToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VaultToken")
    }
}

#[async_trait]
impl TokenCredential for VaultToken {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let scope = scopes.first().copied().unwrap_or_default();
        let audience = scope.trim_end_matches("/.default");
        let token = self.tokens.whole(audience, self.given().as_ref()).await;
        let token =
            token.map_err(|error| azure_core::Error::with_message(ErrorKind::Credential, with_causes(&error)))?;
        self.give(&token);
        Ok(token)
    }
}
