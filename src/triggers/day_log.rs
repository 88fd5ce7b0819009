//! The day log: every delivery of an alert, whatever became of it. No decision reads it, and no alert waits for it.

use crate::domain::names::PlanName;
use crate::engine::ports::{Clock, Store};
use serde::Serialize;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Deliveries that may wait to be written. More than that means a storm, of which the first thousand tell enough.
const WAITING: usize = 1_000;
/// Lines written at once.
const BATCH: usize = 100;
/// Tries when other instances append to the same day.
const TRIES: usize = 10;

/// One delivery.
#[derive(Debug, Clone, Serialize)]
pub struct Delivery {
    pub by: String,
    pub status: u16,
    pub what: String,
    /// Size of the body in bytes; its text stays out, since it may hold anything.
    pub bytes: usize,
    pub alert: Option<String>,
    pub rule: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanName>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
}

/// Hands deliveries to a writer of its own.
#[derive(Clone)]
pub struct DayLog {
    sender: mpsc::Sender<(chrono::DateTime<chrono::Utc>, Delivery)>,
    clock: Arc<dyn Clock>,
}

impl DayLog {
    pub fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        tokio::spawn(write(store, receiver));
        Self { sender, clock }
    }

    /// Records a delivery; drops it when too many wait already.
    pub fn record(&self, delivery: Delivery) {
        tracing::info!(
            status = delivery.status,
            by = %delivery.by,
            bytes = delivery.bytes,
            alert = delivery.alert.as_deref(),
            rule = delivery.rule.as_deref(),
            plan = delivery.plan.as_ref().map(PlanName::as_str),
            run = delivery.run.as_deref(),
            "alert answered: {}",
            delivery.what
        );
        if self.sender.try_send((self.clock.now(), delivery)).is_err() {
            tracing::warn!("the day log is behind; a delivery is not in it");
        }
    }
}

async fn write(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<(chrono::DateTime<chrono::Utc>, Delivery)>) {
    let mut batch = Vec::new();
    while receiver.recv_many(&mut batch, BATCH).await > 0 {
        let day = batch[0].0.format("%Y-%m-%d").to_string();
        let lines = batch.drain(..).fold(Vec::new(), |mut bytes, (at, delivery)| {
            let line = serde_json::json!({ "at": at, "delivery": delivery });
            bytes.extend(line.to_string().into_bytes());
            bytes.push(b'\n');
            bytes
        });
        append(store.as_ref(), &format!("days/{day}"), &lines).await;
    }
}

async fn append(store: &dyn Store, name: &str, lines: &[u8]) {
    if let Err(error) = store.create(name).await {
        return tracing::warn!(%error, "the day log cannot be written");
    }
    for _ in 0..TRIES {
        let end = match store.read(name, u64::MAX).await {
            Ok(read) => read.map_or(0, |read| read.end),
            Err(error) => return tracing::warn!(%error, "the day log cannot be read"),
        };
        match store.append(name, end, lines).await {
            Err(error) if error.is_conflict() => {}
            Err(error) => return tracing::warn!(%error, "the day log cannot be written"),
            Ok(_) => return,
        }
    }
    tracing::warn!("the day log is too busy; deliveries are not in it");
}
