//! Polls one queue and calls its function for every message.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rand::RngExt;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::encode;
use super::function::Function;
use super::invoke::{Failure, Invoker};
use super::payload::Payload;
use super::storage::Delivery;

const SHORTEST_POLL: Duration = Duration::from_millis(100);

/// A queue and the function bound to it.
#[derive(Debug)]
pub struct Listener {
    pub invoker: Arc<Invoker>,
    pub function: Function,
    pub queue: String,
    /// The handler is given base64 of the bytes instead of text.
    pub binary: bool,
}

impl Listener {
    /// Polls until it is aborted. At most batchSize + newBatchThreshold messages are in hand at once.
    pub async fn run(self: Arc<Self>) {
        let (settings, storage) = (&self.invoker.app.settings.queues, &self.invoker.storage);
        let mut running = JoinSet::new();
        let mut pause = SHORTEST_POLL;
        loop {
            while running.try_join_next().is_some() {}
            if running.len() > settings.new_batch_threshold {
                running.join_next().await;
                continue;
            }
            let put = storage.next_put();
            tokio::pin!(put);
            put.as_mut().enable();
            let batch = storage.take(&self.queue, settings.batch_size);
            if !batch.is_empty() {
                pause = SHORTEST_POLL;
                for delivery in batch {
                    running.spawn(self.clone().process(delivery));
                }
                continue;
            }
            tokio::select! {
                () = put => pause = SHORTEST_POLL,
                () = sleep(jittered(pause)) => pause = (pause * 2).min(settings.max_polling_interval),
            }
        }
    }

    async fn process(self: Arc<Self>, delivery: Delivery) {
        let settings = &self.invoker.app.settings.queues;
        let storage = &self.invoker.storage;
        let Some(payload) = self.payload(&delivery).filter(|_| delivery.dequeue_count <= settings.max_dequeue_count)
        else {
            storage.poison_message(&self.queue, &delivery);
            return;
        };
        let result = tokio::select! {
            result = self.invoker.call(&self.function, &payload) => result,
            never = self.keep_hidden(&delivery) => match never {},
        };
        match result {
            Ok(_) => storage.delete(&self.queue, &delivery),
            Err(Failure::HostStopped) => {}
            Err(_) if delivery.dequeue_count >= settings.max_dequeue_count => {
                storage.poison_message(&self.queue, &delivery);
            }
            Err(_) => storage.release(&self.queue, &delivery, settings.visibility_timeout),
        }
    }

    /// `None` for a message that the host takes for poison without asking the handler: no base64, or no text.
    fn payload(&self, delivery: &Delivery) -> Option<Payload> {
        let bytes = match self.invoker.app.settings.queues.base64 {
            true => STANDARD.decode(&delivery.wire).ok()?,
            false => delivery.wire.clone().into_bytes(),
        };
        let (text, data) = if self.binary {
            (String::new(), Value::String(STANDARD.encode(&bytes)))
        } else {
            let text = String::from_utf8(bytes).ok()?;
            let data = encode::text(&text);
            (text, data)
        };
        Some(Payload::of_message(&self.function.name, &self.function.trigger_name, delivery, &text, data))
    }

    async fn keep_hidden(&self, delivery: &Delivery) -> std::convert::Infallible {
        let storage = &self.invoker.storage;
        loop {
            sleep(storage.times().hiding / 2).await;
            storage.renew(&self.queue, delivery);
        }
    }
}

fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(rand::rng().random_range(0.8..=1.2)).max(SHORTEST_POLL)
}
