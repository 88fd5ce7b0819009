//! Where notifications arrive: a Teams Workflows address and a CloudEvents webhook, both on `localhost`.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::sandbox::tls::Peer;
use crate::sandbox::world::{Event, World};

/// The longest message Teams takes (learn.microsoft.com, incoming webhooks).
const TEAMS_LIMIT: usize = 28 * 1024;
/// What signs the Workflows address; without it the flow refuses.
const SIGNATURE: &str = "c2FuZGJveA";
const FLOW: &str = "0123456789abcdef0123456789abcdef";

/// A channel the receiver offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// Teams Workflows, Adaptive Cards.
    Teams,
    /// Generic webhook, CloudEvents 1.0.
    Hook,
}

impl Channel {
    /// The name it has in logs and in configuration.
    pub fn name(self) -> &'static str {
        match self {
            Self::Teams => "teams",
            Self::Hook => "hook",
        }
    }
}

/// How a channel fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChannelFault {
    /// The connection is reset.
    Resets,
    /// Nothing is ever answered.
    Hangs,
    /// It answers 500.
    Fails,
}

/// Something that was received and accepted.
#[derive(Debug, Clone)]
pub struct Received {
    /// When, in the world's time.
    pub at: DateTime<Utc>,
    /// Where.
    pub channel: Channel,
    /// Request headers.
    pub headers: HeaderMap,
    /// Request body.
    pub body: Value,
}

#[derive(Default)]
struct Mailbox {
    received: Mutex<Vec<Received>>,
    faults: Mutex<BTreeMap<Channel, ChannelFault>>,
}

impl World {
    /// Everything the receiver accepted so far.
    pub fn received(&self) -> Vec<Received> {
        self.plane::<Mailbox>().received.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Breaks a channel, or mends it.
    pub fn set_channel(&self, channel: Channel, fault: Option<ChannelFault>) {
        let mailbox = self.plane::<Mailbox>();
        let mut faults = mailbox.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => faults.insert(channel, fault),
            None => faults.remove(&channel),
        };
    }

    fn channel_fault(&self, channel: Channel) -> Option<ChannelFault> {
        self.plane::<Mailbox>().faults.lock().unwrap_or_else(PoisonError::into_inner).get(&channel).copied()
    }

    fn receive(&self, channel: Channel, headers: HeaderMap, body: Value) {
        let event = Event::Notification { channel: channel.name().to_owned(), body: body.clone() };
        let received = Received { at: self.now(), channel, headers, body };
        self.plane::<Mailbox>().received.lock().unwrap_or_else(PoisonError::into_inner).push(received);
        self.log(event, format!("{} received a notification", channel.name()));
    }
}

/// The signed address of the Teams flow, and the address of the webhook, on a port of `localhost`.
pub fn addresses(port: u16) -> [(Channel, String); 2] {
    let base = format!("https://localhost:{port}");
    let flow = format!("{base}/powerautomate/automations/direct/workflows/{FLOW}/triggers/manual/paths/invoke");
    let query = format!("api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={SIGNATURE}");
    [(Channel::Teams, format!("{flow}?{query}")), (Channel::Hook, format!("{base}/hook"))]
}

pub(super) fn router(world: World) -> Router {
    Router::new()
        .route("/powerautomate/automations/direct/workflows/{flow}/triggers/manual/paths/invoke", post(teams))
        .route("/hook", post(hook))
        .with_state(world)
}

async fn teams(
    State(world): State<World>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    Path(flow): Path<String>,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(broken) = broken(&world, Channel::Teams, &peer).await {
        return broken;
    }
    let signed = query.get("sig").is_some_and(|signature| signature == SIGNATURE);
    if !signed || flow != FLOW {
        return refuse(&world, Channel::Teams, StatusCode::UNAUTHORIZED, "DirectApiAuthorizationRequired");
    }
    if body.len() > TEAMS_LIMIT {
        return refuse(&world, Channel::Teams, StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge");
    }
    match serde_json::from_slice(&body).ok().filter(is_card_message) {
        // 202 says that the flow was started, not that it ended well.
        Some(message) => accept(&world, Channel::Teams, headers, message, StatusCode::ACCEPTED),
        None => refuse(&world, Channel::Teams, StatusCode::BAD_REQUEST, "TriggerInputSchemaMismatch"),
    }
}

/// A message with at least one Adaptive Card.
fn is_card_message(message: &Value) -> bool {
    let is_card = |attachment: &Value| {
        let content = &attachment["content"];
        attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
            && content["type"] == "AdaptiveCard"
            && content["version"].is_string()
            && content["body"].is_array()
    };
    let attachments = message["attachments"].as_array();
    message["type"] == "message" && attachments.is_some_and(|found| !found.is_empty() && found.iter().all(is_card))
}

async fn hook(
    State(world): State<World>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(broken) = broken(&world, Channel::Hook, &peer).await {
        return broken;
    }
    match serde_json::from_slice(&body).ok().filter(|event| is_cloud_event(&headers, event)) {
        Some(event) => accept(&world, Channel::Hook, headers, event, StatusCode::OK),
        None => refuse(&world, Channel::Hook, StatusCode::BAD_REQUEST, "not a CloudEvents 1.0 event"),
    }
}

/// Structured mode of CloudEvents 1.0 over HTTP (cloudevents.io).
fn is_cloud_event(headers: &HeaderMap, event: &Value) -> bool {
    let kind = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let filled = |name: &str| event[name].as_str().is_some_and(|text| !text.is_empty());
    kind.starts_with("application/cloudevents+json")
        && event["specversion"] == "1.0"
        && ["id", "source", "type"].into_iter().all(filled)
}

fn accept(world: &World, channel: Channel, headers: HeaderMap, body: Value, status: StatusCode) -> Response {
    world.receive(channel, headers, body);
    status.into_response()
}

/// What a receiver refuses, the sender got wrong: it fails a scenario like any unknown call.
fn refuse(world: &World, channel: Channel, status: StatusCode, code: &str) -> Response {
    let event = Event::Unknown { method: "POST".to_owned(), path: format!("receiver/{}", channel.name()) };
    world.log(event, format!("{} refused a notification: {code}", channel.name()));
    (status, axum::Json(json!({"error": {"code": code, "message": code}}))).into_response()
}

async fn broken(world: &World, channel: Channel, peer: &Peer) -> Option<Response> {
    match world.channel_fault(channel)? {
        ChannelFault::Hangs => std::future::pending().await,
        ChannelFault::Resets => peer.switch.cut(),
        ChannelFault::Fails => {}
    }
    Some(StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_messages_with_adaptive_cards_are_cards() {
        let card = json!({"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null,
            "content": {"type": "AdaptiveCard", "version": "1.4", "body": []}});
        assert!(is_card_message(&json!({"type": "message", "attachments": [card]})));
        assert!(!is_card_message(&json!({"type": "message", "attachments": []})));
        assert!(!is_card_message(&json!({"text": "hello"})));
    }

    #[test]
    fn only_structured_cloud_events_pass() {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", "application/cloudevents+json; charset=utf-8".parse().unwrap());
        let event = json!({"specversion": "1.0", "id": "1", "source": "/x", "type": "y"});
        assert!(is_cloud_event(&headers, &event));
        assert!(!is_cloud_event(&HeaderMap::new(), &event));
        assert!(!is_cloud_event(&headers, &json!({"specversion": "1.0", "id": "", "source": "/x", "type": "y"})));
    }
}
