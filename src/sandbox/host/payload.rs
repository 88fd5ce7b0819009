//! The body of a worker request, whatever the trigger.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::encode::{self, BindingData};
use super::storage::Delivery;

/// `{"Data": {<name>: <data>}, "Metadata": <metadata>}`.
pub struct Payload {
    pub name: String,
    pub data: Value,
    pub metadata: Value,
}

impl Payload {
    pub fn to_bytes(&self) -> Vec<u8> {
        json!({ "Data": { &self.name: &self.data }, "Metadata": &self.metadata }).to_string().into_bytes()
    }

    /// A queue message with this decoded text. Its own keys overwrite the metadata, `sys` included.
    pub fn of_message(function: &str, binding: &str, delivery: &Delivery, text: &str, data: Value) -> Self {
        let mut metadata = BindingData::default();
        metadata.set("DequeueCount", encode::scalar(&json!(delivery.dequeue_count)));
        metadata.set("ExpirationTime", encode::time(delivery.expires));
        metadata.set("Id", encode::text(&delivery.id));
        metadata.set("InsertionTime", encode::time(delivery.inserted));
        metadata.set("NextVisibleTime", encode::time(delivery.next_visible));
        metadata.set("PopReceipt", encode::text(&delivery.pop_receipt));
        metadata.set("sys", encode::sys(function, Utc::now()));
        metadata.apply_json(text);
        Self { name: binding.to_owned(), data, metadata: metadata.into_metadata(binding) }
    }

    /// A timer that fired. Without a monitor its status is null.
    pub fn of_timer(function: &str, binding: &str, timer: &TimerFacts) -> Self {
        let data = json!({
            "Schedule": { "AdjustForDST": timer.adjusts_for_dst },
            "ScheduleStatus": timer.status.as_ref().map(ScheduleStatus::to_json),
            "IsPastDue": timer.is_past_due,
        });
        let metadata = json!({ "sys": encode::sys(function, Utc::now()) });
        Self { name: binding.to_owned(), data, metadata }
    }
}

/// What a timer tells the handler.
#[derive(Debug, Clone)]
pub struct TimerFacts {
    pub adjusts_for_dst: bool,
    pub status: Option<ScheduleStatus>,
    pub is_past_due: bool,
}

/// The monitor's record of a timer; `None` is .NET's year 1.
#[derive(Debug, Clone, PartialEq)]
pub struct ScheduleStatus {
    pub last: Option<DateTime<Utc>>,
    pub next: DateTime<Utc>,
    pub last_updated: Option<DateTime<Utc>>,
}

impl ScheduleStatus {
    fn to_json(&self) -> Value {
        let time = |time: Option<DateTime<Utc>>| time.map_or_else(|| json!("0001-01-01T00:00:00+00:00"), encode::time);
        json!({ "Last": time(self.last), "Next": time(Some(self.next)), "LastUpdated": time(self.last_updated) })
    }
}
