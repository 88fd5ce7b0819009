//! What every form of a report says in the same words.

use crate::domain::duration;
use crate::domain::report::{Milestone, MilestoneLine, RecoveryTime, Report, StepLine};
use crate::domain::resource::ResourceId;
use crate::domain::runbook::RunKind;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use std::time::Duration;

/// A span in seconds as people read it: `3.2s`, `14m 3s`.
pub fn took(seconds: f64) -> String {
    duration::of_seconds(seconds)
}

/// A target, which configuration gives in whole seconds.
pub(super) fn target(seconds: u64) -> String {
    duration::text(Duration::from_secs(seconds))
}

/// The text on one line and without control characters, which a terminal would obey and a table break at.
pub fn one_line(text: &str) -> String {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The phrase as the beginning of a sentence.
pub(super) fn capital(phrase: &str) -> String {
    let mut chars = phrase.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    first + chars.as_str()
}

/// The text with the name in place of each Azure resource id, which Markdown and JSON give in full.
pub(super) fn with_short_ids(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_end_matches([',', ';', ':', '.', ')']);
        match ResourceId::parse(bare) {
            Ok(id) => format!("{}{}", id.name(), &word[bare.len()..]),
            Err(_) => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Day and time in full.
pub(super) fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Times of one report: on the day it was admitted the time is enough, on any other the date stands with it.
pub(super) struct Clock {
    day: NaiveDate,
}

impl Clock {
    pub(super) fn of(day: DateTime<Utc>) -> Self {
        Self { day: day.date_naive() }
    }

    pub(super) fn text(&self, at: DateTime<Utc>) -> String {
        let format = if at.date_naive() == self.day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
        at.format(format).to_string()
    }

    pub(super) fn maybe(&self, at: Option<DateTime<Utc>>) -> String {
        at.map_or_else(|| "–".to_owned(), |at| self.text(at))
    }
}

/// Whether nothing was lost, so that neither recovery time nor data loss mean anything.
pub(super) fn nothing_was_lost(report: &Report) -> bool {
    !moves(report) || report.state == "no-outage"
}

/// Whether the run is there to move a plan to its standby. For any other there is no recovery to be measured.
pub(super) fn moves(report: &Report) -> bool {
    report.kind == RunKind::Failover
}

/// What was run, and where.
pub(super) fn route(report: &Report) -> String {
    match report.kind {
        RunKind::Failover | RunKind::SwitchoverDrill => format!("from {} to {}", report.primary, report.standby),
        RunKind::Fence => format!("at {}", report.primary),
        RunKind::Park | RunKind::StandbyDrill | RunKind::ReadinessDrill => format!("at {}", report.standby),
    }
}

/// When the recovery time reaches its target.
pub(super) fn target_at(time: &RecoveryTime) -> Option<DateTime<Utc>> {
    let span = TimeDelta::try_seconds(i64::try_from(time.target_seconds).ok()?)?;
    time.from.at.checked_add_signed(span)
}

/// Whether a run that goes on has reached its target without the standby serving.
pub(super) fn target_passed(report: &Report) -> bool {
    let time = &report.recovery_time;
    let goes_on = report.outcome.is_none() && time.to.is_none();
    goes_on && report.as_of.zip(target_at(time)).is_some_and(|(now, target)| now > target)
}

/// Recovery time against its target, in one sentence.
pub(super) fn recovery(report: &Report) -> String {
    let time = &report.recovery_time;
    let wanted = target(time.target_seconds);
    match time.seconds {
        Some(seconds) => reached(time, seconds, &wanted),
        None if nothing_was_lost(report) => "does not apply: nothing had to be recovered".to_owned(),
        None if report.outcome.is_none() => format!("still counting; target {wanted}"),
        None => format!("not reached: {} was not seen to serve in this run; target {wanted}", report.standby),
    }
}

fn reached(time: &RecoveryTime, seconds: f64, wanted: &str) -> String {
    match time.within_target {
        Some(true) => format!("{}, within the target of {wanted}", took(seconds)),
        Some(false) => {
            let over = seconds - time.target_seconds as f64;
            format!("{}, over the target of {wanted} by {}", took(seconds), took(over))
        }
        None => format!("{}; target {wanted}", took(seconds)),
    }
}

/// A milestone's name.
pub(super) fn milestone(line: &MilestoneLine) -> &'static str {
    match line.milestone {
        Milestone::Healthy => "Healthy",
        Milestone::Reindexed => "Reindexed",
    }
}

/// What a step came to, and from where that was seen.
pub(super) struct Finding<'a> {
    pub(super) what: String,
    /// Absent when the step never saw anything.
    pub(super) seen_from: Option<&'a str>,
}

/// A failed step's failure, else what it saw last, which for a succeeded step is its proof.
pub(super) fn finding(step: &StepLine) -> Option<Finding<'_>> {
    let last = step.evidence.last();
    let seen_from = last.map(|line| line.seen_from.as_str());
    match (&step.failure, last) {
        (Some(failure), _) => Some(Finding { what: failure.clone(), seen_from }),
        (None, Some(line)) => Some(Finding { what: line.saw.clone(), seen_from }),
        (None, None) => None,
    }
}

/// `needs-operator` as people say it.
pub(super) fn state(word: &str) -> String {
    word.replace('-', " ")
}

/// A step's state as the report's reader needs it: a run that has ended has no step that waits or goes on.
pub(super) fn step_state(report: &Report, step: &StepLine) -> String {
    match (report.outcome.is_some(), step.state.as_str()) {
        (true, "pending") => "not reached".to_owned(),
        (true, "running" | "needs-operator") => "ended with the run".to_owned(),
        (_, word) => state(word),
    }
}

/// Who it was: as the host verified it, with the caller's own statement beside it.
pub(super) fn person(by: &str, said: Option<&str>) -> String {
    match said {
        Some(said) if said != by => format!("{by} (says: {said})"),
        _ => by.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_keep_fractions_only_where_they_tell_something() {
        assert_eq!(took(0.01), "<0.1s");
        assert_eq!(took(3.21), "3.2s");
        assert_eq!(took(9.99), "10s");
        assert_eq!(took(843.4), "14m 3s");
        assert_eq!(took(-1.0), "0s");
        assert_eq!(took(f64::NAN), "0s");
    }

    #[test]
    fn long_ids_become_names() {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks-a";
        assert_eq!(with_short_ids(&format!("stop {id}; then /etc/hosts.")), "stop aks-a; then /etc/hosts.");
    }

    #[test]
    fn what_a_terminal_would_obey_is_taken_out() {
        assert_eq!(one_line("a\u{1b}[31mred\r\n  b\u{7}"), "a [31mred b");
    }
}
