//! Why a secret could not be had, and what mends it.
//!
//! Sources: learn.microsoft.com, "Azure Key Vault REST API error codes", "Azure RBAC for Key Vault", "About Key Vault
//! secrets" (a secret that has expired can still be read, so that is no error here), "Use Key Vault references".

use super::{SecretRef, VaultSecret};
use std::fmt;

/// The built-in role that lets read the values of a vault's secrets.
const ROLE: &str = "Key Vault Secrets User";

/// No secret. Tells where it should be and what is missing, never a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place} {why}")]
pub struct SecretError {
    pub place: SecretRef,
    pub why: WhyNot,
}

/// What is in the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WhyNot {
    /// There is no such environment variable, or nothing in it; in a vault, an empty value.
    Unset,
    /// The app setting is a Key Vault reference that the platform left as it was.
    Unresolved,
    /// No role assignment allows it (403, `ForbiddenByRbac`).
    Role,
    /// The vault still has access policies, and none allows it (403, `ForbiddenByPolicy`).
    Policy,
    /// The vault's firewall (403, `ForbiddenByFirewall`, `ForbiddenByConnection`), with what it said.
    Firewall { said: String },
    /// 404.
    NotFound,
    /// Switched off (403, `SecretDisabled`).
    Disabled,
    /// The identity got no token.
    NoToken { said: String },
    /// Nothing answers under the vault's name.
    Unreachable { said: String },
    /// No answer in time, too many questions, or trouble of the vault's own.
    Passing { said: String },
    /// Anything else that the vault said.
    Refused { said: String },
}

impl SecretError {
    /// Whether it may pass without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        self.why.is_passing()
    }

    /// What mends it: a sentence, and the command where there is one.
    pub fn fix(&self) -> (&'static str, Option<String>) {
        match &self.place {
            SecretRef::Env(name) => self.fix_setting(name),
            SecretRef::Vault(place) => self.fix_in_vault(place),
        }
    }

    fn fix_setting(&self, name: &str) -> (&'static str, Option<String>) {
        let setting = "az functionapp config appsettings";
        match self.why {
            WhyNot::Unresolved => (
                "See the state of the reference in the portal; give the app's identity the role Key Vault Secrets User.",
                Some(format!("{setting} list --name APP --resource-group GROUP --query \"[?name=='{name}']\"")),
            ),
            _ => (
                "Set it in the function app's settings.",
                Some(format!("{setting} set --name APP --resource-group GROUP --settings {name}=…")),
            ),
        }
    }

    fn fix_in_vault(&self, place: &VaultSecret) -> (&'static str, Option<String>) {
        let (vault, secret) = (place.vault_name(), &place.secret);
        let set = |what: &str| Some(format!("az keyvault secret {what} --vault-name {vault} --name {secret}"));
        match &self.why {
            WhyNot::Role => (
                "Give the function app's identity the role on the vault; it takes some minutes to count.",
                Some(format!(
                    "az role assignment create --role \"{ROLE}\" --assignee-object-id PRINCIPAL \
                     --assignee-principal-type ServicePrincipal --scope $(az keyvault show --name {vault} --query id -o tsv)"
                )),
            ),
            WhyNot::Policy => (
                "Let the function app's identity get secrets.",
                Some(format!("az keyvault set-policy --name {vault} --object-id PRINCIPAL --secret-permissions get")),
            ),
            WhyNot::Firewall { .. } => (
                "Let the function app's subnet into the vault, or give the vault a private endpoint there.",
                Some(format!("az keyvault network-rule add --name {vault} --subnet SUBNET")),
            ),
            WhyNot::NotFound | WhyNot::Unset => {
                ("Put it into the vault, or correct its name.", set("set").map(|it| format!("{it} --value …")))
            }
            WhyNot::Disabled => ("Switch it on again.", set("set-attributes").map(|it| format!("{it} --enabled true"))),
            WhyNot::NoToken { .. } => ("Look at the function app's identity.", None),
            WhyNot::Unreachable { .. } => {
                ("Correct the vault's address, or its name resolution and the way there.", None)
            }
            WhyNot::Unresolved | WhyNot::Passing { .. } | WhyNot::Refused { .. } => ("Look at the vault.", set("show")),
        }
    }
}

impl WhyNot {
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::NoToken { .. } | Self::Unreachable { .. } | Self::Passing { .. })
    }
}

impl fmt::Display for WhyNot {
    /// What follows the place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unset => f.write_str("is not set"),
            Self::Unresolved => f.write_str("holds a Key Vault reference that the platform did not resolve"),
            Self::Role => write!(f, "may not be read: the identity lacks the role {ROLE} on the vault"),
            Self::Policy => {
                f.write_str("may not be read: no access policy of the vault gives the identity the permission get")
            }
            Self::Firewall { said } => write!(f, "may not be read from here, by the vault's firewall: {said}"),
            Self::NotFound => f.write_str("does not exist"),
            Self::Disabled => f.write_str("is disabled"),
            Self::NoToken { said } => write!(f, "cannot be read without a token: {said}"),
            Self::Unreachable { said } => write!(f, "cannot be read, the vault cannot be reached: {said}"),
            Self::Passing { said } => write!(f, "cannot be read now: {said}"),
            Self::Refused { said } => write!(f, "cannot be read: {said}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(why: WhyNot) -> SecretError {
        let place = VaultSecret { vault: "https://kv-dr.vault.azure.net".into(), secret: "pg".into() };
        SecretError { place: SecretRef::Vault(place), why }
    }

    #[test]
    fn an_error_names_secret_vault_and_missing_permission() {
        assert_eq!(
            error(WhyNot::Role).to_string(),
            "secret pg of https://kv-dr.vault.azure.net may not be read: \
             the identity lacks the role Key Vault Secrets User on the vault"
        );
        let (_, command) = error(WhyNot::Role).fix();
        let command = command.unwrap();
        assert!(command.contains("\"Key Vault Secrets User\"") && command.contains("--name kv-dr "), "{command}");
    }

    #[test]
    fn what_the_network_did_may_pass_and_what_somebody_decided_does_not() {
        let said = || String::from("said");
        for why in [WhyNot::Unreachable { said: said() }, WhyNot::Passing { said: said() }] {
            assert!(error(why).is_passing());
        }
        for why in [WhyNot::Role, WhyNot::NotFound, WhyNot::Disabled, WhyNot::Firewall { said: said() }] {
            assert!(!error(why).is_passing());
        }
    }
}
