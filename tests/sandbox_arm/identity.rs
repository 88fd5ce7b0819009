//! The identity endpoint.

use reqwest::Response;
use reveille::sandbox::world::Identity;
use serde_json::Value;

use super::Rig;

async fn ask(rig: &Rig, query: &str, header: Option<&str>) -> Response {
    let request = rig.client.get(format!("{}?{query}", rig.identity.url));
    match header {
        Some(header) => request.header("X-IDENTITY-HEADER", header).send().await.unwrap(),
        None => request.send().await.unwrap(),
    }
}

#[tokio::test]
async fn a_token_comes_with_its_end_as_a_string() {
    let rig = Rig::start().await;
    let answer =
        ask(&rig, "resource=https://management.azure.com&api-version=2019-08-01", Some(&rig.identity.header)).await;
    let body: Value = answer.json().await.unwrap();
    let ends: i64 = body["expires_on"].as_str().unwrap().parse().unwrap();
    assert!(ends > rig.world.now().timestamp());
    assert_eq!(
        (body["token_type"].as_str(), body["resource"].as_str()),
        (Some("Bearer"), Some("https://management.azure.com"))
    );
    let claims =
        rig.world.check_token(body["access_token"].as_str().unwrap(), &["https://management.azure.com/"]).unwrap();
    assert!(body["client_id"].as_str().unwrap().eq_ignore_ascii_case(&claims.appid));
}

#[tokio::test]
async fn callers_without_the_header_or_with_wrong_parameters_are_refused() {
    let rig = Rig::start().await;
    let good = "resource=https://management.azure.com&api-version=2019-08-01";
    assert_eq!(ask(&rig, good, None).await.status(), 401);
    assert_eq!(ask(&rig, good, Some("wrong")).await.status(), 401);
    let header = Some(rig.identity.header.as_str());
    let wrong = [
        "resource=https://management.azure.com".to_owned(),
        "resource=https://management.azure.com&api-version=2017-09-01".to_owned(),
        "scope=https://management.azure.com/.default&api-version=2019-08-01".to_owned(),
        "resource=https://management.azure.com/.default&api-version=2019-08-01".to_owned(),
        format!("{good}&client_id=12345678-0000-0000-0000-000000000000"),
    ];
    assert_eq!(rig.unknown_calls(), 0, "a header may have been rotated");
    for (index, query) in wrong.iter().enumerate() {
        let answer = ask(&rig, query, header).await;
        assert_eq!(answer.status(), 400, "{query}");
        let body: Value = answer.json().await.unwrap();
        assert_eq!(body["statusCode"], 400);
        assert_eq!(rig.unknown_calls(), index + 1, "{query}");
    }
}

#[tokio::test]
async fn other_paths_and_methods_are_unknown() {
    let rig = Rig::start().await;
    let elsewhere = rig.identity.url.replace("/MSI/token", "/metadata/identity/oauth2/token");
    let header = ("X-IDENTITY-HEADER", rig.identity.header.as_str());
    assert_eq!(rig.client.get(elsewhere).header(header.0, header.1).send().await.unwrap().status(), 404);
    assert_eq!(rig.unknown_calls(), 1);
    let posted = rig.client.post(&rig.identity.url).header(header.0, header.1).send().await.unwrap();
    assert!(posted.status().is_client_error());
    assert_eq!(rig.unknown_calls(), 2);
}

#[tokio::test]
async fn a_user_assigned_identity_alone_has_to_be_named() {
    let rig = Rig::start().await;
    let identity = Identity {
        client_id: "77777777-0000-4000-8000-000000000001".into(),
        principal_id: "77777777-0000-4000-8000-000000000002".into(),
    };
    rig.world.only_identity(identity.clone());
    let good = "resource=https://management.azure.com&api-version=2019-08-01";
    assert_eq!(ask(&rig, good, Some(&rig.identity.header)).await.status(), 400);
    let named = format!("{good}&client_id={}", identity.client_id);
    let body: Value = ask(&rig, &named, Some(&rig.identity.header)).await.json().await.unwrap();
    let claims =
        rig.world.check_token(body["access_token"].as_str().unwrap(), &["https://management.azure.com"]).unwrap();
    assert_eq!((claims.appid, claims.oid), (identity.client_id, identity.principal_id));
}

#[tokio::test]
async fn a_cold_endpoint_fails_before_it_works() {
    let rig = Rig::start().await;
    rig.world.fail_identity(&[500, 429]);
    let mut statuses = Vec::new();
    for _ in 0..3 {
        let answer =
            ask(&rig, "resource=https://vault.azure.net&api-version=2019-08-01", Some(&rig.identity.header)).await;
        statuses.push(answer.status().as_u16());
    }
    assert_eq!(statuses, [500, 429, 200]);
    assert_eq!(rig.unknown_calls(), 0);
}
