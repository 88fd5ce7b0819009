//! Channels against a receiver on a real socket, sound and broken in every way a receiver can be.

mod kept;
mod receiver;

use receiver::{Behaviour, Receiver};
use reqwest::redirect::Policy;
use reveille::domain::names::{ChannelName, IncidentId, PlanName, RunId};
use reveille::domain::notice::{Moment, Notice};
use reveille::domain::secret::Secret;
use reveille::engine::ports::{Channel, Delivered, DeliveryError, Receipt};
use reveille::notify::{Address, CloudEvents, Post, Teams};
use serde_json::{Value, json};
use std::time::Duration;

/// What must never be seen outside the request itself.
const SIGNATURE: &str = "s1gnature-0f-the-w0rkflow";
const PATIENCE: Duration = Duration::from_secs(20);

fn notice() -> Notice {
    Notice {
        id: "sonarqube.20261123T030000Z.ab12/41".into(),
        plan: Some(PlanName::new("sonarqube")),
        run: Some(RunId::new("sonarqube.20261123T030000Z.ab12")),
        incident: Some(IncidentId::new("sonarqube.i20261123T025900Z.cd34")),
        moment: Moment::Ended,
        outcome: Some("recovered".into()),
        headline: "sonarqube serves from centralus".into(),
        summary_lines: vec!["recovery time 14m 3s, target 30m".into()],
        ask: None,
        commands: vec!["reveille report sonarqube.20261123T030000Z.ab12".into()],
        report: Some(json!({"schema": 1, "steps": []})),
        journal_head: "9f".repeat(32),
        at: "2026-11-23T03:14:03.250Z".parse().unwrap(),
    }
}

fn post_within(url: String, policy: Policy, limit: Duration) -> Post {
    let client = reqwest::Client::builder().no_proxy().redirect(policy).build().unwrap();
    Post::new(ChannelName::new("ops"), Address::Known(Secret::new(url)), client, limit)
}

fn post(url: String) -> Post {
    post_within(url, Policy::none(), PATIENCE)
}

fn signed(receiver: &Receiver) -> String {
    format!("{}/workflows/1?sig={SIGNATURE}", receiver.url())
}

async fn deliver_to(behaviour: Behaviour) -> Result<Delivered, DeliveryError> {
    let receiver = Receiver::start(behaviour).await;
    Teams::new(post(signed(&receiver))).deliver(&notice()).await
}

/// An error as a log or a report may show it: itself, its whole chain, and its debug form.
fn everything_shown(error: &DeliveryError) -> String {
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        shown += &format!(" {error} {error:?}");
        source = error.source();
    }
    shown
}

#[tokio::test]
async fn a_card_arrives_in_the_envelope_that_workflows_take() {
    let receiver = Receiver::start(Behaviour::Answer(202)).await;
    Teams::new(post(signed(&receiver))).deliver(&notice()).await.unwrap();
    let request = receiver.only_request();
    assert_eq!(request.target, format!("/workflows/1?sig={SIGNATURE}"));
    assert_eq!(request.content_type, "application/json");
    let shape: Value = serde_json::from_str(include_str!("fixtures/notify/teams-workflow.json")).unwrap();
    let (sent, known) = (&request.json["attachments"][0], &shape["attachments"][0]);
    assert_eq!(request.json["type"], shape["type"]);
    for field in ["/contentType", "/contentUrl", "/content/$schema", "/content/type", "/content/version"] {
        assert_eq!(sent.pointer(field), known.pointer(field), "{field}");
    }
    for element in [0, 1] {
        assert_eq!(sent["content"]["body"][element]["type"], known["content"]["body"][element]["type"]);
    }
}

#[tokio::test]
async fn the_card_tells_what_happened() {
    let receiver = Receiver::start(Behaviour::Answer(202)).await;
    Teams::new(post(signed(&receiver))).deliver(&notice()).await.unwrap();
    let body = &receiver.only_request().json["attachments"][0]["content"]["body"];
    assert_eq!(body[0]["text"], "sonarqube serves from centralus");
    let facts = body[1]["facts"].as_array().unwrap();
    for fact in [
        json!({"title": "Outcome", "value": "recovered"}),
        json!({"title": "Run", "value": "sonarqube.20261123T030000Z.ab12"}),
        json!({"title": "Journal head", "value": "9f".repeat(32)}),
    ] {
        assert!(facts.contains(&fact), "{fact} is not in {facts:?}");
    }
}

#[tokio::test]
async fn workflows_have_only_queued_a_card_and_name_the_flow_run() {
    let delivered = deliver_to(Behaviour::Answer(202)).await.unwrap();
    let expected = Delivered { receipt: Receipt::Queued, status: 202, reference: Some("flow-run-7".into()) };
    assert_eq!(delivered, expected);
}

#[tokio::test]
async fn a_cloud_event_is_structured_and_complete() {
    let receiver = Receiver::start(Behaviour::Answer(200)).await;
    let delivered = CloudEvents::new(post(signed(&receiver))).deliver(&notice()).await.unwrap();
    assert_eq!((delivered.receipt, delivered.status), (Receipt::Accepted, 200));
    let request = receiver.only_request();
    assert_eq!(request.content_type, "application/cloudevents+json; charset=utf-8");
    let mut event = request.json;
    let data = event["data"].take();
    let attributes = json!({
        "specversion": "1.0",
        "id": "sonarqube.20261123T030000Z.ab12/41",
        "source": "/reveille/plans/sonarqube",
        "type": "reveille.run.ended",
        "subject": "sonarqube.20261123T030000Z.ab12",
        "time": "2026-11-23T03:14:03.250Z",
        "datacontenttype": "application/json",
        "data": null,
    });
    assert_eq!(event, attributes);
    assert_eq!(data["report"], json!({"schema": 1, "steps": []}));
    assert_eq!(data["journal_head"], "9f".repeat(32));
    assert_eq!(data["outcome"], "recovered");
}

