//! What a kubeconfig says: where the API server is, whom to trust, who we are. A secret as a whole.

use crate::domain::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::config::{AuthInfo, Kubeconfig};
use reqwest::Url;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use secrecy::ExposeSecret;
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
        // The parser's error may quote what it could not read.
        let config = Kubeconfig::from_yaml(text.expose()).map_err(|_| BadKubeconfig::NotOne)?;
        let cluster = config.clusters.into_iter().find_map(|named| named.cluster).ok_or(BadKubeconfig::NotOne)?;
        let server = cluster.server.as_deref().and_then(server).ok_or(BadKubeconfig::NoServer)?;
        let authority = cluster.certificate_authority_data.as_deref().and_then(certificates);
        let user = config.auth_infos.into_iter().find_map(|named| named.auth_info).unwrap_or_default();
        Ok(Self { server, authority: authority.ok_or(BadKubeconfig::NoAuthority)?, user: User::of(&user)? })
    }
}

impl User {
    /// Azure's kubeconfigs name an exec plugin or an auth provider for Entra, and hold a certificate otherwise.
    fn of(info: &AuthInfo) -> Result<Self, BadKubeconfig> {
        let Some(chain) = info.client_certificate_data.as_deref() else { return Ok(Self::Entra) };
        let key = info.client_key_data.as_ref().and_then(|key| pem(key.expose_secret()));
        let key = key.and_then(|pem| PrivateKeyDer::from_pem_slice(&pem).ok());
        match (certificates(chain), key) {
            (Some(chain), Some(key)) => Ok(Self::Certificate { chain, key }),
            _ => Err(BadKubeconfig::BadCertificate),
        }
    }
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
