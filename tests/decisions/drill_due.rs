//! Which occurrence is due: through clock changes, missed ticks, windows and blocked days.

use chrono::{DateTime, Datelike, NaiveDateTime, TimeDelta, Timelike, Utc};
use rand::prelude::IndexedRandom;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use reveille::config;
use reveille::domain::drill::{Drill, DrillKind, Due, Schedule, Skip, Tz, due, next};
use reveille::domain::names::DrillName;
use std::collections::BTreeSet;
use std::time::Duration;

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_else(|why| panic!("{text}: {why}"))
}

fn drill(schedule: &str, zone: &str) -> Drill {
    Drill {
        name: DrillName::new("d"),
        kind: DrillKind::Standby,
        schedule: Schedule::parse(schedule, zone.parse().unwrap()).unwrap(),
        windows: Vec::new(),
        blocked: Vec::new(),
        catch_up: Duration::from_secs(24 * 3600),
    }
}

/// All occurrences in (from, to], one after the other.
fn occurrences(drill: &Drill, from: &str, to: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut after = utc(from);
    while let Some(at) = next(drill, after).filter(|at| *at <= utc(to)) {
        found.push(at.format("%m-%d %H:%M").to_string());
        after = at;
    }
    found
}

#[test]
fn an_hour_that_does_not_exist_fires_once_right_after() {
    // In Berlin 02:00 to 03:00 is left out on 29 March 2026, at 01:00 UTC.
    for schedule in ["0 30 2 * * *", "0 */10 2 * * *"] {
        let found = occurrences(&drill(schedule, "Europe/Berlin"), "2026-03-29T00:00:00Z", "2026-03-29T20:00:00Z");
        assert_eq!(found, ["03-29 01:00"], "{schedule}");
    }
    let hourly = occurrences(&drill("0 0 * * * *", "Europe/Berlin"), "2026-03-29T00:30:00Z", "2026-03-29T02:30:00Z");
    assert_eq!(hourly, ["03-29 01:00", "03-29 02:00"]);
}

#[test]
fn an_hour_that_exists_twice_fires_once() {
    // In New York 01:00 to 02:00 comes twice on 1 November 2026, at 05:00 and at 06:00 UTC.
    for (schedule, expected) in [
        ("0 30 1 * * *", vec!["11-01 05:30"]),
        ("0 */30 1 * * *", vec!["11-01 05:00", "11-01 05:30"]),
        ("0 0 * * * *", vec!["11-01 05:00", "11-01 07:00", "11-01 08:00"]),
    ] {
        let drill = drill(schedule, "America/New_York");
        assert_eq!(occurrences(&drill, "2026-11-01T04:30:00Z", "2026-11-01T08:30:00Z"), expected, "{schedule}");
    }
    let half_past = drill("0 30 1 * * *", "America/New_York");
    let taken = utc("2026-11-01T05:30:00Z");
    for minute in 0..180 {
        assert_eq!(due(&half_past, taken, taken + TimeDelta::minutes(minute)), Due::Nothing, "{minute} min later");
    }
}

#[test]
fn of_ten_that_were_missed_the_newest_begins_and_no_other() {
    let hourly = drill("0 0 * * * *", "UTC");
    let (last, now) = (utc("2026-11-02T00:00:00Z"), utc("2026-11-02T10:20:00Z"));
    let newest = utc("2026-11-02T10:00:00Z");
    assert_eq!(due(&hourly, last, now), Due::Begin(newest));
    assert_eq!(due(&hourly, newest, now), Due::Nothing);
}

#[test]
fn what_is_missed_for_longer_than_its_catch_up_is_too_late() {
    let weekly = drill("0 0 3 * * SUN", "UTC");
    let (last, sunday) = (utc("2026-11-01T03:00:00Z"), utc("2026-11-08T03:00:00Z"));
    assert_eq!(due(&weekly, last, sunday + TimeDelta::hours(24)), Due::Begin(sunday));
    assert_eq!(due(&weekly, last, sunday + TimeDelta::hours(25)), Due::Skip(sunday, Skip::TooLate));
    let never_late = Drill { catch_up: Duration::ZERO, ..weekly };
    assert_eq!(due(&never_late, last, sunday), Due::Begin(sunday));
    assert_eq!(due(&never_late, last, sunday + TimeDelta::seconds(1)), Due::Skip(sunday, Skip::TooLate));
}

#[test]
fn a_month_without_the_worker_begins_at_most_one() {
    let daily = drill("0 0 3 * * *", "UTC");
    let newest = utc("2026-12-01T03:00:00Z");
    assert_eq!(due(&daily, utc("2026-11-01T03:00:00Z"), utc("2026-12-01T09:00:00Z")), Due::Begin(newest));
}

