//! With a wrong configuration the handler lives, and every function says what is wrong.

use crate::support::alerts::fired;
use crate::support::stage::{SERVING, Stage, calm};
use reveille::sandbox::host::Outcome;

/// Makes the handler read another configuration, by a restart as after a change of app settings.
pub async fn restart_with(stage: &Stage, text: &str) {
    let host = stage.sandbox.host();
    let before = host.handler_pid();
    std::fs::write(stage.folder().join("app/reveille.toml"), text).unwrap();
    host.kill_handler();
    stage.until("another handler", async || host.handler_pid().filter(|pid| Some(*pid) != before)).await;
    host.ready().await.unwrap();
}

/// The functions that failed since `from`, as the host saw it.
fn failed(stage: &Stage, from: usize, function: &str) -> Option<()> {
    let calls = stage.sandbox.host().invocations();
    let failed = |call: &&reveille::sandbox::host::Invocation| {
        call.function == function && matches!(call.outcome, Some(Outcome::Failed(_)))
    };
    calls[from..].iter().find(failed).map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_function_tells_the_same_mistakes_until_they_are_mended() {
    let stage = Stage::open(calm()).await;
    let path = stage.folder().join("app/reveille.toml");
    let right = std::fs::read_to_string(&path).unwrap();
    let wrong = right.replace("automation = \"act\"", "automation = \"atc\"").replace("cooldown", "cooldwon");
    restart_with(&stage, &wrong).await;
    let from = stage.sandbox.host().invocations().len();
    let told = stage.alert(fired(1).to_string()).await.problem(503);
    let detail = told["detail"].as_str().unwrap();
    assert!(detail.contains("atc") && detail.contains("cooldwon"), "every mistake at once: {detail}");
    assert!(detail.contains("reveille.toml:"), "where it stands: {detail}");
    assert!(told["next"].as_str().unwrap().contains("reveille check --offline"), "{told}");
    assert_eq!(stage.get("v1/plans").await.problem(503)["detail"], told["detail"]);
    assert_eq!(stage.say("plans/sonarqube/pause").await.problem(503)["detail"], told["detail"]);
    stage.sandbox.host().storage().send("reveille-runs", r#"{"look":true}"#).unwrap();
    stage.until("a failed run", async || failed(&stage, from, "run")).await;
    stage.until("a failed watch", async || failed(&stage, from, "watch")).await;
    let logged = stage.transcript.json();
    let mistakes = |function: &str| {
        logged.iter().any(|line| {
            line["function"] == function && line["error"].as_str().is_some_and(|error| error.contains("cooldwon"))
        })
    };
    assert!(mistakes("run") && mistakes("watch"), "{}", stage.transcript.text());
    restart_with(&stage, &right).await;
    stage.go_dark();
    assert_eq!(stage.alert(fired(1).to_string()).await.status, 202);
    assert_eq!(stage.closed(0).await.outcome.unwrap().word(), SERVING);
    stage.close().await;
}
