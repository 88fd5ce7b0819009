//! What a readiness drill of the deployed binary says of a password in the vault.

use crate::support::stage::{PLAN, Stage, calm};
use chrono::{TimeDelta, Utc};
use reveille::sandbox::scenario::PasswordIn;
use reveille::sandbox::vault::{self, VaultFault};
use reveille::sandbox::world::World;
use serde_json::{Value, json};

/// The finding about the secret, of a new readiness drill.
async fn assessed(stage: &Stage) -> Value {
    let body = json!({"who": "Ada", "why": "a test", "kind": "drill", "drill": "readiness"});
    let reply = stage.post(&format!("v1/plans/{PLAN}/runs"), &body).await;
    let run = reply.json()["run"].as_str().unwrap_or_else(|| panic!("{reply:?}")).to_owned();
    let over = async || stage.get(&format!("v1/runs/{run}")).await.json()["closed"].as_bool().filter(|closed| *closed);
    stage.until("the end of the drill", over).await;
    let report = stage.get(&format!("v1/runs/{run}/report")).await.json();
    let findings = report["readiness"]["findings"].as_array().cloned().unwrap_or_default();
    findings.into_iter().find(|finding| finding["check"] == "secret").unwrap_or_else(|| panic!("{report}"))
}

type Break = fn(&World);

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_found_missing_forbidden_or_about_to_expire_with_the_command_that_mends_it() {
    let mut scenario = calm();
    scenario.plan.password = PasswordIn::Vault;
    let stage = Stage::open(scenario).await;
    let fine = assessed(&stage).await;
    assert_eq!(fine["severity"], "ok", "{fine}");
    let turns: [(Break, &str, &str, &str); 4] = [
        (
            |world| world.change_secret(vault::PASSWORD, |it| it.expires = Some(Utc::now() + TimeDelta::days(5))),
            "warning",
            "expires on",
            "",
        ),
        (
            |world| world.break_vault(Some(VaultFault::NoRole)),
            "blocker",
            "lacks the role Key Vault Secrets User",
            "az role assignment create --role \"Key Vault Secrets User\"",
        ),
        (|world| world.break_vault(Some(VaultFault::Firewall)), "blocker", "firewall", "az keyvault network-rule add"),
        (
            |world| {
                world.break_vault(None);
                world.delete_secret(vault::PASSWORD);
            },
            "blocker",
            "does not exist",
            "az keyvault secret set --vault-name kv-dr --name pg-reveille",
        ),
    ];
    for (turn, severity, said, command) in turns {
        turn(stage.world());
        let finding = assessed(&stage).await;
        assert_eq!(finding["severity"], severity, "{finding}");
        assert!(finding["saw"].as_str().unwrap().contains(said), "{said}: {finding}");
        assert!(finding["commands"].to_string().replace('\\', "").contains(command), "{command}: {finding}");
    }
    stage.close().await;
}
