//! Any receiver of CloudEvents 1.0 over HTTP, in structured mode: a pager, a ticket system, a script.

use super::post::Post;
use crate::domain::names::{ChannelName, RunId};
use crate::domain::notice::Notice;
use crate::engine::ports::{Channel, Delivered, DeliveryError, Receipt};
use async_trait::async_trait;
use chrono::SecondsFormat;
use serde_json::{Value, json};

const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";
/// What receivers such as Event Grid take in one request (learn.microsoft.com, Event Grid quotas and limits).
const LARGEST_EVENT: usize = 1_000_000;

/// Sends CloudEvents.
pub struct CloudEvents(Post);

impl CloudEvents {
    pub fn new(post: Post) -> Self {
        Self(post)
    }
}

#[async_trait]
impl Channel for CloudEvents {
    fn name(&self) -> &ChannelName {
        self.0.name()
    }

    async fn deliver(&self, notice: &Notice) -> Result<Delivered, DeliveryError> {
        let answer = self.0.send(CONTENT_TYPE, event_within(notice, LARGEST_EVENT)).await?;
        Ok(Delivered { receipt: Receipt::Accepted, status: answer.status, reference: answer.reference })
    }
}

/// The event in bytes. A report for which there is no room is left out, and the event says so.
fn event_within(notice: &Notice, limit: usize) -> Vec<u8> {
    let whole = event(notice, notice.report.as_ref()).to_string();
    if whole.len() <= limit || notice.report.is_none() {
        return whole.into_bytes();
    }
    let mut event = event(notice, None);
    event["data"]["report_left_out"] = json!(format!("the event would have {} bytes, over {limit}", whole.len()));
    event.to_string().into_bytes()
}

/// `source` and `id` together name the event (CloudEvents 1.0, section 3.1): a repeat has both the same.
fn event(notice: &Notice, report: Option<&Value>) -> Value {
    json!({
        "specversion": "1.0",
        "id": notice.id,
        "source": source(notice),
        "type": format!("reveille.{}.{}", notice.moment.topic(), notice.moment),
        "subject": notice.run.as_ref().map_or(notice.moment.topic(), RunId::as_str),
        "time": notice.at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "datacontenttype": "application/json",
        "data": data(notice, report),
    })
}

fn source(notice: &Notice) -> String {
    notice.plan.as_ref().map_or_else(|| "/reveille".to_owned(), |plan| format!("/reveille/plans/{plan}"))
}

fn data(notice: &Notice, report: Option<&Value>) -> Value {
    json!({
        "schema": "reveille.notice/1",
        "plan": notice.plan,
        "run": notice.run,
        "incident": notice.incident,
        "moment": notice.moment,
        "outcome": notice.outcome,
        "headline": notice.headline,
        "summary": notice.summary_lines,
        "ask": notice.ask,
        "commands": notice.commands,
        "journal_head": notice.journal_head,
        "report": report,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::PlanName;
    use crate::domain::notice::Moment;

    fn notice_with_report(report: Value) -> Notice {
        Notice {
            id: "r1/ended".into(),
            plan: Some(PlanName::new("sonarqube")),
            run: Some(RunId::new("r1")),
            incident: None,
            moment: Moment::Ended,
            outcome: Some("recovered".into()),
            headline: "Recovered".into(),
            summary_lines: vec![],
            ask: None,
            commands: vec![],
            report: Some(report),
            journal_head: "ab".into(),
            at: "2026-11-23T03:00:00Z".parse().unwrap(),
        }
    }

    fn decoded(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn a_report_that_fits_travels_along() {
        let event = decoded(&event_within(&notice_with_report(json!({"schema": 1})), LARGEST_EVENT));
        assert_eq!(event["data"]["report"], json!({"schema": 1}));
        assert_eq!(event["data"].get("report_left_out"), None);
    }

    #[test]
    fn a_report_that_does_not_fit_is_left_out_and_the_event_says_so() {
        let notice = notice_with_report(json!({"log": "x".repeat(2_000_000)}));
        let bytes = event_within(&notice, LARGEST_EVENT);
        assert!(bytes.len() < LARGEST_EVENT);
        let event = decoded(&bytes);
        assert_eq!(event["data"]["report"], Value::Null);
        assert!(event["data"]["report_left_out"].as_str().unwrap().contains("over 1000000"));
        assert_eq!(event["id"], "r1/ended");
    }
}
