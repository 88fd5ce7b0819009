//! Schedules that look right and never begin anything.

use super::due::first_open;
use super::{Blocked, Drill};
use chrono::{NaiveDate, NaiveDateTime, TimeDelta};

/// What is wrong with a schedule together with its windows and blocked days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// No day has such a date and weekday.
    NeverFires,
    /// No occurrence lies inside of a window.
    NeverInWindow,
    /// From the first blocked day on, ten years have no occurrence that is not blocked.
    AllBlocked,
}

/// Dates and weekdays repeat after this (in the Gregorian calendar, with no century year that is no leap year between).
const CYCLE: TimeDelta = TimeDelta::days(28 * 366);
const TEN_YEARS: TimeDelta = TimeDelta::days(10 * 366);

/// Decides without a clock, so that a file is right or wrong whenever it is read.
pub fn trouble(drill: &Drill) -> Option<Trouble> {
    let first = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap_or_default();
    let cycle = first.iter_days().take_while(|day| *day - first < CYCLE);
    if !drill.schedule.has_day(cycle) {
        return Some(Trouble::NeverFires);
    }
    let start = first.and_time(chrono::NaiveTime::MIN);
    let meets = |drill: &Drill, from: NaiveDateTime, span: TimeDelta| first_open(drill, from, from + span).is_some();
    let every_day = Drill { blocked: Vec::new(), ..drill.clone() };
    if !meets(&every_day, start, CYCLE) {
        return Some(Trouble::NeverInWindow);
    }
    let first = drill.blocked.iter().map(|Blocked { from, .. }| *from).min()?;
    let first = first.and_time(chrono::NaiveTime::MIN);
    (!meets(drill, first, TEN_YEARS)).then_some(Trouble::AllBlocked)
}
