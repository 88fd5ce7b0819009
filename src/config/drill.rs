//! `[[plan.drill]]`: what is rehearsed, and when.

use super::channels::legal_name;
use super::entry::Entry;
use super::reader::Section;
use crate::domain::drill::{self, Blocked, Drill, DrillKind, Schedule, Trouble, Tz, Window};
use crate::domain::names::DrillName;
use crate::domain::plan::Workload;
use std::str::FromStr;

const KINDS: [(&str, DrillKind); 3] =
    [("readiness", DrillKind::Readiness), ("standby", DrillKind::Standby), ("switchover", DrillKind::Switchover)];

pub(super) fn read(entry: &Entry<'_>, workload: Option<Workload>) -> Vec<Drill> {
    let mut names = Vec::new();
    entry.sections_or_one().into_iter().filter_map(|section| drill(section, workload, &mut names)).collect()
}

fn drill(section: Section<'_>, workload: Option<Workload>, names: &mut Vec<String>) -> Option<Drill> {
    let kind = kind(&section.need("kind"), workload);
    let name = name(&section, kind, names);
    let zone = zone(&section.get("time_zone"));
    let schedule = schedule(&section.need("schedule"), zone);
    let windows = list::<Window>(&section.get("windows"), "a window");
    let blocked = list::<Blocked>(&section.get("blocked"), "a date or a range of dates");
    let catch_up = section.get("catch_up").duration_or_zero().unwrap_or(drill::CATCH_UP);
    let whole = || {
        let (schedule, windows, blocked) = (schedule?, windows?, blocked?);
        Some(Drill { name: DrillName::new(name?), kind: kind?, schedule, windows, blocked, catch_up })
    };
    let drill = whole();
    if let Some(trouble) = drill.as_ref().and_then(drill::trouble) {
        tell(&section, trouble);
    }
    section.finish();
    drill
}

/// A move begins only once the standby is proven ready, beside a primary that serves: its workload must not start yet.
fn kind(entry: &Entry<'_>, workload: Option<Workload>) -> Option<DrillKind> {
    let kind = entry.choice(&KINDS)?;
    if kind == DrillKind::Switchover && workload == Some(Workload::StartsWithCluster) {
        entry.reject_value(
            "needs workload = \"parked\": the standby is started and proven ready while the primary still serves",
        );
    }
    Some(kind)
}

/// Its own name, or that of its kind.
fn name(section: &Section<'_>, kind: Option<DrillKind>, names: &mut Vec<String>) -> Option<String> {
    let entry = section.get("name");
    let name = if entry.is_absent() { kind.map(|kind| kind.to_string()) } else { legal_name(&entry) };
    if let Some(taken) = name.as_ref().filter(|name| names.contains(name)) {
        match entry.is_absent() {
            true => section.reject(format!("a second drill of this plan is called {taken}; give this one a name")),
            false => entry.reject_value("names two drills of this plan; names must differ"),
        }
    }
    names.extend(name.clone());
    name
}

/// UTC without one. `None` only after a mistake was noted.
fn zone(entry: &Entry<'_>) -> Option<Tz> {
    if entry.is_absent() {
        return Some(Tz::UTC);
    }
    entry.parsed("the IANA name of a time zone, such as Europe/Berlin", |text| {
        drill::zone_named(text).map_err(|meant| match meant {
            Some(meant) => format!("is not the name of a time zone; did you mean {meant}?"),
            None => "is not the name of a time zone; expected an IANA name such as Europe/Berlin".to_owned(),
        })
    })
}

/// Six fields are wrong or right in any time zone, so they are judged beside a zone that is wrong.
fn schedule(entry: &Entry<'_>, zone: Option<Tz>) -> Option<Schedule> {
    let expected = "six fields (second minute hour day month weekday) such as \"0 0 3 * * SUN\"";
    let schedule = entry.parsed(expected, |text| Schedule::parse(text, zone.unwrap_or(Tz::UTC)));
    schedule.filter(|_| zone.is_some())
}

/// Everything in a list, or nothing after a mistake was noted. An absent list is empty; one that is empty is a mistake
/// of someone who meant something.
fn list<T: FromStr<Err = &'static str>>(entry: &Entry<'_>, expected: &str) -> Option<Vec<T>> {
    if entry.is_absent() {
        return Some(Vec::new());
    }
    let entries = entry.list()?;
    if entries.is_empty() {
        entry.reject(format!("is empty; expected at least {expected}, or leave the key out"));
        return None;
    }
    let parsed: Vec<Option<T>> = entries.iter().map(|entry| entry.parsed(expected, T::from_str)).collect();
    parsed.into_iter().collect()
}

fn tell(section: &Section<'_>, trouble: Trouble) {
    match trouble {
        Trouble::NeverFires => section.get("schedule").reject_value(
            "never fires: no day has such a date and weekday (both must match); expected one such as \"0 0 3 * * SUN\"",
        ),
        Trouble::NeverInWindow => section.get("windows").reject(
            "never meet the schedule: no occurrence lies inside of a window, so the drill would never begin; \
             both are on the clock of time_zone",
        ),
        Trouble::AllBlocked => section
            .get("blocked")
            .reject("blocks every occurrence of the ten years behind its first day; leave the drill out to have none"),
    }
}
