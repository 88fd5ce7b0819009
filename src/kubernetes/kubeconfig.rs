//! What a kubeconfig says: where the API server is, whom to trust, who we are. A secret as a whole.

use super::yaml;
use crate::domain::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::Value;
use std::fmt;

/// Why a kubeconfig cannot be used. Never quotes it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadKubeconfig {
    #[error("it is no kubeconfig")]
    NotOne,
    #[error("its server is missing or not an https address")]
    NoServer,
    #[error("it names no certificate authority that can be read")]
    NoAuthority,
    #[error("its client certificate or key cannot be read")]
    BadCertificate,
}

/// The useful part of a kubeconfig.
pub(super) struct Parsed {
    pub server: Url,
    pub authority: Vec<CertificateDer<'static>>,
    pub user: User,
}

/// How the server wants to know us.
pub(super) enum User {
    /// By a token of Entra.
    Entra,
    Certificate {
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    },
}

impl fmt::Debug for Parsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parsed({}, redacted)", self.server)
    }
}

impl Parsed {
    /// Reads the YAML text that Azure gave.
    pub fn read(text: &Secret) -> Result<Self, BadKubeconfig> {
        let config = yaml::read(text.expose()).ok_or(BadKubeconfig::NotOne)?;
        let cluster = first(&config, "clusters", "cluster").ok_or(BadKubeconfig::NotOne)?;
        let server = cluster["server"].as_str().and_then(server).ok_or(BadKubeconfig::NoServer)?;
        let authority = cluster["certificate-authority-data"].as_str().and_then(certificates);
        let user = first(&config, "users", "user").unwrap_or(&Value::Null);
        Ok(Self { server, authority: authority.ok_or(BadKubeconfig::NoAuthority)?, user: User::of(user)? })
    }
}

impl User {
    /// Azure's kubeconfigs name an exec plugin or an auth provider for Entra, and hold a certificate otherwise.
    fn of(info: &Value) -> Result<Self, BadKubeconfig> {
        let Some(chain) = info["client-certificate-data"].as_str() else { return Ok(Self::Entra) };
        let key = info["client-key-data"].as_str().and_then(pem);
        let key = key.and_then(|pem| PrivateKeyDer::from_pem_slice(&pem).ok());
        match (certificates(chain), key) {
            (Some(chain), Some(key)) => Ok(Self::Certificate { chain, key }),
            _ => Err(BadKubeconfig::BadCertificate),
        }
    }
}

/// The first named entry of a list (kubernetes.io, kubeconfig v1).
fn first<'c>(config: &'c Value, list: &str, entry: &str) -> Option<&'c Value> {
    config[list].as_array()?.iter().find_map(|named| named.get(entry).filter(|entry| entry.is_object()))
}

fn server(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let bare = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    (url.scheme() == "https" && url.host_str().is_some() && bare).then_some(url)
}

fn pem(encoded: &str) -> Option<Vec<u8>> {
    STANDARD.decode(encoded.trim()).ok()
}

/// The certificates in base64 of PEM; none counts as unreadable.
fn certificates(encoded: &str) -> Option<Vec<CertificateDer<'static>>> {
    let pem = pem(encoded)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    found.ok().filter(|found| !found.is_empty())
}

/// Names as Kubernetes allows them (RFC 1123 subdomains): nothing in them means anything to a URL or a shell.
pub(super) fn is_object_name(name: &str) -> bool {
    let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = name.bytes().all(|c| plain(c) || c == b'-' || c == b'.');
    let ends = name.bytes().next().is_some_and(plain) && name.bytes().next_back().is_some_and(plain);
    inner && ends && name.len() <= 253
}
