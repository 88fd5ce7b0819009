//! Puts the token on each request, and replaces one that the storage no longer accepts.

use super::place::AUDIENCE;
use crate::azure::CredentialError;
use crate::azure::arm::Arm;
use crate::domain::secret::Secret;
use async_trait::async_trait;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::headers::AUTHORIZATION;
use azure_core::http::policies::{Policy, PolicyResult};
use azure_core::http::{Context, Request, StatusCode};
use std::fmt;
use std::sync::Arc;

/// The SDK's own policy would keep tokens a second time and has no way to drop one that was refused.
pub(super) struct Bearer {
    arm: Arc<Arm>,
}

impl Bearer {
    pub fn new(arm: Arc<Arm>) -> Self {
        Self { arm }
    }
}

impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer")
    }
}

fn no_token(source: CredentialError) -> Error {
    Error::new(ErrorKind::Credential, source)
}

fn authorize(request: &mut Request, token: &Secret) {
    request.insert_header(AUTHORIZATION, format!("Bearer {}", token.expose()));
}

#[async_trait]
impl Policy for Bearer {
    async fn send(&self, ctx: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        // The pipeline always ends with its transport.
        let Some((first, rest)) = next.split_first() else {
            return Err(Error::with_message(ErrorKind::Other, "a pipeline without a transport"));
        };
        let token = self.arm.tokens.token(AUDIENCE).await.map_err(no_token)?;
        authorize(request, &token);
        let answer = first.send(ctx, request, rest).await?;
        if answer.status() != StatusCode::Unauthorized {
            return Ok(answer);
        }
        let other = self.arm.tokens.instead_of(&token, AUDIENCE).await.map_err(no_token)?;
        authorize(request, &other);
        first.send(ctx, request, rest).await
    }
}
