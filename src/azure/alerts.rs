//! Fired alerts (learn.microsoft.com, Alerts Management REST reference). Everything here is best effort: a test alert
//! does not exist, and no failover waits for an alert's state.

use super::answer::Answer;
use super::api::{Api, On};
use super::arm::{Arm, Call, Posted, json, refused, unreadable};
use super::error::{ArmError, CallName};
use super::lenient;
use crate::domain::resource::ResourceId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::time::Instant;

const VERSION: &str = "2019-03-01";
pub(super) const READ: Api = Api::get(
    "read alert",
    "/providers/Microsoft.AlertsManagement/alerts/{}",
    VERSION,
    "Microsoft.AlertsManagement/alerts/read",
);
pub(super) const LIST: Api = Api::get(
    "list alerts on",
    "/providers/Microsoft.AlertsManagement/alerts",
    VERSION,
    "Microsoft.AlertsManagement/alerts/read",
);
pub(super) const CHANGE_STATE: Api = Api::post(
    "change state of alert",
    "/providers/Microsoft.AlertsManagement/alerts/{}/changestate",
    VERSION,
    "Microsoft.AlertsManagement/alerts/changestate/action",
);

/// An alert instance, addressed through its subscription: through a deleted resource it could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertId {
    subscription: String,
    alert: String,
}

impl AlertId {
    /// Takes the `alertId` of a webhook. It comes from outside, so nothing but ids gets into the URL made of it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let subscription = match (parts.next()?, parts.next()?, parts.next()?) {
            ("", key, id) if key.eq_ignore_ascii_case("subscriptions") => id,
            _ => return None,
        };
        let mut parts = text.rsplit('/');
        let (alert, kind, provider) = (parts.next()?, parts.next()?, parts.next()?);
        let is_alert =
            kind.eq_ignore_ascii_case("alerts") && provider.eq_ignore_ascii_case("Microsoft.AlertsManagement");
        let found = Self { subscription: subscription.to_owned(), alert: alert.to_owned() };
        (is_alert && is_id(subscription) && is_id(alert)).then_some(found)
    }

    /// An operation on it; its query stands beside `api-version`.
    fn call(&self, arm: &Arm, api: Api, query: &[(&str, &str)]) -> Call {
        let subscription = format!("/subscriptions/{}", self.subscription);
        let names = [self.alert.as_str()];
        let alert = READ.path(On { resource: &subscription, names: &names, query: &[] });
        arm.call(api, &alert, On { resource: &subscription, names: &names, query })
    }
}

/// A GUID, or the longer hexadecimal ids of Service Health.
fn is_id(text: &str) -> bool {
    (32..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// The part of an alert that tells whether it still matters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    pub id: String,
    /// Rule id or name, as the alert has it.
    pub rule: Option<String>,
    /// `Fired` or `Resolved`: what the monitor says.
    pub condition: Option<String>,
    /// `New`, `Acknowledged` or `Closed`: what people said.
    pub state: Option<String>,
    pub severity: Option<String>,
    pub target: Option<String>,
    pub started: Option<DateTime<Utc>>,
    pub resolved: Option<DateTime<Utc>>,
    /// Whether a processing rule kept its actions from being taken.
    pub suppressed: Option<bool>,
}

impl Alert {
    pub fn is_fired(&self) -> bool {
        self.condition.as_deref().is_some_and(|condition| condition.eq_ignore_ascii_case("Fired"))
    }
}

/// What a person, or Reveille for them, says of an alert. It leaves the monitor's condition as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    Acknowledged,
    Closed,
}

/// How far back alerts are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    Hour,
    Day,
    Week,
    Month,
}

/// Access to alerts.
#[derive(Clone, Copy)]
pub struct Alerts<'a> {
    pub(super) arm: &'a Arm,
}

impl Alerts<'_> {
    pub async fn get(self, id: &AlertId) -> Result<Answer<Alert>, ArmError> {
        let call = id.call(self.arm, READ, &[]);
        read(&call.name, self.arm.get_json(&call).await?)
    }

    /// Alerts on `target` that are fired now: what a lost webhook would have told.
    pub async fn fired(self, target: &ResourceId, since: Since) -> Result<Answer<Vec<Alert>>, ArmError> {
        let subscription = format!("/subscriptions/{}", target.subscription());
        let query = [("targetResource", target.as_str()), ("monitorCondition", "Fired"), ("timeRange", since.text())];
        let on = On { resource: &subscription, names: &[], query: &query };
        let answer = self.arm.list(self.arm.call(LIST, target.as_str(), on)).await?;
        Ok(answer.map(|list| list.iter().filter_map(alert_in).filter(Alert::is_fired).collect()))
    }

    /// Says what became of an alert. Not sent after `send_before`; never sent twice.
    pub async fn change_state(
        self,
        id: &AlertId,
        state: AlertState,
        comment: &str,
        send_before: Instant,
    ) -> Result<Answer<Alert>, ArmError> {
        let call = id.call(self.arm, CHANGE_STATE, &[("newState", state.text())]);
        let body = json!({ "comments": comment });
        match self.arm.send(&call, Some(&body), send_before).await? {
            Posted::Replied(reply) if reply.status == 200 => read(&call.name, json(&call.name, reply)?),
            Posted::Replied(reply) => Err(refused(&call.name, &reply)),
            Posted::Unknown { reason, client_request_id } => {
                Err(unreadable(&call.name, reason, vec![client_request_id]))
            }
        }
    }
}

fn read(name: &CallName, answer: Answer<Value>) -> Result<Answer<Alert>, ArmError> {
    let ids = answer.request_ids.clone();
    answer.try_map(|body| alert_in(&body).ok_or_else(|| unreadable(name, "it describes no alert", ids)))
}

fn alert_in(body: &Value) -> Option<Alert> {
    let essentials = body.pointer("/properties/essentials").filter(|essentials| essentials.is_object())?;
    Some(Alert {
        id: lenient::text(body, "/id").unwrap_or_default(),
        rule: lenient::text(essentials, "/alertRule"),
        condition: lenient::text(essentials, "/monitorCondition"),
        state: lenient::text(essentials, "/alertState"),
        severity: lenient::text(essentials, "/severity"),
        target: lenient::text(essentials, "/targetResource"),
        started: lenient::time(essentials, "/startDateTime"),
        resolved: lenient::time(essentials, "/monitorConditionResolvedDateTime"),
        suppressed: lenient::flag(essentials, "/actionStatus/isSuppressed"),
    })
}

impl AlertState {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Acknowledged => "Acknowledged",
            Self::Closed => "Closed",
        }
    }
}

impl Since {
    fn text(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::Day => "1d",
            Self::Week => "7d",
            Self::Month => "30d",
        }
    }
}
