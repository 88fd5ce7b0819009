//! Names on both sides: functions, routes, queues, containers, the alert rule and its threshold.

use super::predicted::{FILES, Predicted};
use reveille::domain::timing::Timing;
use reveille::host::routes::{ROUTES, Route, Trigger};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

fn json(file: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// The bindings of every function, with the function's name.
fn all_bindings() -> Vec<(String, Value)> {
    let names = ROUTES.iter().map(|route| route.name.to_owned());
    let with_name = names.flat_map(|name| {
        let function = json(&format!("functions/{name}/function.json"));
        let bindings = function["bindings"].as_array().unwrap().clone();
        bindings.into_iter().map(move |binding| (name.clone(), binding))
    });
    with_name.collect()
}

/// The values of a member, over all bindings.
pub fn bindings(member: &str) -> BTreeSet<String> {
    all_bindings().iter().filter_map(|(_, binding)| binding[member].as_str().map(str::to_owned)).collect()
}

fn triggered(trigger: Trigger) -> BTreeSet<String> {
    ROUTES.iter().filter(|it: &&Route| it.trigger == trigger).map(|route| route.name.to_owned()).collect()
}

fn set(items: &[&str]) -> BTreeSet<String> {
    items.iter().map(|it| (*it).to_owned()).collect()
}

/// http functions share one group of instances; each other one has its own, of which the queue's must never be cold.
#[test]
fn people_alerts_and_runs_have_an_instance_that_is_always_ready() {
    let mut expected: BTreeSet<String> = triggered(Trigger::Queue).iter().map(|it| format!("function:{it}")).collect();
    expected.insert("http".to_owned());
    for file in ["main", "sample", "two-regions"] {
        let predicted = Predicted::of(file);
        for app in predicted.of_type("Microsoft.Web/sites") {
            let scale = &app["properties"]["functionAppConfig"]["scaleAndConcurrency"];
            let ready = scale["alwaysReady"].as_array().unwrap();
            assert!(ready.iter().all(|it| it["instanceCount"].as_u64().unwrap() >= 1), "{file}");
            let names: BTreeSet<String> = ready.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect();
            assert_eq!(names, expected, "{file}");
        }
    }
}

#[test]
fn the_action_group_calls_the_alert_function_by_its_own_address() {
    const GROUP: &str = "Microsoft.Insights/actionGroups";
    let alert = all_bindings().into_iter().find(|(name, it)| name == "alert" && it["type"] == "httpTrigger").unwrap().1;
    let prefix = json("host.json")["extensions"]["http"]["routePrefix"].as_str().unwrap().to_owned();
    assert_eq!(alert["authLevel"], "function", "the key in the address is the function's own");
    for (file, property) in [("main", "httpTriggerUrl"), ("two-regions", "httpTriggerUrl"), ("premium", "serviceUri")] {
        let addresses = Predicted::of(file).texts(GROUP, property);
        assert!(!addresses.is_empty(), "{file}");
        for address in addresses {
            let shape = format!("'https://{{0}}/{prefix}/{{1}}?code={{2}}'");
            assert!(address.contains(&shape), "{file}: {address}");
            assert!(
                address.contains(&format!("'{}', listKeys(", alert["route"].as_str().unwrap())),
                "{file}: {address}"
            );
        }
    }
    assert_eq!(Predicted::of("main").texts(GROUP, "functionName"), set(&["alert"]));
}

#[test]
fn the_rule_about_silence_asks_for_a_timer_that_there_is() {
    let timers = triggered(Trigger::Timer);
    for file in FILES {
        let predicted = Predicted::of(file);
        let queries = predicted.texts("Microsoft.Insights/scheduledQueryRules", "query");
        assert_eq!(queries.len(), predicted.app_settings().len(), "{file}: one rule for each app");
        for query in queries {
            assert!(query.contains("name =~ \"watch\"") && timers.contains("watch"), "{file}: {query}");
        }
    }
}

#[test]
fn the_rule_about_silence_outlives_the_regions_of_the_apps() {
    for file in FILES {
        let predicted = Predicted::of(file);
        let regions = predicted.texts("Microsoft.Web/sites", "location");
        let rules = predicted.texts("Microsoft.Insights/scheduledQueryRules", "location");
        assert!(!rules.is_empty() && rules.is_disjoint(&regions), "{file}: {rules:?} and {regions:?}");
    }
}

#[test]
fn the_queues_are_those_of_the_bindings_and_their_poison() {
    let mut expected = bindings("queueName");
    expected.extend(bindings("queueName").iter().map(|queue| format!("{queue}-poison")));
    for file in FILES {
        let queues = Predicted::of(file).texts("Microsoft.Storage/storageAccounts/queueServices/queues", "name");
        assert_eq!(
            queues.iter().map(|it| it.rsplit('/').next().unwrap().to_owned()).collect::<BTreeSet<_>>(),
            expected
        );
    }
}

#[test]
fn the_store_has_a_container_for_logs_and_a_plain_one_beside_it_with_a_role_on_each() {
    for file in FILES {
        let predicted = Predicted::of(file);
        let containers: BTreeSet<String> = predicted
            .of_type("Microsoft.Storage/storageAccounts/blobServices/containers")
            .filter_map(|it| it["id"].as_str().unwrap().rsplit('/').next().map(str::to_owned))
            .filter(|name| name != "app-package")
            .collect();
        assert_eq!(containers, set(&["reveille", "reveille-documents"]), "{file}");
        for container in &containers {
            let scope = format!("/containers/{container}/providers/Microsoft.Authorization/roleAssignments/");
            assert_eq!(predicted.ids().filter(|id| id.contains(&scope)).count(), 1, "{file}: {container}");
        }
        for settings in predicted.app_settings() {
            assert!(settings["REVEILLE_STORE"].ends_with("'reveille')]"), "{file}: {}", settings["REVEILLE_STORE"]);
        }
    }
}

#[test]
fn the_alert_rule_is_the_one_that_the_plan_knows_and_watches_the_primary_only() {
    for file in FILES {
        let predicted = Predicted::of(file);
        let settings = predicted.app_settings().remove(0);
        let mut rules = predicted.of_type("Microsoft.Insights/metricAlerts");
        let rule = rules.find(|it| it["name"] == settings["REVEILLE_ALERT_RULE"].as_str()).expect(file);
        let properties = &rule["properties"];
        assert_eq!(properties["scopes"], serde_json::json!([settings["REVEILLE_FRONT_DOOR"]]), "{file}");
        let criterion = &properties["criteria"]["allOf"][0];
        assert_eq!(criterion["metricName"], "OriginHealthPercentage", "{file}");
        assert_eq!(criterion["threshold"].as_f64().unwrap(), Timing::default().metric_threshold, "{file}");
        let dimension = serde_json::json!([
            { "name": "Origin", "operator": "Include", "values": [settings["REVEILLE_PREFERRED_ORIGIN"]] }
        ]);
        assert_eq!(criterion["dimensions"], dimension, "{file}");
    }
}

/// The heartbeat comes by the same way as the alert, and wakes nobody.
#[test]
fn the_heartbeat_always_fires_through_the_group_that_calls_reveille_and_through_no_other() {
    let predicted = Predicted::of("main");
    let rule = |name: &str| predicted.of_type("Microsoft.Insights/metricAlerts").find(|it| it["name"] == name).unwrap();
    let groups = |name: &str| rule(name)["properties"]["actions"].as_array().unwrap().clone();
    let heartbeat = &rule("reveille-heartbeat")["properties"];
    assert_eq!(heartbeat["autoMitigate"], false, "a stateful rule would fire once");
    let criterion = &heartbeat["criteria"]["allOf"][0];
    assert_eq!(
        (criterion["operator"].as_str(), criterion["threshold"].as_f64()),
        (Some("GreaterThanOrEqual"), Some(0.0))
    );
    assert_eq!(groups("reveille-heartbeat"), groups("afd-primary-origin-health")[..1]);
}
