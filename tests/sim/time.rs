//! Virtual time: the paused clock of tokio, and histories over it.

use chrono::{DateTime, TimeDelta, Utc};
use reveille::engine::ports::Clock;
use std::time::Duration;
use tokio::time::Instant;

/// Milliseconds of virtual time since the simulation began.
pub type Ms = u64;

pub const SECOND: Ms = 1_000;
pub const MINUTE: Ms = 60 * SECOND;

/// The clock of a simulation. Time passes the same for everybody; what time of day it is, each machine says for itself.
#[derive(Clone, Copy)]
pub struct SimClock {
    start: Instant,
    /// Which wrong clock this is; 0 is the right one.
    code: u16,
}

/// Wrong clocks are numbered up to here.
pub const WRONG_CLOCKS: u16 = 500;

/// How wrong a clock is: up to two minutes fast (even numbers) or slow (odd ones).
fn skew(code: u16) -> TimeDelta {
    let ms = i64::from(code) * 240;
    TimeDelta::milliseconds(if code.is_multiple_of(2) { ms } else { -ms })
}

impl SimClock {
    pub fn start() -> Self {
        Self { start: Instant::now(), code: 0 }
    }

    /// The same clock, wrong. Its number stands in the microseconds of each time that it tells: nothing that acts in the
    /// simulation looks there, and the oracle learns the right time from it.
    pub fn wrong(self, code: u16) -> Self {
        Self { code, ..self }
    }

    pub fn ms(&self) -> Ms {
        u64::try_from(self.start.elapsed().as_millis()).unwrap()
    }

    pub fn at(ms: Ms) -> DateTime<Utc> {
        epoch() + TimeDelta::milliseconds(i64::try_from(ms).unwrap())
    }
}

impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        Self::at(self.ms()) + skew(self.code) + TimeDelta::microseconds(i64::from(self.code))
    }
}

fn epoch() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-23T00:00:00Z").unwrap().to_utc()
}

/// The virtual time of an entry's or fact's time of day, whoever's clock told it.
pub fn ms_of(at: DateTime<Utc>) -> Ms {
    let code = u16::try_from(at.timestamp_subsec_micros() % 1_000).unwrap();
    u64::try_from((at - skew(code) - epoch()).num_milliseconds().max(0)).unwrap()
}

pub async fn sleep_ms(ms: Ms) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// `01:02:03.4`, for traces.
pub fn clock_text(ms: Ms) -> String {
    format!("{:02}:{:02}.{:01}", ms / MINUTE, ms / SECOND % 60, ms % SECOND / 100)
}

/// What something was, over time.
#[derive(Debug, Clone)]
pub struct Timeline<T> {
    changes: Vec<(Ms, T)>,
}

impl<T: PartialEq + Clone> Timeline<T> {
    pub fn of(first: T) -> Self {
        Self { changes: vec![(0, first)] }
    }

    /// Notes what it is now; says whether that is a change.
    pub fn note(&mut self, now: Ms, value: T) -> bool {
        let changed = self.now() != &value;
        if changed {
            self.changes.push((now, value));
        }
        changed
    }

    pub fn now(&self) -> &T {
        &self.changes.last().unwrap().1
    }

    pub fn since(&self) -> Ms {
        self.changes.last().unwrap().0
    }

    pub fn at(&self, ms: Ms) -> &T {
        let after = self.changes.partition_point(|(at, _)| *at <= ms);
        &self.changes[after.saturating_sub(1)].1
    }

    /// When it was first so, from that instant on.
    pub fn first_after(&self, ms: Ms, wanted: impl Fn(&T) -> bool) -> Option<Ms> {
        self.changes.iter().find(|(at, value)| *at >= ms && wanted(value)).map(|(at, _)| *at)
    }

    /// Whether it was ever so between the two instants, both included.
    pub fn ever(&self, from: Ms, to: Ms, wanted: impl Fn(&T) -> bool) -> bool {
        wanted(self.at(from)) || self.changes.iter().any(|(at, value)| (from..=to).contains(at) && wanted(value))
    }
}
