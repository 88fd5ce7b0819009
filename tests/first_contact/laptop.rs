//! `reveille check` by a person with `az login`, far from the function app.

use crate::cli::command::{Call, reveille};
use crate::support::stage::{PLAN, Stage, calm};
use reveille::sandbox::scenario::{Heartbeat, PasswordIn};
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::Duration;

/// A stage that lacks nothing: its standby is parked and was rehearsed, heartbeats come, the password lies in the vault.
pub async fn rested() -> Stage {
    let mut scenario = calm();
    // What is broken may be an outage to those who watch; nobody is to act on it here.
    scenario.plan.automation = "approve".to_owned();
    scenario.plan.workload = "parked".to_owned();
    scenario.plan.password = PasswordIn::Vault;
    scenario.plan.rto = "2h".to_owned();
    scenario.world.standby_runs = true;
    scenario.world.kubernetes.parked = ["sonar".to_owned()].into();
    scenario.world.heartbeat = Some(Heartbeat { every: Duration::from_millis(300), overdue: Duration::from_secs(4) });
    let stage = Stage::open(scenario).await;
    for (nth, body) in [json!({"kind": "park"}), json!({"kind": "drill", "drill": "standby"})].into_iter().enumerate() {
        let mut words = json!({"who": "Ada", "why": "a test"});
        words.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
        let reply = stage.post(&format!("v1/plans/{PLAN}/runs"), &words).await;
        assert_eq!(reply.status, 202, "{reply:?}");
        let run = stage.closed(nth).await;
        assert!(matches!(run.outcome.as_ref().unwrap().word(), "rested" | "rehearsed"), "{:?}", run.outcome);
    }
    stage
}

/// An Azure CLI that is logged in to the simulated Azure.
fn az(stage: &Stage) -> PathBuf {
    let folder = stage.folder().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let token = stage.sandbox.endpoints().access_token;
    let script = format!(
        "#!/bin/sh\necho '{{\"accessToken\":\"{token}\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}}'\n"
    );
    let file = folder.join("az");
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, PermissionsExt::from_mode(0o755)).unwrap();
    folder
}

/// A command on a laptop: the app's configuration file, its own login, none of the app's environment but its secrets.
pub fn from_laptop(stage: &Stage, line: &str) -> Call {
    let path = format!("{}:{}", az(stage).display(), std::env::var("PATH").unwrap());
    let mut call = reveille(line)
        .set("PATH", path)
        .set("REVEILLE_CONFIG", stage.folder().join("app/reveille.toml").display().to_string())
        .set("SSL_CERT_FILE", stage.sandbox.endpoints().ca_file)
        .set("PG_PASSWORD", stage.world().settings().password);
    for name in ["TEAMS_URL", "HOOK_URL"] {
        call = call.set(name, stage.sandbox.host_options().env.get(name).cloned().unwrap_or_default());
    }
    call
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sees_everything_in_a_table_and_the_exit_code_answers() {
    let mut scenario = calm();
    scenario.plan.rto = "2h".to_owned();
    let stage = Stage::open(scenario).await;
    let shown = from_laptop(&stage, "check").run().await;
    assert_eq!(shown.code, 0, "{}", shown.everything());
    for said in [
        "Looked at from the sandbox, as you, by `az login`",
        "✔ clusters     aks-sonar-eastus2: provisioningState Succeeded",
        "✔ names        sonar-eastus2.example.com: resolves",
        "✔ clock        this machine's clock: agrees with Azure's",
        "✔ store        file:",
        "? certificates sonar-centralus.example.com: not seen",
        "Ready: a recovery could begin now",
        "nothing is broken",
    ] {
        assert!(shown.stdout.contains(said), "{said}:\n{}", shown.everything());
    }
    stage.world().change_profile("afd-sonarqube", |it| it.origins[1].enabled = false);
    let broken = from_laptop(&stage, "check sonarqube").run().await;
    assert_eq!(broken.code, 3, "{}", broken.everything());
    assert!(broken.stdout.contains("✘ front door   sonar-centralus.example.com: is disabled"), "{}", broken.stdout);
    assert!(broken.stdout.contains("az afd origin update"), "{}", broken.stdout);
    let by_app = from_laptop(&stage, "check --by-app --json")
        .set("REVEILLE_KEY", stage.key())
        .set("REVEILLE_URL", stage.url(""))
        .run()
        .await;
    assert_eq!(by_app.code, 3, "{}", by_app.everything());
    let told: serde_json::Value = serde_json::from_str(&by_app.stdout).unwrap();
    assert_eq!(told["plans"][0]["plan"], "sonarqube");
    assert_eq!(stage.touched(), Vec::<String>::new());
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_login_that_alone_is_said_of_azure() {
    let mut scenario = calm();
    scenario.plan.rto = "2h".to_owned();
    let stage = Stage::open(scenario).await;
    let call = from_laptop(&stage, "check").set("PATH", "/nowhere");
    let shown = call.run().await;
    assert_eq!(shown.code, 3, "{}", shown.everything());
    let marked: Vec<&str> = shown.stdout.lines().filter(|line| line.starts_with("  ✘")).collect();
    assert_eq!(marked.len(), 1, "{}", shown.stdout);
    assert!(marked[0].contains("the Azure CLI gave no token") && shown.stdout.contains("az login"), "{}", shown.stdout);
    stage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_on_a_wrong_address_and_a_missing_password_are_one_finding_each() {
    let stage = Stage::open(calm()).await;
    let open = async |call: Call| {
        let shown = call.run().await;
        let told: serde_json::Value =
            serde_json::from_str(&shown.stdout).unwrap_or_else(|_| panic!("{}", shown.everything()));
        let findings = told["plans"][0]["assessment"]["findings"].as_array().cloned().unwrap();
        let word = |it: &serde_json::Value, key: &str| it[key].as_str().unwrap_or_default().to_owned();
        let told = findings.iter().map(|it| (word(it, "check"), word(it, "severity"), word(it, "fix")));
        told.filter(|(_, severity, _)| severity != "ok" && severity != "note").collect::<Vec<_>>()
    };
    let usual = open(from_laptop(&stage, "check --json")).await;
    let turns = [("HOOK_URL", "https://localhost:1/hook", "channel"), ("PG_PASSWORD", "", "secret")];
    for (name, value, check) in turns {
        let mut found = open(from_laptop(&stage, "check --json").set(name, value)).await;
        found.retain(|it| !usual.contains(it));
        let checks: Vec<&str> = found.iter().map(|(check, ..)| check.as_str()).collect();
        assert_eq!(checks, [check], "{found:?}");
        assert!(!found[0].2.is_empty(), "{found:?}");
    }
    stage.close().await;
}
