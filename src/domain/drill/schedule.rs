//! A schedule: six fields and a time zone, and what its wall clock means on the time line.
//!
//! Occurrences are counted on the wall clock, where nothing is missing or doubled, and only then put on the time line:
//! a time that does not exist is the first instant behind the gap, a time that exists twice is the first of both. So
//! every occurrence is exactly one instant, whatever the pattern.

use chrono::offset::LocalResult;
use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use croner::parser::{CronParser, Seconds, Year};
use croner::{Cron, Weekday};
use serde::{Deserialize, Serialize};

pub use chrono_tz::Tz;

const FIELDS: usize = 6;
/// No clock was ever put forward or back by more (Samoa left out a whole day).
const WIDEST: TimeDelta = TimeDelta::hours(26);
const SECOND: TimeDelta = TimeDelta::seconds(1);

/// When a drill is to begin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Schedule {
    text: String,
    zone: Tz,
    cron: Cron,
}

#[derive(Clone, Serialize, Deserialize)]
struct Written {
    cron: String,
    time_zone: String,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    #[error("has {0} of six fields; expected second minute hour day month weekday, such as \"0 0 3 * * SUN\"")]
    Fields(usize),
    #[error("is not a schedule ({0}); expected second minute hour day month weekday, such as \"0 0 3 * * SUN\"")]
    Pattern(String),
    #[error("the time zone {0:?} is not known")]
    Zone(String),
}

/// What may stand in a field beside numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Time,
    Day,
    Month,
    Weekday,
}

const FIELD: [Field; FIELDS] = [Field::Time, Field::Time, Field::Time, Field::Day, Field::Month, Field::Weekday];

/// Whether each part of a field, between the commas, says something. Some crons read a part that says nothing as a time
/// that never comes, and look for it for a long time.
fn is_field(text: &str, field: Field) -> bool {
    text.split(',').all(|part| {
        let (span, step) = part.split_once('/').map_or((part, None), |(span, step)| (span, Some(step)));
        let stepped = step.is_none_or(|step| step.parse().is_ok_and(|step: u8| step > 0));
        let ends = span.split_once('-');
        let spans = span == "*" || ends.map_or(is_item(span, field), |(a, b)| is_item(a, field) && is_item(b, field));
        stepped && (spans || (step.is_none() && is_special(part, field)))
    })
}

/// A number, or the name of a month or a weekday.
fn is_item(text: &str, field: Field) -> bool {
    const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
    const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
    let named = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    let number = !text.is_empty() && text.len() <= 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    number || (field == Field::Month && named(&MONTHS)) || (field == Field::Weekday && named(&WEEKDAYS))
}

/// `L` the last day of a month, `15W` the weekday next to a day, `SUN#1` the first and `SUNL` the last Sunday of it.
fn is_special(text: &str, field: Field) -> bool {
    let text = text.to_ascii_uppercase();
    match field {
        Field::Day => text == "L" || text.strip_suffix('W').is_some_and(|day| is_item(day, field)),
        Field::Weekday => {
            let nth = text.split_once('#').is_some_and(|(day, nth)| {
                is_item(day, field) && nth.parse().is_ok_and(|nth: u8| (1..=5).contains(&nth))
            });
            nth || text.strip_suffix('L').is_some_and(|day| is_item(day, field))
        }
        Field::Time | Field::Month => false,
    }
}

/// The time zone of that IANA name; the error may name the one that was meant.
pub fn zone_named(name: &str) -> Result<Tz, Option<&'static str>> {
    name.parse().map_err(|_| {
        let names = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
        let alike = names.map(|known| (strsim::jaro_winkler(&known.to_lowercase(), &name.to_lowercase()), known));
        let nearest = alike.filter(|(likeness, _)| *likeness > 0.85).max_by(|(a, _), (b, _)| a.total_cmp(b));
        nearest.map(|(_, known)| known)
    })
}

