//! The way of an alert: every one that is posted is taken, and no call of the handler fails. A killed handler excuses what
//! fails while it is away.

use chrono::{DateTime, TimeDelta, Utc};

use super::check::Check;
use crate::sandbox::world::{Entry, Event};

/// The note that the sandbox leaves in the log when it kills the handler.
pub(crate) const KILLED: &str = "the handler is killed";
/// A killed handler answers again after this many seconds.
const AWAY: i64 = 5;

pub(super) fn checks(log: &[Entry], failed_calls: &[String]) -> Vec<Check> {
    let kills: Vec<DateTime<Utc>> = log.iter().filter(|entry| is_kill(entry)).map(|entry| entry.at).collect();
    let failed = if kills.is_empty() { failed_calls } else { &[] };
    vec![
        Check::none("alerts and webhooks that were turned away", &turned_away(log, &kills)),
        Check::new("posted alerts that nobody has taken", &0, &untaken(log, &kills)),
        Check::none("calls of the handler that failed", failed),
    ]
}

fn is_kill(entry: &Entry) -> bool {
    entry.event == Event::Note && entry.text == KILLED
}

fn is_excused(entry: &Entry, kills: &[DateTime<Utc>]) -> bool {
    kills.iter().any(|kill| *kill <= entry.at && entry.at <= *kill + TimeDelta::seconds(AWAY))
}

fn is_taken(status: Option<u16>) -> bool {
    status.is_some_and(|status| (200..300).contains(&status))
}

/// Calls that were not answered as they should, and addresses that were given up, without an excuse.
fn turned_away<'a>(log: &'a [Entry], kills: &[DateTime<Utc>]) -> Vec<&'a str> {
    let is_wrong = |entry: &&Entry| match &entry.event {
        Event::AlertPosted { status, .. } => !is_taken(*status),
        Event::WebhookSuspended { .. } => true,
        _ => false,
    };
    let wrong = log.iter().filter(is_wrong).filter(|entry| !is_excused(entry, kills));
    wrong.map(|entry| entry.text.as_str()).collect()
}

/// Letters, each with its retries, that were not taken in the end. An action group never repeats a call that was answered
/// 500, as a handler that dies meanwhile makes the host answer: such a letter is lost with an excuse.
fn untaken(log: &[Entry], kills: &[DateTime<Utc>]) -> usize {
    let (mut posted, mut settled) = (0_usize, 0);
    for entry in log {
        let Event::AlertPosted { attempt, status, .. } = &entry.event else { continue };
        posted += usize::from(*attempt == 1);
        settled += usize::from(is_taken(*status) || (*status == Some(500) && is_excused(entry, kills)));
    }
    posted.saturating_sub(settled)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One entry a second.
    fn log(events: Vec<(Event, &str)>) -> Vec<Entry> {
        let at = |second: usize| DateTime::from_timestamp(1_700_000_000 + second as i64, 0).unwrap();
        let entry = |(second, (event, text)): (usize, (Event, &str))| Entry {
            seq: second as u64 + 1,
            at: at(second),
            event,
            text: text.to_owned(),
        };
        events.into_iter().enumerate().map(entry).collect()
    }

    fn posted(attempt: u32, status: Option<u16>) -> (Event, &'static str) {
        let (alert, condition, url) = ("a".into(), "Fired".into(), "u".into());
        (Event::AlertPosted { alert, condition, url, attempt, status, body: String::new() }, "posted")
    }

    fn killed() -> (Event, &'static str) {
        (Event::Note, KILLED)
    }

    fn wrong(events: Vec<(Event, &str)>, failed_calls: &[String]) -> usize {
        checks(&log(events), failed_calls).iter().filter(|check| !check.ok).count()
    }

    #[test]
    fn an_alert_that_is_taken_only_at_the_second_try_is_wrong() {
        assert_eq!(wrong(vec![posted(1, Some(202))], &[]), 0);
        assert_eq!(wrong(vec![posted(1, Some(503)), posted(2, Some(202))], &[]), 1);
        assert_eq!(wrong(vec![posted(1, None)], &[]), 2, "turned away and never taken");
    }

    #[test]
    fn a_killed_handler_is_excused_while_it_is_away_if_the_alert_is_taken_in_the_end() {
        assert_eq!(wrong(vec![killed(), posted(1, Some(503)), posted(2, Some(202))], &[]), 0);
        assert_eq!(wrong(vec![killed(), posted(1, Some(500))], &[]), 0, "nobody repeats that");
        assert_eq!(wrong(vec![killed(), posted(1, Some(503))], &[]), 1, "not taken in the end");
        let later = (0..6).map(|_| (Event::Note, "x"));
        let late: Vec<_> = [killed()].into_iter().chain(later).chain([posted(1, Some(500))]).collect();
        assert_eq!(wrong(late, &[]), 2);
    }

    #[test]
    fn an_address_that_was_given_up_is_wrong() {
        assert_eq!(wrong(vec![(Event::WebhookSuspended { url: "u".into() }, "u is left alone")], &[]), 1);
    }

    #[test]
    fn a_call_that_fails_without_a_kill_is_wrong() {
        let failed = ["alert: TimedOut".to_owned()];
        assert_eq!(wrong(vec![], &failed), 1);
        assert_eq!(wrong(vec![killed()], &failed), 0);
    }
}
