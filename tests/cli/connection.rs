//! Keys, addresses and certificates.

use super::command::reveille;
use super::server::{Answered, KEY, Server};
use super::world;
use crate::assert_shown;
use crate::support::ca::Ca;
use crate::support::https::{HttpsServer, answer};
use reveille::domain::status::Problem;

#[tokio::test]
async fn wrong_missing_and_impossible_keys() {
    let url = Server::with(|_| ()).start().await;
    let call = |key: &str| reveille("status").set("REVEILLE_URL", &url).set("REVEILLE_KEY", key);
    let (wrong, missing, impossible) = (call("nobody's").run(), call("").run(), call("two words").run());
    let ended = [wrong.await.everything(), missing.await.everything(), impossible.await.everything()].join("\n");
    assert!(!ended.contains("nobody's") && !ended.contains("two words"), "{ended}");
    assert_shown!(ended);
}

#[tokio::test]
async fn addresses_that_cannot_be_right() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}/api", listener.local_addr().unwrap())
    };
    let with_key = format!("https://f.example/api?code={KEY}");
    let mut ended = vec![reveille("status").run().await.everything()];
    for url in [&with_key, "http://f.example/api", &gone] {
        ended.push(reveille("status").set("REVEILLE_URL", url).run().await.everything());
    }
    assert_shown!(ended.join("\n"));
}

/// A server may send back what it was sent; the test of every call sees that nothing of it is shown.
#[tokio::test]
async fn a_key_that_comes_back_is_not_shown() {
    let echo = Problem::new(409, "Not now", format!("x-functions-key: {KEY}"), format!("Do not send {KEY}."));
    for json in ["", " --json"] {
        let answers = [Answered::Problem(echo.clone())];
        let url = Server::with(|world| world.answers = answers.into()).start().await;
        let ended = reveille(&format!("pause sonarqube --why x{json}")).at(&url).await;
        assert!(ended.everything().contains("x-functions-key: [key]"), "{}", ended.everything());
    }
}

#[tokio::test]
async fn an_own_authority_is_trusted_when_it_is_named() {
    let ca = Ca::new();
    let body = serde_json::json!({ "plans": [world::green("wiki")] }).to_string();
    let server = HttpsServer::start(&ca.leaf(&["localhost"]), answer("200 OK", &[], &body)).await;
    let url = format!("https://localhost:{}/api", server.port());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.pem()).unwrap();
    let file = file.display().to_string();

    let stranger = reveille("status").at(&url).await;
    assert_eq!(stranger.code, 1, "{}", stranger.everything());
    assert!(stranger.stderr.contains("certificate") && stranger.stderr.contains("--ca-file"), "{}", stranger.stderr);
    assert!(server.seen().requests.is_empty(), "nothing was said to a stranger");
    for call in [
        reveille(&format!("status --ca-file {file}")),
        reveille("status").set("REVEILLE_CA_FILE", &file),
        reveille("status").set("SSL_CERT_FILE", &file),
    ] {
        let ended = call.at(&url).await;
        assert_eq!(ended.code, 0, "{}", ended.everything());
    }
}

#[tokio::test]
async fn a_ca_file_without_certificates_is_named() {
    let ended = reveille("status --url https://f.example --ca-file Cargo.toml").run().await;
    assert_eq!(ended.code, 64);
    assert!(ended.stderr.contains("Cargo.toml cannot be used as a CA file"), "{}", ended.stderr);
}

/// A redirect may lead anywhere; the key does not go there.
#[tokio::test]
async fn the_key_follows_no_redirect() {
    let ca = Ca::new();
    let leaf = ca.leaf(&["localhost"]);
    let elsewhere = HttpsServer::start(&leaf, answer("200 OK", &[], "{}")).await;
    let location = format!("https://localhost:{}/api/v1/plans", elsewhere.port());
    let server = HttpsServer::start(&leaf, answer("302 Found", &[("location", &location)], "")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.pem()).unwrap();
    let url = format!("https://localhost:{}/api", server.port());
    let ended = reveille("status").set("SSL_CERT_FILE", file.display().to_string()).at(&url).await;
    assert_eq!(ended.code, 1, "{}", ended.everything());
    assert!(ended.stderr.contains("leads elsewhere"), "{}", ended.stderr);
    assert_eq!((server.seen().requests.len(), elsewhere.seen().connections), (1, 0));
}

/// A proxy's page in place of an answer.
#[tokio::test]
async fn an_answer_that_is_not_reveilles_is_told_as_such() {
    let ca = Ca::new();
    let server = HttpsServer::start(&ca.leaf(&["localhost"]), answer("200 OK", &[], "<html>Sign in</html>")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.pem()).unwrap();
    let url = format!("https://localhost:{}/api", server.port());
    let ended = reveille("status").set("SSL_CERT_FILE", file.display().to_string()).at(&url).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("is none of Reveille's"), "{}", ended.stderr);
}
