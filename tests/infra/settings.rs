//! App settings: what infra/reveille.toml takes from them and what the templates give, in both directions; and that the file
//! with these values is a valid configuration.

use super::predicted::{FILES, Predicted};
use reveille::config::{self, Config};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use tempfile::TempDir;

const FILE: &str = include_str!("../../infra/reveille.toml");

/// The file of infra/, with the app settings that a parameter file leads to.
pub struct Configured {
    text: String,
    settings: BTreeMap<String, String>,
}

impl Configured {
    pub fn of(file: &str) -> Self {
        let all = Predicted::of(file).app_settings();
        let settings = all.into_iter().next().unwrap();
        let settings = settings.into_iter().map(|(name, value)| (name.clone(), known(&name, value)));
        // The storage backend is not in this version; what the line leads to is looked at by itself.
        let text = FILE.replace("%REVEILLE_STORE%", "file:./state");
        Self { text, settings: settings.collect() }
    }

    pub fn with(mut self, find: &str, put: &str) -> Self {
        assert!(self.text.contains(find), "{find:?} is not in infra/reveille.toml");
        self.text = self.text.replacen(find, put, 1);
        self
    }

    /// Without the section, and with the workload that needs none.
    pub fn without_kubernetes(self) -> Self {
        let (before, rest) = self.text.split_once("[plan.kubernetes]").unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        let text = format!("{before}{after}");
        Self { text, ..self }.with("workload = \"parked\"", "workload = \"starts-with-cluster\"")
    }

    /// What the program makes of it.
    pub fn config(&self) -> Config {
        config::parse(&self.text, "reveille.toml", &|name| self.settings.get(name).cloned()).unwrap()
    }

    /// Runs the program on it, with these settings as its environment; stdout and stderr.
    pub fn reveille(&self, arguments: &[&str]) -> (String, String) {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("reveille.toml");
        std::fs::write(&file, &self.text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_reveille"));
        command.args(arguments).arg("--config").arg(&file).envs(&self.settings).env_remove("REVEILLE_CONFIG");
        let output = command.output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

/// What is only known when it is deployed, or is in the vault, in the shape that it will have.
fn known(name: &str, value: String) -> String {
    match name {
        "REVEILLE_STORE" => {
            assert!(value.contains("'https://{0}.blob.{1}/{2}'"), "{value}");
            "https://account.blob.core.windows.net/reveille".to_owned()
        }
        "REVEILLE_HOSTNAME" if value.starts_with('[') => "sonar-abc.z01.azurefd.net".to_owned(),
        _ if value.starts_with("@Microsoft.KeyVault(") => "https://example.com/from-the-vault".to_owned(),
        _ if value.starts_with('[') => "55555555-5555-5555-5555-555555555555".to_owned(),
        _ => value,
    }
}

/// `%NAME%` and `env = "NAME"`, outside of comments.
fn taken(text: &str) -> BTreeSet<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let found = code.flat_map(|line| {
        let percent = line.split('%').skip(1).step_by(2).map(str::to_owned);
        let env = line.split("env = \"").skip(1).filter_map(|it| it.split('"').next()).map(str::to_owned);
        percent.chain(env).collect::<Vec<_>>()
    });
    found.collect()
}

#[test]
fn the_templates_give_exactly_what_the_configuration_takes() {
    let taken = taken(FILE);
    assert!(taken.len() > 15, "{taken:?}");
    for file in FILES {
        for settings in Predicted::of(file).app_settings() {
            let given: BTreeSet<String> = settings.into_keys().filter(|name| name.starts_with("REVEILLE_")).collect();
            assert_eq!(given, taken, "{file}");
        }
    }
}

#[test]
fn the_configuration_is_valid_with_what_each_parameter_file_gives() {
    for file in FILES {
        let (said, _) = Configured::of(file).reveille(&["check", "--offline"]);
        assert!(said.contains("is valid: 1 plan"), "{file}: {said}");
        assert!(said.contains("sonarqube"), "{file}: {said}");
    }
}

/// The host finds its storage by a connection's name; every binding has to name one that the templates give.
#[test]
fn every_connection_of_the_bindings_is_given_by_identity_and_no_other() {
    let connections: BTreeSet<String> = super::agreement::bindings("connection");
    for file in FILES {
        for settings in Predicted::of(file).app_settings() {
            let named =
                settings.keys().filter_map(|name| name.split_once("__")).map(|(connection, _)| connection.to_owned());
            assert_eq!(named.collect::<BTreeSet<String>>(), connections, "{file}");
            for connection in &connections {
                assert_eq!(settings[&format!("{connection}__credential")], "managedidentity", "{file}");
                assert!(!settings.contains_key(connection), "{file}: a connection string has a key in it");
            }
        }
    }
}

#[test]
fn secrets_are_references_to_the_vault_that_is_made() {
    for file in FILES {
        let predicted = Predicted::of(file);
        let vault = predicted.of_type("Microsoft.KeyVault/vaults").next().unwrap()["name"].as_str().unwrap().to_owned();
        for settings in predicted.app_settings() {
            for name in ["REVEILLE_DATABASE_PASSWORD", "REVEILLE_TEAMS_URL"] {
                let reference = format!("@Microsoft.KeyVault(VaultName={vault};SecretName=");
                assert!(settings[name].starts_with(&reference), "{file}: {name} = {}", settings[name]);
            }
        }
    }
}