#[test]
fn windows_and_blocked_days_are_on_the_clock_of_the_time_zone() {
    let mut daily = drill("0 0 3 * * *", "America/New_York");
    daily.windows = vec!["SAT 22:00-04:00".parse().unwrap()];
    // Sunday 3:00 in New York belongs to the window that opens on Saturday.
    assert_eq!(
        occurrences(&daily, "2026-11-20T00:00:00Z", "2026-12-07T00:00:00Z"),
        ["11-22 08:00", "11-29 08:00", "12-06 08:00"]
    );
    daily.blocked = vec!["2026-11-29".parse().unwrap()];
    assert_eq!(occurrences(&daily, "2026-11-20T00:00:00Z", "2026-12-07T00:00:00Z"), ["11-22 08:00", "12-06 08:00"]);
    let sunday = utc("2026-11-29T08:00:00Z");
    let last = utc("2026-11-28T08:00:00Z");
    assert_eq!(due(&daily, last, sunday), Due::Skip(sunday, Skip::Blocked));
    assert_eq!(
        due(&daily, sunday, sunday + TimeDelta::hours(24)),
        Due::Skip(sunday + TimeDelta::hours(24), Skip::OutsideWindow)
    );
}

#[test]
fn a_day_that_lies_in_no_window_hides_none_that_was_missed_before_it() {
    let mut daily = drill("0 0 3 * * *", "UTC");
    daily.windows = vec!["SUN 00:00-06:00".parse().unwrap()];
    daily.catch_up = Duration::from_secs(48 * 3600);
    let sunday = utc("2026-11-22T03:00:00Z");
    assert_eq!(due(&daily, utc("2026-11-15T03:00:00Z"), utc("2026-11-23T04:00:00Z")), Due::Begin(sunday));
}

#[test]
fn the_last_days_of_a_month_can_be_named() {
    for (schedule, expected) in [
        ("0 0 3 L * *", ["11-30 03:00", "12-31 03:00"]),
        ("0 0 3 * * SUNL", ["11-29 03:00", "12-27 03:00"]),
        ("0 0 3 * * sun#2", ["11-08 03:00", "12-13 03:00"]),
        ("0 0 3 15W * *", ["11-16 03:00", "12-15 03:00"]),
    ] {
        assert_eq!(occurrences(&drill(schedule, "UTC"), "2026-11-01T12:00:00Z", "2027-01-01T00:00:00Z"), expected);
    }
}

#[test]
fn both_day_and_weekday_must_match() {
    let first_sunday = drill("0 0 3 1-7 * SUN", "UTC");
    assert_eq!(
        occurrences(&first_sunday, "2026-11-01T12:00:00Z", "2027-01-31T00:00:00Z"),
        ["12-06 03:00", "01-03 03:00"]
    );
}

#[test]
fn texts_that_are_no_windows_dates_or_schedules_are_refused() {
    use reveille::domain::drill::{Blocked, Window};
    for (written, shown) in [
        ("SAT 22:00-04:00", "SAT 22:00-04:00"),
        ("mon-wed,FRI 01:00-05:30", "MON,TUE,WED,FRI 01:00-05:30"),
        ("SAT-MON 00:00-24:00", "MON,SAT,SUN 00:00-24:00"),
        ("01:00-05:00", "01:00-05:00"),
        ("MON-SUN 01:00-05:00", "01:00-05:00"),
        ("SUN 22:00-00:00", "SUN 22:00-24:00"),
    ] {
        let window: Window = written.parse().unwrap();
        assert_eq!(window.to_string(), shown);
        assert_eq!(shown.parse::<Window>().unwrap(), window);
    }
    for wrong in [
        "",
        "SAT",
        "SAT 22-04",
        "SAT 24:00-04:00",
        "SAT 22:60-23:00",
        "SAT 1:00-2:00",
        "SAT 03:00-03:00",
        "XXX 01:00-02:00",
    ] {
        assert!(wrong.parse::<Window>().is_err(), "{wrong}");
    }
    for wrong in ["", "2026-13-01", "2026-12-24..", "2026-12-24..2026-12-23", "24.12.2026", "9999-12-24"] {
        assert!(wrong.parse::<Blocked>().is_err(), "{wrong}");
    }
    for wrong in [
        "",
        "0 3 * * SUN",
        "0 0 3 * * SUN 2026",
        "@daily",
        "0 0 25 * * *",
        "a b c d e f",
        "0 0 3 32 * *",
        ", 0 3 * * *",
        "0 0 3 * * L",
        "0 0 3 * * SUN,",
        "0 */0 3 * * *",
    ] {
        assert!(Schedule::parse(wrong, Tz::UTC).is_err(), "{wrong}");
    }
}

