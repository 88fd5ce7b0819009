//! Tokens: kept, renewed, replaced; and the two identities as they really ask for them.
//!
//! Where the SDK reads the environment, the test runs itself again as a child with that environment.

use crate::azure_server::{Act, Server, trusting};
use crate::azure_wire::cluster;
use async_trait::async_trait;
use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as Span, OffsetDateTime};
use reveille::azure::{Azure, CredentialError, Identity, Settings};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Gives tokens that live this many minutes, or fails (`None`).
#[derive(Debug, Default)]
struct Scripted {
    lifetimes: Mutex<VecDeque<Option<i64>>>,
    asked: Mutex<Vec<String>>,
}

#[async_trait]
impl TokenCredential for Scripted {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        tokio::task::yield_now().await;
        let number = {
            let mut asked = self.asked.lock().unwrap();
            asked.push(scopes.join(" "));
            asked.len()
        };
        let refused = || azure_core::Error::with_message(azure_core::error::ErrorKind::Credential, "scripted refusal");
        let lifetime = self.lifetimes.lock().unwrap().pop_front().flatten().ok_or_else(refused)?;
        Ok(AccessToken::new(format!("token-{number}"), OffsetDateTime::now_utc() + Span::minutes(lifetime)))
    }
}

fn azure(lifetimes: &[Option<i64>]) -> (Azure, Arc<Scripted>) {
    let credential =
        Arc::new(Scripted { lifetimes: Mutex::new(lifetimes.iter().copied().collect()), ..Default::default() });
    let azure = Azure::with_credential(Settings::default(), credential.clone(), reqwest::Client::builder()).unwrap();
    (azure, credential)
}

#[tokio::test]
async fn a_token_is_kept_until_five_minutes_before_it_expires() {
    for (lifetime, asked) in [(6, 1), (4, 2)] {
        let (azure, credential) = azure(&[Some(lifetime), Some(60)]);
        azure.check_identity().await.unwrap();
        azure.check_identity().await.unwrap();
        assert_eq!(credential.asked.lock().unwrap().len(), asked, "{lifetime} minutes");
    }
}

#[tokio::test]
async fn a_failed_renewal_is_no_failure_while_the_old_token_is_good() {
    let (azure, credential) = azure(&[Some(4), None, None]);
    for _ in 0..5 {
        assert_eq!(azure.postgres_token(None).await.unwrap().expose(), "token-1");
    }
    assert_eq!(credential.asked.lock().unwrap().len(), 2, "after a failed renewal it pauses");
}

#[tokio::test]
async fn an_expired_token_is_not_used() {
    let (azure, _) = azure(&[Some(0), None]);
    azure.check_identity().await.unwrap();
    let error = azure.check_identity().await.unwrap_err();
    assert!(error.to_string().contains("https://management.azure.com"), "{error}");
}

#[tokio::test]
async fn many_callers_cause_one_request_and_audiences_are_apart() {
    let (azure, credential) = azure(&[Some(60), Some(60)]);
    let callers = (0..50).map(|_| azure.check_identity());
    futures::future::try_join_all(callers).await.unwrap();
    azure.postgres_token(None).await.unwrap();
    let expected = ["https://management.azure.com/.default", "https://ossrdbms-aad.database.windows.net/.default"];
    assert_eq!(*credential.asked.lock().unwrap(), expected);
}

#[derive(Debug)]
struct Silent;

#[async_trait]
impl TokenCredential for Silent {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_silent_identity_endpoint_is_given_up_and_named() {
    let settings = Settings { token_timeout: Duration::from_millis(50), ..Settings::default() };
    let azure = Azure::with_credential(settings, Arc::new(Silent), reqwest::Client::builder()).unwrap();
    let error = azure.check_identity().await.unwrap_err();
    assert!(matches!(error, CredentialError::TimedOut { .. }), "{error:?}");
}

/// A driver that looks at several things at once and stops to write its journal does not poll its looks meanwhile.
#[tokio::test]
async fn a_caller_that_nobody_polls_keeps_no_token_from_others() {
    let settings = Settings { token_timeout: Duration::from_secs(5), ..Settings::default() };
    let lifetimes = Mutex::new([Some(60), Some(60)].into());
    let credential = Arc::new(Scripted { lifetimes, ..Default::default() });
    let azure = Azure::with_credential(settings, credential, reqwest::Client::builder()).unwrap();
    let mut left_alone = std::pin::pin!(azure.check_identity());
    assert!(futures::poll!(left_alone.as_mut()).is_pending(), "it is in the middle of asking");
    azure.postgres_token(None).await.unwrap();
    azure.check_identity().await.unwrap();
    left_alone.await.unwrap();
}

/// Set in the child: the address of the simulated Azure Resource Manager.
const CHILD_ARM: &str = "REVEILLE_TEST_ARM";
/// Set in the child: the certificate to trust.
const CHILD_CERTIFICATE: &str = "REVEILLE_TEST_CERTIFICATE";

/// Runs this very test again with more environment; gives what it printed, panicking unless it passed.
async fn run_again(test: &str, environment: &[(&str, &str)]) -> String {
    let mut command = tokio::process::Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).envs(environment.iter().copied());
    let output = command.kill_on_drop(true).output().await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    text
}

