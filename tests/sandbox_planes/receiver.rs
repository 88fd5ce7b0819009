use std::time::Duration;

use reqwest::{Method, StatusCode};
use reveille::sandbox::planes::{Channel, ChannelFault};
use serde_json::{Value, json};

use super::support::Stage;

fn address(stage: &Stage, wanted: Channel) -> String {
    stage.planes.channels().into_iter().find(|(channel, _)| *channel == wanted).unwrap().1
}

async fn post(stage: &Stage, url: &str, kind: &str, body: &Value) -> reqwest::Result<StatusCode> {
    let request = stage.client.request_url(Method::POST, url).header("content-type", kind);
    let request = request.body(body.to_string()).timeout(Duration::from_millis(500));
    request.send().await.map(|answer| answer.status())
}

fn card() -> Value {
    let content = json!({"type": "AdaptiveCard", "version": "1.4", "body": [{"type": "TextBlock", "text": "hello"}]});
    let kind = "application/vnd.microsoft.card.adaptive";
    json!({"type": "message", "attachments": [{"contentType": kind, "contentUrl": null, "content": content}]})
}

fn event() -> Value {
    json!({"specversion": "1.0", "id": "1", "source": "/reveille", "type": "reveille.run.ended", "data": {}})
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_and_events_are_kept_and_logged() {
    let stage = Stage::set().await;
    let teams = post(&stage, &address(&stage, Channel::Teams), "application/json", &card()).await.unwrap();
    assert_eq!(teams, StatusCode::ACCEPTED);
    let hook = post(&stage, &address(&stage, Channel::Hook), "application/cloudevents+json", &event()).await.unwrap();
    assert_eq!(hook, StatusCode::OK);
    let received = stage.world.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[1].body["type"], "reveille.run.ended");
    assert!(stage.unknown().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_card_unsigned_or_too_long_is_refused_and_counted() {
    let stage = Stage::set().await;
    let signed = address(&stage, Channel::Teams);
    let unsigned = signed.split_once("&sig").unwrap().0.to_owned();
    let mut long = card();
    long["attachments"][0]["content"]["body"] = json!([{"type": "TextBlock", "text": "x".repeat(29_000)}]);
    for (url, body, wanted) in [
        (&signed, json!({"text": "hello"}), StatusCode::BAD_REQUEST),
        (&unsigned, card(), StatusCode::UNAUTHORIZED),
        (&signed, long, StatusCode::PAYLOAD_TOO_LARGE),
    ] {
        assert_eq!(post(&stage, url, "application/json", &body).await.unwrap(), wanted);
    }
    assert_eq!(stage.unknown().len(), 3);
    assert!(stage.world.received().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_channel_fails_in_its_way_until_mended() {
    let stage = Stage::set().await;
    let url = address(&stage, Channel::Hook);
    let send = async || post(&stage, &url, "application/cloudevents+json", &event()).await;
    stage.world.set_channel(Channel::Hook, Some(ChannelFault::Fails));
    assert_eq!(send().await.unwrap(), StatusCode::INTERNAL_SERVER_ERROR);
    stage.world.set_channel(Channel::Hook, Some(ChannelFault::Resets));
    assert!(send().await.is_err_and(|error| !error.is_timeout()));
    stage.world.set_channel(Channel::Hook, Some(ChannelFault::Hangs));
    assert!(send().await.is_err_and(|error| error.is_timeout()));
    stage.world.set_channel(Channel::Hook, None);
    assert_eq!(send().await.unwrap(), StatusCode::OK);
    assert_eq!(stage.world.received().len(), 1);
}