impl Schedule {
    /// Reads six fields. Day of month and weekday must both match, as in the timers of Azure Functions.
    pub fn parse(text: &str, zone: Tz) -> Result<Self, ScheduleError> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != FIELDS {
            return Err(ScheduleError::Fields(fields.len()));
        }
        if let Some((field, _)) = fields.iter().zip(FIELD).find(|(text, field)| !is_field(text, *field)) {
            return Err(ScheduleError::Pattern(format!("{field} cannot stand there")));
        }
        let text = fields.join(" ");
        let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).dom_and_dow(true).build();
        let cron = parser
            .parse(&text)
            .map_err(|why| ScheduleError::Pattern(why.to_string().trim_end_matches('.').to_owned()))?;
        Ok(Self { text, zone, cron })
    }

    /// The six fields as they were written.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn zone(&self) -> Tz {
        self.zone
    }

    /// What the clock on the wall shows, in whole seconds.
    pub fn wall(&self, instant: DateTime<Utc>) -> NaiveDateTime {
        whole(instant.with_timezone(&self.zone).naive_local())
    }

    /// When the wall clock shows that time for the first time, or jumps over it.
    pub fn instant(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        match self.zone.from_local_datetime(&wall) {
            LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.to_utc(),
            LocalResult::None => self.behind_gap(wall),
        }
    }

    /// The first instant at which the wall clock shows that time or a later one.
    fn behind_gap(&self, wall: NaiveDateTime) -> DateTime<Utc> {
        let reads = |at: NaiveDateTime| self.zone.from_utc_datetime(&at).naive_local();
        first(wall - WIDEST, wall + WIDEST, |at| reads(at) >= wall).and_utc()
    }

    /// The latest wall clock time that has been by then. While an hour is repeated that is the end of its first pass.
    pub(super) fn reached(&self, now: DateTime<Utc>) -> NaiveDateTime {
        let wall = self.wall(now);
        first(wall, wall + WIDEST, |wall| self.instant(wall) > now) - SECOND
    }

    /// Whether any of these days is one of its days: asked before a time is looked for that never comes.
    pub(super) fn has_day(&self, mut days: impl Iterator<Item = NaiveDate>) -> bool {
        let pattern = &self.cron.pattern;
        days.any(|day| {
            let weekday = Weekday::from_days_from_sunday(day.weekday().num_days_from_sunday());
            pattern.month_match(day.month()).unwrap_or(false)
                && pattern.day_match(day.year(), day.month(), day.day(), weekday).unwrap_or(false)
        })
    }

    /// The first time on the wall clock at or after `from`.
    pub(super) fn at_or_after(&self, from: NaiveDateTime) -> Option<NaiveDateTime> {
        self.cron.find_next_occurrence(&from.and_utc(), true).ok().map(|at| at.naive_utc())
    }

    /// The last time on the wall clock at or before `until`.
    pub(super) fn at_or_before(&self, until: NaiveDateTime) -> Option<NaiveDateTime> {
        self.cron.find_previous_occurrence(&until.and_utc(), true).ok().map(|at| at.naive_utc())
    }
}

fn whole(time: NaiveDateTime) -> NaiveDateTime {
    time.with_nanosecond(0).unwrap_or(time)
}

/// The first second from `low` on at which `holds`; `high` if none before does. Once it holds it has to go on holding.
fn first(low: NaiveDateTime, high: NaiveDateTime, holds: impl Fn(NaiveDateTime) -> bool) -> NaiveDateTime {
    let (mut low, mut high) = (low, high);
    while high - low >= SECOND {
        let middle = low + TimeDelta::seconds((high - low).num_seconds() / 2);
        match holds(middle) {
            true => high = middle,
            false => low = middle + SECOND,
        }
    }
    low
}

impl TryFrom<Written> for Schedule {
    type Error = ScheduleError;

    fn try_from(written: Written) -> Result<Self, ScheduleError> {
        let zone = written.time_zone.parse().map_err(|_| ScheduleError::Zone(written.time_zone.clone()))?;
        Self::parse(&written.cron, zone)
    }
}

impl From<Schedule> for Written {
    fn from(schedule: Schedule) -> Self {
        Self { cron: schedule.text, time_zone: schedule.zone.name().to_owned() }
    }
}

impl std::fmt::Display for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.text, self.zone.name())
    }
}
