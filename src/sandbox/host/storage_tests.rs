use super::*;

async fn pass(time: Duration) {
    tokio::time::advance(time).await;
}

fn taken(storage: &Storage) -> Vec<String> {
    storage.take("q", 32).into_iter().map(|delivery| delivery.wire).collect()
}

#[tokio::test(start_paused = true)]
async fn a_message_in_hand_is_hidden_and_comes_back_when_its_host_is_lost() {
    let storage = Storage::default();
    storage.send("q", "one").unwrap();
    let delivery = storage.take("q", 32).remove(0);
    pass(Duration::from_secs(300)).await;
    storage.renew("q", &delivery);
    pass(Duration::from_secs(599)).await;
    assert!(taken(&storage).is_empty());
    pass(Duration::from_secs(1)).await;
    let again = storage.take("q", 32).remove(0);
    assert_eq!((again.dequeue_count, &again.id), (2, &delivery.id));
    storage.delete("q", &delivery);
    assert_eq!(storage.queue_lengths()["q"], 1, "an old receipt must not delete a newer delivery");
    storage.delete("q", &again);
    assert_eq!(storage.queue_lengths()["q"], 0);
}

#[tokio::test(start_paused = true)]
async fn a_released_message_is_seen_after_its_wait_and_poison_keeps_the_text() {
    let storage = Storage::default();
    storage.send("q", "one").unwrap();
    let delivery = storage.take("q", 32).remove(0);
    storage.release("q", &delivery, Duration::from_secs(10));
    assert!(taken(&storage).is_empty());
    pass(Duration::from_secs(10)).await;
    let delivery = storage.take("q", 32).remove(0);
    storage.poison_message("q", &delivery);
    assert_eq!(storage.poison()["q-poison"], ["one"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_lock_is_one_hosts_until_its_lease_is_over() {
    let storage = Storage::default();
    let (one, two) = (Uuid::new_v4(), Uuid::new_v4());
    assert!(storage.hold_lock("watch", one));
    assert!(!storage.hold_lock("watch", two));
    assert!(storage.hold_lock("watch", one));
    pass(Duration::from_secs(60)).await;
    assert!(storage.hold_lock("watch", two));
    storage.free_locks(two);
    assert!(storage.hold_lock("watch", one));
}

#[tokio::test(start_paused = true)]
async fn messages_over_the_services_limit_are_refused() {
    let storage = Storage::default();
    assert!(storage.send_raw("q", &"x".repeat(64 * 1024)).is_ok());
    assert!(storage.send_raw("q", &"x".repeat(64 * 1024 + 1)).is_err());
}

/// Copies stored and deliveries in order for 200 messages under this chaos.
fn under(chaos: Chaos) -> (usize, Vec<String>) {
    println!("seed {}", chaos.seed);
    let storage = Storage::default();
    storage.set_chaos(Some(chaos));
    (0..200).for_each(|number| storage.put("q", &format!("{number:03}")).unwrap());
    let order = storage.take("q", 1000).into_iter().map(|delivery| delivery.wire).collect();
    (storage.queue_lengths().get("q").copied().unwrap_or(0), order)
}

#[tokio::test(start_paused = true)]
async fn chaos_doubles_drops_delays_and_reorders() {
    let seed = rand::rng().random();
    let calm = Chaos { seed, ..Chaos::default() };
    let (_, in_order) = under(calm);
    assert_eq!(under(calm).0, 200);
    assert_eq!(under(Chaos { double: 1.0, ..calm }).0, 400);
    assert_eq!(under(Chaos { drop: 1.0, ..calm }).0, 0);
    let late = under(Chaos { delay: 1.0, max_delay: Duration::from_secs(60), ..calm });
    assert!(late.0 == 200 && late.1.len() < 200, "{} of {} seen at once", late.1.len(), late.0);
    assert_ne!(under(Chaos { reorder: true, ..calm }).1, in_order);
}

#[tokio::test(start_paused = true)]
async fn one_seed_is_one_fate() {
    let chaos = Chaos { seed: 7, double: 0.3, drop: 0.3, reorder: true, ..Chaos::default() };
    assert_eq!(under(chaos), under(chaos));
}
