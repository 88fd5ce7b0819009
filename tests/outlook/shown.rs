//! The command as people see it.

use super::printed::{Printed, output, run};
use super::roles::config;
use crate::assert_shown;

#[test]
fn the_graph_of_each_run_with_its_calls_and_times() {
    assert_shown!(run(&["plan", "sonarqube"], config().path()));
}

#[test]
fn roles_are_files_for_azure_with_the_commands_that_assign_them() {
    let file = config();
    let shown = |part: &str| {
        let (stdout, stderr) = output(&["plan", "--role", part], file.path());
        format!("{stdout}{stderr}")
    };
    assert_shown!(["resources", "subscription", "commands", "inside"].map(shown).join("\n"));
}

#[test]
fn access_rules_are_yaml_for_kubectl() {
    let (stdout, stderr) = output(&["plan", "--kubernetes-role"], config().path());
    assert_shown!(format!("{stdout}{stderr}"));
}

#[test]
fn json_holds_the_same_with_durations_and_conditions() {
    let printed = Printed::of(config().path());
    let calls = printed.of_run("failover", "is known to be parked");
    let stop = calls.iter().find(|call| call["what"] == "stop cluster aks-sonar-eastus2").unwrap();
    assert_eq!(stop["action"], "Microsoft.ContainerService/managedClusters/stop/action");
    assert!(stop["url"].as_str().unwrap().ends_with("/aks-sonar-eastus2/stop?api-version=2025-10-01"));
    assert!(calls.iter().any(|call| call["when"].is_string()));
}
