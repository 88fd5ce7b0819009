//! Retention: what is let go, what never is, and how often the store is asked. One pass per backend.

use crate::record::support::{Rehearsal, engine, notes, run_id, signature};
use crate::store_contract::backend::Backend;
use crate::store_contract::blob::BlobBackend;
use crate::support::storage_proxy::{Asked, Harm};
use chrono::{DateTime, TimeDelta, Utc};
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::names::{PlanName, SiteName};
use reveille::domain::record::Verdict;
use reveille::domain::retention::Retention as Days;
use reveille::engine::book::Book;
use reveille::engine::close::report_name;
use reveille::engine::ports::{Store, SystemClock};
use reveille::engine::record::By;
use reveille::store::{Retention, Told};
use std::sync::Arc;
use std::time::Duration;

const DAYS: Days = Days { journals: Some(100), day_logs: Some(100), records: Some(100) };
/// Far enough behind November 2026 for everything of it to be old.
fn later() -> DateTime<Utc> {
    "2027-06-01T03:00:00Z".parse().unwrap()
}

async fn rehearsed(store: &Arc<dyn Store>, days: impl IntoIterator<Item = u32>) {
    for day in days {
        Rehearsal::ended(day, 60).closed().stored(store).await;
    }
}

async fn day_log(store: &Arc<dyn Store>, day: &str) {
    let name = format!("days/{day}");
    store.create(&name).await.unwrap();
    store.append(&name, 0, b"{}\n").await.unwrap();
}

/// Makes every log older than any setting here, by the store's own clock.
async fn age_all(backend: &Backend, store: &Arc<dyn Store>) {
    for log in store.list("").await.unwrap().into_iter().filter(|log| !log.starts_with("ledger/")) {
        backend.age(&log, Duration::from_secs(101 * 24 * 3600)).await;
    }
}

/// Ticks until the day's pass is over.
async fn whole_pass(retention: &Retention, now: DateTime<Utc>) -> Vec<Told> {
    let mut all = Vec::new();
    while let Some(told) = retention.tick(now).await.unwrap() {
        all.push(told);
    }
    all
}

async fn runs(store: &Arc<dyn Store>) -> Vec<String> {
    store.list("runs/").await.unwrap()
}

fn name(day: u32) -> String {
    format!("runs/{}", run_id(day))
}

async fn old_things_go_and_the_newest_of_each_kind_stays(backend: &Backend) {
    let store = backend.open();
    rehearsed(&store, 1..=4).await;
    day_log(&store, "2026-11-01").await;
    day_log(&store, &later().format("%Y-%m-%d").to_string()).await;
    age_all(backend, &store).await;
    let told = whole_pass(&Retention::new(store.clone(), DAYS), later()).await;
    assert_eq!(runs(&store).await, [name(4)]);
    assert_eq!(store.list("days/").await.unwrap(), [later().format("days/%Y-%m-%d").to_string()]);
    assert!(store.get(&report_name(&run_id(1))).await.unwrap().is_none(), "its report goes with a journal");
    assert!(store.get(&report_name(&run_id(4))).await.unwrap().is_some());
    let text = told[0].text().unwrap();
    assert!(text.contains("1 of kind day-log, 3 of kind journal"), "{text}");
}

#[tokio::test]
async fn in_memory_old_things_go_and_the_newest_of_each_kind_stays() {
    old_things_go_and_the_newest_of_each_kind_stays(&Backend::memory()).await;
}

#[tokio::test]
async fn in_files_old_things_go_and_the_newest_of_each_kind_stays() {
    old_things_go_and_the_newest_of_each_kind_stays(&Backend::file()).await;
}

#[tokio::test]
async fn in_a_storage_account_old_things_go_and_the_newest_of_each_kind_stays() {
    old_things_go_and_the_newest_of_each_kind_stays(&Backend::azurite().await).await;
}

#[tokio::test]
async fn where_every_answer_is_lost_old_things_go_all_the_same() {
    old_things_go_and_the_newest_of_each_kind_stays(&Backend::azurite_without_answers().await).await;
}

