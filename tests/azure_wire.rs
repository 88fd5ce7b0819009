//! The Azure clients on the wire: a scripted TLS server says what Azure says on its bad days.

use crate::azure_server::{Act, Server};
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as Span, OffsetDateTime};
use reveille::azure::{ArmError, Azure, Poll, Sent, Settings, Verdict};
use reveille::domain::cluster::ClusterPhase;
use reveille::domain::failure::FailureClass;
use reveille::domain::resource::ResourceId;
use reveille::domain::secret::SignedUrl;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::Instant;

pub const CLUSTER: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg-dr/providers/Microsoft.ContainerService/managedClusters/aks-b";
const CLUSTER_BODY: &str =
    r#"{"name":"aks-b","properties":{"provisioningState":"Succeeded","powerState":{"code":"Stopped"}}}"#;

/// Gives `token-1`, `token-2`, …, a new one whenever it is asked.
#[derive(Debug, Default)]
struct Counter(AtomicUsize);

#[async_trait]
impl TokenCredential for Counter {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        assert_eq!(scopes, ["https://management.azure.com/.default"]);
        let number = self.0.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(AccessToken::new(format!("token-{number}"), OffsetDateTime::now_utc() + Span::hours(1)))
    }
}

pub fn quick(arm: &str) -> Settings {
    Settings {
        arm: arm.to_owned(),
        request_timeout: Duration::from_secs(5),
        retry_budget: Duration::from_secs(5),
        retry_pause: Duration::from_millis(1),
        ..Settings::default()
    }
}

pub fn azure_with(server: &Server, settings: Settings) -> Azure {
    Azure::with_credential(settings, Arc::new(Counter::default()), server.client()).unwrap()
}

pub fn azure(server: &Server) -> Azure {
    azure_with(server, quick(&server.url))
}

pub fn cluster() -> ResourceId {
    ResourceId::parse(CLUSTER).unwrap()
}

pub fn soon() -> Instant {
    Instant::now() + Duration::from_secs(30)
}

