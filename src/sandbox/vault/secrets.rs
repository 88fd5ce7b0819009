//! What is in the vault, and what is wrong with it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::sandbox::world::World;

/// The vault's name in DNS.
pub const HOST: &str = "kv-dr.vault.azure.net";
/// The secret that holds the database password of the user `reveille`.
pub const PASSWORD: &str = "pg-reveille";

/// The newest version of a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptSecret {
    /// Its value.
    pub value: String,
    /// A version's id: 32 hexadecimal digits.
    pub version: String,
    /// Disabled ones are not given.
    pub enabled: bool,
    /// Expired ones are.
    pub expires: Option<DateTime<Utc>>,
    /// When this version was made.
    pub created: DateTime<Utc>,
}

/// What keeps everybody from every secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VaultFault {
    /// The caller has no role that allows it.
    NoRole,
    /// The vault has access policies, and none for the caller.
    NoPolicy,
    /// The caller's network is not let in.
    Firewall,
    /// 429.
    Throttled,
    /// 500.
    Fails,
    /// Nothing answers at its address.
    Unreachable,
}

#[derive(Default)]
struct Vault(Mutex<Content>);

#[derive(Default)]
struct Content {
    secrets: BTreeMap<String, KeptSecret>,
    fault: Option<VaultFault>,
}

impl World {
    /// Puts a new version of a secret into the vault.
    pub fn put_secret(&self, name: &str, value: &str) {
        let version = uuid::Uuid::new_v4().simple().to_string();
        let kept = KeptSecret { value: value.to_owned(), version, enabled: true, expires: None, created: self.now() };
        self.vault(|content| content.secrets.insert(name.to_owned(), kept));
    }

    /// Changes a secret that is there.
    pub fn change_secret(&self, name: &str, change: impl FnOnce(&mut KeptSecret)) {
        self.vault(|content| content.secrets.get_mut(name).map(change));
    }

    /// Takes a secret away.
    pub fn delete_secret(&self, name: &str) {
        self.vault(|content| content.secrets.remove(name));
    }

    /// Breaks the vault, or mends it.
    pub fn break_vault(&self, fault: Option<VaultFault>) {
        self.vault(|content| content.fault = fault);
    }

    /// The database password becomes another one, in the servers and, unless somebody forgot that, in the vault.
    pub fn rotate_password(&self, password: &str, in_vault: bool) {
        self.configure(|settings| settings.password = password.to_owned());
        if in_vault {
            self.put_secret(PASSWORD, password);
        }
    }

    pub(super) fn kept_secret(&self, name: &str) -> Option<KeptSecret> {
        self.vault(|content| content.secrets.get(name).cloned())
    }

    pub(super) fn vault_fault(&self) -> Option<VaultFault> {
        self.vault(|content| content.fault)
    }

    fn vault<T>(&self, look: impl FnOnce(&mut Content) -> T) -> T {
        let vault = self.plane::<Vault>();
        let mut content = vault.0.lock().unwrap_or_else(PoisonError::into_inner);
        look(&mut content)
    }
}
