//! The clone that a package is made of, as cargo knows it.

use super::error::PackageError;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAME: &str = "reveille";
/// What the hosts of Azure Functions are.
pub(super) const TARGET: &str = "x86_64-unknown-linux-gnu";

/// What `cargo metadata` tells, as far as it is needed here (doc.rust-lang.org/cargo/commands/cargo-metadata.html).
#[derive(Debug, Deserialize)]
pub(super) struct Project {
    pub packages: Vec<Package>,
    pub resolve: Resolve,
    #[serde(rename = "workspace_root")]
    pub root: PathBuf,
    #[serde(rename = "target_directory")]
    pub target: PathBuf,
}

#[derive(Debug, Deserialize)]
pub(super) struct Package {
    pub id: String,
    pub name: String,
    pub version: String,
    /// An SPDX expression, or one with slashes from before there were such.
    pub license: Option<String>,
    pub description: Option<String>,
    pub targets: Vec<Target>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub kind: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Resolve {
    pub nodes: Vec<Node>,
    pub root: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Node {
    pub id: String,
    pub deps: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Edge {
    pub pkg: String,
    pub dep_kinds: Vec<EdgeKind>,
}

#[derive(Debug, Deserialize)]
pub(super) struct EdgeKind {
    /// `None` is an ordinary dependency.
    pub kind: Option<String>,
}

/// The cargo that runs this, else the one on the path.
pub(super) fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    command
}

impl Project {
    /// Asks cargo about the clone that a folder is in, without its dependencies for tests and for the sandbox.
    pub(super) fn find(folder: &Path) -> Result<Self, PackageError> {
        const WHAT: &str = "cargo metadata";
        let mut command = cargo(folder);
        command.args(["metadata", "--format-version", "1", "--locked", "--no-default-features"]);
        command.args(["--filter-platform", TARGET]);
        let output = command.output().map_err(|source| PackageError::Start { command: WHAT, source })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(PackageError::Failed { command: WHAT, said });
        }
        let project: Self = serde_json::from_slice(&output.stdout).map_err(PackageError::Metadata)?;
        if project.own().is_none() { Err(PackageError::NoProject) } else { Ok(project) }
    }

    /// Reveille itself.
    pub(super) fn own(&self) -> Option<&Package> {
        let root = self.resolve.root.as_ref()?;
        self.packages.iter().find(|package| &package.id == root && package.name == NAME)
    }

    pub(super) fn by_id(&self) -> BTreeMap<&str, &Package> {
        self.packages.iter().map(|package| (package.id.as_str(), package)).collect()
    }
}
