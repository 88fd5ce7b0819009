//! Which occurrence of a schedule is due. A timer that fires late, twice or not for weeks changes nothing in the answer.

use super::{Closed, Drill};
use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// What a schedule asks for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    Nothing,
    /// This occurrence is to begin: of those that were missed the newest, and no other any more.
    Begin(DateTime<Utc>),
    /// This occurrence will never begin.
    Skip(DateTime<Utc>, Skip),
}

/// Why an occurrence never begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Skip {
    /// Its day is blocked.
    Blocked,
    /// It lies in none of the windows.
    OutsideWindow,
    /// It was missed or refused for longer than `catch_up`.
    TooLate,
}

impl Skip {
    pub fn text(self) -> &'static str {
        match self {
            Self::Blocked => "its day is blocked",
            Self::OutsideWindow => "it lies in none of its windows",
            Self::TooLate => "nothing let it begin within its catch-up time",
        }
    }
}

/// How far ahead the next occurrence is looked for. The rarest day of all, 29 February, may be eight years off.
const AHEAD: TimeDelta = TimeDelta::days(10 * 366);

/// Decides. `after` is the last occurrence that was dealt with, or when the schedule was first seen.
pub fn due(drill: &Drill, after: DateTime<Utc>, now: DateTime<Utc>) -> Due {
    let (floor, top) = (drill.schedule.reached(after), drill.schedule.reached(now));
    let Some(newest) = drill.schedule.at_or_before(top).filter(|wall| *wall > floor) else { return Due::Nothing };
    let Some(open) = last_open(drill, newest, floor) else {
        let why = if matches!(drill.closed(newest), Some(Closed::Blocked { .. })) {
            Skip::Blocked
        } else {
            Skip::OutsideWindow
        };
        return Due::Skip(drill.schedule.instant(newest), why);
    };
    let occurrence = drill.schedule.instant(open);
    let late = (now - occurrence).to_std().unwrap_or_default();
    if late > drill.catch_up { Due::Skip(occurrence, Skip::TooLate) } else { Due::Begin(occurrence) }
}

/// The newest time of the schedule in (`floor`, `top`] that lies inside of a window and on a day that is not blocked.
fn last_open(drill: &Drill, top: NaiveDateTime, floor: NaiveDateTime) -> Option<NaiveDateTime> {
    let mut top = top;
    loop {
        let wall = drill.schedule.at_or_before(top).filter(|wall| *wall > floor)?;
        match drill.closed(wall) {
            None => return Some(wall),
            Some(closed) => top = closed.before(),
        }
    }
}

/// When the schedule asks for the next one; `None` when not within ten years.
pub fn next(drill: &Drill, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let from = drill.schedule.reached(after) + TimeDelta::seconds(1);
    first_open(drill, from, from + AHEAD).map(|wall| drill.schedule.instant(wall))
}

/// The first time of the schedule in [`from`, `limit`] that lies inside of a window and on a day that is not blocked.
pub(super) fn first_open(drill: &Drill, from: NaiveDateTime, limit: NaiveDateTime) -> Option<NaiveDateTime> {
    let mut from = from;
    loop {
        let wall = drill.schedule.at_or_after(from).filter(|wall| *wall <= limit)?;
        match drill.closed(wall) {
            None => return Some(wall),
            Some(closed) => from = closed.until(),
        }
    }
}
