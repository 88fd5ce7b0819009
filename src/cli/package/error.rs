//! Why there is no package.

use super::fitness::Unfit;
use crate::cli::Exit;
use crate::config::ConfigErrors;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub(super) enum PackageError {
    #[error("{command} cannot be started")]
    Start { command: &'static str, source: std::io::Error },
    #[error("{command} failed{}", tail(.said))]
    Failed { command: &'static str, said: String },
    #[error("what cargo metadata told was not understood")]
    Metadata(#[source] serde_json::Error),
    #[error("this is not a clone of Reveille: cargo knows no package of that name here")]
    NoProject,
    #[error("reading {path}", path = path.display())]
    Read { path: PathBuf, source: std::io::Error },
    #[error("writing {path}", path = path.display())]
    Write { path: PathBuf, source: std::io::Error },
    #[error("{path} does not read as a program for Linux", path = path.display())]
    NotAProgram { path: PathBuf, source: object::Error },
    #[error("{path} is not packed: {why}", path = path.display())]
    Unfit { path: PathBuf, why: Unfit },
    #[error("{0}")]
    Config(ConfigErrors),
    #[error("host.json names no handler beside itself")]
    NoHandlerName,
    #[error("Cargo.lock was not understood")]
    Lock(#[source] toml::de::Error),
    #[error("zipping {name}")]
    Zip { name: String, source: zip::result::ZipError },
}

impl PackageError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Unfit { .. } => Exit::Refused,
            Self::NoProject | Self::Config(_) | Self::Read { .. } | Self::NotAProgram { .. } => Exit::Usage,
            _ => Exit::Failed,
        }
    }

    pub(super) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Unfit { why, .. } => Some(why.hint()),
            Self::NoProject => Some("go into the clone, or name it: reveille package --project PATH"),
            Self::Config(_) => Some("--config names another file; infra/reveille.toml is a good beginning"),
            _ => None,
        }
    }
}

fn tail(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(": {}", text.trim()) }
}