/// The child's Azure clients, if this is the child.
fn in_child(identity: Identity) -> Option<Azure> {
    let arm = std::env::var(CHILD_ARM).ok()?;
    let certificate = std::env::var(CHILD_CERTIFICATE).unwrap();
    let settings = Settings { arm, ..Settings::default() };
    Some(Azure::new(settings, identity, trusting(&certificate)).unwrap())
}

fn token(name: &str) -> Act {
    let expires = OffsetDateTime::now_utc().unix_timestamp() + 86_400;
    let body = format!(
        r#"{{"access_token":"{name}","expires_on":"{expires}","resource":"r","token_type":"Bearer","client_id":"c"}}"#
    );
    Act::answer(200, &body)
}

const CLUSTER_BODY: &str = r#"{"properties":{"provisioningState":"Succeeded"}}"#;

#[tokio::test]
async fn the_managed_identity_asks_as_functions_demands_and_replaces_a_refused_token() {
    let identity = Identity::Managed { client_id: Some("5e29463d-71da-4fe0-8e69-999b57db23b0".into()) };
    if let Some(azure) = in_child(identity) {
        azure.aks().get(&cluster()).await.unwrap();
        azure.aks().get(&cluster()).await.unwrap();
        return;
    }
    let arm =
        Server::play([Act::answer(401, ""), Act::answer(200, CLUSTER_BODY), Act::answer(200, CLUSTER_BODY)]).await;
    let identity = Server::play_plainly([Act::answer(500, "cold"), token("first"), token("second")]).await;
    let environment = [
        (CHILD_ARM, arm.url.as_str()),
        (CHILD_CERTIFICATE, &arm.certificate),
        ("IDENTITY_ENDPOINT", &format!("{}/MSI/token", identity.url)),
        ("IDENTITY_HEADER", "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"),
    ];
    run_again(
        "azure_credential::the_managed_identity_asks_as_functions_demands_and_replaces_a_refused_token",
        &environment,
    )
    .await;
    let used: Vec<_> = arm.seen().iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(used, ["Bearer first", "Bearer second", "Bearer second"]);
    let asked = identity.seen();
    assert_eq!(asked.len(), 3, "one after the cold start's 500, one after the 401");
    for request in &asked {
        assert_eq!(request.header("x-identity-header"), Some("853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"));
        let query = "api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com&client_id=5e29463d-71da-4fe0-8e69-999b57db23b0";
        assert_eq!(request.target, format!("/MSI/token?{query}"));
    }
}

#[tokio::test]
async fn a_managed_identity_that_is_not_assigned_says_what_to_do() {
    if let Some(azure) = in_child(Identity::Managed { client_id: Some("nobody".into()) }) {
        let error = azure.aks().get(&cluster()).await.unwrap_err();
        println!("child: {}", error.text());
        return;
    }
    let arm = Server::play([]).await;
    let identity = Server::play_plainly([Act::answer(400, r#"{"statusCode":400,"message":"No such identity"}"#)]).await;
    let environment = [
        (CHILD_ARM, arm.url.as_str()),
        (CHILD_CERTIFICATE, &arm.certificate),
        ("IDENTITY_ENDPOINT", &format!("{}/MSI/token", identity.url)),
        ("IDENTITY_HEADER", "h"),
    ];
    let said =
        run_again("azure_credential::a_managed_identity_that_is_not_assigned_says_what_to_do", &environment).await;
    assert!(said.contains("not sent, there is no token: the managed identity nobody gave no token"), "{said}");
    assert!(said.contains("identity.client_id is the client id (not the object id)"), "{said}");
    assert!(arm.seen().is_empty());
}

#[tokio::test]
async fn the_azure_cli_is_asked_once_and_a_missing_login_says_what_to_do() {
    if let Some(azure) = in_child(Identity::AzureCli) {
        azure.check_identity().await.unwrap();
        azure.check_identity().await.unwrap();
        println!("child: {}", azure.postgres_token(None).await.unwrap_err());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let script = format!(
        r#"#!/bin/sh
echo "$@" >> {log}
case "$*" in *management.azure.com*) echo '{{"accessToken":"cli","expires_on":4102444800,"tokenType":"Bearer"}}';;
*) echo "Please run 'az login'" >&2; exit 1;; esac
"#,
        log = log.display()
    );
    let az = folder.path().join("az");
    std::fs::write(&az, script).unwrap();
    std::fs::set_permissions(&az, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let arm = Server::play([]).await;
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let environment = [(CHILD_ARM, arm.url.as_str()), (CHILD_CERTIFICATE, &arm.certificate), ("PATH", &path)];
    let said =
        run_again("azure_credential::the_azure_cli_is_asked_once_and_a_missing_login_says_what_to_do", &environment)
            .await;
    assert!(
        said.contains(
            "child: the Azure CLI gave no token for https://ossrdbms-aad.database.windows.net; run `az login`"
        ),
        "{said}"
    );
    let asked = std::fs::read_to_string(log).unwrap();
    assert_eq!(asked.lines().count(), 2, "{asked}");
    assert!(
        asked.starts_with("account get-access-token -o json --scope https://management.azure.com/.default"),
        "{asked}"
    );
}
