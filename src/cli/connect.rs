//! From options and environment to a client.

use super::address::Address;
use super::client::Client;
use super::error::CliError;
use crate::config;
use crate::domain::secret::Secret;
use crate::triggers::Direct;
use reqwest::{Certificate, ClientBuilder};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub const URL_VARIABLE: &str = "REVEILLE_URL";
/// A function key. There is no option for it: command lines are seen by everybody on the machine.
pub const KEY_VARIABLE: &str = "REVEILLE_KEY";
pub const CA_FILE_VARIABLE: &str = "REVEILLE_CA_FILE";
pub const WHO_VARIABLE: &str = "REVEILLE_WHO";

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the server is and whom to trust there.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Connection {
    /// Where Reveille is, such as https://<function app>.azurewebsites.net/api
    #[arg(long, global = true, help_heading = "Everywhere", env = URL_VARIABLE, value_name = "URL", hide_env_values = true)]
    url: Option<String>,
    /// Trust the certificates of this PEM file too
    #[arg(long, global = true, help_heading = "Everywhere", env = CA_FILE_VARIABLE, value_name = "PATH", hide_env_values = true)]
    ca_file: Option<PathBuf>,
    /// Without the function app: work on its store from here, as whoever `az login` has logged in, by the configuration
    /// file that is named (else REVEILLE_CONFIG, else reveille.toml here)
    #[arg(long, global = true, help_heading = "Everywhere", value_name = "CONFIG", num_args = 0..=1, require_equals = true)]
    direct: Option<Option<PathBuf>>,
}

impl Connection {
    /// Has to be called inside the runtime.
    pub async fn open(&self) -> Result<Client, CliError> {
        let Some(file) = &self.direct else { return self.remote() };
        let path = file.clone().unwrap_or_else(|| config::document_path(&config::process_env));
        Ok(Client::direct(Direct::open(&path).await?))
    }

    /// As it is typed.
    pub fn way(&self) -> String {
        match &self.direct {
            None => String::new(),
            Some(None) => "--direct".to_owned(),
            Some(Some(path)) => format!("--direct={}", path.display()),
        }
    }

    /// The function app itself, whatever way is typed.
    pub fn remote(&self) -> Result<Client, CliError> {
        self.remote_at(self.given().ok_or(CliError::NoAddress)?)
    }

    /// Whether it was said where Reveille is.
    pub fn is_given(&self) -> bool {
        self.given().is_some()
    }

    fn given(&self) -> Option<&str> {
        self.url.as_deref().filter(|url| !url.is_empty())
    }

    /// The same at an address that was found elsewhere.
    pub fn remote_at(&self, url: &str) -> Result<Client, CliError> {
        let base = Address::parse(url)?;
        let http = http(&base, self.ca_file.as_deref())?;
        Ok(Client::new(base, key()?, http))
    }
}

fn key() -> Result<Option<Secret>, CliError> {
    let Ok(text) = std::env::var(KEY_VARIABLE) else { return Ok(None) };
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(CliError::NotAKey);
    }
    Ok(Some(Secret::new(text)))
}

/// An HTTP client for that address, with the platform's trust (on Linux `SSL_CERT_FILE` and `SSL_CERT_DIR` count) and
/// the certificates of `ca_file`. It follows no redirect, which would carry the key elsewhere.
pub fn http(base: &Address, ca_file: Option<&Path>) -> Result<reqwest::Client, CliError> {
    let extra = ca_file.map(certificates).transpose()?.unwrap_or_default();
    let mut builder = ClientBuilder::new()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(concat!("reveille/", env!("CARGO_PKG_VERSION")));
    if base.is_local() {
        builder = builder.no_proxy();
    }
    // Plain http to this machine must work where no certificates are installed at all.
    builder = if base.is_http() { builder.tls_certs_only(extra) } else { builder.tls_certs_merge(extra) };
    builder.build().map_err(CliError::Http)
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, CliError> {
    let unreadable = |why: String| CliError::CaFile { path: path.to_owned(), why };
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(error.to_string()))?;
    if found.is_empty() { Err(unreadable("it holds no certificate".into())) } else { Ok(found) }
}
