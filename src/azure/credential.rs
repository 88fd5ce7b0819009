//! Tokens of the configured identity, kept until shortly before they expire.
//!
//! `azure_identity` keeps managed-identity tokens itself but has no way to drop one that Azure refused, and asks the
//! Azure CLI anew (about a second) every time. So tokens are kept here for both, and a refused one is replaced by
//! asking through a new SDK credential.
//!
//! Whoever asks does so in a task of its own. A caller may be one of several futures of one task that waits for another of
//! them, and so be polled by nobody for a while; were it the one that holds the lock, all others would wait for it, even
//! the one that its own task waits for.

use super::settings::{Identity, Settings};
use crate::domain::causes::with_causes;
use crate::domain::secret::Secret;
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::http::{ClientOptions, ExponentialRetryOptions, RetryOptions, Transport};
use azure_core::time::{Duration as Span, OffsetDateTime};
use azure_identity::{AzureCliCredential, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::Instrument;

/// A token is renewed this long before it expires.
const RENEW_BEFORE: Span = Span::minutes(5);
/// After a failed renewal of a token that is still good, the next one is tried no sooner.
const RENEWAL_PAUSE: Duration = Duration::from_secs(30);

/// No token, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    #[error(
        "the managed identity {} gave no token for {audience}; {}",
        client_id.as_deref().unwrap_or("(system-assigned)"),
        managed_advice(client_id.is_some())
    )]
    Managed {
        client_id: Option<String>,
        audience: String,
        #[source]
        source: Box<azure_core::Error>,
    },
    #[error("the Azure CLI gave no token for {audience}; run `az login`, or set identity.kind = \"managed\" in Azure")]
    AzureCli {
        audience: String,
        #[source]
        source: Box<azure_core::Error>,
    },
    #[error("the credential gave no token for {audience}")]
    Given {
        audience: String,
        #[source]
        source: Box<azure_core::Error>,
    },
    #[error("no token for {audience} within {}; see that the identity endpoint answers", crate::domain::duration::text(*after))]
    TimedOut { audience: String, after: Duration },
    #[error("asking for a token for {audience} broke off")]
    BrokeOff { audience: String },
}

fn managed_advice(user_assigned: bool) -> &'static str {
    if user_assigned {
        "see that identity.client_id is the client id (not the object id) of an identity assigned to this function app"
    } else {
        "turn on the system-assigned identity of this function app, or set identity.client_id; outside Azure use identity.kind = \"azure-cli\""
    }
}

/// Where tokens come from.
enum Source {
    Chosen(Identity),
    Given(Arc<dyn TokenCredential>),
}

struct Kept {
    token: AccessToken,
    /// No renewal before this, since the last one failed.
    quiet_until: Option<Instant>,
}

/// What is kept between calls: tokens by audience, and the SDK credential they came from.
#[derive(Default)]
struct State {
    tokens: HashMap<String, Kept>,
    credential: Option<Arc<dyn TokenCredential>>,
}

/// Gives tokens; one request at a time, however many callers wait.
pub struct Tokens(Arc<Desk>);

struct Desk {
    source: Source,
    timeout: Duration,
    state: Mutex<State>,
}

impl Tokens {
    pub(super) fn chosen(identity: Identity, settings: &Settings) -> Self {
        Self::of(Source::Chosen(identity), settings)
    }

    pub(super) fn given(credential: Arc<dyn TokenCredential>, settings: &Settings) -> Self {
        Self::of(Source::Given(credential), settings)
    }

    fn of(source: Source, settings: &Settings) -> Self {
        Self(Arc::new(Desk { source, timeout: settings.token_timeout, state: Mutex::default() }))
    }

    /// A token for `audience` (without `/.default`), kept or new.
    pub async fn token(&self, audience: &str) -> Result<Secret, CredentialError> {
        self.whole(audience, None).await.map(|token| text(&token))
    }

    /// A token other than the `refused` one, which Azure no longer accepts.
    pub(super) async fn instead_of(&self, refused: &Secret, audience: &str) -> Result<Secret, CredentialError> {
        self.whole(audience, Some(refused)).await.map(|token| text(&token))
    }

    /// The same with the time at which it ends.
    pub(super) async fn whole(&self, audience: &str, refused: Option<&Secret>) -> Result<AccessToken, CredentialError> {
        if refused.is_none()
            && let Some(token) = self.0.at_hand(audience)
        {
            return Ok(token);
        }
        let (desk, of, refused) = (Arc::clone(&self.0), audience.to_owned(), refused.cloned());
        let asking = async move { desk.bounded(&of, desk.kept_or_new(&of, refused.as_ref())).await };
        let broke_off = |_| Err(CredentialError::BrokeOff { audience: audience.to_owned() });
        tokio::spawn(asking.in_current_span()).await.unwrap_or_else(broke_off)
    }
}

impl Desk {
    /// A good token, if nobody is just asking for any.
    fn at_hand(&self, audience: &str) -> Option<AccessToken> {
        match self.state.try_lock().ok()?.kept(audience) {
            Use::Good(token) => Some(token),
            Use::Ageing(_) | Use::Expired => None,
        }
    }

    async fn bounded(
        &self,
        audience: &str,
        getting: impl Future<Output = Result<AccessToken, CredentialError>>,
    ) -> Result<AccessToken, CredentialError> {
        let timed_out = || CredentialError::TimedOut { audience: audience.to_owned(), after: self.timeout };
        tokio::time::timeout(self.timeout, getting).await.unwrap_or_else(|_| Err(timed_out()))
    }

