//! Values that must never be shown: redacted by type, so that no log line has to remember to do it.

mod error;

pub use error::{SecretError, WhyNot};

use serde::{Deserialize, Serialize};
use std::fmt;

/// A secret text. `Debug` and `Display` print a placeholder; only [`Secret::expose`] gives the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself. Callers hand it straight to the wire and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted")
    }
}

/// A URL whose query is a signature, such as the status URL of an Azure long-running operation.
///
/// The journal keeps it, because a run must be able to go on after a crash; people never see it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SignedUrl(String);

impl SignedUrl {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for SignedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SignedUrl(redacted)")
    }
}

/// Where a secret is to be read from, as configuration names it. The value is read when it is needed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretRef {
    /// An environment variable (an app setting of the function app).
    Env(String),
    /// A secret in Azure Key Vault.
    Vault(VaultSecret),
}

/// A secret of a Key Vault. No version is named: the newest counts, so that a rotated one is taken up by itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct VaultSecret {
    /// `https://host[:port]`, without a slash at the end.
    pub vault: String,
    /// Its name there: letters, digits and dashes.
    pub secret: String,
}

impl VaultSecret {
    /// The longest name (learn.microsoft.com, "About Key Vault secrets").
    const LONGEST: usize = 127;

    /// Whether a secret may be called so.
    pub fn is_legal_name(name: &str) -> bool {
        (1..=Self::LONGEST).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    }

    /// The vault's own name: the first label of its host.
    pub fn vault_name(&self) -> &str {
        let host = self.vault.trim_start_matches("https://");
        host.split(['.', ':']).next().unwrap_or(host)
    }
}

impl fmt::Display for VaultSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "secret {} of {}", self.secret, self.vault)
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SecretRef::Env(name) => write!(f, "environment variable {name}"),
            SecretRef::Vault(place) => place.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vaults_name_is_the_first_part_of_its_host() {
        let of = |vault: &str| VaultSecret { vault: vault.into(), secret: "s".into() }.vault_name().to_owned();
        assert_eq!(of("https://kv-dr.vault.azure.net"), "kv-dr");
        assert_eq!(of("https://kv-dr:8443"), "kv-dr");
    }

    #[test]
    fn names_of_secrets_have_letters_digits_and_dashes() {
        assert!(VaultSecret::is_legal_name("pg-reveille-2"));
        for name in ["", "pg_reveille", "a/b", "a.b", &"x".repeat(128)] {
            assert!(!VaultSecret::is_legal_name(name), "{name}");
        }
    }

    #[test]
    fn places_are_written_as_journals_of_earlier_versions_have_them() {
        let env = SecretRef::Env("PG_PASSWORD".into());
        assert_eq!(serde_json::to_string(&env).unwrap(), r#"{"env":"PG_PASSWORD"}"#);
        let place = VaultSecret { vault: "https://kv-dr.vault.azure.net".into(), secret: "pg".into() };
        let text = serde_json::to_string(&SecretRef::Vault(place.clone())).unwrap();
        assert_eq!(text, r#"{"vault":{"vault":"https://kv-dr.vault.azure.net","secret":"pg"}}"#);
        assert_eq!(serde_json::from_str::<SecretRef>(&text).unwrap(), SecretRef::Vault(place));
    }
}
