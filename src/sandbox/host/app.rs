//! An app folder: host.json, a directory with a function.json for each function, and the handler beside them.

use std::path::{Path, PathBuf};

use super::error::HostError;
use super::function::{Function, Trigger};
use super::settings::{Env, HostSettings};

/// What a host loads at its start.
#[derive(Debug, Clone)]
pub struct App {
    pub root: PathBuf,
    pub settings: HostSettings,
    /// Sorted so that the most exact HTTP route comes first.
    pub functions: Vec<Function>,
}

impl App {
    /// Reads host.json and every direct child directory that has a function.json. Where the real host would skip a broken function and
    /// log it, this one refuses the app.
    ///
    /// # Errors
    /// The first file that cannot be read or is not what the host takes.
    pub fn load(root: &Path, env: &Env) -> Result<Self, HostError> {
        let settings = HostSettings::read(&read(&root.join("host.json"))?, env)?;
        let mut functions = Vec::new();
        for directory in directories(root)? {
            functions.extend(Function::read(&directory, &settings, env)?);
        }
        functions.retain(|function| is_allowed(function, &settings));
        functions.sort_by_key(|function| (vagueness(function), function.name.clone()));
        check_unique(&functions)?;
        Ok(Self { root: root.to_owned(), settings, functions })
    }

    /// Functions that are switched on.
    pub fn enabled(&self) -> impl Iterator<Item = &Function> {
        self.functions.iter().filter(|function| !function.disabled)
    }
}

fn read(path: &Path) -> Result<String, HostError> {
    std::fs::read_to_string(path).map_err(|source| HostError::Read { path: path.to_owned(), source })
}

fn directories(root: &Path) -> Result<Vec<PathBuf>, HostError> {
    let failed = |source| HostError::Read { path: root.to_owned(), source };
    let entries: Vec<_> = std::fs::read_dir(root).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)?;
    Ok(entries.into_iter().map(|entry| entry.path()).filter(|path| path.is_dir()).collect())
}

fn is_allowed(function: &Function, settings: &HostSettings) -> bool {
    settings.allow.as_ref().is_none_or(|names| names.iter().any(|name| name.eq_ignore_ascii_case(&function.name)))
}

fn vagueness(function: &Function) -> Vec<u8> {
    match &function.trigger {
        Trigger::Http { route, .. } => route.vagueness(),
        Trigger::Queue { .. } | Trigger::Timer { .. } => Vec::new(),
    }
}

fn check_unique(functions: &[Function]) -> Result<(), HostError> {
    let twin = functions.iter().enumerate().find(|(index, function)| {
        functions[index + 1..].iter().any(|other| other.name.eq_ignore_ascii_case(&function.name))
    });
    match twin {
        Some((_, function)) => Err(HostError::Function {
            function: function.name.clone(),
            problem: "another function has this name in other case".into(),
        }),
        None => Ok(()),
    }
}
