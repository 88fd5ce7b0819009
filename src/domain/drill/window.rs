//! When drills may begin: weekly windows and blocked days, both on the wall clock of the drill's time zone.

use super::Drill;
use chrono::{Datelike, Days, NaiveDate, NaiveDateTime, TimeDelta};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

const DAYS: [&str; 7] = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const EVERY_DAY: u8 = 0b111_1111;
const DAY: u16 = 24 * 60;

/// `SAT 22:00-04:00`: opens on these days, and closes on the next day when its end is not behind its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Window {
    /// One bit for each day, Monday the lowest.
    days: u8,
    /// Minutes from the midnight before it opens; the end is not part of it.
    from: u16,
    to: u16,
}

/// `2026-12-24`, or `2026-12-20..2027-01-03` with both ends in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Blocked {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Why no drill begins at a time, and between which wall clock times that is so for this reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    Blocked { since: NaiveDateTime, until: NaiveDateTime },
    Outside { since: NaiveDateTime, until: NaiveDateTime },
}

impl Closed {
    /// The last second before it began.
    pub(super) fn before(self) -> NaiveDateTime {
        let (Self::Blocked { since, .. } | Self::Outside { since, .. }) = self;
        since - TimeDelta::seconds(1)
    }

    pub(super) fn until(self) -> NaiveDateTime {
        let (Self::Blocked { until, .. } | Self::Outside { until, .. }) = self;
        until
    }
}

impl Drill {
    /// What keeps it from beginning at that time on the wall clock.
    pub fn closed(&self, wall: NaiveDateTime) -> Option<Closed> {
        if let Some(blocked) = self.blocked.iter().find(|blocked| blocked.contains(wall.date())) {
            let until = blocked.to.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
            return Some(Closed::Blocked { since: midnight(blocked.from), until: midnight(until) });
        }
        if self.windows.is_empty() || self.windows.iter().any(|window| window.contains(wall)) {
            return None;
        }
        let since = self.windows.iter().filter_map(|window| window.closed_before(wall)).max()?;
        let until = self.windows.iter().filter_map(|window| window.opens_after(wall)).min()?;
        Some(Closed::Outside { since, until })
    }
}

fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN)
}

impl Window {
    pub fn contains(&self, wall: NaiveDateTime) -> bool {
        self.spans(wall, -1, 0).any(|(opens, closes)| opens <= wall && wall < closes)
    }

    fn closed_before(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        self.spans(wall, -9, 0).map(|(_, closes)| closes).filter(|closes| *closes <= wall).max()
    }

    fn opens_after(&self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        self.spans(wall, 0, 8).map(|(opens, _)| opens).filter(|opens| *opens > wall).min()
    }

    /// Opening and closing of the windows that begin within some days of a time.
    fn spans(
        &self,
        wall: NaiveDateTime,
        first: i64,
        last: i64,
    ) -> impl Iterator<Item = (NaiveDateTime, NaiveDateTime)> {
        let dates = (first..=last).map(move |day| midnight(wall.date()) + TimeDelta::days(day));
        let days = self.days;
        let open = dates.filter(move |date| days & (1 << date.weekday().num_days_from_monday()) != 0);
        let (from, to) = (TimeDelta::minutes(self.from.into()), TimeDelta::minutes(self.to.into()));
        open.map(move |date| (date + from, date + to))
    }
}

impl FromStr for Window {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "is not a window; expected days and times such as \"SAT 22:00-04:00\", \"MON-FRI 01:00-05:00\" or \
                     \"01:00-05:00\" for every day";
        let (days, times) = match text.split_whitespace().collect::<Vec<_>>()[..] {
            [times] => (EVERY_DAY, times),
            [names, times] => (days(names).ok_or(wrong)?, times),
            _ => return Err(wrong),
        };
        let (from, to) = times.split_once('-').ok_or(wrong)?;
        let (from, to) = (minute(from).filter(|from| *from < DAY).ok_or(wrong)?, minute(to).ok_or(wrong)?);
        match to {
            _ if from == to => Err("opens and closes at the same time; the whole day is written 00:00-24:00"),
            to if to < from => Ok(Self { days, from, to: to + DAY }),
            to => Ok(Self { days, from, to }),
        }
    }
}

/// `SAT`, `MON,WED` or `MON-FRI`; a range may go round the week's end.
fn days(text: &str) -> Option<u8> {
    text.split(',').try_fold(0, |days, part| match part.split_once('-') {
        None => Some(days | 1 << day(part)?),
        Some((first, last)) => {
            let (first, last) = (day(first)?, day(last)?);
            let count = (last + 7 - first) % 7;
            Some((0..=count).fold(days, |days, ahead| days | 1 << ((first + ahead) % 7)))
        }
    })
}

fn day(name: &str) -> Option<usize> {
    DAYS.iter().position(|known| known.eq_ignore_ascii_case(name))
}

/// `22:00` in minutes; `24:00` is the end of a day.
fn minute(text: &str) -> Option<u16> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY).then_some(total)
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.days != EVERY_DAY {
            let names = DAYS.iter().enumerate().filter(|(day, _)| self.days & (1 << day) != 0).map(|(_, name)| *name);
            write!(f, "{} ", names.collect::<Vec<_>>().join(","))?;
        }
        let to = if self.to > DAY { self.to - DAY } else { self.to };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

impl Blocked {
    fn contains(&self, date: NaiveDate) -> bool {
        (self.from..=self.to).contains(&date)
    }
}

impl FromStr for Blocked {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "is neither a date such as 2026-12-24 nor a range such as 2026-12-20..2027-01-03";
        let (from, to) = text.split_once("..").unwrap_or((text, text));
        let (from, to) = (date(from).ok_or(wrong)?, date(to).ok_or(wrong)?);
        if to < from { Err("ends before it begins") } else { Ok(Self { from, to }) }
    }
}

/// A date of these centuries: what is further off is a slip of the pen.
fn date(text: &str) -> Option<NaiveDate> {
    let date = NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d").ok()?;
    (2000..3000).contains(&date.year()).then_some(date)
}

impl fmt::Display for Blocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.from == self.to {
            true => write!(f, "{}", self.from),
            false => write!(f, "{}..{}", self.from, self.to),
        }
    }
}

macro_rules! written_as_text {
    ($($type:ident),*) => {$(
        impl TryFrom<String> for $type {
            type Error = &'static str;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$type> for String {
            fn from(value: $type) -> Self {
                value.to_string()
            }
        }
    )*};
}
written_as_text!(Window, Blocked);
