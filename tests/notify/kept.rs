//! Addresses that are read from where they are kept, as deliveries need them.

use super::receiver::{Behaviour, Receiver};
use super::{PATIENCE, SIGNATURE, everything_shown, notice};
use async_trait::async_trait;
use reveille::domain::names::ChannelName;
use reveille::domain::secret::{Secret, SecretError, SecretRef, VaultSecret, WhyNot};
use reveille::engine::ports::{Channel, DeliveryError, Secrets};
use reveille::notify::{Address, CloudEvents, Post};
use std::sync::Arc;

/// Gives one secret, another one in its place, or says why not.
struct Keeper {
    first: Result<String, WhyNot>,
    newer: Option<String>,
}

#[async_trait]
impl Secrets for Keeper {
    async fn secret(&self, place: &SecretRef) -> Result<Secret, SecretError> {
        self.first.clone().map(Secret::new).map_err(|why| SecretError { place: place.clone(), why })
    }

    async fn instead_of(&self, refused: &Secret, _: &SecretRef) -> Option<Secret> {
        self.newer.clone().map(Secret::new).filter(|newer| newer != refused)
    }
}

fn channel(keeper: Keeper) -> CloudEvents {
    let vault = VaultSecret { vault: "https://kv-dr.vault.azure.net".into(), secret: "siem".into() };
    let address = Address::Kept { place: SecretRef::Vault(vault), secrets: Arc::new(keeper) };
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    CloudEvents::new(Post::new(ChannelName::new("ops"), address, client, PATIENCE))
}

#[tokio::test]
async fn an_address_that_was_rotated_is_taken_up_when_the_old_one_is_refused() {
    let (old, new) = (Receiver::start(Behaviour::Answer(401)).await, Receiver::start(Behaviour::Answer(200)).await);
    let keeper = Keeper { first: Ok(old.url().to_owned()), newer: Some(new.url().to_owned()) };
    channel(keeper).deliver(&notice()).await.unwrap();
    assert_eq!(old.only_request().json["id"], new.only_request().json["id"], "the same notice, once each");
}

#[tokio::test]
async fn an_address_that_did_not_change_is_not_tried_twice() {
    let receiver = Receiver::start(Behaviour::Answer(403)).await;
    let url = format!("{}/?sig={SIGNATURE}", receiver.url());
    let error = channel(Keeper { first: Ok(url.clone()), newer: Some(url) }).deliver(&notice()).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Refused { status: 403, .. }), "{error:?}");
    receiver.only_request();
    assert!(!everything_shown(&error).contains(SIGNATURE));
}

#[tokio::test]
async fn an_address_that_cannot_be_read_now_is_tried_later_and_one_that_may_not_be_read_is_not() {
    for (why, later) in [(WhyNot::Unreachable { said: "no answer".into() }, true), (WhyNot::Role, false)] {
        let error = channel(Keeper { first: Err(why), newer: None }).deliver(&notice()).await.unwrap_err();
        assert_eq!(error.is_retryable(), later, "{error:?}");
        assert!(everything_shown(&error).contains("secret siem of https://kv-dr.vault.azure.net"), "{error:?}");
    }
}
