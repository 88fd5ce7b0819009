//! Secrets in a Key Vault, over the wire: read, kept, taken up anew, and refused in every way that a vault knows.

mod readiness;
mod rotation;

use crate::azure_sandbox::FromSandbox;
use chrono::{TimeDelta, Utc};
use reveille::azure::{Azure, Settings};
use reveille::domain::secret::{Secret, SecretError, SecretRef, VaultSecret};
use reveille::engine::ports::Secrets;
use reveille::sandbox::ca::Authority;
use reveille::sandbox::identity::IdentityEndpoint;
use reveille::sandbox::vault::{self, VaultFault};
use reveille::sandbox::world::{Event, Workload, World};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;

/// A world with its vault, and our clients that find it by its real name.
struct Rig {
    world: World,
    azure: Azure,
    _identity: IdentityEndpoint,
    _serving: JoinSet<()>,
}

impl Rig {
    async fn start() -> Self {
        let (world, mut sockets) = World::bind(vec![Workload::named("sonar")], &[]).await.unwrap();
        let authority = Authority::new().unwrap();
        let mut serving = JoinSet::new();
        vault::start(&world, &mut sockets.https, &authority, &mut serving).unwrap();
        let identity = IdentityEndpoint::start(world.clone()).await.unwrap();
        let credential = FromSandbox { url: identity.url.clone(), header: identity.header.clone() };
        let certificate = reqwest::Certificate::from_pem(authority.pem().as_bytes()).unwrap();
        let address = (world.names().address(vault::HOST).unwrap(), world.ports().https);
        let builder = reqwest::Client::builder().no_proxy().tls_certs_only([certificate]);
        let builder = builder.resolve(vault::HOST, address.into());
        let settings = Settings { vault_timeout: Duration::from_secs(2), ..Settings::default() };
        let azure = Azure::with_credential(settings, Arc::new(credential), builder).unwrap();
        world.put_secret(vault::PASSWORD, "first");
        Self { world, azure, _identity: identity, _serving: serving }
    }

    fn place(&self, secret: &str) -> SecretRef {
        let vault = format!("https://{}:{}", vault::HOST, self.world.ports().https);
        SecretRef::Vault(VaultSecret { vault, secret: secret.into() })
    }

    async fn read(&self, secret: &str) -> Result<String, SecretError> {
        self.azure.secret(&self.place(secret)).await.map(|secret| secret.expose().to_owned())
    }

    async fn password(&self) -> Result<String, SecretError> {
        self.read(vault::PASSWORD).await
    }

    /// Calls of the vault that were answered so.
    fn answered(&self, wanted: u16) -> usize {
        let entries = self.world.entries();
        entries.iter().filter(|it| matches!(it.event, Event::VaultCall { status, .. } if status == wanted)).count()
    }
}

#[tokio::test]
async fn a_secret_is_read_once_and_kept() {
    let rig = Rig::start().await;
    for _ in 0..5 {
        assert_eq!(rig.password().await.unwrap(), "first");
    }
    assert_eq!((rig.answered(401), rig.answered(200)), (1, 1), "the challenge once, the secret once");
    let tokens = rig.world.entries();
    let vaults =
        |event: &Event| matches!(event, Event::Token { audience, .. } if audience == "https://vault.azure.net");
    assert_eq!(tokens.iter().filter(|entry| vaults(&entry.event)).count(), 1);
    assert!(!tokens.iter().any(|entry| matches!(entry.event, Event::Unknown { .. })), "{tokens:?}");
}

#[tokio::test]
async fn a_refused_secret_is_read_again_and_only_another_one_is_given() {
    let rig = Rig::start().await;
    let place = rig.place(vault::PASSWORD);
    let first = rig.azure.secret(&place).await.unwrap();
    assert_eq!(rig.azure.instead_of(&first, &place).await, None, "the vault has no other one yet");
    rig.world.put_secret(vault::PASSWORD, "second");
    assert_eq!(rig.password().await.unwrap(), "first", "nobody has refused it yet");
    assert_eq!(rig.azure.instead_of(&first, &place).await, Some(Secret::new("second")));
    assert_eq!(rig.password().await.unwrap(), "second");
}

#[tokio::test]
async fn a_refused_token_is_replaced() {
    let rig = Rig::start().await;
    rig.password().await.unwrap();
    rig.world.revoke_tokens();
    rig.world.put_secret("other", "value");
    assert_eq!(rig.read("other").await.unwrap(), "value");
}

type Break = fn(&World);

#[tokio::test]
async fn each_refusal_names_secret_vault_and_what_is_missing() {
    let cases: [(Break, &str); 8] = [
        (
            |it| it.break_vault(Some(VaultFault::NoRole)),
            "the identity lacks the role Key Vault Secrets User on the vault",
        ),
        (|it| it.grant_only(Vec::new()), "the identity lacks the role Key Vault Secrets User on the vault"),
        (|it| it.break_vault(Some(VaultFault::NoPolicy)), "gives the identity the permission get"),
        (|it| it.break_vault(Some(VaultFault::Firewall)), "by the vault's firewall: HTTP 403"),
        (|it| it.delete_secret(vault::PASSWORD), "does not exist"),
        (|it| it.change_secret(vault::PASSWORD, |kept| kept.enabled = false), "is disabled"),
        (|it| it.put_secret(vault::PASSWORD, ""), "is not set"),
        (|it| it.break_vault(Some(VaultFault::Throttled)), "cannot be read now"),
    ];
    for (break_it, told) in cases {
        let rig = Rig::start().await;
        break_it(&rig.world);
        let text = rig.password().await.unwrap_err().to_string();
        assert!(text.starts_with("secret pg-reveille of https://kv-dr.vault.azure.net"), "{text}");
        assert!(text.contains(told), "{told}: {text}");
    }
}

#[tokio::test]
async fn the_last_value_serves_on_while_the_vault_is_dark_but_not_once_it_was_refused() {
    let rig = Rig::start().await;
    let first = rig.azure.secret(&rig.place(vault::PASSWORD)).await.unwrap();
    rig.world.break_vault(Some(VaultFault::Unreachable));
    // Long after it stopped being fresh.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(3_600)).await;
    assert_eq!(rig.password().await.unwrap(), "first");
    assert_eq!(rig.azure.instead_of(&first, &rig.place(vault::PASSWORD)).await, None);
    let error = rig.read("never-read").await.unwrap_err();
    assert!(error.is_passing(), "{error}");
}

#[tokio::test]
async fn a_secret_that_has_expired_is_read_all_the_same_and_its_end_is_known() {
    let rig = Rig::start().await;
    let end = Utc::now() - TimeDelta::days(3);
    rig.world.change_secret(vault::PASSWORD, |kept| kept.expires = Some(end));
    assert_eq!(rig.password().await.unwrap(), "first");
    let told = rig.azure.secret_end(&rig.place(vault::PASSWORD)).await.unwrap();
    assert_eq!(told.map(|at| at.timestamp()), Some(end.timestamp()));
}