#[tokio::test]
async fn what_is_young_open_owed_or_unreadable_stays() {
    let backend = Backend::file();
    let store = backend.open();
    Rehearsal::on(1).stored(&store).await;
    rehearsed(&store, 2..=5).await;
    let mut book = Book::open(&store, &PlanName::new("sonarqube")).await.unwrap();
    let owed = LedgerEvent::FenceOwed { site: SiteName::new("eastus2"), run: run_id(2), why: "unreachable".into() };
    book.append(&SystemClock, owed).await.unwrap();
    let end = store.read(&name(3), u64::MAX).await.unwrap().unwrap().end;
    store.append(&name(3), end, b"{\"format\":9,\"event\":\"of-a-later-version\"}\n").await.unwrap();
    age_all(&backend, &store).await;
    let young = Retention::new(store.clone(), Days { journals: Some(9_999), ..Days::default() });
    assert_eq!(whole_pass(&young, later()).await, [Told { over: true, ..Told::default() }]);
    assert_eq!(runs(&store).await.len(), 5);
    whole_pass(&Retention::new(store.clone(), DAYS), later() + TimeDelta::days(1)).await;
    assert_eq!(runs(&store).await, [name(1), name(2), name(3), name(5)]);
}

#[tokio::test]
async fn a_log_that_was_written_to_lately_stays_whatever_its_name_says() {
    let backend = Backend::file();
    let store = backend.open();
    rehearsed(&store, 1..=2).await;
    whole_pass(&Retention::new(store.clone(), DAYS), later()).await;
    assert_eq!(runs(&store).await.len(), 2);
}

#[tokio::test]
async fn a_signed_record_outlives_its_journal() {
    let backend = Backend::file();
    let store = backend.open();
    rehearsed(&store, 1..=2).await;
    let (by, signature) = (By { by: "key night-shift", said: None }, signature("Ada", Verdict::Success));
    let engine = engine(&store);
    engine.note(&run_id(1), by, &notes()).await.unwrap();
    engine.attest(&run_id(1), by, &signature, None).await.unwrap();
    age_all(&backend, &store).await;
    whole_pass(&Retention::new(store.clone(), Days { records: None, ..DAYS }), later()).await;
    assert_eq!((runs(&store).await, store.list("records/").await.unwrap().len()), (vec![name(2)], 1));
    whole_pass(&Retention::new(store.clone(), DAYS), later() + TimeDelta::days(1)).await;
    assert!(store.list("records/").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_day_has_one_pass_in_small_parts_whoever_ticks() {
    let backend = Backend::file();
    let store = backend.open();
    for number in 0..50 {
        let day = DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + number);
        day_log(&store, &day.format("%Y-%m-%d").to_string()).await;
    }
    age_all(&backend, &store).await;
    let (one, other) = (Retention::new(store.clone(), DAYS), Retention::new(store.clone(), DAYS));
    let removed = |told: &Option<Told>| told.as_ref().map_or(0, |told| told.removed.values().sum::<usize>());
    let mut parts = Vec::new();
    for who in [&one, &other, &one, &other, &one] {
        parts.push(removed(&who.tick(later()).await.unwrap()));
    }
    assert_eq!(parts, [20, 20, 10, 0, 0]);
    day_log(&store, "2026-11-01").await;
    age_all(&backend, &store).await;
    assert_eq!(one.tick(later()).await.unwrap(), None, "this day is done");
    assert_eq!(removed(&other.tick(later() + TimeDelta::days(1)).await.unwrap()), 1);
}

/// The container's policy is the last word: it is told once, asked a few times, and left alone until the next day.
#[tokio::test]
async fn what_the_storage_is_bound_to_keep_is_told_once_and_asked_for_again_the_next_day() {
    let blob = BlobBackend::start().await;
    let backend = Backend::Blob(blob);
    let store = backend.open();
    for day in 10..20 {
        day_log(&store, &format!("2026-11-{day}")).await;
    }
    age_all(&backend, &store).await;
    let Backend::Blob(blob) = &backend else { unreachable!() };
    let is_delete = |asked: &Asked| asked.method == "DELETE";
    blob.proxy.harm(move |asked| match is_delete(asked) {
        true => Harm::Refuse(409, "BlobImmutableDueToPolicy", &[]),
        false => Harm::None,
    });
    let deletes = || blob.proxy.asked().iter().filter(|asked| is_delete(asked)).count();
    let told = whole_pass(&Retention::new(store.clone(), DAYS), later()).await;
    let text = told[0].text().unwrap();
    assert!(
        text.contains("bound to keep days/2026-11-10, days/2026-11-11") && text.contains("immutability policy"),
        "{text}"
    );
    assert_eq!((told.len(), deletes()), (1, 3));
    for _ in 0..5 {
        assert_eq!(Retention::new(store.clone(), DAYS).tick(later()).await.unwrap(), None);
    }
    assert_eq!(deletes(), 3, "not every tick");
    blob.proxy.harm(|_| Harm::None);
    whole_pass(&Retention::new(store.clone(), DAYS), later() + TimeDelta::days(1)).await;
    assert!(store.list("days/").await.unwrap().is_empty());
}
