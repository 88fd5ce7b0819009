//! Schedules of a scenario that fire a few seconds after it is set up and never again while it is played.

use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use toml::{Table, Value};

/// The drill with `schedule = "soon +3s +5s"` put into six fields; any other is left as it is.
pub(super) fn dated(drill: &Table, now: DateTime<Utc>) -> Table {
    let mut drill = drill.clone();
    let offsets = drill.get("schedule").and_then(Value::as_str).and_then(offsets);
    if let Some(offsets) = offsets {
        drill.insert("schedule".to_owned(), Value::String(six_fields(&offsets, now)));
    }
    drill
}

/// Seconds from now, in rising order.
fn offsets(schedule: &str) -> Option<Vec<i64>> {
    let times = schedule.strip_prefix("soon ")?.split_whitespace();
    times.map(|time| time.strip_prefix('+')?.strip_suffix('s')?.parse().ok()).collect()
}

/// One line of a schedule holds times of one minute only, so all of them wait for the next one where they would part.
fn six_fields(offsets: &[i64], now: DateTime<Utc>) -> String {
    let (first, last) = (offsets.first().copied().unwrap_or_default(), offsets.last().copied().unwrap_or_default());
    let begins = now + TimeDelta::seconds(first);
    let parts = i64::from(begins.second()) + last - first > 59;
    let wait = if parts { 60 - i64::from(begins.second()) } else { 0 };
    let at = |offset: &i64| now + TimeDelta::seconds(offset + wait);
    let seconds: Vec<String> = offsets.iter().map(|offset| at(offset).second().to_string()).collect();
    let day = at(&first);
    format!("{} {} {} {} {} *", seconds.join(","), day.minute(), day.hour(), day.day(), day.month())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(text: &str, now: &str) -> String {
        let drill = Table::from_iter([("schedule".to_owned(), Value::String(text.to_owned()))]);
        dated(&drill, now.parse().unwrap())["schedule"].as_str().unwrap().to_owned()
    }

    #[test]
    fn times_soon_become_six_fields_of_one_minute() {
        assert_eq!(schedule("soon +3s", "2026-11-23T17:04:10Z"), "13 4 17 23 11 *");
        assert_eq!(schedule("soon +3s +5s", "2026-11-23T17:04:10Z"), "13,15 4 17 23 11 *");
        assert_eq!(schedule("soon +3s +5s", "2026-11-23T17:04:55Z"), "0,2 5 17 23 11 *", "the minute would part them");
        assert_eq!(schedule("soon +3s", "2026-12-31T23:59:58Z"), "1 0 0 1 1 *");
    }

    #[test]
    fn other_schedules_are_left_alone() {
        assert_eq!(schedule("*/2 * * * * *", "2026-11-23T17:04:10Z"), "*/2 * * * * *");
    }
}
