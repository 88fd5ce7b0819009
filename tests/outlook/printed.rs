//! What the command printed, read back.

use reveille::domain::outlook::matches;
use serde_json::Value;
use std::path::Path;
use std::process::Command;

pub struct Printed {
    plan: Value,
}

/// A request as the world's log has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request {
    /// `None`: Azure Resource Manager.
    pub cluster: Option<String>,
    pub method: String,
    pub path: String,
    pub version: Option<String>,
}

/// Runs the command as anybody would, on a file.
pub fn run(arguments: &[&str], config: &Path) -> String {
    output(arguments, config).0
}

/// What it wrote to stdout and to stderr.
pub fn output(arguments: &[&str], config: &Path) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_reveille"))
        .args(arguments)
        .arg("--config")
        .arg(config)
        .env_remove("REVEILLE_CONFIG")
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

impl Printed {
    pub fn of(config: &Path) -> Self {
        let mut all: Value = serde_json::from_str(&run(&["plan", "--json"], config)).unwrap();
        Self { plan: all["plans"][0].take() }
    }

    fn runs(&self) -> impl Iterator<Item = &Value> {
        self.plan["runs"].as_array().unwrap().iter()
    }

    pub fn standing(&self) -> impl Iterator<Item = &Value> {
        self.plan["standing"].as_array().unwrap().iter().flat_map(|it| it["calls"].as_array().unwrap())
    }

    /// The calls of a kind of run. `when` tells variants of one kind apart.
    pub fn of_run(&self, kind: &str, when: &str) -> Vec<&Value> {
        let run = self.runs().find(|run| run["kind"] == kind && run["when"].as_str().unwrap().contains(when));
        let run = run.unwrap_or_else(|| panic!("no {kind} {when:?} in {}", self.plan));
        run["steps"].as_array().unwrap().iter().flat_map(|step| step["calls"].as_array().unwrap()).collect()
    }

    pub fn all(&self) -> Vec<&Value> {
        let steps = self.runs().flat_map(|run| run["steps"].as_array().unwrap());
        steps.flat_map(|step| step["calls"].as_array().unwrap()).chain(self.standing()).collect()
    }
}

/// Whether a printed call is this request.
pub fn is(call: &Value, request: &Request) -> bool {
    let text = |key: &str| call[key].as_str().unwrap_or_default();
    let same_server = match &request.cluster {
        Some(cluster) => call["to"] == "kubernetes" && text("cluster") == cluster,
        None => call["to"] == "azure",
    };
    let (address, query) = text("url").split_once('?').unwrap_or((text("url"), ""));
    let path = if request.cluster.is_some() { text("path") } else { path_of(address) };
    let printed = query.split('&').find_map(|pair| pair.strip_prefix("api-version="));
    // Of a link that Azure handed out nothing is printed but its shape.
    let same_version = printed.is_none_or(|version| Some(version) == request.version.as_deref());
    same_server && same_version && text("method") == request.method && matches(path, &request.path)
}

fn path_of(address: &str) -> &str {
    let rest = address.strip_prefix("https://").unwrap_or(address);
    &rest[rest.find('/').unwrap_or(rest.len())..]
}

pub fn mutates(call: &Value) -> bool {
    call["mutates"] == true
}
