//! Where secrets are kept: in app settings and in vaults.

use super::{errors, parse, with};
use reveille::domain::plan::DatabaseAuth;
use reveille::domain::secret::{SecretRef, VaultSecret};

fn kept(place: &str) -> String {
    with("{ env = \"PG_PASSWORD\" }", place)
}

#[test]
fn a_secret_may_lie_in_a_vault() {
    let config = parse(&kept("{ vault = \"https://kv-dr.vault.azure.net/\", secret = \"pg-reveille\" }")).unwrap();
    let place = VaultSecret { vault: "https://kv-dr.vault.azure.net".into(), secret: "pg-reveille".into() };
    assert_eq!(config.plans[0].database.auth, DatabaseAuth::Password(SecretRef::Vault(place)));
}

#[test]
fn a_place_in_a_vault_that_cannot_be_is_told_without_being_taken_for_another() {
    for (place, told) in [
        ("{ vault = \"https://kv-dr.vault.azure.net\" }", "secret: is missing"),
        ("{ secret = \"pg\" }", "vault: is missing"),
        ("{ vault = \"kv-dr\", secret = \"pg\" }", "is not the address of a vault"),
        ("{ vault = \"http://kv-dr.vault.azure.net\", secret = \"pg\" }", "is not the address of a vault"),
        ("{ vault = \"https://kv-dr.vault.azure.net/secrets/pg\", secret = \"pg\" }", "is not the address of a vault"),
        ("{ vault = \"https://kv-dr.vault.azure.net\", secret = \"pg_reveille\" }", "is not the name of a secret"),
        (
            "{ vault = \"https://kv-dr.vault.azure.net\", secret = \"pg\", env = \"PG\" }",
            "exactly one of env and vault",
        ),
        ("{ vault = \"https://kv-dr.vault.azure.net\", secret = \"pg\", version = \"1\" }", "version"),
    ] {
        let errors = errors(&kept(place));
        assert!(errors.contains(told), "{place}: {errors}");
        assert_eq!(errors.matches("reveille.toml:").count(), 1, "one mistake is told once: {errors}");
    }
}

#[test]
fn an_unresolved_reference_says_what_to_do() {
    let env = |name: &str| (name == "PG_PASSWORD").then(|| "@Microsoft.KeyVault(SecretUri=https://kv/x)".to_owned());
    let told = reveille::config::parse(super::MINIMAL, "reveille.toml", &env).unwrap_err().to_string();
    assert!(told.contains("Key Vault Secrets User") && told.contains("let Reveille read it"), "{told}");
}
