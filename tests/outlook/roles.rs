//! No role holds more than is needed: without any one action, or any one access rule, something is turned away for it.

use super::played::{Without, denied_without, rules, told};
use super::printed::run;
use futures::StreamExt;
use reveille::sandbox::scenario::{Scenario, named};
use std::collections::BTreeSet;

/// The scenario in which a call needs that action, or access rule.
fn scenario(action: &str) -> Scenario {
    let mut scenario = named("parked-standby").unwrap().clone();
    match action {
        action if READINESS.contains(&action) => scenario = named("drill-readiness").unwrap().clone(),
        action if action.ends_with("operations/read") => scenario = named("start-fails-capacity").unwrap().clone(),
        action if action.ends_with(" pods") || action.ends_with("pods/log") => {
            scenario = named("drill").unwrap().clone()
        }
        action if action.contains("ommand") => scenario.world.kubernetes.private_api = true,
        _ => {}
    }
    scenario
}

/// What only a readiness drill reads.
const READINESS: [&str; 11] = [
    "Microsoft.Authorization/permissions/read",
    "Microsoft.Cdn/profiles/afdendpoints/read",
    "Microsoft.Cdn/profiles/origingroups/origins/read",
    "Microsoft.Cdn/profiles/origingroups/read",
    "Microsoft.Compute/locations/usages/read",
    "Microsoft.Compute/skus/read",
    "Microsoft.ContainerService/locations/kubernetesVersions/read",
    "Microsoft.DBforPostgreSQL/flexibleServers/read",
    "Microsoft.DBforPostgreSQL/flexibleServers/virtualendpoints/read",
    "Microsoft.Insights/actionGroups/read",
    "Microsoft.Insights/metricAlerts/read",
];

/// Every action of the roles of the plan that all these scenarios have.
fn actions() -> Vec<String> {
    [
        "Microsoft.AlertsManagement/alerts/changestate/action",
        "Microsoft.ContainerService/locations/operations/read",
        "Microsoft.ContainerService/managedClusters/commandResults/read",
        "Microsoft.ContainerService/managedClusters/listClusterUserCredential/action",
        "Microsoft.ContainerService/managedClusters/read",
        "Microsoft.ContainerService/managedClusters/runcommand/action",
        "Microsoft.ContainerService/managedClusters/start/action",
        "Microsoft.ContainerService/managedClusters/stop/action",
        "Microsoft.Insights/metrics/read",
    ]
    .into_iter()
    .chain(READINESS)
    .map(str::to_owned)
    .collect()
}

/// A plan with everything in it that a role can be needed for.
pub fn config() -> tempfile::NamedTempFile {
    let minimal = include_str!("../fixtures/config/minimal.toml").replace("starts-with-cluster", "parked");
    let minimal = minimal.replace("[[plan.app]]", "[plan.kubernetes]\n[[plan.app]]");
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&file, format!("{minimal}\n[[plan.drill]]\nkind = \"standby\"\nschedule = \"0 0 3 * * SUN\"\n"))
        .unwrap();
    file
}

#[test]
fn the_roles_together_hold_these_actions() {
    let file = config();
    let mut printed = BTreeSet::new();
    for part in ["resources", "subscription", "commands"] {
        let role: serde_json::Value = serde_json::from_str(&run(&["plan", "--role", part], file.path())).unwrap();
        printed.extend(super::played::texts(&role["Actions"]));
    }
    assert_eq!(printed, actions().into_iter().collect::<BTreeSet<String>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_action_a_call_is_turned_away_that_names_it() {
    let tried = futures::stream::iter(actions()).map(async |action| {
        let without = Without { action: Some(&action), rule: None };
        let denied = denied_without(&scenario(&action), without).await;
        (denied != BTreeSet::from([action.clone()])).then(|| format!("without {action}: {denied:?}"))
    });
    let wrong: Vec<String> = tried.buffer_unordered(20).filter_map(async |wrong| wrong).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_one_access_rule_a_cluster_turns_a_call_away() {
    let file = config();
    let rules: Vec<String> = rules(&run(&["plan", "--kubernetes-role"], file.path())).iter().map(told).collect();
    assert!(rules.contains(&"patch deployments/scale".to_owned()) && rules.len() == 11, "{rules:?}");
    let tried = futures::stream::iter(rules).map(async |rule| {
        let denied = denied_without(&scenario(&rule), Without { action: None, rule: Some(&rule) }).await;
        (denied != BTreeSet::from([rule.clone()])).then(|| format!("without {rule}: {denied:?}"))
    });
    let wrong: Vec<String> = tried.buffer_unordered(11).filter_map(async |wrong| wrong).collect().await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