#[tokio::test]
async fn a_repeated_event_is_the_same_event() {
    let receiver = Receiver::start(Behaviour::Answer(204)).await;
    let channel = CloudEvents::new(post(signed(&receiver)));
    channel.deliver(&notice()).await.unwrap();
    channel.deliver(&notice()).await.unwrap();
    let requests = receiver.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[0].json, requests[1].json);
}

#[tokio::test]
async fn a_receiver_that_never_answers_costs_the_limit_and_no_more() {
    let receiver = Receiver::start(Behaviour::Hang).await;
    let channel = Teams::new(post_within(signed(&receiver), Policy::none(), Duration::from_millis(200)));
    let error = tokio::time::timeout(PATIENCE, channel.deliver(&notice())).await.unwrap().unwrap_err();
    assert!(matches!(error, DeliveryError::TimedOut { .. }), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_receiver_that_is_not_there_is_unreachable() {
    let (url, _taken) = Receiver::nobody();
    let error = Teams::new(post(url)).deliver(&notice()).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Unreachable { .. }), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn a_receiver_that_hangs_up_may_have_taken_it() {
    let url = Receiver::hangs_up().await;
    let error = Teams::new(post(url)).deliver(&notice()).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Broken { .. }), "{error:?}");
    assert!(error.is_retryable());
}

#[tokio::test]
async fn the_receiver_s_own_trouble_is_worth_another_try() {
    for status in [500, 502, 503, 504, 408] {
        let error = deliver_to(Behaviour::Answer(status)).await.unwrap_err();
        assert!(matches!(error, DeliveryError::Failed { status: seen, .. } if seen == status), "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_throttled_channel_says_how_long_to_wait() {
    let error = deliver_to(Behaviour::AskToWait(429, "7")).await.unwrap_err();
    assert!(matches!(error, DeliveryError::Throttled { .. }), "{error:?}");
    assert_eq!((error.is_retryable(), error.retry_after()), (true, Some(Duration::from_secs(7))));
    let error = deliver_to(Behaviour::AskToWait(503, "9")).await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
}

#[tokio::test]
async fn a_message_found_too_large_is_not_sent_again_as_it_is() {
    let error = deliver_to(Behaviour::Answer(413)).await.unwrap_err();
    assert!(matches!(error, DeliveryError::TooLarge { bytes, .. } if bytes > 0), "{error:?}");
    assert!(!error.is_retryable());
}

#[tokio::test]
async fn a_wrong_address_is_refused_for_good() {
    for status in [400, 401, 403, 404, 410] {
        let error = deliver_to(Behaviour::Answer(status)).await.unwrap_err();
        assert!(matches!(error, DeliveryError::Refused { status: seen, .. } if seen == status), "{error:?}");
        assert!(!error.is_retryable());
    }
}

/// A followed redirect turns a POST into a GET, whose 200 would look like a delivery.
#[tokio::test]
async fn a_redirect_is_no_delivery_even_when_the_client_follows_it() {
    for policy in [Policy::none(), Policy::limited(5)] {
        let receiver = Receiver::start(Behaviour::Redirect).await;
        let channel = Teams::new(post_within(signed(&receiver), policy, PATIENCE));
        let error = channel.deliver(&notice()).await.unwrap_err();
        assert!(matches!(error, DeliveryError::Moved { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn no_error_shows_the_signed_address() {
    let mut errors = vec![];
    for behaviour in
        [Behaviour::Answer(400), Behaviour::Answer(413), Behaviour::AskToWait(429, "1"), Behaviour::Redirect]
    {
        errors.push(deliver_to(behaviour).await.unwrap_err());
    }
    let hanging = Receiver::start(Behaviour::Hang).await;
    let (nobody, _taken) = Receiver::nobody();
    for url in [hanging.url(), &nobody, &Receiver::hangs_up().await] {
        let url = format!("{url}/?sig={SIGNATURE}");
        let channel = CloudEvents::new(post_within(url, Policy::none(), Duration::from_millis(500)));
        errors.push(channel.deliver(&notice()).await.unwrap_err());
    }
    let broken = format!("http//broken?sig={SIGNATURE}");
    errors.push(Teams::new(post(broken)).deliver(&notice()).await.unwrap_err());
    assert!(matches!(errors.last(), Some(DeliveryError::Address { .. })));
    for error in errors {
        let shown = everything_shown(&error);
        assert!(!shown.contains(SIGNATURE) && !shown.contains("sig="), "{shown}");
        assert!(shown.starts_with("ops: "), "{shown}");
    }
}

#[tokio::test]
async fn an_endless_summary_arrives_within_the_size_of_a_card() {
    let receiver = Receiver::start(Behaviour::Answer(202)).await;
    let summary_lines = vec!["the same long line, again and again".repeat(10); 2000];
    Teams::new(post(signed(&receiver))).deliver(&Notice { summary_lines, ..notice() }).await.unwrap();
    let request = receiver.only_request();
    assert!(request.bytes <= 20_000, "{}", request.bytes);
    assert!(request.json.to_string().contains("left out here"));
}
