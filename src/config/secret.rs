//! Where a secret is kept: `{ env = "NAME" }` or `{ vault = "https://…", secret = "…" }`. Whatever else may stand there is
//! never quoted, because it may be the secret itself.

use super::entry::Entry;
use super::expand::{is_unresolved, is_variable};
use super::model::Cloud;
use super::reader::Section;
use crate::domain::secret::{SecretRef, VaultSecret};
use toml::de::DeValue;

const EXPECTED: &str = "{ env = \"NAME\" }, the name of an app setting, or { vault = \"https://…\", secret = \"NAME\" }; \
                        secrets never stand in this file";

impl Entry<'_> {
    /// Where a secret is to be read from.
    pub(super) fn secret(&self) -> Option<SecretRef> {
        let table = self.typed(EXPECTED, DeValue::as_table)?;
        let in_vault = table.contains_key("vault") || table.contains_key("secret");
        let section = self.child(self.path.clone(), table);
        if in_vault && table.contains_key("env") {
            section.reject("names two places; exactly one of env and vault must be given");
        }
        let place = if in_vault { in_a_vault(&section) } else { in_a_setting(&section) };
        section.finish();
        place
    }
}

fn in_a_vault(section: &Section<'_>) -> Option<SecretRef> {
    let vault = section.need("vault").parsed("the address of a vault", |text| {
        Cloud::https_root(text).map_err(|_| "is not the address of a vault, such as https://kv-dr.vault.azure.net")
    });
    let secret = section.need("secret").parsed("the name of a secret", |text| {
        let named = VaultSecret::is_legal_name(text).then(|| text.to_owned());
        named.ok_or("is not the name of a secret: 1 to 127 letters, digits and dashes")
    });
    // Consumed here, so that the mistake above is told once.
    section.get("env");
    Some(SecretRef::Vault(VaultSecret { vault: vault?, secret: secret? }))
}

fn in_a_setting(section: &Section<'_>) -> Option<SecretRef> {
    let name = section.need("env");
    let variable = name.parsed("the name of an app setting", |text| {
        let named = is_variable(text).then(|| text.to_owned());
        named.ok_or("cannot name an app setting: letters, digits and _, not beginning with a digit")
    })?;
    if (name.reader.env)(&variable).is_some_and(|value| is_unresolved(&value)) {
        name.reject(format!(
            "the Key Vault reference in the app setting {variable} was not resolved by the platform; the state of the \
             reference on the function app tells why, most often the app's identity lacks the role Key Vault Secrets \
             User on the vault; or let Reveille read it: {{ vault = \"https://…\", secret = \"…\" }}"
        ));
        return None;
    }
    Some(SecretRef::Env(variable))
}
