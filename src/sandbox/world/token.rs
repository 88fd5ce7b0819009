//! Access tokens: issued by the identity endpoint, checked by ARM and PostgreSQL.

use std::collections::VecDeque;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::World;
use super::ids::TENANT;
use super::log::Event;

/// A managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Client id, a GUID.
    pub client_id: String,
    /// Object id of its service principal, a GUID.
    pub principal_id: String,
}

/// What a token says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// What it is for.
    pub aud: String,
    /// Client id of whom it was given to.
    pub appid: String,
    /// Object id of whom it was given to.
    pub oid: String,
    /// Not valid from then on, seconds since 1970.
    pub exp: i64,
}

/// Why a token was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenRefusal {
    /// Not one of ours, or tampered with.
    Invalid,
    /// Too old.
    Expired {
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// For something else.
    Audience {
        /// What it is for.
        audience: String,
    },
}

pub(super) struct Tokens {
    key: [u8; 32],
    identities: Vec<Identity>,
    /// Whether the first identity is system-assigned, and so the one without a client id.
    has_system: bool,
    /// Statuses the identity endpoint answers before it works.
    failures: VecDeque<u16>,
    /// Tokens issued before this are refused as expired.
    revoked_before: Option<DateTime<Utc>>,
}

impl Tokens {
    pub fn new() -> Self {
        let system = Identity {
            client_id: "aaaaaaaa-0000-4000-8000-000000000001".into(),
            principal_id: "bbbbbbbb-0000-4000-8000-000000000001".into(),
        };
        Self {
            key: rand::random(),
            identities: vec![system],
            has_system: true,
            failures: VecDeque::new(),
            revoked_before: None,
        }
    }

    fn sign(&self, text: &str) -> String {
        let digest = Sha256::new().chain_update(self.key).chain_update(text).chain_update(self.key).finalize();
        URL_SAFE_NO_PAD.encode(digest)
    }
}

impl World {
    /// The system-assigned identity of the function app.
    pub fn system_identity(&self) -> Option<Identity> {
        let tokens = &self.raw().tokens;
        tokens.identities.first().filter(|_| tokens.has_system).cloned()
    }

    /// Leaves only this user-assigned identity: callers have to name it.
    pub fn only_identity(&self, identity: Identity) {
        let tokens = &mut self.raw().tokens;
        tokens.identities = vec![identity];
        tokens.has_system = false;
    }

    /// The identity endpoint answers these statuses first, as it does right after a cold start.
    pub fn fail_identity(&self, statuses: &[u16]) {
        self.raw().tokens.failures.extend(statuses);
    }

    /// The failure the identity endpoint shows next.
    pub fn take_identity_failure(&self) -> Option<u16> {
        self.raw().tokens.failures.pop_front()
    }

    /// Assigns a user-assigned identity to the function app.
    pub fn add_identity(&self, identity: Identity) {
        self.raw().tokens.identities.push(identity);
    }

    /// The identity with that client id.
    pub fn identity(&self, client_id: &str) -> Option<Identity> {
        self.raw().tokens.identities.iter().find(|it| it.client_id.eq_ignore_ascii_case(client_id)).cloned()
    }

    /// Issues a token for an audience; returns it with the time it ends.
    pub fn issue_token(&self, identity: &Identity, audience: &str) -> (String, DateTime<Utc>) {
        let mut state = self.state();
        let now = state.clock.now();
        let ends = now + TimeDelta::from_std(state.knobs.token_lifetime).unwrap_or_default();
        let token = state.tokens.encode(identity, audience, now, ends);
        let event = Event::Token { audience: audience.to_owned(), client_id: identity.client_id.clone() };
        state.log(event, format!("token for {audience} issued"));
        (token, ends)
    }

    /// Refuses every token issued so far, as if it were too old.
    pub fn revoke_tokens(&self) {
        let mut state = self.state();
        state.tokens.revoked_before = Some(state.clock.now());
    }

    /// Checks a token for one of several audiences, of which a trailing slash does not matter.
    ///
    /// # Errors
    /// When Azure would refuse it.
    pub fn check_token(&self, token: &str, audiences: &[&str]) -> Result<Claims, TokenRefusal> {
        let state = self.raw();
        let (claims, issued) = state.tokens.decode(token).ok_or(TokenRefusal::Invalid)?;
        let wanted = audiences.iter().any(|it| it.trim_end_matches('/') == claims.aud.trim_end_matches('/'));
        if !wanted {
            return Err(TokenRefusal::Audience { audience: claims.aud });
        }
        let ends = DateTime::from_timestamp(claims.exp, 0).unwrap_or_default();
        let revoked = state.tokens.revoked_before.is_some_and(|before| issued <= before);
        if revoked || ends <= state.clock.now() {
            return Err(TokenRefusal::Expired { at: ends });
        }
        Ok(claims)
    }
}

impl Tokens {
    fn encode(&self, identity: &Identity, audience: &str, now: DateTime<Utc>, ends: DateTime<Utc>) -> String {
        let header = json!({"typ": "JWT", "alg": "RS256", "kid": "sandbox"});
        let claims = json!({
            "aud": audience, "iss": format!("https://sts.windows.net/{TENANT}/"), "tid": TENANT,
            "iat": now.timestamp(), "nbf": now.timestamp(), "exp": ends.timestamp(), "idtyp": "app",
            "appid": identity.client_id, "oid": identity.principal_id, "sub": identity.principal_id,
            // Seconds are too coarse to tell what was issued before a revocation.
            "iat_us": now.timestamp_micros(), "uti": uuid::Uuid::new_v4(),
        });
        let signed =
            format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = self.sign(&signed);
        format!("{signed}.{signature}")
    }

    fn decode(&self, token: &str) -> Option<(Claims, DateTime<Utc>)> {
        let (signed, signature) = token.rsplit_once('.')?;
        if self.sign(signed) != signature {
            return None;
        }
        let payload = URL_SAFE_NO_PAD.decode(signed.split_once('.')?.1).ok()?;
        let value: serde_json::Value = serde_json::from_slice(&payload).ok()?;
        let issued = DateTime::from_timestamp_micros(value.get("iat_us")?.as_i64()?)?;
        Some((serde_json::from_value(value).ok()?, issued))
    }
}
