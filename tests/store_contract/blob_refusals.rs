//! What the storage refuses reads as what it is, and says what to do.

use super::blob::BlobBackend;
use crate::support::storage_proxy::Harm;
use reveille::domain::causes::with_causes;
use reveille::engine::ports::{Store, StoreError};

type Headers = &'static [(&'static str, &'static str)];

/// What a refused append says.
async fn refused_append(status: u16, code: &'static str, headers: Headers) -> (StoreError, String) {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("plans/p/ledger").await.unwrap();
    backend.proxy.harm(move |_| Harm::Refuse(status, code, headers));
    let error = store.append("plans/p/ledger", 0, b"x\n").await.unwrap_err();
    let told = with_causes(&error);
    (error, told)
}

#[tokio::test]
async fn each_refusal_of_an_append_says_what_to_do() {
    let cases = [
        (409, "BlobImmutableDueToPolicy", "set allowProtectedAppendWrites"),
        (412, "LeaseIdMissing", "az storage blob lease break"),
        (409, "LeaseIdMismatchWithBlobOperation", "somebody holds a lease"),
        (403, "AuthorizationPermissionMismatch", "assign it Storage Blob Data Contributor on https://stdr.blob"),
        (403, "AuthorizationFailure", "the account's network rules"),
        (403, "AuthenticationFailed", "the token was not accepted"),
        (409, "BlockCountExceedsLimit", "50,000 blocks"),
        (404, "ContainerNotFound", "there is no container https://stdr.blob"),
        (409, "InvalidBlobType", "a blob of another kind"),
        (413, "RequestBodyTooLarge", "larger than one call may be"),
        (409, "AccountIsDisabled", "switched off"),
        (429, "TooManyRequests", "the storage is busy"),
        (400, "InvalidHeaderValue", "HTTP 400 InvalidHeaderValue As Azure says it. (request 9f1c)"),
    ];
    for (status, code, expected) in cases {
        let (error, told) = refused_append(status, code, &[]).await;
        assert!(error.is_unavailable(), "{code}: {error:?}");
        assert!(told.starts_with("append plans/p/ledger failed: HTTP"), "{told}");
        assert!(told.contains(expected), "{code}: {told}");
        assert!(!told.contains("RequestId"), "{told}");
    }
}

/// In an immutable container, which of the two Azure names for a log that is there is not known.
#[tokio::test]
async fn a_log_that_is_there_is_made_even_where_the_policy_answers_first() {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("a").await.unwrap();
    store.append("a", 0, b"kept\n").await.unwrap();
    let forbidden = |asked: &crate::support::storage_proxy::Asked| {
        if asked.is_write() { Harm::Refuse(409, "BlobImmutableDueToPolicy", &[]) } else { Harm::None }
    };
    backend.proxy.harm(forbidden);
    store.create("a").await.unwrap();
    let told = with_causes(&store.create("b").await.unwrap_err());
    assert!(told.contains("forbids appends"), "{told}");
}

#[tokio::test]
async fn documents_in_an_immutable_container_are_a_mistake_that_is_named() {
    let backend = BlobBackend::start().await;
    backend.proxy.harm(|_| Harm::Refuse(409, "BlobImmutableDueToPolicy", &[]));
    let told = with_causes(&backend.store().put("d", b"1", None).await.unwrap_err());
    assert!(
        told.contains("-documents holds documents that are overwritten; it must have no immutability policy"),
        "{told}"
    );
}

#[tokio::test]
async fn a_real_lease_on_a_log_is_told_from_a_position_that_has_moved() {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("a").await.unwrap();
    backend.lease("a").await;
    let error = store.append("a", 0, b"x\n").await.unwrap_err();
    assert!(error.is_unavailable() && with_causes(&error).contains("somebody holds a lease"), "{error:?}");
}

#[tokio::test]
async fn containers_that_do_not_exist_are_named_each() {
    let backend = BlobBackend::without_containers().await;
    let store = backend.store();
    let logs = backend.containers.logs_url();
    for error in [
        store.create("a").await.unwrap_err(),
        store.append("a", 0, b"x\n").await.unwrap_err(),
        store.read("a", 0).await.unwrap_err(),
        store.list("").await.unwrap_err(),
    ] {
        let told = with_causes(&error);
        assert!(told.contains(&format!("there is no container {logs};")), "{told}");
    }
    let documents = backend.containers.documents_url();
    for error in [store.get("d").await.unwrap_err(), store.put("d", b"1", None).await.unwrap_err()] {
        assert!(with_causes(&error).contains(&documents), "{error:?}");
    }
}

#[tokio::test]
async fn a_real_expired_token_is_refused_and_named() {
    let backend = BlobBackend::start().await;
    *backend.lifetimes.lock().unwrap() = vec![-30; 10];
    let told = with_causes(&backend.store().create("a").await.unwrap_err());
    assert!(told.contains("The token is expired") || told.contains("the token was not accepted"), "{told}");
    assert!(!told.contains("eyJ"), "{told}");
}

#[tokio::test]
async fn a_storage_that_is_not_there_is_named() {
    let mut backend = BlobBackend::start().await;
    backend.containers.account = "https://stdr.blob.core.windows.net:1".into();
    let told = with_causes(&backend.store().read("a", 0).await.unwrap_err());
    assert!(told.contains("the storage at https://stdr.blob.core.windows.net:1/"), "{told}");
    assert!(told.contains("cannot be reached"), "{told}");
}
