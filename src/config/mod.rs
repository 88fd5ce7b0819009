//! Configuration: `reveille.toml` becomes validated plans, or a list of every mistake with file, line and column.
//!
//! ```text
//! text ─► toml tree with spans ─► Section / Entry (getters that note mistakes and go on) ─► Config
//! ```
//! `model` says what comes out; `general`, `channels`, `plan`, `sites`, `database`, `apps`, `drill` and `timing` read one part
//! of the file each. Secrets are not read here: only where they are to be found ([`SecretRef`]).
//!
//! [`SecretRef`]: crate::domain::secret::SecretRef

mod apps;
mod channels;
mod database;
mod drill;
mod entry;
mod errors;
mod expand;
mod fence;
mod general;
mod heartbeat;
mod kubernetes;
mod model;
mod plan;
mod reader;
mod secret;
mod sites;
mod store;
mod timing;

pub use errors::{ConfigError, ConfigErrors, Position};
pub use model::{ChannelConfig, ChannelKind, Cloud, Config, Containers, EngineSettings, Identity, Network, StoreUrl};

use reader::{Basis, Reader, Section};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use toml::de::DeTable;

/// Names the configuration file, relative to the current directory unless absolute.
pub const CONFIG_VARIABLE: &str = "REVEILLE_CONFIG";
/// The app folder, as the Functions host tells its handler.
const APP_ROOT_VARIABLE: &str = "FUNCTIONS_APP_ROOT_PATH";
const FILE_NAME: &str = "reveille.toml";

/// Which file to read: `REVEILLE_CONFIG`, else `reveille.toml` in the app folder, else in the current directory.
pub fn document_path(env: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    let set = |name| env(name).filter(|value| !value.is_empty());
    match (set(CONFIG_VARIABLE), set(APP_ROOT_VARIABLE)) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(root)) => Path::new(&root).join(FILE_NAME),
        (None, None) => PathBuf::from(FILE_NAME),
    }
}

/// A variable of this process's environment, in the shape [`parse`] and [`document_path`] ask for.
pub fn process_env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads and validates a configuration file, with app settings from this process's environment.
pub fn load(path: &Path) -> Result<Config, ConfigErrors> {
    let file = path.display().to_string();
    let bytes = std::fs::read(path)
        .map_err(|why| ConfigErrors::unreadable(&file, format!("cannot be read: {why}; {CONFIG_VARIABLE} names it")))?;
    let text = String::from_utf8(bytes).map_err(|why| {
        let at = why.utf8_error().valid_up_to();
        ConfigErrors::unreadable(&file, format!("is not UTF-8 text: byte {at} and what follows"))
    })?;
    parse(&text, &file, &process_env)
}

/// Validates the text of a configuration file. `path` names it in errors and is where relative paths begin; `env`
/// gives the app settings that `%NAME%` stands for.
pub fn parse(text: &str, path: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigErrors> {
    let (tree, syntax) = DeTable::parse_recoverable(text);
    let reader = Reader::new(path, text, env);
    for error in &syntax {
        let at = error.span().map_or(text.len(), |span| span.start);
        reader.reject(Basis::Syntax, at, "", format!("not TOML: {}", error.message()));
    }
    let config = general::read(Section::new(&reader, String::new(), 0, tree.get_ref()), path, text);
    match (config, reader.into_errors()) {
        (Some(config), errors) if errors.is_empty() => Ok(config),
        (None, errors) if errors.is_empty() => {
            Err(ConfigErrors::unreadable(path, "is incomplete in a way that was not explained".to_owned()))
        }
        (_, errors) => Err(ConfigErrors(errors)),
    }
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
