//! What goes wrong on the command line, with what to do about it and the exit code.

use super::address::BadAddress;
use super::client::ClientError;
use super::connect::{KEY_VARIABLE, URL_VARIABLE};
use super::exit::Exit;
use crate::domain::names::RunId;
use crate::triggers::DirectError;
use std::path::PathBuf;

#[derive(Debug, thiserror::Error)]
pub enum CliError {
    #[error("where Reveille is was not said")]
    NoAddress,
    #[error(transparent)]
    Address(#[from] BadAddress),
    #[error("{KEY_VARIABLE} does not hold a key: only printable ASCII without spaces can be one")]
    NotAKey,
    #[error("{path} cannot be used as a CA file: {why}", path = path.display())]
    CaFile { path: PathBuf, why: String },
    #[error("the HTTP client cannot be set up")]
    Http(#[source] reqwest::Error),
    #[error("the command cannot be started")]
    Runtime(#[source] std::io::Error),
    #[error("{0}")]
    Usage(String),
    #[error(transparent)]
    Direct(#[from] DirectError),
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A word was sent and no answer came, so nobody knows whether it arrived.
    #[error("no answer came, so whether it arrived is not known")]
    Unanswered(#[source] ClientError, String),
    #[error("{path} cannot be used: {why}", path = path.display())]
    Input { path: PathBuf, why: String },
    #[error("{path} cannot be written", path = path.display())]
    Output { path: PathBuf, source: std::io::Error },
    /// A run was being followed when the connection was lost for good.
    #[error("the run cannot be followed any longer")]
    Lost { run: RunId, source: ClientError },
}

impl CliError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::NoAddress | Self::Address(_) | Self::NotAKey | Self::CaFile { .. } | Self::Usage(_) => Exit::Usage,
            Self::Input { .. } | Self::Direct(DirectError::Config(_)) => Exit::Usage,
            Self::Direct(_) => Exit::Failed,
            Self::Http(_) | Self::Runtime(_) | Self::Unanswered(..) | Self::Output { .. } => Exit::Failed,
            Self::Client(error) | Self::Lost { source: error, .. } => exit_of(error),
        }
    }

    /// What the caller can do now.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoAddress => {
                Some(format!("Set {URL_VARIABLE} or pass --url, such as https://<function app>.azurewebsites.net/api"))
            }
            Self::Client(error) => hint_of(error),
            Self::Unanswered(_, look) => Some(format!("look first:\n  {look}")),
            Self::Lost { run, .. } => {
                Some(format!("the run goes on without this command; come back with:\n  reveille watch {run}"))
            }
            _ => None,
        }
    }

    /// The server's own words as JSON, for `--json`.
    pub fn problem(&self) -> Option<&str> {
        match self {
            Self::Client(ClientError::Refused { text, .. }) => Some(text),
            _ => None,
        }
    }
}

fn exit_of(error: &ClientError) -> Exit {
    match error {
        ClientError::Refused { .. } | ClientError::Key { .. } | ClientError::NotThere { .. } => Exit::Refused,
        _ => Exit::Failed,
    }
}

fn hint_of(error: &ClientError) -> Option<String> {
    match error {
        ClientError::Refused { problem, .. } => Some(problem.next.clone()),
        ClientError::Key { sent: true, .. } => {
            Some(format!("{KEY_VARIABLE} is read from the environment; is it a key of this function app?"))
        }
        ClientError::Key { sent: false, .. } => Some(format!("Set {KEY_VARIABLE} to a function key of your own")),
        ClientError::NotThere { .. } => {
            Some(format!("Check {URL_VARIABLE}: it names the function app and its route prefix, by default /api"))
        }
        ClientError::Redirected { .. } => Some(format!("Set {URL_VARIABLE} to where it leads, if that is trusted")),
        ClientError::Unable { problem: Some(problem), .. } => Some(problem.next.clone()),
        ClientError::Unable { .. } => Some("A function app that restarts answers so for a while; ask again".to_owned()),
        ClientError::Unreachable { source, .. } if source.is_timeout() => {
            Some("It may be starting; ask again".to_owned())
        }
        ClientError::Unreachable { .. } => Some(format!(
            "Check {URL_VARIABLE} and the way there; a certificate of your own goes into SSL_CERT_FILE or --ca-file"
        )),
        ClientError::NotUnderstood { .. } => {
            Some("Is there a sign-in page or a proxy in between? Or is this command of another version?".to_owned())
        }
    }
}
