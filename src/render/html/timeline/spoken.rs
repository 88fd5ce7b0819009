//! The drawing in words, for those who do not see it.

use super::lanes::{Bar, Lane, Recovery, Timeline};
use crate::render::words::{self, Clock};

/// Everything that the drawing shows: a sentence for each lane, and one for the recovery time.
pub(super) fn in_words(timeline: &Timeline) -> String {
    let clock = Clock::of(timeline.scale.begin());
    let lanes = timeline.lanes.iter().map(|lane| lane_in_words(lane, &clock));
    let said = lanes.chain(timeline.recovery.as_ref().map(|recovery| recovery_in_words(recovery, &clock)));
    let sentences: String = said.map(|sentence| format!("{}. ", words::capital(&sentence))).collect();
    sentences + "Times are UTC."
}

fn recovery_in_words(recovery: &Recovery, clock: &Clock) -> String {
    let to = recovery.to.map_or_else(|| "not seen to serve".to_owned(), |to| format!("to {}", clock.text(to)));
    let target = recovery.target.as_ref();
    let target = target.map(|target| format!("; target {}, until {}", target.words, clock.text(target.at)));
    format!("{}, from {} {to}{}", recovery.words, clock.text(recovery.from), target.unwrap_or_default())
}

fn lane_in_words(lane: &Lane, clock: &Clock) -> String {
    let bar = lane.bar.as_ref().map(|bar| format!(", {}", span(bar, clock))).unwrap_or_default();
    let waits = lane.waits.iter().map(|wait| format!("; waited for a person {}", span(wait, clock)));
    let calls = lane.calls.iter().map(|(at, number)| format!("; call {number} at {}", clock.text(*at)));
    format!("{}: {}{bar}{}", lane.name, lane.note, waits.chain(calls).collect::<String>())
}

fn span(bar: &Bar, clock: &Clock) -> String {
    let to = if bar.open { "goes on".to_owned() } else { format!("to {}", clock.text(bar.to)) };
    format!("from {} {to}", clock.text(bar.from))
}
