//! Fires one timer: one host at a time, runs never overlap, the next due time is taken after the run.
//!
//! Rules: github.com/Azure/azure-webjobs-sdk-extensions, TimerListener and StorageScheduleMonitor.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::sleep;
use uuid::Uuid;

use super::function::Function;
use super::invoke::Invoker;
use super::payload::{Payload, ScheduleStatus, TimerFacts};
use super::schedule::Schedule;

/// A timer function on one host.
#[derive(Debug)]
pub struct Timer {
    pub invoker: Arc<Invoker>,
    pub function: Function,
    pub schedule: Schedule,
    pub monitor: bool,
    /// Holder of the lock.
    pub host: Uuid,
    /// Fires this often instead of by its schedule.
    pub every: Option<Duration>,
}

impl Timer {
    /// Waits for the lock and fires until it is aborted.
    pub async fn run(self) {
        let (storage, name) = (&self.invoker.storage, &self.function.name);
        loop {
            while !storage.hold_lock(name, self.host) {
                sleep(storage.times().lock_poll).await;
            }
            tokio::select! {
                () = self.fire_on() => {}
                () = self.hold_on() => {}
            }
            // No further occurrence, or another host has the lock.
            sleep(storage.times().lock_poll).await;
        }
    }

    async fn hold_on(&self) {
        let storage = &self.invoker.storage;
        while storage.hold_lock(&self.function.name, self.host) {
            sleep(storage.times().lock_lease / 2).await;
        }
    }

    async fn fire_on(&self) {
        let stored = self.monitor.then(|| self.invoker.storage.timer_status(&self.function.name)).flatten();
        if let Some(status) = stored.filter(|status| status.next < Utc::now()) {
            self.fire(status.next, true).await;
        }
        while let Some(due) = self.due(Utc::now()) {
            sleep((due - Utc::now()).to_std().unwrap_or_default()).await;
            self.fire(due, false).await;
        }
    }

    fn due(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.every {
            Some(every) => now.checked_add_signed(TimeDelta::from_std(every).ok()?),
            None => self.schedule.next(now),
        }
    }

    /// Once, without the lock and without a trace in the schedule's record.
    pub async fn fire_once(&self, due: DateTime<Utc>) {
        self.fire(due, true).await;
    }

    async fn fire(&self, due: DateTime<Utc>, is_past_due: bool) {
        let facts = TimerFacts {
            adjusts_for_dst: self.schedule.adjusts_for_dst(),
            status: self.monitor.then(|| self.status(due)),
            is_past_due,
        };
        let payload = Payload::of_timer(&self.function.name, &self.function.trigger_name, &facts);
        // A failed run is in the log; a timer does nothing else about it.
        let _ = self.invoker.call(&self.function, &payload).await;
        if let (true, Some(next)) = (self.monitor, self.due(Utc::now().max(due))) {
            let status = ScheduleStatus { last: Some(due), next, last_updated: Some(due) };
            self.invoker.storage.set_timer_status(&self.function.name, status);
        }
    }

    fn status(&self, due: DateTime<Utc>) -> ScheduleStatus {
        let stored = self.invoker.storage.timer_status(&self.function.name);
        let unknown = ScheduleStatus { last: None, next: due, last_updated: None };
        ScheduleStatus { next: due, ..stored.unwrap_or(unknown) }
    }
}
