//! A ledger that turns over to its next segment survives a death at every write.

use super::time::SimClock;
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::names::PlanName;
use reveille::engine::book::Book;
use reveille::engine::log::LogError;
use reveille::engine::ports::Store;
use reveille::engine::verify;
use reveille::store::{Fault, MemoryStore};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

const LIMIT: u64 = 4;
const EVENTS: usize = 11;

fn plan() -> PlanName {
    PlanName::new("sonar")
}

fn word(number: usize) -> LedgerEvent {
    LedgerEvent::Paused { by: "ann".into(), said: None, why: format!("word {number}") }
}

/// Appends the words that are not in the ledger yet.
async fn write(store: Arc<dyn Store>, clock: SimClock, done: Arc<Mutex<usize>>) -> Result<(), LogError> {
    let mut book = Book::open_with_limit(&store, &plan(), LIMIT).await?;
    let last = book.state().paused.as_ref().map(|paused| paused.why.clone());
    let next = (0..EVENTS).find(|number| last == Some(format!("word {number}"))).map_or(0, |number| number + 1);
    for number in next..EVENTS {
        book.append(&clock, word(number)).await?;
        *done.lock().unwrap() = number + 1;
    }
    Ok(())
}

/// A store whose user dies at one of its writes: on the way there, or on the way back.
fn deadly(sound: &MemoryStore, at: usize, written: bool) -> (Arc<dyn Store>, Arc<AtomicUsize>) {
    let writes = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&writes);
    let store = sound.with_faults(move |call| {
        let now = call.operation.writes().then(|| counter.fetch_add(1, Ordering::Relaxed));
        let dies = if now == Some(at) { Duration::from_secs(60) } else { Duration::ZERO };
        match written {
            false => Fault { before: dies, ..Fault::default() },
            true => Fault { after: dies, ..Fault::default() },
        }
    });
    (Arc::new(store), writes)
}

async fn die_at(at: usize, written: bool) -> bool {
    let (sound, clock, done) = (MemoryStore::new(), SimClock::start(), Arc::new(Mutex::new(0)));
    let (store, writes) = deadly(&sound, at, written);
    let died = timeout(Duration::from_secs(30), write(store, clock, Arc::clone(&done))).await.is_err();
    let confirmed = *done.lock().unwrap();

    let sound: Arc<dyn Store> = Arc::new(sound);
    let reopened = Book::open_with_limit(&sound, &plan(), LIMIT).await.unwrap();
    let kept = reopened.state().paused.as_ref().map_or(0, |paused| paused.why[5..].parse::<usize>().unwrap() + 1);
    assert!(kept == confirmed || kept == confirmed + 1, "death at write {at}: {kept} kept, {confirmed} confirmed");

    write(Arc::clone(&sound), clock, done).await.unwrap();
    let book = Book::open_with_limit(&sound, &plan(), LIMIT).await.unwrap();
    assert_eq!(book.state().paused.as_ref().unwrap().why, format!("word {}", EVENTS - 1));
    let verified = verify::verify_plan(sound.as_ref(), &plan()).await.unwrap();
    assert_eq!(verified.findings, [], "death at write {at}");
    died && writes.load(Ordering::Relaxed) > at
}

#[tokio::test(start_paused = true)]
async fn nothing_is_lost_when_whoever_turns_the_ledger_over_dies() {
    for written in [false, true] {
        let mut deaths = 0;
        while die_at(deaths, written).await {
            deaths += 1;
        }
        assert!(deaths > EVENTS + 6, "only {deaths} writes were seen: no segment was turned over");
    }
}
