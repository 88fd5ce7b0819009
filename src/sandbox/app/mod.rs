//! The function app that a scenario runs: its folder and its settings.

mod config;
mod soon;

use std::io;
use std::path::{Path, PathBuf};

use super::host::{Env, HostError, lay_out, lay_out_package};
use super::identity::IdentityEndpoint;
use super::planes::{Channel, Planes, TOKEN};
use super::scenario::Scenario;
use super::world::World;

/// The configuration's file name in the app folder.
const CONFIG: &str = "reveille.toml";
/// The environment variable that holds the database password.
const PASSWORD: &str = "PG_PASSWORD";
/// The environment variable that holds a user token of the application.
const TOKEN_SETTING: &str = "SONAR_TOKEN";

/// Why the app folder could not be laid out.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A folder or file could not be written.
    #[error("writing {path}")]
    Write {
        /// Which one.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The host's files or the handler.
    #[error("laying out the function app")]
    LayOut(#[from] HostError),
    /// The configuration cannot be written as TOML.
    #[error("writing the configuration as TOML")]
    Config(#[from] toml::ser::Error),
}

/// A laid-out function app.
#[derive(Debug, Clone)]
pub struct App {
    /// Its folder.
    pub folder: PathBuf,
    /// Its configuration file.
    pub config: PathBuf,
}

/// Where the files of an app folder come from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// This program's own, around a handler.
    Handler(&'a Path),
    /// A package that was unpacked into this folder.
    Package(&'a Path),
}

/// What the app's settings and configuration point to.
pub struct Surroundings<'a> {
    /// The simulated Azure.
    pub world: &'a World,
    /// Applications, edge, databases, receiver.
    pub planes: &'a Planes,
    /// Where tokens come from.
    pub identity: &'a IdentityEndpoint,
    /// `ip:port` of the DNS server.
    pub dns: String,
    /// The sandbox's CA certificate.
    pub ca_file: &'a Path,
    /// Where the app keeps its state.
    pub store: String,
    /// The region that the app sits in.
    pub region: String,
}

impl App {
    /// Lays the app out below `folder`: host.json, functions, handler, reveille.toml.
    ///
    /// # Errors
    /// When a file cannot be written, or the handler does not exist.
    pub fn lay_out(
        folder: PathBuf,
        source: Source<'_>,
        scenario: &Scenario,
        around: &Surroundings<'_>,
    ) -> Result<Self, AppError> {
        std::fs::create_dir_all(&folder).map_err(|source| AppError::Write { path: folder.clone(), source })?;
        match source {
            Source::Handler(handler) => lay_out(&folder, handler)?,
            Source::Package(unpacked) => lay_out_package(&folder, unpacked)?,
        }
        let config = folder.join(CONFIG);
        let text = config::text(scenario, around)?;
        std::fs::write(&config, text).map_err(|source| AppError::Write { path: config.clone(), source })?;
        Ok(Self { folder, config })
    }

    /// The app settings, which the handler gets as environment.
    pub fn settings(&self, around: &Surroundings<'_>) -> Env {
        let mut settings = Env::from([
            ("FUNCTIONS_WORKER_RUNTIME".to_owned(), "custom".to_owned()),
            ("IDENTITY_ENDPOINT".to_owned(), around.identity.url.clone()),
            ("IDENTITY_HEADER".to_owned(), around.identity.header.clone()),
            ("REVEILLE_CONFIG".to_owned(), self.config.display().to_string()),
            ("SSL_CERT_FILE".to_owned(), around.ca_file.display().to_string()),
            (PASSWORD.to_owned(), around.world.settings().password),
            (TOKEN_SETTING.to_owned(), TOKEN.to_owned()),
            ("REGION_NAME".to_owned(), around.region.clone()),
            // The machine's proxy knows none of the simulated names.
            ("NO_PROXY".to_owned(), "*".to_owned()),
            ("no_proxy".to_owned(), "*".to_owned()),
        ]);
        for (channel, url) in around.planes.channels() {
            settings.insert(variable(channel).to_owned(), url);
        }
        settings
    }
}

/// The app setting that holds a channel's address.
fn variable(channel: Channel) -> &'static str {
    match channel {
        Channel::Teams => "TEAMS_URL",
        Channel::Hook => "HOOK_URL",
    }
}
