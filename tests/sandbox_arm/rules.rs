//! What ARM checks before a resource provider sees a call: tokens, addresses, api-versions, throttling.

use std::time::Duration;

use reqwest::Method;
use reveille::sandbox::world::{Event, GROUP, Limits, SUBSCRIPTION};

use super::{Answer, Rig, cluster_path};

const CLUSTER: &str = "aks-sonar-eastus2";

async fn refused_with(rig: &mut Rig, token: String) -> (u16, String, bool) {
    rig.token = token;
    let answer = rig.get(&cluster_path(CLUSTER, "")).await;
    let challenged = answer.header("www-authenticate").starts_with("Bearer authorization_uri=");
    (answer.status.as_u16(), answer.code().to_owned(), challenged)
}

#[tokio::test]
async fn only_a_fresh_token_for_arm_is_taken() {
    let mut rig = Rig::start().await;
    let good = rig.token.clone();
    let for_database = rig.fetch_token("https://ossrdbms-aad.database.windows.net").await;
    assert_eq!(refused_with(&mut rig, for_database).await, (401, "InvalidAuthenticationTokenAudience".into(), true));
    let tampered = format!("{}x", &good[..good.len() - 1]);
    assert_eq!(refused_with(&mut rig, tampered).await, (401, "InvalidAuthenticationToken".into(), true));
    rig.world.tune(|it| it.token_lifetime = Duration::ZERO);
    let old = rig.fetch_token("https://management.azure.com").await;
    assert_eq!(refused_with(&mut rig, old).await, (401, "ExpiredAuthenticationToken".into(), true));
    assert_eq!(refused_with(&mut rig, good.clone()).await.0, 200);
    rig.world.revoke_tokens();
    assert_eq!(refused_with(&mut rig, good).await.1, "ExpiredAuthenticationToken");
    let bare = rig.client.get(rig.url(&cluster_path(CLUSTER, ""))).send().await.unwrap();
    let bare = Answer::of(bare).await;
    assert_eq!((bare.status.as_u16(), bare.code()), (401, "AuthenticationFailed"));
}

#[tokio::test]
async fn arm_answers_under_both_of_its_names_and_makes_addresses_of_the_one_used() {
    let rig = Rig::start().await;
    let url = format!("https://localhost:{}{}", rig.world.ports().https, cluster_path("aks-sonar-centralus", "/start"));
    let accepted = rig.send(Method::POST, &url, None).await;
    assert!(
        accepted.header("azure-asyncoperation").starts_with(&format!("https://localhost:{}/", rig.world.ports().https))
    );
    assert_eq!(rig.finish(&accepted).await["status"], "Succeeded");
}

#[tokio::test]
async fn api_versions_are_published_or_newer() {
    let rig = Rig::start().await;
    let read =
        async |version: &str| rig.get(&cluster_path(CLUSTER, "").replace("?api-version=2025-10-01", version)).await;
    assert_eq!(read("?api-version=2099-01-01").await.status, 200);
    assert_eq!(read("?API-Version=2024-09-01").await.status, 200);
    let odd = read("?api-version=2025-10-03").await;
    assert_eq!((odd.status.as_u16(), odd.code()), (400, "NoRegisteredProviderFound"));
    let wrong = read("?api-version=newest").await;
    assert_eq!((wrong.status.as_u16(), wrong.code()), (400, "InvalidApiVersionParameter"));
    let missing = read("").await;
    assert_eq!((missing.status.as_u16(), missing.code()), (400, "MissingApiVersionParameter"));
    assert_eq!(rig.unknown_calls(), 3);
}

#[tokio::test]
async fn paths_match_whatever_their_case() {
    let rig = Rig::start().await;
    let shouted = cluster_path(CLUSTER, "").to_uppercase().replace("API-VERSION=", "api-version=");
    assert_eq!(rig.get(&shouted).await.status, 200);
}

#[tokio::test]
async fn unknown_things_are_answered_as_arm_does_and_logged() {
    let rig = Rig::start().await;
    let base = format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers");
    let cases = [
        (cluster_path("other", ""), 404, "ResourceNotFound"),
        (cluster_path(CLUSTER, "").replace(GROUP, "other"), 404, "ResourceGroupNotFound"),
        (
            cluster_path(CLUSTER, "").replace(SUBSCRIPTION, "00000000-0000-0000-0000-000000000000"),
            404,
            "SubscriptionNotFound",
        ),
        (format!("{base}/Microsoft.ContainerService/fleets/x?api-version=2025-03-01"), 404, "InvalidResourceType"),
        (format!("{base}/Contoso.Things/x/y?api-version=2025-03-01"), 404, "InvalidResourceNamespace"),
    ];
    for (index, (path, status, code)) in cases.iter().enumerate() {
        let answer = rig.get(path).await;
        assert_eq!((answer.status.as_u16(), answer.code()), (*status, *code), "{path}");
        assert_eq!(rig.unknown_calls(), index + 1, "{path}");
    }
    let deleted = rig.send(Method::DELETE, &rig.url(&cluster_path(CLUSTER, "")), None).await;
    assert_eq!(deleted.status, 405);
    assert!(rig.world.cluster(CLUSTER).is_some());
}

#[tokio::test]
async fn answers_carry_request_ids_and_limits_and_echo_the_clients_id() {
    let rig = Rig::start().await;
    let request = rig
        .client
        .get(rig.url(&cluster_path(CLUSTER, "")))
        .bearer_auth(&rig.token)
        .header("x-ms-client-request-id", "mine-1");
    let answer = Answer::of(request.send().await.unwrap()).await;
    assert_eq!(answer.header("x-ms-client-request-id"), "mine-1");
    for name in [
        "x-ms-request-id",
        "x-ms-correlation-request-id",
        "x-ms-routing-request-id",
        "x-ms-ratelimit-remaining-subscription-reads",
    ] {
        assert!(!answer.header(name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn documented_limits_throttle_the_sixty_first_read_of_a_cluster() {
    let rig = Rig::start().await;
    rig.world.tune(|it| it.limits = Limits::DOCUMENTED);
    let mut throttled = None;
    // The bucket gains a token a second while the burst is being spent.
    for _ in 0..100 {
        let answer = rig.get(&cluster_path(CLUSTER, "")).await;
        if answer.status == 429 {
            throttled = Some(answer);
            break;
        }
    }
    let throttled = throttled.expect("a burst of 60 was never used up");
    assert_eq!(throttled.code(), "Throttled");
    assert_eq!(throttled.header("retry-after"), "1");
    assert!(rig.world.entries().iter().any(|it| matches!(&it.event, Event::Throttled { .. })));
    // Another cluster has a bucket of its own.
    assert_eq!(rig.get(&cluster_path("aks-sonar-centralus", "")).await.status, 200);
}

#[tokio::test]
async fn mutating_calls_are_logged_with_caller_body_and_answer() {
    let rig = Rig::start().await;
    rig.post(&cluster_path("aks-sonar-centralus", "/start")).await;
    let caller = rig.world.system_identity().unwrap().client_id;
    let logged = rig.world.entries().into_iter().any(|it| match it.event {
        Event::ArmCall { method, path, caller: by, status, .. } => {
            method == "POST" && path.ends_with("/start") && by == caller && status == Some(202)
        }
        _ => false,
    });
    assert!(logged);
}
