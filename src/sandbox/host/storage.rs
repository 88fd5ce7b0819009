//! The storage account behind a host: queues with visibility, poison queues, timer locks and timer status.
//!
//! It is a cheap handle that outlives hosts: give the same one to the next host, and messages that the last one had in hand stay hidden
//! for their ten minutes, as in life. Queue rules: learn.microsoft.com, Azure Queue storage; github.com/Azure/azure-sdk-for-net,
//! Microsoft.Azure.WebJobs.Extensions.Storage.Queues.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;

use super::chaos::Chaos;
use super::payload::ScheduleStatus;

/// Largest message, in its encoded form (learn.microsoft.com, scalability targets for Queue storage).
const MAX_MESSAGE: usize = 64 * 1024;
const MESSAGE_LIFE: TimeDelta = TimeDelta::days(7);

/// Handle of a simulated storage account.
#[derive(Debug, Clone)]
pub struct Storage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    state: Mutex<State>,
    put: Notify,
    times: StorageTimes,
}

/// How long things are held.
#[derive(Debug, Clone, Copy)]
pub struct StorageTimes {
    /// A message that a host has in hand is hidden for this long after the host's last sign of life.
    pub hiding: Duration,
    /// Lease of the lock that lets one host fire a timer.
    pub lock_lease: Duration,
    /// How often another host asks for that lock.
    pub lock_poll: Duration,
}

impl Default for StorageTimes {
    fn default() -> Self {
        Self {
            hiding: Duration::from_secs(600),
            lock_lease: Duration::from_secs(60),
            lock_poll: Duration::from_secs(60),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    queues: BTreeMap<String, VecDeque<Message>>,
    chaos: Option<(Chaos, StdRng)>,
    locks: BTreeMap<String, (Uuid, Instant)>,
    timers: BTreeMap<String, ScheduleStatus>,
}

#[derive(Debug, Clone)]
struct Message {
    id: String,
    wire: String,
    inserted: DateTime<Utc>,
    visible_at: Instant,
    dequeue_count: u32,
    pop_receipt: String,
}

/// A message a listener has in hand.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: String,
    pub pop_receipt: String,
    /// 1 at the first delivery.
    pub dequeue_count: u32,
    pub inserted: DateTime<Utc>,
    pub expires: DateTime<Utc>,
    pub next_visible: DateTime<Utc>,
    /// As stored; base64 by default.
    pub wire: String,
}

impl Default for Storage {
    fn default() -> Self {
        Self::new(StorageTimes::default())
    }
}

impl Storage {
    pub fn new(times: StorageTimes) -> Self {
        Self(Arc::new(Inner { state: Mutex::default(), put: Notify::new(), times }))
    }

    pub fn times(&self) -> StorageTimes {
        self.0.times
    }

    /// From now on messages that functions put are doubled, lost, delayed or reordered; `None` ends that.
    pub fn set_chaos(&self, chaos: Option<Chaos>) {
        self.lock().chaos = chaos.map(|chaos| (chaos, StdRng::seed_from_u64(chaos.seed)));
    }

    /// Puts text as a well-behaved producer does: base64.
    ///
    /// # Errors
    /// As of [`Storage::put`].
    pub fn send(&self, queue: &str, text: &str) -> Result<(), String> {
        self.send_raw(queue, &STANDARD.encode(text))
    }

    /// Puts text as it is, encoded or not.
    ///
    /// # Errors
    /// As of [`Storage::put`].
    pub fn send_raw(&self, queue: &str, wire: &str) -> Result<(), String> {
        self.insert(queue, wire, Duration::ZERO)
    }

    /// Puts what a function's output holds; this is where chaos strikes.
    ///
    /// # Errors
    /// Over 64 KiB in encoded form, as the service refuses it.
    pub fn put(&self, queue: &str, wire: &str) -> Result<(), String> {
        let fates = match &mut self.lock().chaos {
            Some((chaos, random)) => chaos.fates(random),
            None => vec![Duration::ZERO],
        };
        fates.into_iter().try_for_each(|delay| self.insert(queue, wire, delay))
    }

    /// Number of messages in every queue that was ever used, hidden ones included.
    pub fn queue_lengths(&self) -> BTreeMap<String, usize> {
        self.lock().queues.iter().map(|(name, messages)| (name.clone(), messages.len())).collect()
    }

    /// The messages of a queue as stored.
    pub fn messages(&self, queue: &str) -> Vec<String> {
        let state = self.lock();
        state.queues.get(queue).map(|messages| messages.iter().map(|m| m.wire.clone()).collect()).unwrap_or_default()
    }

    /// Texts of every poison queue, decoded where they can be.
    pub fn poison(&self) -> BTreeMap<String, Vec<String>> {
        let decoded = |wire: &Message| {
            let bytes = STANDARD.decode(&wire.wire).ok();
            bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_else(|| wire.wire.clone())
        };
        let state = self.lock();
        let poisoned = state.queues.iter().filter(|(name, _)| name.ends_with("-poison"));
        poisoned.map(|(name, messages)| (name.clone(), messages.iter().map(decoded).collect())).collect()
    }

