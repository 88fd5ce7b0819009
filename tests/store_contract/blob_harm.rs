//! What becomes of appends and documents when answers are lost, late or refused for a while, and of many writers.

use super::backend::{append_somewhere, text};
use super::blob::BlobBackend;
use crate::support::storage_proxy::Harm;
use futures::future::join_all;
use reveille::azure::Patience;
use reveille::engine::ports::Store;
use std::time::Duration;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Harms the first request that fits, and no other.
fn once(
    fits: impl Fn(&crate::support::storage_proxy::Asked) -> bool + Send + 'static,
    harm: Harm,
) -> impl FnMut(&crate::support::storage_proxy::Asked) -> Harm + Send {
    let mut left = Some(harm);
    move |asked| if fits(asked) { left.take().unwrap_or(Harm::None) } else { Harm::None }
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_is_found_and_not_sent_again() {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("a").await.unwrap();
    backend.proxy.lose_every_success();
    assert_eq!(store.append("a", 0, b"mine\n").await.unwrap(), 5);
    let appends = backend.proxy.asked().iter().filter(|asked| asked.is_append()).count();
    assert_eq!(appends, 1);
    assert_eq!(text(&store, "a").await, "mine\n");
}

/// The answer comes after its time, and the bytes are there before they are looked for again.
#[tokio::test]
async fn an_append_that_lands_after_its_time_out_lands_once() {
    let backend = BlobBackend::start().await;
    let patience = Patience { attempts: vec![millis(400), millis(20_000)], pause: millis(800), ..Patience::default() };
    let store = backend.store_with(patience);
    store.create("a").await.unwrap();
    backend.proxy.harm(once(|asked| asked.is_append(), Harm::Late(millis(700))));
    assert_eq!(store.append("a", 0, b"mine\n").await.unwrap(), 5);
    assert_eq!(text(&store, "a").await, "mine\n");
}

#[tokio::test]
async fn somebody_else_s_bytes_after_a_lost_answer_are_a_conflict() {
    let backend = BlobBackend::start().await;
    let (store, other) = (backend.store(), backend.store());
    store.create("a").await.unwrap();
    other.append("a", 0, b"other\n").await.unwrap();
    backend.proxy.harm(once(|asked| asked.is_append(), Harm::Cut));
    let error = store.append("a", 0, b"mine\n").await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    assert_eq!(text(&store, "a").await, "other\n");
}

#[tokio::test]
async fn a_busy_storage_is_asked_again_after_the_time_it_names() {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("a").await.unwrap();
    let busy = |_: &_| true;
    backend.proxy.harm(once(busy, Harm::Refuse(503, "ServerBusy", &[("retry-after", "1")])));
    let begun = tokio::time::Instant::now();
    store.append("a", 0, b"mine\n").await.unwrap();
    assert!(begun.elapsed() >= millis(1_000), "asked again after {:?}", begun.elapsed());
    assert_eq!(text(&store, "a").await, "mine\n");
}

#[tokio::test]
async fn a_storage_that_asks_for_more_time_than_there_is_is_not_waited_for() {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("a").await.unwrap();
    backend.proxy.harm(|_| Harm::Refuse(503, "ServerBusy", &[("retry-after", "30")]));
    let before = backend.proxy.asked().len();
    let error = store.read("a", 0).await.unwrap_err();
    assert!(error.is_unavailable(), "{error:?}");
    assert_eq!(backend.proxy.asked().len(), before + 1);
}

#[tokio::test]
async fn a_silent_storage_is_given_up_after_the_attempts_that_are_set() {
    let backend = BlobBackend::start().await;
    let store = backend.store_with(Patience { attempts: vec![millis(50), millis(60)], ..Patience::default() });
    backend.proxy.harm(|_| Harm::Late(Duration::from_secs(3600)));
    let error = store.read("a", 0).await.unwrap_err();
    let told = reveille::domain::causes::with_causes(&error);
    assert!(error.is_unavailable() && told.contains("did not answer within"), "{told}");
    assert_eq!(backend.proxy.asked().len(), 2);
}

#[tokio::test]
async fn a_document_whose_answer_is_lost_is_told_by_its_nonce_and_not_by_its_bytes() {
    let backend = BlobBackend::start().await;
    let (store, other) = (backend.store(), backend.store());
    let first = store.put("d", b"0", None).await.unwrap();
    // Both count on from the same number and write the same bytes: only one of them has counted.
    other.put("d", b"1", Some(&first)).await.unwrap();
    backend.proxy.harm(once(|asked| asked.is_write(), Harm::Cut));
    let error = store.put("d", b"1", Some(&first)).await.unwrap_err();
    assert!(error.is_conflict(), "{error:?}");
    backend.proxy.lose_every_success();
    let now = store.get("d").await.unwrap().unwrap().tag;
    let next = store.put("d", b"2", Some(&now)).await.unwrap();
    assert_eq!(store.get("d").await.unwrap().unwrap().tag, next);
}

#[tokio::test]
async fn a_token_that_the_storage_refuses_is_replaced() {
    let backend = BlobBackend::start().await;
    backend.lifetimes.lock().unwrap().push(-30);
    let store = backend.store();
    backend.proxy.harm(once(|_| true, Harm::Refuse(401, "InvalidAuthenticationInfo", &[])));
    store.create("a").await.unwrap();
    assert_eq!(backend.proxy.asked().len(), 2);
}

#[tokio::test]
async fn a_list_in_many_pages_is_one_list() {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    let logs = ["a", "a-b", "a.b/c", "a/b", "b"];
    for log in logs {
        store.create(log).await.unwrap();
    }
    backend.proxy.harm(|_| Harm::SmallPages);
    let before = backend.proxy.asked().len();
    assert_eq!(store.list("").await.unwrap(), logs);
    assert!(backend.proxy.asked().len() >= before + logs.len(), "it came in one page");
}

/// Readers that wait at the end ask one question each time, not two.
#[tokio::test]
async fn reading_on_at_the_end_costs_one_call() {
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("a").await.unwrap();
    store.append("a", 0, b"one\n").await.unwrap();
    let before = backend.proxy.asked().len();
    assert_eq!(store.read("a", 4).await.unwrap().unwrap().end, 4);
    assert_eq!(backend.proxy.asked().len(), before + 1);
}

/// Half of them lose the answers of what they wrote.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_appenders_lose_and_duplicate_nothing() {
    const APPENDERS: usize = 1_000;
    const WINDOW: Duration = Duration::from_secs(15);
    let backend = BlobBackend::start().await;
    let store = backend.store();
    store.create("a").await.unwrap();
    let mut lost = 0_usize;
    backend.proxy.harm(move |asked| {
        lost += usize::from(asked.is_append());
        if asked.is_append() && lost.is_multiple_of(2) { Harm::LoseCreated } else { Harm::None }
    });
    let appenders = (0..APPENDERS).map(|number| {
        let store = store.clone();
        tokio::spawn(
            async move { append_somewhere(&store, "a", format!("appender {number}\n").as_bytes(), WINDOW).await },
        )
    });
    let conflicts: usize = join_all(appenders).await.into_iter().map(Result::unwrap).sum();
    let written = text(&store, "a").await;
    let mut numbers: Vec<usize> =
        written.lines().map(|line| line.strip_prefix("appender ").unwrap().parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..APPENDERS).collect::<Vec<_>>());
    assert!(conflicts > 0, "nobody met anybody: this proves nothing");
}
