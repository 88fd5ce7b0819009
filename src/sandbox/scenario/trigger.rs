//! What a moment of a scenario waits for. Everything here is seen in the world's log.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::watch::{Notice, alert_path};
use crate::sandbox::world::{Entry, Event};

/// What has to be seen first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// The scenario has begun: the handler is ready.
    #[default]
    Begin,
    /// An alert fired.
    AlertFired,
    /// An alert was posted and answered.
    AlertPosted,
    /// The start of a cluster was accepted.
    StartAccepted,
    /// The stop of a cluster was accepted.
    StopAccepted,
    /// The stop of a cluster has ended.
    StopEnded,
    /// A cluster that was started has running nodes.
    StartEnded,
    /// The writer name points to another server.
    WriterMoved,
    /// A notification says that a run was admitted.
    RunAdmitted,
    /// A notification says that a run needs a person.
    NeedsOperator,
    /// A notification says that a run has ended.
    RunEnded,
    /// A notification says that no heartbeat comes any more.
    AlertPathSilent,
    /// Something of a product was scaled, through an API server or a command.
    Scaled,
    /// A pod runs.
    PodStarted,
    /// A pod that ran is gone.
    PodStopped,
}

impl Trigger {
    /// When it was seen for that time, counted from 1. Repeats of one notification are one.
    pub fn seen(self, begun: DateTime<Utc>, log: &[Entry], nth: usize) -> Option<DateTime<Utc>> {
        if self == Self::Begin {
            return Some(begun);
        }
        let mut told = BTreeSet::new();
        let is_new = |entry: &&Entry| Notice::of(&entry.event).is_none_or(|notice| told.insert(notice.run));
        let mut seen = log.iter().filter(|entry| self.matches(&entry.event)).filter(is_new);
        seen.nth(nth.saturating_sub(1)).map(|entry| entry.at)
    }

    fn matches(self, event: &Event) -> bool {
        match (self, event) {
            (Self::AlertFired, Event::AlertFired { .. }) => true,
            (Self::AlertPosted, Event::AlertPosted { status, .. }) => status.is_some(),
            (Self::StartAccepted, Event::OperationStarted { what, .. }) => what == "Starting",
            (Self::StopAccepted, Event::OperationStarted { what, .. }) => what == "Stopping",
            (Self::StartEnded, Event::OperationEnded { what, status, .. }) => {
                what == "Starting" && status == "Succeeded"
            }
            (Self::StopEnded, Event::OperationEnded { what, status, .. }) => {
                what == "Stopping" && status == "Succeeded"
            }
            (Self::Scaled, Event::KubeCall { path, status: Some(200), .. }) => path.ends_with("/scale"),
            (Self::PodStarted, Event::PodStarted { .. }) | (Self::PodStopped, Event::PodStopped { .. }) => true,
            (Self::WriterMoved, Event::WriterMoved { .. }) => true,
            (Self::RunAdmitted, event) => Notice::of(event).is_some_and(|notice| notice.moment == "admitted"),
            (Self::NeedsOperator, event) => Notice::of(event).is_some_and(|notice| notice.moment == "needs-operator"),
            (Self::RunEnded, event) => Notice::of(event).is_some_and(|notice| notice.moment == "ended"),
            (Self::AlertPathSilent, event) => alert_path(event).is_some_and(|it| it.moment == "silent"),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seq: u64, event: Event) -> Entry {
        let at = DateTime::from_timestamp(1_700_000_000 + seq as i64, 0).unwrap();
        Entry { seq, at, event, text: String::new() }
    }

    fn operation(what: &str) -> Event {
        Event::OperationStarted { operation: "o".into(), what: what.into(), target: "aks".into() }
    }

    #[test]
    fn a_trigger_is_seen_once_it_first_happened() {
        let log = [entry(1, Event::Note), entry(2, operation("Stopping")), entry(3, operation("Stopping"))];
        let begun = log[0].at;
        assert_eq!(Trigger::StopAccepted.seen(begun, &log, 1), Some(log[1].at));
        assert_eq!(Trigger::StopAccepted.seen(begun, &log, 2), Some(log[2].at));
        assert_eq!(Trigger::StopAccepted.seen(begun, &log, 3), None);
        assert_eq!(Trigger::StartAccepted.seen(begun, &log, 1), None);
        assert_eq!(Trigger::Begin.seen(begun, &[], 1), Some(begun));
    }

    #[test]
    fn only_a_scale_that_was_accepted_is_one() {
        let call = |path: &str, status| Event::KubeCall {
            cluster: "aks".into(),
            method: "PATCH".into(),
            path: path.into(),
            caller: String::new(),
            body: serde_json::Value::Null,
            status,
        };
        let log = [
            entry(1, call("/x/deployments/y", Some(200))),
            entry(2, call("/x/deployments/y/scale", Some(403))),
            entry(3, call("/x/deployments/y/scale", Some(200))),
            entry(4, Event::PodStopped { cluster: "aks".into(), pod: "p".into() }),
        ];
        let begun = log[0].at;
        assert_eq!(Trigger::Scaled.seen(begun, &log, 1), Some(log[2].at));
        assert_eq!(Trigger::PodStopped.seen(begun, &log, 1), Some(log[3].at));
        assert_eq!(Trigger::PodStarted.seen(begun, &log, 1), None);
    }

    #[test]
    fn an_alert_that_nobody_answered_was_not_posted() {
        let posted = |status| Event::AlertPosted {
            alert: String::new(),
            condition: "Fired".into(),
            url: String::new(),
            attempt: 1,
            status,
            body: String::new(),
        };
        let log = [entry(1, posted(None)), entry(2, posted(Some(202)))];
        assert_eq!(Trigger::AlertPosted.seen(log[0].at, &log, 1), Some(log[1].at));
    }
}