const PIECES: [&str; 19] =
    ["*", "*/5", "1", "0", "59", "7", "L", "W", "15W", "5#2", "5L", "?", "-", ",", "/", "SUN", "JAN", "1-3", "99"];

/// Whatever can be written down is refused, or can be asked for its occurrences.
#[test]
fn no_text_breaks_the_calendar() {
    let mut legal = 0;
    for seed in 0..2_000 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let mut field = || -> String {
            if rng.random_bool(0.6) {
                return "*".to_owned();
            }
            let few = if seed % 2 == 0 { 1 } else { 3 };
            (0..rng.random_range(1..=few)).map(|_| *PIECES.choose(rng).unwrap()).collect()
        };
        let text = [(); 6].map(|()| field()).join(" ");
        let Ok(schedule) = Schedule::parse(&text, "Europe/Berlin".parse().unwrap()) else { continue };
        let drill = Drill { schedule, ..drill("0 0 3 * * *", "UTC") };
        if reveille::domain::drill::trouble(&drill).is_some() {
            continue;
        }
        legal += 1;
        let now = utc("2026-03-29T00:59:59Z");
        let first = next(&drill, now).unwrap_or_else(|| panic!("seed {seed}: {text}"));
        assert!(first > now && due(&drill, now, first) == Due::Begin(first), "seed {seed}: {text}");
    }
    assert!(legal > 50, "only {legal} of them were schedules");
}

const ZONES: [&str; 8] = [
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Havana",
];

/// A schedule in whole minutes, and by its side the same said in another way.
struct Random {
    drill: Drill,
    minutes: BTreeSet<u32>,
    hours: BTreeSet<u32>,
    weekdays: BTreeSet<u32>,
}

impl Random {
    fn of(rng: &mut StdRng) -> Self {
        let mut some = |choices: &[u32], most: usize| -> BTreeSet<u32> {
            let count = rng.random_range(1..=most);
            choices.sample(rng, count).copied().collect()
        };
        let minutes = some(&[0, 1, 15, 29, 30, 59], 3);
        let hours = some(&(0..24).collect::<Vec<_>>(), 8);
        let weekdays = some(&(0..7).collect::<Vec<_>>(), 7);
        let field = |set: &BTreeSet<u32>| set.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let text = format!("0 {} {} * * {}", field(&minutes), field(&hours), field(&weekdays));
        let drill = drill(&text, ZONES.choose(rng).unwrap());
        Self { drill, minutes, hours, weekdays }
    }

    fn matches(&self, wall: NaiveDateTime) -> bool {
        self.minutes.contains(&wall.minute())
            && self.hours.contains(&wall.hour())
            && self.weekdays.contains(&wall.weekday().num_days_from_sunday())
    }

    /// Walks minute by minute along the time line and watches the clock on the wall: what it shows or jumps over for
    /// the first time fires now.
    fn walked(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let wall = |at: DateTime<Utc>| at.with_timezone(&self.drill.schedule.zone()).naive_local();
        let minute = TimeDelta::minutes(1);
        // What a clock change before the beginning showed already is not new.
        let mut seen = (-180..=0).map(|ago| wall(from + minute * ago)).max().unwrap();
        let mut fired = Vec::new();
        let mut now = from + minute;
        while now <= to {
            let mut fires = false;
            while seen < wall(now) {
                seen += minute;
                fires |= self.matches(seen);
            }
            fired.extend(fires.then_some(now));
            now += minute;
        }
        fired
    }
}