    async fn kept_or_new(&self, audience: &str, refused: Option<&Secret>) -> Result<AccessToken, CredentialError> {
        let mut state = self.state.lock().await;
        if let Some(refused) = refused {
            state.forget(audience, refused);
        }
        let ageing = match state.kept(audience) {
            Use::Good(token) => return Ok(token),
            Use::Ageing(token) => Some(token),
            Use::Expired => None,
        };
        match (self.ask(&mut state, audience).await, ageing) {
            (Ok(token), _) => Ok(state.keep(audience, token)),
            (Err(error), Some(token)) => {
                tracing::warn!(
                    audience,
                    error = with_causes(&error),
                    "a token could not be renewed; the old one is still good"
                );
                state.pause_renewal(audience);
                Ok(token)
            }
            (Err(error), None) => Err(error),
        }
    }

    async fn ask(&self, state: &mut State, audience: &str) -> Result<AccessToken, CredentialError> {
        let failed = |source| self.failed(audience, source);
        let credential = match (&state.credential, &self.source) {
            (Some(credential), _) => credential.clone(),
            (None, Source::Given(credential)) => credential.clone(),
            (None, Source::Chosen(identity)) => build(identity, self.timeout).map_err(failed)?,
        };
        state.credential = Some(credential.clone());
        let scope = format!("{}/.default", audience.trim_end_matches('/'));
        credential.get_token(&[&scope], None).await.map_err(failed)
    }

    fn failed(&self, audience: &str, source: azure_core::Error) -> CredentialError {
        let (audience, source) = (audience.to_owned(), Box::new(source));
        match &self.source {
            Source::Chosen(Identity::Managed { client_id }) => {
                CredentialError::Managed { client_id: client_id.clone(), audience, source }
            }
            Source::Chosen(Identity::AzureCli) => CredentialError::AzureCli { audience, source },
            Source::Given(_) => CredentialError::Given { audience, source },
        }
    }
}

fn text(token: &AccessToken) -> Secret {
    Secret::new(token.token.secret())
}

/// What a kept token is good for.
enum Use {
    Good(AccessToken),
    /// Due for renewal, but still accepted if that fails.
    Ageing(AccessToken),
    Expired,
}

impl Kept {
    fn use_as(&self, now: OffsetDateTime, instant: Instant) -> Use {
        let token = self.token.clone();
        let quiet = self.quiet_until.is_some_and(|until| instant < until);
        if self.token.expires_on <= now {
            Use::Expired
        } else if quiet || self.token.expires_on > now + RENEW_BEFORE {
            Use::Good(token)
        } else {
            Use::Ageing(token)
        }
    }
}

impl State {
    fn kept(&self, audience: &str) -> Use {
        let kept = self.tokens.get(audience);
        kept.map_or(Use::Expired, |kept| kept.use_as(OffsetDateTime::now_utc(), Instant::now()))
    }

    /// Drops a refused token, unless another caller has replaced it already. The SDK credential goes with it, because
    /// it would give the same token again.
    fn forget(&mut self, audience: &str, refused: &Secret) {
        let same = self.tokens.get(audience).is_some_and(|kept| kept.token.token.secret() == refused.expose());
        if same {
            self.tokens.remove(audience);
            self.credential = None;
        }
    }

    fn keep(&mut self, audience: &str, token: AccessToken) -> AccessToken {
        self.tokens.insert(audience.to_owned(), Kept { token: token.clone(), quiet_until: None });
        token
    }

    fn pause_renewal(&mut self, audience: &str) {
        if let Some(kept) = self.tokens.get_mut(audience) {
            kept.quiet_until = Some(Instant::now() + RENEWAL_PAUSE);
        }
    }
}

/// A new SDK credential. It reads `IDENTITY_ENDPOINT` now and `IDENTITY_HEADER`, which rotates, at each request.
fn build(identity: &Identity, timeout: Duration) -> azure_core::Result<Arc<dyn TokenCredential>> {
    match identity {
        Identity::Managed { client_id } => {
            let options = ManagedIdentityCredentialOptions {
                user_assigned_id: client_id.clone().map(UserAssignedId::ClientId),
                client_options: identity_client(timeout)?,
            };
            Ok(ManagedIdentityCredential::new(Some(options))?)
        }
        Identity::AzureCli => Ok(AzureCliCredential::new(None)?),
    }
}

/// The way to the identity endpoint, on this machine: no proxy and no redirect, or its header would travel. It answers
/// 429 and 5xx in bursts right after a cold start, so it is asked again within the time for a token.
fn identity_client(timeout: Duration) -> azure_core::Result<ClientOptions> {
    let wrong = |error| azure_core::Error::new(azure_core::error::ErrorKind::Credential, error);
    let redirects = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().no_proxy().redirect(redirects).timeout(timeout).build().map_err(wrong)?;
    let retry = ExponentialRetryOptions {
        initial_delay: Span::milliseconds(200),
        max_delay: Span::seconds(2),
        max_total_elapsed: timeout.try_into().unwrap_or(Span::seconds(15)),
        ..Default::default()
    };
    Ok(ClientOptions {
        transport: Some(Transport::new(Arc::new(client))),
        retry: RetryOptions::exponential(retry),
        ..Default::default()
    })
}