    /// Takes up to `limit` visible messages into hand.
    pub(super) fn take(&self, queue: &str, limit: usize) -> Vec<Delivery> {
        let hiding = self.0.times.hiding;
        let mut guard = self.lock();
        let state = &mut *guard;
        let Some(messages) = state.queues.get_mut(queue) else { return Vec::new() };
        let (utc, now) = (Utc::now(), Instant::now());
        messages.retain(|message| message.inserted + MESSAGE_LIFE > utc);
        let mut visible: Vec<_> = messages.iter_mut().filter(|message| message.visible_at <= now).collect();
        if let Some((_, random)) = state.chaos.as_mut().filter(|(chaos, _)| chaos.reorder) {
            visible.shuffle(random);
        }
        visible.into_iter().take(limit).map(|message| message.deliver(utc, now, hiding)).collect()
    }

    /// Keeps a message hidden while its function runs.
    pub(super) fn renew(&self, queue: &str, delivery: &Delivery) {
        self.hide(queue, delivery, self.0.times.hiding);
    }

    /// Gives a message back after a failure.
    pub(super) fn release(&self, queue: &str, delivery: &Delivery, after: Duration) {
        self.hide(queue, delivery, after);
    }

    pub(super) fn delete(&self, queue: &str, delivery: &Delivery) {
        if let Some(messages) = self.lock().queues.get_mut(queue) {
            messages.retain(|message| message.pop_receipt != delivery.pop_receipt);
        }
    }

    /// Moves a message to `<queue>-poison`. A poison queue has none of its own: there the message is just dropped.
    pub(super) fn poison_message(&self, queue: &str, delivery: &Delivery) {
        self.delete(queue, delivery);
        if !queue.ends_with("-poison") {
            let copied = self.insert(&format!("{queue}-poison"), &delivery.wire, Duration::ZERO);
            debug_assert!(copied.is_ok(), "it was small enough for its own queue");
        }
    }

    /// Resolves at the next message put anywhere: a host tells its own listeners at once instead of letting them poll.
    pub(super) fn next_put(&self) -> tokio::sync::futures::Notified<'_> {
        self.0.put.notified()
    }

    /// Takes or renews the lock of a timer for this host; false while another host holds it.
    pub(super) fn hold_lock(&self, timer: &str, host: Uuid) -> bool {
        let now = Instant::now();
        let mut state = self.lock();
        let taken = state.locks.get(timer).is_some_and(|(holder, until)| *holder != host && *until > now);
        if !taken {
            state.locks.insert(timer.to_owned(), (host, now + self.0.times.lock_lease));
        }
        !taken
    }

    /// Gives up every lock of a host that stops in order.
    pub(super) fn free_locks(&self, host: Uuid) {
        self.lock().locks.retain(|_, (holder, _)| *holder != host);
    }

    pub(super) fn timer_status(&self, timer: &str) -> Option<ScheduleStatus> {
        self.lock().timers.get(timer).cloned()
    }

    pub(super) fn set_timer_status(&self, timer: &str, status: ScheduleStatus) {
        self.lock().timers.insert(timer.to_owned(), status);
    }

    fn hide(&self, queue: &str, delivery: &Delivery, time: Duration) {
        let mut state = self.lock();
        let messages = state.queues.get_mut(queue).into_iter().flatten();
        for message in messages.filter(|message| message.pop_receipt == delivery.pop_receipt) {
            message.visible_at = Instant::now() + time;
        }
    }

    fn insert(&self, queue: &str, wire: &str, delay: Duration) -> Result<(), String> {
        if wire.len() > MAX_MESSAGE {
            return Err(format!("queue {queue}: RequestBodyTooLarge, {} bytes encoded", wire.len()));
        }
        self.lock().queues.entry(queue.to_owned()).or_default().push_back(Message::new(wire, delay));
        self.0.put.notify_waiters();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Message {
    fn new(wire: &str, delay: Duration) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            wire: wire.to_owned(),
            inserted: Utc::now(),
            visible_at: Instant::now() + delay,
            dequeue_count: 0,
            pop_receipt: String::new(),
        }
    }

    fn deliver(&mut self, utc: DateTime<Utc>, now: Instant, hiding: Duration) -> Delivery {
        self.dequeue_count += 1;
        self.visible_at = now + hiding;
        let salt: u32 = rand::rng().random();
        self.pop_receipt = STANDARD.encode(format!("{}{salt:08x}", utc.format("%d%b%Y%H:%M:%S")));
        Delivery {
            id: self.id.clone(),
            pop_receipt: self.pop_receipt.clone(),
            dequeue_count: self.dequeue_count,
            inserted: self.inserted,
            expires: self.inserted + MESSAGE_LIFE,
            next_visible: utc + hiding,
            wire: self.wire.clone(),
        }
    }
}

#[cfg(test)]
#[path = "storage_tests.rs"]
mod tests;
