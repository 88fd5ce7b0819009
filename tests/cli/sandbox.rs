//! `reveille sandbox`, as a newcomer runs it: the world, the run, the report, the exit code.

use super::command::{Ended, reveille};
use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

fn shows(ended: &Ended, code: i32, texts: &[&str]) {
    assert_eq!(ended.code, code, "{}", ended.everything());
    for text in texts {
        assert!(ended.stdout.contains(text), "{text:?} is missing in\n{}", ended.everything());
    }
}

#[tokio::test]
async fn without_arguments_an_outage_is_recovered_before_ones_eyes() {
    let ended = reveille("sandbox").run().await;
    shows(
        &ended,
        0,
        &[
            "world: eastus2 is dark",
            "confirm-outage     proven: ",
            "fence-primary      proven: ",
            "start-replica      proven: ",
            "verify-writer      proven: ",
            "verify-app         proven: ",
            "verify-route       proven: ",
            "Serving from centralus",
            "Recovery time",
            "What the simulated world saw:",
        ],
    );
    assert!(!ended.stdout.contains('✘'), "{}", ended.everything());
}

#[tokio::test]
async fn a_database_in_recovery_ends_honestly_and_names_the_promotion() {
    let ended = reveille("sandbox --scenario database-in-recovery").run().await;
    shows(&ended, 3, &["Not recovered", "az postgres flexible-server replica promote", "in recovery"]);
}

#[tokio::test]
async fn the_world_is_played_as_json_for_scripts() {
    let ended = reveille("sandbox --scenario false-alarm --json").run().await;
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["event"]["kind"] == "run-ended"), "{}", ended.everything());
    let told = lines.last().unwrap();
    assert_eq!((&told["scenario"], &told["passed"], &told["exit"]), (&"false-alarm".into(), &true.into(), &0.into()));
    assert_eq!(told["runs"][0]["state"], "no-outage", "{}", ended.everything());
}

#[tokio::test]
async fn an_unknown_scenario_and_a_used_folder_are_refused_before_anything_starts() {
    let ended = reveille("sandbox --scenario primary-outag").run().await;
    assert_eq!(ended.code, 64);
    assert!(ended.stderr.contains("sandbox --list"), "{}", ended.everything());

    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("app/state")).unwrap();
    let ended = reveille(&format!("sandbox --folder {}", folder.path().display())).run().await;
    assert_eq!(ended.code, 64);
    assert!(ended.stderr.contains("holds the state of an earlier sandbox"), "{}", ended.everything());
}

#[tokio::test]
async fn a_served_world_says_where_everything_is_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_reveille"));
    command.args(["sandbox", "--serve"]).env("TMPDIR", temporary.path());
    let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let told: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
    let keys: BTreeSet<&str> = told.as_object().unwrap().keys().map(String::as_str).collect();
    let promised = [
        "arm",
        "identity_endpoint",
        "identity_header",
        "front_door",
        "functions",
        "function_key",
        "ca_file",
        "kubeconfig",
        "subscription",
        "access_token",
        "primary_cluster",
        "replica_cluster",
        "database_servers",
        "front_door_profile",
    ];
    assert!(promised.iter().all(|key| keys.contains(key)), "{keys:?}");
    assert_eq!(power_of_the_replica(&told).await, "Stopped");

    let id = i32::try_from(child.id().unwrap()).unwrap();
    // SAFETY: a signal to a child of this process that was not waited for yet.
    assert_eq!(unsafe { libc::kill(id, libc::SIGTERM) }, 0);
    assert_eq!(child.wait().await.unwrap().code(), Some(0));
    assert_eq!(lines.next_line().await.unwrap(), None, "one line and no more");
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "its folder is removed");
}

/// Asked like any client of Azure Resource Manager would, with what the line says.
async fn power_of_the_replica(told: &Value) -> String {
    let text = |key: &str| told[key].as_str().unwrap();
    let authority = reqwest::Certificate::from_pem(&std::fs::read(text("ca_file")).unwrap()).unwrap();
    let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
    let url = format!("{}{}?api-version=2025-05-01", text("arm"), text("replica_cluster"));
    let answer = client.get(url).bearer_auth(text("access_token")).send().await.unwrap();
    let cluster: Value = answer.json().await.unwrap();
    cluster["properties"]["powerState"]["code"].as_str().unwrap_or_else(|| panic!("{cluster}")).to_owned()
}
