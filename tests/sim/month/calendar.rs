//! When the drills of a month are due, by simple counting: the oracle does not ask the code that it judges.

use super::super::time::{MINUTE, Ms};
use reveille::domain::drill::{Drill, DrillKind, Schedule};
use reveille::domain::names::DrillName;
use std::time::Duration;

pub const HOUR: Ms = 60 * MINUTE;
pub const DAY: Ms = 24 * HOUR;
pub const LENGTH: Ms = 30 * DAY;
/// How late a drill may still begin.
pub const CATCH_UP: Ms = HOUR;

/// The drills of one plan and everything else that happens to it. Days are counted from a Monday.
#[derive(Debug, Clone)]
pub struct Month {
    rules: Vec<Rule>,
    events: Vec<Ms>,
}

#[derive(Debug, Clone)]
struct Rule {
    name: &'static str,
    kind: DrillKind,
    schedule: &'static str,
    hour: Ms,
    /// Whether it is due on the day of this number.
    on: fn(Ms) -> bool,
}

impl Month {
    pub fn of(number: usize) -> Self {
        let daily = Rule { name: "daily", kind: DrillKind::Standby, schedule: "0 0 2 * * *", hour: 2, on: |_| true };
        let sundays = Rule {
            name: "sundays",
            kind: DrillKind::Standby,
            schedule: "0 0 3 * * SUN",
            hour: 3,
            on: |day| day % 7 == 6,
        };
        let workdays = Rule {
            name: "workdays",
            kind: DrillKind::Standby,
            schedule: "0 0 21 * * MON-FRI",
            hour: 21,
            on: |day| day % 7 < 5,
        };
        let rules = match number {
            0 => vec![daily],
            1 => vec![Rule { kind: DrillKind::Switchover, ..sundays }],
            _ => vec![sundays, workdays],
        };
        let mut month = Self { rules, events: Vec::new() };
        let due: Vec<Ms> = month.occurrences().map(|(_, at)| at).collect();
        month.also(due);
        month
    }

    /// Something happens then.
    pub fn also(&mut self, events: impl IntoIterator<Item = Ms>) {
        // Awake a little before: clocks go wrong by two minutes.
        self.events.extend(events.into_iter().map(|at| at.saturating_sub(3 * MINUTE)));
        self.events.sort_unstable();
    }

    /// Whether something is about to happen, or just did.
    pub fn is_awake(&self, now: Ms) -> bool {
        self.events.iter().any(|at| (*at..*at + 8 * MINUTE).contains(&now))
    }

    pub fn next_event(&self, now: Ms) -> Ms {
        self.events.iter().copied().find(|at| *at > now).unwrap_or(LENGTH)
    }

    /// No drill begins after that.
    pub fn end(&self) -> Ms {
        LENGTH
    }

    /// Every time at which a drill is due.
    pub fn occurrences(&self) -> impl Iterator<Item = (&'static str, Ms)> {
        let days = 0..LENGTH / DAY;
        let of = |day: Ms| move |rule: &Rule| (rule.on)(day).then_some((rule.name, day * DAY + rule.hour * HOUR));
        let due: Vec<_> = days.flat_map(|day| self.rules.iter().filter_map(of(day)).collect::<Vec<_>>()).collect();
        due.into_iter()
    }

    pub fn drills(&self) -> Vec<Drill> {
        let drill = |rule: &Rule| Drill {
            name: DrillName::new(rule.name),
            kind: rule.kind,
            schedule: Schedule::parse(rule.schedule, "UTC".parse().unwrap()).unwrap(),
            windows: Vec::new(),
            blocked: Vec::new(),
            catch_up: Duration::from_millis(CATCH_UP),
        };
        self.rules.iter().map(drill).collect()
    }
}
