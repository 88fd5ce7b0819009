//! infra/README.md names what there is to fill in, and nothing that is not there.

use super::compiler::Copied;
use serde_json::Value;
use std::collections::BTreeSet;

const README: &str = include_str!("../../infra/README.md");

fn compiled() -> Value {
    let output = Copied::infra().bicep(&["build", "--stdout", "main.bicep"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

/// Parameters, and the members of those that are objects, as `plan.preferred.origin`.
fn parameters(template: &Value) -> BTreeSet<String> {
    let mut all = keys(&template["parameters"]);
    let types =
        [("planType", "plan"), ("accessType", "access"), ("appType", "apps"), ("secureWebhookType", "secureWebhook")];
    for (kind, parameter) in types {
        let definitions = template["definitions"].as_object().unwrap();
        let (_, definition) = definitions.iter().find(|(name, _)| name.ends_with(kind)).unwrap();
        all.extend(keys(&definition["properties"]).iter().map(|member| format!("{parameter}.{member}")));
    }
    all
}

/// The first cell of each row of the tables of parameters.
fn documented() -> BTreeSet<String> {
    let section = README.split("## Every parameter").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    rows.map(str::to_owned).collect()
}

#[test]
fn every_parameter_is_explained_and_no_other() {
    let mut documented = documented();
    // One row each stands for the members of both sites.
    for member in ["name", "clusterId", "origin"] {
        assert!(documented.remove(&format!("plan.preferred.{member}")), "{member}");
    }
    assert_eq!(documented, parameters(&compiled()));
}

#[test]
fn every_file_that_the_document_names_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let names = README.split(['`', ' ', '(', ')', '\n']).filter(|word| {
        [".bicep", ".bicepparam", ".toml"].iter().any(|end| word.ends_with(end)) && !word.starts_with("target/")
    });
    let mut seen = 0;
    for name in names {
        let is_there = root.join(name).exists() || root.join("infra").join(name).exists() || name == "reveille.toml";
        assert!(is_there, "{name}");
        seen += 1;
    }
    assert!(seen > 5);
}

/// What stands in single quotes there, and in the tables here.
#[test]
fn the_page_about_permissions_has_every_action_and_no_other() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let between = |text: &str, quote: char| -> BTreeSet<String> {
        let parts =
            text.lines().flat_map(|line| line.split(quote).skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>());
        parts.filter(|part| part.starts_with("Microsoft.") && part.contains('/')).collect()
    };
    let (given, told) = (read("infra/modules/actions.bicep"), read("docs/permissions.md"));
    let given = between(&given, '\'');
    assert!(given.len() > 20, "{given:?}");
    assert_eq!(between(&told, '`'), given);
}
