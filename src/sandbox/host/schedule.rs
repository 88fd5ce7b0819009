//! Timer schedules: six or five field NCRONTAB, or a TimeSpan. Times are UTC.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use super::settings::parse_time_span;

/// When a timer fires.
#[derive(Debug, Clone)]
pub enum Schedule {
    Cron(Box<Cron>),
    Every(Duration),
}

impl Schedule {
    /// # Errors
    /// Why the text is no schedule.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(every) = parse_time_span(text).filter(|every| !every.is_zero()) {
            return Ok(Self::Every(every));
        }
        if !is_ncrontab(text) {
            return Err(format!("schedule {text}: not of the form NCRONTAB takes"));
        }
        // NCRONTAB asks for day of month and day of week both, where cron takes either.
        let parser = CronParser::builder().seconds(Seconds::Optional).dom_and_dow(true).build();
        let cron = parser.parse(text).map_err(|error| format!("schedule {text}: {error}"))?;
        Ok(Self::Cron(Box::new(cron)))
    }

    /// The first occurrence after `now`; `None` when there is none any more.
    pub fn next(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Cron(cron) => cron.find_next_occurrence(&now, false).ok(),
            Self::Every(every) => now.checked_add_signed(TimeDelta::from_std(*every).ok()?),
        }
    }

    /// Such a timer is never monitored: the handler sees a null ScheduleStatus.
    pub fn is_under_a_minute(&self) -> bool {
        let Some(first) = self.next(Utc::now()) else { return false };
        self.next(first).is_some_and(|second| second - first < TimeDelta::minutes(1))
    }

    /// True for cron expressions, false for a TimeSpan.
    pub fn adjusts_for_dst(&self) -> bool {
        matches!(self, Self::Cron(_))
    }
}

/// Five or six fields of numbers, names, `*`, `,`, `-` and `/`: none of the additions that other crons know.
fn is_ncrontab(text: &str) -> bool {
    let known = |character: char| character.is_ascii_alphanumeric() || " \t*,-/".contains(character);
    let words = text.split(|character: char| !character.is_ascii_alphabetic()).filter(|word| !word.is_empty());
    matches!(text.split_whitespace().count(), 5 | 6) && text.chars().all(known) && words.into_iter().all(is_name)
}

fn is_name(word: &str) -> bool {
    let names = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC SUN MON TUE WED THU FRI SAT";
    names.split(' ').any(|name| name.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str, now: &str) -> String {
        let now = now.parse::<DateTime<Utc>>().unwrap();
        Schedule::parse(text).unwrap().next(now).unwrap().to_rfc3339()
    }

    #[test]
    fn six_fields_have_seconds_and_five_have_not() {
        assert_eq!(next("*/30 * * * * *", "2026-11-23T03:14:00.01Z"), "2026-11-23T03:14:30+00:00");
        assert_eq!(next("*/30 * * * * *", "2026-11-23T03:14:30Z"), "2026-11-23T03:15:00+00:00");
        assert_eq!(next("0 0 3 * * SUN", "2026-11-23T03:14:00Z"), "2026-11-29T03:00:00+00:00");
        assert_eq!(next("*/5 * * * *", "2026-11-23T03:14:00Z"), "2026-11-23T03:15:00+00:00");
        assert_eq!(next("01:00:00", "2026-11-23T03:14:00Z"), "2026-11-23T04:14:00+00:00");
    }

    #[test]
    fn only_schedules_under_a_minute_go_unmonitored() {
        assert!(Schedule::parse("*/30 * * * * *").unwrap().is_under_a_minute());
        assert!(!Schedule::parse("0 */1 * * * *").unwrap().is_under_a_minute());
    }

    #[test]
    fn day_of_month_and_day_of_week_must_both_fit() {
        assert_eq!(next("0 0 0 13 * FRI", "2026-11-23T00:00:00Z"), "2027-08-13T00:00:00+00:00");
    }

    #[test]
    fn what_only_other_crons_know_is_refused() {
        for text in
            ["whenever", "@hourly", "0 0 0 L * *", "0 0 0 15W * *", "0 0 0 * * 5#1", "0 0 0 1 1 * 2027", "* * * *"]
        {
            assert!(Schedule::parse(text).is_err(), "{text}");
        }
    }
}
