//! The faults that simulations put between a driver and the memory store.

use super::backend::text;
use reveille::engine::ports::{Store, StoreError};
use reveille::store::{Fault, Harm, MemoryStore, Operation};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

fn appends_suffer(harm: Harm) -> impl Fn(&reveille::store::Call<'_>) -> Fault + Send + Sync {
    move |call| Fault { harm: if call.operation == Operation::Append { harm } else { Harm::None }, ..Fault::default() }
}

async fn log_with(harm: Harm) -> (MemoryStore, MemoryStore) {
    let sound = MemoryStore::new();
    sound.create("a").await.unwrap();
    (sound.with_faults(appends_suffer(harm)), sound)
}

#[tokio::test]
async fn a_call_that_fails_before_writing_wrote_nothing() {
    let (harmed, sound) = log_with(Harm::FailBefore).await;
    let error = harmed.append("a", 0, b"one\n").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { operation: "append", .. }), "{error:?}");
    assert_eq!(text(&sound, "a").await, "");
}

#[tokio::test]
async fn a_lost_answer_leaves_the_bytes_behind() {
    let (harmed, sound) = log_with(Harm::LoseAnswer).await;
    let error = harmed.append("a", 0, b"nonce 7\n").await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
    assert_eq!(text(&sound, "a").await, "nonce 7\n");
    assert!(sound.append("a", 0, b"nonce 7\n").await.unwrap_err().is_conflict());
}

#[tokio::test(start_paused = true)]
async fn a_late_write_lands_after_its_caller_is_gone() {
    let (harmed, sound) = log_with(Harm::LandLate(5 * SECOND)).await;
    harmed.append("a", 0, b"late\n").await.unwrap_err();
    drop(harmed);
    tokio::time::sleep(4 * SECOND).await;
    assert_eq!(text(&sound, "a").await, "");
    tokio::time::sleep(2 * SECOND).await;
    assert_eq!(text(&sound, "a").await, "late\n");
}

#[tokio::test(start_paused = true)]
async fn a_late_write_that_was_overtaken_writes_nothing() {
    let (harmed, sound) = log_with(Harm::LandLate(5 * SECOND)).await;
    harmed.append("a", 0, b"late\n").await.unwrap_err();
    sound.append("a", 0, b"first\n").await.unwrap();
    tokio::time::sleep(10 * SECOND).await;
    assert_eq!(text(&sound, "a").await, "first\n");
}

#[tokio::test(start_paused = true)]
async fn a_driver_dropped_on_the_way_there_wrote_nothing_and_on_the_way_back_wrote_all() {
    for (fault, expected) in [
        (Fault { before: 3 * SECOND, ..Fault::default() }, ""),
        (Fault { after: 3 * SECOND, ..Fault::default() }, "one\n"),
    ] {
        let sound = MemoryStore::new();
        sound.create("a").await.unwrap();
        let slow = sound.with_faults(move |_| fault);
        tokio::time::timeout(SECOND, slow.append("a", 0, b"one\n")).await.unwrap_err();
        tokio::time::sleep(10 * SECOND).await;
        assert_eq!(text(&sound, "a").await, expected, "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn delays_pass_in_virtual_time() {
    let slow =
        MemoryStore::new().with_faults(|_| Fault { before: 60 * SECOND, after: 30 * SECOND, ..Fault::default() });
    let begun = Instant::now();
    slow.create("a").await.unwrap();
    assert_eq!(begun.elapsed(), 90 * SECOND);
    assert_eq!(slow.read("a", 0).await.unwrap().unwrap().quiet_for, 90 * SECOND);
}

#[tokio::test]
async fn the_hook_sees_every_call_with_its_name_and_bytes() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let store = MemoryStore::new().with_faults(move |call| {
        sink.lock().unwrap().push((call.operation, call.name.to_owned(), call.bytes.len()));
        Fault::default()
    });
    store.create("a").await.unwrap();
    store.append("a", 0, b"one\n").await.unwrap();
    store.list("").await.unwrap();
    store.put("d", b"xy", None).await.unwrap();
    let expected = [
        (Operation::Create, "a".to_owned(), 0),
        (Operation::Append, "a".to_owned(), 4),
        (Operation::List, String::new(), 0),
        (Operation::Put, "d".to_owned(), 2),
    ];
    assert_eq!(*seen.lock().unwrap(), expected);
}