#[test]
fn every_occurrence_is_one_instant_in_every_time_zone() {
    let mut changes = 0;
    for seed in 0..150 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let random = Random::of(rng);
        // Around the weeks in which clocks change.
        let months =
            [("2026-03-05", 30), ("2026-10-20", 20), ("2017-02-10", 12), ("2017-10-10", 12), ("2026-07-01", 8)];
        let (day, days) = months.choose(rng).unwrap();
        let from = utc(&format!("{day}T00:00:00Z")) + TimeDelta::minutes(rng.random_range(0..1440));
        let to = from + TimeDelta::days(*days);
        let offset = |at: DateTime<Utc>| at.with_timezone(&random.drill.schedule.zone()).naive_local() - at.naive_utc();
        changes += usize::from(offset(from) != offset(to));
        let expected = random.walked(from, to);
        let (mut found, mut after) = (Vec::new(), from);
        while let Some(at) = next(&random.drill, after).filter(|at| *at <= to) {
            found.push(at);
            after = at;
        }
        assert_eq!(found, expected, "seed {seed}: {}", random.drill.schedule);
        for _ in 0..20 {
            let after = from + TimeDelta::seconds(rng.random_range(0..(to - from).num_seconds()));
            let now = after + TimeDelta::seconds(rng.random_range(0..24 * 3600));
            let newest = expected.iter().rfind(|at| **at > after && **at <= now);
            let expected = if now > to { continue } else { newest.map_or(Due::Nothing, |at| Due::Begin(*at)) };
            assert_eq!(
                due(&random.drill, after, now),
                expected,
                "seed {seed}: {} {after} {now}",
                random.drill.schedule
            );
        }
    }
    assert!(changes > 30, "only {changes} of them met a clock change");
}

/// The worker sleeps and wakes at random; whatever is due at a tick is taken at once.
#[test]
fn ticks_that_are_late_doubled_or_missing_begin_each_occurrence_once_and_never_two_in_a_row() {
    for seed in 1_000..1_100 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let random = Random::of(rng);
        let mut drill = random.drill.clone();
        if rng.random_bool(0.5) {
            drill.windows = vec!["TUE-SAT 20:00-09:30".parse().unwrap()];
        }
        drill.blocked = vec!["2026-10-24..2026-10-26".parse().unwrap()];
        let (mut now, mut after) = (utc("2026-10-20T00:00:00Z"), utc("2026-10-20T00:00:00Z"));
        let mut begun: Vec<DateTime<Utc>> = Vec::new();
        while now < utc("2026-11-10T00:00:00Z") {
            match due(&drill, after, now) {
                Due::Begin(at) => {
                    assert!(at > after && at <= now, "seed {seed}");
                    assert!(drill.closed(drill.schedule.wall(at)).is_none() || skipped_hour(&drill, at), "seed {seed}");
                    assert_eq!(due(&drill, at, now), due(&drill, at, now));
                    assert!(!matches!(due(&drill, at, now), Due::Begin(_)), "seed {seed}: a burst at {now}");
                    begun.push(at);
                    after = at;
                }
                Due::Skip(at, _) => {
                    assert!(at > after && at <= now, "seed {seed}");
                    after = at;
                }
                Due::Nothing => {}
            }
            let asleep = if rng.random_bool(0.02) { rng.random_range(3600..200_000) } else { rng.random_range(0..120) };
            now += TimeDelta::seconds(asleep);
        }
        assert!(begun.windows(2).all(|pair| pair[0] < pair[1]), "seed {seed}: {begun:?}");
    }
}

/// Whether the wall clock jumped right before.
fn skipped_hour(drill: &Drill, at: DateTime<Utc>) -> bool {
    drill.schedule.wall(at) - drill.schedule.wall(at - TimeDelta::seconds(1)) > TimeDelta::seconds(1)
}

#[test]
fn schedules_that_can_never_begin_are_found_whatever_the_day() {
    let minimal = include_str!("../fixtures/config/minimal.toml");
    let read = |lines: &str| {
        let text = format!("{minimal}\n[plan.drill]\nkind = \"standby\"\n{lines}\n");
        config::parse(&text, "reveille.toml", &|_| None).map(drop).map_err(|errors| errors.to_string())
    };
    for (lines, told) in [
        ("schedule = \"0 0 3 30 2 *\"", "never fires"),
        ("schedule = \"0 0 3 * * SUN\"\nwindows = [\"SAT 00:00-24:00\"]", "never meet the schedule"),
        ("schedule = \"0 0 3 * * *\"\nblocked = [\"2020-01-01..2999-12-31\"]", "blocks every occurrence"),
        ("schedule = \"0 0 3 25 12 *\"\nblocked = [\"2026-01-01..2040-12-31\"]", "blocks every occurrence"),
    ] {
        let errors = read(lines).unwrap_err();
        assert!(errors.contains(told), "{errors}");
    }
    for fine in [
        "schedule = \"0 0 3 29 2 *\"",
        "schedule = \"0 0 3 29 2 SUN\"",
        "schedule = \"* * * * * *\"\nwindows = [\"SUN 03:00-03:01\"]",
        "schedule = \"0 0 3 25 12 *\"\nwindows = [\"SAT 22:00-04:00\"]",
        "schedule = \"0 0 3 25 12 *\"\nblocked = [\"2026-12-25\", \"2027-12-25\"]",
    ] {
        assert_eq!(read(fine), Ok(()), "{fine}");
    }
}
