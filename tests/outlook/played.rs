//! Scenarios, played under the printed roles, and what the world saw of them.

use super::printed::{Printed, Request, output, run};
use crate::support::transcript::Transcript;
use reveille::sandbox::scenario::Scenario;
use reveille::sandbox::world::{Event, Grant, KubeRule, World};
use reveille::sandbox::{Options, Sandbox};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio::sync::Semaphore;

const HANDLER: &str = env!("CARGO_BIN_EXE_reveille");
/// Scenarios mostly wait.
static STAGES: Semaphore = Semaphore::const_new(4);

/// The roles of the plan, with one thing left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Without<'a> {
    /// An action of Azure.
    pub action: Option<&'a str>,
    /// Verb and resource of an access rule, such as `patch deployments/scale`.
    pub rule: Option<&'a str>,
}

pub struct Played {
    pub name: String,
    pub printed: Printed,
    pub requests: BTreeSet<Request>,
    pub denied: BTreeSet<String>,
    /// What the scenario expected of its world and did not see.
    pub faults: Vec<String>,
}

/// Plays a scenario to its end.
pub async fn played(scenario: &Scenario) -> Played {
    let _stage = STAGES.acquire().await.unwrap();
    let (sandbox, folder) = open(scenario, Without::default()).await;
    let verdict = sandbox.play().await;
    let faults = verdict.checks.iter().filter(|check| !check.ok);
    let faults = faults.map(|check| format!("{}: expected {}, saw {}", check.what, check.expected, check.saw));
    let played = Played {
        name: scenario.name.clone(),
        printed: Printed::of(&config(folder.path())),
        requests: requests(sandbox.world()),
        denied: denied(sandbox.world()),
        faults: faults.collect(),
    };
    sandbox.stop().await;
    played
}

/// Plays a scenario until something was denied, and says what.
pub async fn denied_without(scenario: &Scenario, without: Without<'_>) -> BTreeSet<String> {
    let _stage = STAGES.acquire().await.unwrap();
    let (sandbox, _folder) = open(scenario, without).await;
    let world = sandbox.world().clone();
    let found = async {
        while denied(&world).is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    // A scenario ends by itself when it had its time.
    tokio::select! {
        () = found => {}
        _ = sandbox.play() => {}
    }
    sandbox.stop().await;
    denied(&world)
}

async fn open(scenario: &Scenario, without: Without<'_>) -> (Sandbox, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(scenario.clone(), HANDLER);
    options.folder = Some(folder.path().to_owned());
    options.log = Transcript::default().log();
    let sandbox = Sandbox::start(options).await.unwrap();
    restrict(sandbox.world(), &config(folder.path()), without);
    (sandbox, folder)
}

fn config(folder: &Path) -> PathBuf {
    folder.join("app/reveille.toml")
}

/// From now on the world allows what the command printed, where it said that it be assigned, and nothing else.
fn restrict(world: &World, config: &Path, without: Without<'_>) {
    let mut grants = Vec::new();
    for part in ["resources", "subscription", "commands"] {
        let (role, hint) = output(&["plan", "--role", part], config);
        let role: Value = serde_json::from_str(&role).unwrap();
        let actions = texts(&role["Actions"]);
        let actions: Vec<String> = actions.into_iter().filter(|it| Some(it.as_str()) != without.action).collect();
        let scopes = hint.lines().filter_map(|line| line.split_once("--scope ")).map(|(_, scope)| scope.to_owned());
        grants.extend(scopes.map(|scope| Grant { actions: actions.clone(), scope }));
    }
    world.grant_only(grants);
    let yaml = run(&["plan", "--kubernetes-role"], config);
    world.kube_grant_only(rules(&yaml).into_iter().filter(|rule| without.rule != Some(&told(rule))).collect());
}

/// As the world tells of a call that was turned away: `patch deployments/scale`.
pub fn told(rule: &KubeRule) -> String {
    format!("{} {}", rule.verbs[0], rule.resource)
}

/// The access rules in the YAML that the command printed, one for each verb.
pub fn rules(yaml: &str) -> Vec<KubeRule> {
    let mut rules = Vec::new();
    for document in yaml.split("---\n") {
        let value = |key: &str| document.lines().find_map(|line| line.trim().strip_prefix(key)).map(str::trim);
        let namespace = value("namespace:").map(str::to_owned);
        for rule in document.split("- apiGroups: ").skip(1) {
            let lists: Vec<Vec<String>> =
                rule.lines().map(|line| serde_json::from_str(line.rsplit(": ").next().unwrap()).unwrap()).collect();
            let [groups, resources, verbs] = lists.as_slice() else { panic!("{rule}") };
            rules.extend(verbs.iter().map(|verb| KubeRule {
                namespace: namespace.clone(),
                group: groups[0].clone(),
                resource: resources[0].clone(),
                verbs: vec![verb.clone()],
            }));
        }
    }
    rules
}

pub fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

/// Everything that was asked of Azure and of the clusters. What `kubectl` asks in a command is the command's matter.
fn requests(world: &World) -> BTreeSet<Request> {
    let entries = world.entries();
    let requests = entries.into_iter().filter_map(|entry| match entry.event {
        Event::ArmRead { path, version, .. } => Some(Request { cluster: None, method: "GET".into(), path, version }),
        Event::ArmCall { method, path, version, .. } => Some(Request { cluster: None, method, path, version }),
        Event::KubeRead { cluster, path, caller, .. } if caller != "run-command" => {
            Some(Request { cluster: Some(cluster), method: "GET".into(), path, version: None })
        }
        Event::KubeCall { cluster, method, path, caller, .. } if caller != "run-command" => {
            Some(Request { cluster: Some(cluster), method, path, version: None })
        }
        _ => None,
    });
    requests.collect()
}

fn denied(world: &World) -> BTreeSet<String> {
    let entries = world.entries();
    entries
        .into_iter()
        .filter_map(|entry| match entry.event {
            Event::Denied { action, .. } => Some(action),
            _ => None,
        })
        .collect()
}
