//! Notifications as the world received them: the only view of a run from outside.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::sandbox::world::{Entry, Event};

/// What a CloudEvent on the webhook says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    /// Plan name.
    pub plan: String,
    /// Run id.
    pub run: String,
    /// The last part of its type: `admitted`, `needs-operator` or `ended`.
    pub moment: String,
    /// The outcome's word, once the run has ended.
    pub outcome: Option<String>,
}

/// How the runs of a plan ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Runs that were admitted.
    pub runs: usize,
    /// The word of each that ended, in the order in which they ended.
    pub outcomes: Vec<String>,
}

impl Notice {
    /// Reads an event of the world's log, if it is a CloudEvent about a run.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        let Event::Notification { channel, body } = event else { return None };
        let (kind, moment) = body["type"].as_str()?.rsplit_once('.')?;
        let about_a_run = channel == "hook" && kind.ends_with(".run");
        about_a_run.then(|| Self {
            plan: text(&body["data"]["plan"]),
            run: text(&body["data"]["run"]),
            moment: moment.to_owned(),
            outcome: body["data"]["outcome"].as_str().map(str::to_owned),
        })
    }
}

/// A notification about the way of alerts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PathNotice {
    /// The same for each delivery of one.
    pub id: String,
    /// `silent` or `back`.
    pub moment: String,
}

/// Reads an event of the world's log, if it is a CloudEvent about the way of alerts.
pub(crate) fn alert_path(event: &Event) -> Option<PathNotice> {
    let Event::Notification { channel, body } = event else { return None };
    let (kind, moment) = body["type"].as_str()?.rsplit_once('.')?;
    let ours = channel == "hook" && kind.ends_with(".alert-path");
    ours.then(|| PathNotice { id: text(&body["id"]), moment: moment.to_owned() })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// All notices about a plan, oldest first. Repeats of one are kept: delivery is at least once.
pub(crate) fn notices(log: &[Entry], plan: &str) -> Vec<Notice> {
    log.iter().filter_map(|entry| Notice::of(&entry.event)).filter(|notice| notice.plan == plan).collect()
}

impl Ended {
    pub(super) fn of(notices: &[Notice]) -> Self {
        let runs: BTreeSet<&str> = notices.iter().map(|notice| notice.run.as_str()).collect();
        let (mut told, mut outcomes) = (BTreeSet::new(), Vec::new());
        for notice in notices.iter().filter(|notice| notice.moment == "ended") {
            if told.insert(&notice.run) {
                outcomes.push(notice.outcome.clone().unwrap_or_default());
            }
        }
        Self { runs: runs.len(), outcomes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, run: &str, outcome: Value) -> Event {
        let data = json!({"plan": "sonarqube", "run": run, "outcome": outcome});
        Event::Notification { channel: "hook".into(), body: json!({"type": kind, "data": data}) }
    }

    #[test]
    fn repeats_of_a_notice_are_one_run() {
        let told = [
            event("reveille.run.admitted", "r1", Value::Null),
            event("reveille.run.ended", "r1", json!("recovered")),
            event("reveille.run.ended", "r1", json!("recovered")),
        ];
        let notices: Vec<Notice> = told.iter().filter_map(Notice::of).collect();
        assert_eq!(Ended::of(&notices), Ended { runs: 1, outcomes: vec!["recovered".into()] });
    }

    #[test]
    fn every_run_that_ended_counts_in_order() {
        let told = [
            event("reveille.run.ended", "r1", json!("failed")),
            event("reveille.run.admitted", "r2", Value::Null),
            event("reveille.run.ended", "r2", json!("recovered")),
        ];
        let notices: Vec<Notice> = told.iter().filter_map(Notice::of).collect();
        assert_eq!(Ended::of(&notices), Ended { runs: 2, outcomes: vec!["failed".into(), "recovered".into()] });
    }

    #[test]
    fn only_events_about_runs_on_the_webhook_are_notices() {
        assert_eq!(Notice::of(&event("reveille.plan.paused", "r1", Value::Null)), None);
        let card = Event::Notification { channel: "teams".into(), body: json!({"type": "message"}) };
        assert_eq!(Notice::of(&card), None);
    }
}