fn refusal(error: ArmError) -> reveille::azure::Refusal {
    match error {
        ArmError::Refused { refusal, .. } => *refusal,
        other => panic!("not a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn a_read_gives_the_view_and_the_request_ids() {
    let act =
        Act::answer(200, CLUSTER_BODY).header("x-ms-request-id", "r-1").header("x-ms-correlation-request-id", "c-1");
    let server = Server::play([act]).await;
    let answer = azure(&server).aks().get(&cluster()).await.unwrap();
    assert_eq!(answer.value.phase(), ClusterPhase::Down);
    assert_eq!(answer.request_ids, ["c-1", "r-1"]);
    let seen = &server.seen()[0];
    assert_eq!(seen.target, format!("{CLUSTER}?api-version=2025-10-01"));
    assert_eq!(seen.header("authorization"), Some("Bearer token-1"));
    assert!(seen.header("x-ms-client-request-id").is_some());
}

#[tokio::test]
async fn a_read_survives_every_passing_fault() {
    for fault in [408, 429, 500, 502, 503, 504].map(|status| Act::answer(status, "busy")).into_iter().chain([
        Act::Vanish,
        Act::NoHandshake,
        Act::HalfAnBody { status: 200, headers: vec![] },
    ]) {
        let server = Server::play([fault, Act::answer(200, CLUSTER_BODY)]).await;
        azure(&server).aks().get(&cluster()).await.unwrap();
        assert_eq!(server.acts_left(), 0);
    }
}

#[tokio::test]
async fn each_attempt_has_its_own_client_request_id() {
    let server = Server::play([Act::answer(503, ""), Act::answer(200, CLUSTER_BODY)]).await;
    azure(&server).aks().get(&cluster()).await.unwrap();
    let seen = server.seen();
    assert_ne!(seen[0].header("x-ms-client-request-id"), seen[1].header("x-ms-client-request-id"));
}

#[tokio::test]
async fn a_wait_longer_than_the_budget_is_reported_instead_of_waited() {
    let server = Server::play([
        Act::answer(429, r#"{"error":{"code":"Throttled","message":"slow"}}"#).header("retry-after", "60")
    ])
    .await;
    let error = azure(&server).aks().get(&cluster()).await.unwrap_err();
    assert_eq!(error.class(), FailureClass::Throttled);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    assert_eq!(server.seen().len(), 1, "asking earlier would renew the penalty");
}

#[tokio::test]
async fn a_short_wait_asked_for_is_waited() {
    let act = Act::answer(429, "").header("retry-after", "0");
    let server = Server::play([act, Act::answer(200, CLUSTER_BODY)]).await;
    let settings = Settings {
        retry_pause: Duration::from_secs(60),
        retry_pause_limit: Duration::from_secs(60),
        ..quick(&server.url)
    };
    azure_with(&server, settings).aks().get(&cluster()).await.unwrap();
}

#[tokio::test]
async fn a_read_gives_up_with_the_last_refusal_when_the_budget_is_over() {
    let server = Server::play(vec![Act::answer(503, r#"{"code":"ServiceUnavailable","message":"m"}"#); 100]).await;
    let settings = Settings { retry_budget: Duration::from_millis(20), ..quick(&server.url) };
    let error = azure_with(&server, settings).aks().get(&cluster()).await.unwrap_err();
    assert_eq!(error.class(), FailureClass::Transient);
    assert_eq!(refusal(error).error.code, "ServiceUnavailable");
    assert!(server.seen().len() > 1);
}

#[tokio::test]
async fn a_silent_server_is_given_up_and_named() {
    let server = Server::play([Act::Hang]).await;
    let settings =
        Settings { request_timeout: Duration::from_millis(200), retry_budget: Duration::ZERO, ..quick(&server.url) };
    let error = azure_with(&server, settings).aks().get(&cluster()).await.unwrap_err();
    assert!(matches!(error, ArmError::Lost { .. }), "{error:?}");
    assert!(error.to_string().starts_with(&format!("read cluster {CLUSTER}: no complete answer")));
}

#[tokio::test]
async fn a_missing_permission_is_told_word_for_word() {
    let text = "The client 'x' does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/start/action' over scope '/y'.";
    let body = format!(r#"{{"error":{{"code":"AuthorizationFailed","message":"{text}"}}}}"#);
    let server = Server::play([Act::answer(403, &body)]).await;
    let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
    let Sent::Rejected { class: FailureClass::Permission, code, message, .. } = sent else { panic!("{sent:?}") };
    assert_eq!((code.as_str(), message.as_str()), ("AuthorizationFailed", text));
}

#[tokio::test]
async fn a_refused_token_is_replaced_once() {
    let server = Server::play([Act::answer(401, ""), Act::answer(503, ""), Act::answer(200, CLUSTER_BODY)]).await;
    azure(&server).aks().get(&cluster()).await.unwrap();
    let tokens: Vec<_> = server.seen().iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(tokens, ["Bearer token-1", "Bearer token-2", "Bearer token-2"]);

    let server = Server::play([
        Act::answer(401, ""),
        Act::answer(401, r#"{"error":{"code":"InvalidAuthenticationToken","message":"m"}}"#),
    ])
    .await;
    let error = azure(&server).aks().get(&cluster()).await.unwrap_err();
    assert_eq!((error.class(), server.seen().len()), (FailureClass::Identity, 2));
}

#[tokio::test]
async fn a_refused_token_of_a_start_is_replaced_since_nothing_was_accepted() {
    let server = Server::play([Act::answer(401, ""), Act::answer(202, "")]).await;
    let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
    assert!(matches!(sent, Sent::Accepted { .. }), "{sent:?}");
}

#[tokio::test]
async fn a_start_is_accepted_with_its_status_url() {
    let act = Act::answer(202, "")
        .header("Azure-AsyncOperation", "{arm}/operations/1?t=1&c=x&s=y&h=z")
        .header("Location", "{arm}/operationresults/1")
        .header("x-ms-request-id", "r");
    let server = Server::play([act]).await;
    let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
    let expected = SignedUrl::new(format!("{}/operations/1?t=1&c=x&s=y&h=z", server.url));
    assert_eq!(sent, Sent::Accepted { operation: Some(expected), request_ids: vec!["r".into()] });
    let seen = &server.seen()[0];
    assert_eq!(
        (seen.method.as_str(), seen.target.clone()),
        ("POST", format!("{CLUSTER}/start?api-version=2025-10-01"))
    );
    assert_eq!((seen.header("content-length"), seen.body.as_str()), (Some("0"), ""));
}

#[tokio::test]
async fn a_start_that_may_have_been_carried_out_is_never_sent_again() {
    let lost_body = Act::HalfAnBody { status: 500, headers: vec![] };
    for act in [
        Act::Vanish,
        Act::answer(500, ""),
        Act::answer(502, "<html>"),
        Act::answer(504, ""),
        Act::answer(408, ""),
        lost_body,
    ] {
        let server = Server::play([act, Act::answer(202, "")]).await;
        let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
        assert!(matches!(sent, Sent::Unknown { .. }), "{sent:?}");
        assert_eq!(server.seen().len(), 1);
    }
    let server = Server::play([Act::Vanish]).await;
    let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
    assert_eq!(sent.request_ids(), [server.seen()[0].header("x-ms-client-request-id").unwrap()]);
}

#[tokio::test]
async fn an_acceptance_counts_though_its_body_was_lost() {
    let server = Server::play([Act::HalfAnBody { status: 202, headers: vec![] }]).await;
    let sent = azure(&server).aks().stop(&cluster(), soon()).await.unwrap();
    assert!(matches!(sent, Sent::Accepted { operation: None, .. }), "{sent:?}");
}

#[tokio::test]
async fn a_start_that_never_left_is_sent_again() {
    let server = Server::play([Act::NoHandshake, Act::NoHandshake, Act::answer(202, "")]).await;
    let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
    assert!(matches!(sent, Sent::Accepted { .. }), "{sent:?}");
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_start_is_never_sent_after_its_time() {
    let server = Server::play([Act::answer(202, "")]).await;
    let error = azure(&server).aks().start(&cluster(), Instant::now()).await.unwrap_err();
    assert!(matches!(error, ArmError::TooLate { .. }), "{error:?}");

    let server = Server::play(vec![Act::NoHandshake; 1000]).await;
    let send_before = Instant::now() + Duration::from_millis(100);
    let error = azure(&server).aks().start(&cluster(), send_before).await.unwrap_err();
    assert!(matches!(error, ArmError::Unreachable { .. } | ArmError::TooLate { .. }), "{error:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn a_start_that_hangs_is_cut_off_when_its_time_to_be_sent_is_over() {
    let server = Server::play([Act::Hang]).await;
    let send_before = Instant::now() + Duration::from_millis(300);
    let sent = azure(&server).aks().start(&cluster(), send_before).await.unwrap();
    assert!(matches!(sent, Sent::Unknown { .. }), "{sent:?}");
}

/// A kept connection may be closing just now, and a start lost with it would be "unknown" for no reason.
#[tokio::test]
async fn each_call_has_a_connection_of_its_own() {
    let server = Server::play([Act::answer(200, CLUSTER_BODY), Act::answer(202, "")]).await;
    let azure = azure(&server);
    azure.aks().get(&cluster()).await.unwrap();
    azure.aks().start(&cluster(), soon()).await.unwrap();
    assert_eq!((server.seen().len(), server.connections()), (2, 2));
}

#[tokio::test]
async fn a_throttled_start_is_not_accepted_and_says_when() {
    let server = Server::play([Act::answer(429, "").header("retry-after", "17"), Act::answer(202, "")]).await;
    let sent = azure(&server).aks().start(&cluster(), soon()).await.unwrap();
    assert_eq!(sent, Sent::Throttled { retry_after: Some(Duration::from_secs(17)), request_ids: vec![] });
    assert_eq!(server.seen().len(), 1);
}

/// Whoever calls before the wait is over makes it longer for all, so the other plans of this process wait too.
#[tokio::test]
async fn after_a_throttled_stop_no_other_cluster_is_called_before_the_wait_is_over() {
    let server = Server::play([Act::answer(429, "").header("retry-after", "17"), Act::answer(200, CLUSTER_BODY)]).await;
    let azure = azure(&server);
    azure.aks().stop(&cluster(), soon()).await.unwrap();
    let other = ResourceId::parse(&CLUSTER.replace("aks-b", "aks-c")).unwrap();
    let error = azure.aks().start(&other, soon()).await.unwrap_err();
    assert!(matches!(error, ArmError::HeldBack { .. }), "{error:?}");
    assert_eq!(error.class(), FailureClass::Throttled);
    assert!(error.retry_after().is_some_and(|wait| wait > Duration::from_secs(10)), "{error:?}");
    azure.aks().get(&other).await.expect("reads are not held back by that");
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let server = Server::play([Act::answer(307, "").header("location", "https://evil.example/")]).await;
    let error = azure(&server).aks().get(&cluster()).await.unwrap_err();
    assert_eq!(refusal(error).status, 307);
}

/// As long as the signed URLs that Azure really hands out, with an encoded space in the path.
fn signed(base: &str) -> String {
    let certificate = "MIIHpTCCBo2gAwIBAgITOgWKX-_~.".repeat(90);
    format!(
        "{base}/subscriptions/s/providers/Microsoft.X/locations/Canada%20Central/azureAsyncOperation/1?api-version=2025-08-01&t=638376138985219990&c={certificate}&s=a%2Bb%3D%3d&h=%7e"
    )
}

#[tokio::test]
async fn a_status_url_goes_out_byte_for_byte_and_the_status_alone_decides() {
    let body = r#"{"name":"1","status":"sUCCEEDED","startTime":"2023-12-08T06:31:38.408456Z","error":{"code":"NotLatestOperation","message":"m"}}"#;
    let server = Server::play([Act::answer(200, body)]).await;
    let url = signed(&server.url);
    let polled = azure(&server).operations().poll(&cluster(), &SignedUrl::new(&url)).await.unwrap().value;
    let Poll::Status(status) = polled.poll else { panic!("{polled:?}") };
    assert_eq!((status.verdict, status.failure()), (Verdict::Succeeded, None));
    assert_eq!(status.error.unwrap().code, "NotLatestOperation");
    assert_eq!(format!("{}{}", server.url, server.seen()[0].target), url);
}

#[tokio::test]
async fn a_long_status_url_in_an_answer_comes_through_whole() {
    let url = signed("{arm}");
    let act = Act::answer(202, "").header("Azure-AsyncOperation", &url).header("Location", &url);
    let server = Server::play([act, Act::answer(200, r#"{"status":"InProgress"}"#)]).await;
    let azure = azure(&server);
    let Sent::Accepted { operation: Some(operation), .. } = azure.aks().stop(&cluster(), soon()).await.unwrap() else {
        panic!("not accepted")
    };
    assert_eq!(operation.expose(), signed(&server.url));
    azure.operations().poll(&cluster(), &operation).await.unwrap();
    assert_eq!(format!("{}{}", server.url, server.seen()[1].target), signed(&server.url));
}

#[tokio::test]
async fn a_status_url_elsewhere_never_sees_the_token() {
    let (server, thief) = (Server::play([]).await, Server::play([]).await);
    let url = SignedUrl::new(format!("{}/operations/1?s=secret", thief.url));
    let polled = azure(&server).operations().poll(&cluster(), &url).await.unwrap().value;
    let Poll::LookAtResource { why } = polled.poll else { panic!("{polled:?}") };
    assert!(why.contains(&thief.url) && !why.contains("secret"), "{why}");
    assert!(thief.seen().is_empty());
}

#[tokio::test]
async fn a_status_that_cannot_be_read_sends_the_caller_to_the_resource() {
    for status in [403, 404, 410] {
        let server = Server::play([Act::answer(status, r#"{"error":{"code":"C","message":"m"}}"#)]).await;
        let url = SignedUrl::new(format!("{}/operations/1", server.url));
        let polled = azure(&server).operations().poll(&cluster(), &url).await.unwrap().value;
        assert!(matches!(polled.poll, Poll::LookAtResource { .. }), "{polled:?}");
    }
}

#[tokio::test]
async fn a_location_says_running_or_finished_by_its_status_code() {
    let table = [(202, Poll::Running), (204, Poll::Finished), (200, Poll::Finished)];
    for (status, expected) in table {
        let server =
            Server::play([Act::answer(status, "").header("location", "{arm}/again").header("retry-after", "9")]).await;
        let url = SignedUrl::new(format!("{}/operationresults/1", server.url));
        let polled = azure(&server).operations().poll(&cluster(), &url).await.unwrap().value;
        assert_eq!((polled.poll, polled.retry_after), (expected, Some(Duration::from_secs(9))));
        assert_eq!(server.seen().len(), 1);
    }
}

#[tokio::test]
async fn signed_urls_stay_out_of_errors() {
    let server = Server::play([Act::Vanish]).await;
    let settings = Settings { retry_budget: Duration::ZERO, ..quick(&server.url) };
    let url = SignedUrl::new(format!("{}/operations/1?s=secret", server.url));
    let error = azure_with(&server, settings).operations().poll(&cluster(), &url).await.unwrap_err();
    assert!(!format!("{error:?} {}", error.text()).contains("secret"));
}

#[tokio::test]
async fn plain_http_is_refused() {
    let settings = Settings { arm: "http://localhost:1".into(), ..Settings::default() };
    assert!(Azure::with_credential(settings, Arc::new(Counter::default()), reqwest::Client::builder()).is_err());
}
