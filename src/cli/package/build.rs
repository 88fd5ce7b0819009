//! Builds the binary that will be deployed.

use super::error::PackageError;
use super::fitness::OLDEST;
use super::project::{Project, TARGET, cargo};
use std::path::PathBuf;
use std::process::Stdio;

/// How a binary for the hosts is made here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// `cargo zigbuild`: zig links for whichever glibc is named, on any machine.
    Zig,
    /// The machine's own linker, and so its own glibc.
    Machine,
}

impl Way {
    /// Zig where cargo has it.
    pub(super) fn of_this_machine(project: &Project) -> Self {
        let asked =
            cargo(&project.root).args(["zigbuild", "--help"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        if asked.is_ok_and(|status| status.success()) { Self::Zig } else { Self::Machine }
    }

    pub(super) fn about(self) -> String {
        match self {
            Self::Zig => format!("by cargo zigbuild for glibc {OLDEST}"),
            Self::Machine => "by cargo build for this machine's glibc (cargo zigbuild is not installed)".to_owned(),
        }
    }

    fn command(self) -> &'static str {
        match self {
            Self::Zig => "cargo zigbuild",
            Self::Machine => "cargo build",
        }
    }

    fn arguments(self) -> Vec<String> {
        let (verb, target) = match self {
            Self::Zig => ("zigbuild", format!("{TARGET}.{OLDEST}")),
            Self::Machine => ("build", TARGET.to_owned()),
        };
        let common = ["--release", "--locked", "--no-default-features", "--bin", "reveille", "--target"];
        let words = std::iter::once(verb).chain(common).chain(std::iter::once(target.as_str()));
        words.map(str::to_owned).collect()
    }

    /// Builds, and gives the binary's path. What cargo says goes where this program's messages go.
    pub(super) fn build(self, project: &Project) -> Result<PathBuf, PackageError> {
        let command = self.command();
        let mut building = cargo(&project.root);
        building.args(self.arguments()).stdout(Stdio::null());
        // Set by a cargo that runs this program; the next one would build another target folder's worth for it.
        building.env("CARGO_TARGET_DIR", &project.target);
        let status = building.status().map_err(|source| PackageError::Start { command, source })?;
        if !status.success() {
            return Err(PackageError::Failed { command, said: String::new() });
        }
        Ok(project.target.join(TARGET).join("release/reveille"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_leaves_the_sandbox_out_and_keeps_to_the_lock_file() {
        for way in [Way::Zig, Way::Machine] {
            let arguments = way.arguments().join(" ");
            assert!(arguments.contains("--release --locked --no-default-features"), "{arguments}");
        }
        assert!(Way::Zig.arguments().ends_with(&["x86_64-unknown-linux-gnu.2.28".to_owned()]));
    }
}
