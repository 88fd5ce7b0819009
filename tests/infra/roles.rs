//! The roles in the templates against those that `reveille plan --role` makes of its own calls: actions, data actions and
//! the resources at which each is given, in both directions.

use super::predicted::Predicted;
use super::settings::Configured;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Default, PartialEq, Eq)]
struct Role {
    actions: BTreeSet<String>,
    data_actions: BTreeSet<String>,
    assignable: BTreeSet<String>,
    given_at: BTreeSet<String>,
}

fn set(value: &Value) -> BTreeSet<String> {
    value.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// By name. Ids of resources are compared without regard to case, as Azure does.
fn in_template(predicted: &Predicted) -> BTreeMap<String, Role> {
    let definitions = predicted.of_type("Microsoft.Authorization/roleDefinitions");
    let roles = definitions.map(|definition| {
        let properties = &definition["properties"];
        let granted = &properties["permissions"][0];
        let role = Role {
            actions: set(&granted["actions"]),
            data_actions: set(&granted["dataActions"]),
            assignable: set(&properties["assignableScopes"]),
            given_at: given_at(predicted, definition["name"].as_str().unwrap()),
        };
        (properties["roleName"].as_str().unwrap().to_owned(), role)
    });
    roles.collect()
}

fn given_at(predicted: &Predicted, role: &str) -> BTreeSet<String> {
    let assignments = predicted.of_type("Microsoft.Authorization/roleAssignments");
    let of_role = assignments.filter(|it| it["properties"]["roleDefinitionId"].as_str().unwrap().ends_with(role));
    let scope =
        |it: &Value| it["id"].as_str().unwrap().split("/providers/Microsoft.Authorization/").next().unwrap().to_owned();
    of_role.map(scope).collect()
}

/// What the command prints for that part: the role to stdout, and where it is to be given to stderr.
fn printed(configured: &Configured, part: &str) -> (String, Role) {
    let (file, hint) = configured.reveille(&["plan", "--role", part]);
    let file: Value = serde_json::from_str(&file).unwrap();
    let scopes = hint.lines().filter_map(|line| line.trim().rsplit_once("--scope ")).map(|(_, scope)| scope.to_owned());
    let role = Role {
        actions: set(&file["Actions"]),
        data_actions: set(&file["DataActions"]),
        assignable: set(&file["AssignableScopes"]),
        given_at: scopes.collect(),
    };
    (file["Name"].as_str().unwrap().to_owned(), role)
}

/// Of a plan that acts: one that only observes acknowledges no alert, but has to be able to become the other.
fn compare(file: &str, configured: Configured, parts: &[&str]) {
    let acting = configured.with("automation = \"observe\"", "automation = \"act\"");
    let printed: BTreeMap<String, Role> = parts.iter().map(|part| printed(&acting, part)).collect();
    let template = in_template(&Predicted::of(file));
    assert!(template.keys().eq(printed.keys()), "{file}: {:?} and {:?}", template.keys(), printed.keys());
    for (name, role) in &printed {
        assert!(!role.given_at.is_empty(), "{file}: the scopes of {name} are read from the hint");
        assert_eq!(&template[name], role, "{file}: {name}, in the template and as `reveille plan` prints it");
    }
}

#[test]
fn an_existing_estate_gets_exactly_the_roles_that_the_plan_prints() {
    compare("main", Configured::of("main"), &["resources", "subscription", "inside"]);
}

#[test]
fn so_does_the_sample_estate() {
    compare("sample", Configured::of("sample"), &["resources", "subscription", "inside"]);
}

#[test]
fn every_optional_call_is_allowed_where_it_is_asked_for_in_two_subscriptions() {
    let configured =
        Configured::of("two-regions").with("prove_path = true", "prove_path = true\nreset_search_index = true");
    compare("two-regions", configured, &["resources", "subscription", "commands", "inside"]);
}

#[test]
fn a_plan_that_never_goes_into_clusters_gets_no_role_for_it() {
    let configured = Configured::of("premium").without_kubernetes();
    compare("premium", configured, &["resources", "subscription"]);
}

#[test]
fn no_role_has_a_wildcard() {
    for file in super::FILES {
        for (name, role) in in_template(&Predicted::of(file)) {
            let all = role.actions.iter().chain(&role.data_actions);
            assert_eq!(all.filter(|it| it.contains('*')).collect::<Vec<_>>(), Vec::<&String>::new(), "{name}");
        }
    }
}
