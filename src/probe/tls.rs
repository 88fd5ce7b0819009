//! One trust store for the whole crate: the machine's roots, or those of `SSL_CERT_FILE`.
//!
//! Private networks with their own CA, TLS-inspecting proxies and the sandbox all need just that one variable; there is
//! no switch that turns verification off.

use super::dns::Dns;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use std::sync::Arc;
use std::time::Duration;

/// How Reveille names itself to the servers it asks.
pub const USER_AGENT: &str = concat!("reveille/", env!("CARGO_PKG_VERSION"));
/// Time after which a connection that is not there yet counts as failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Which certificates are believed, as a ready TLS client configuration. Cheap to clone.
#[derive(Clone)]
pub struct Trust {
    config: Arc<rustls::ClientConfig>,
}

/// Why there is no trust store.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Neither `SSL_CERT_FILE`/`SSL_CERT_DIR` nor the machine gave a certificate.
    #[error("no root certificates found: {problems}")]
    NoRoots { problems: String },
    #[error("the TLS client cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
#[error("building the HTTP client failed")]
pub struct ClientError(#[source] reqwest::Error);

impl Trust {
    /// The roots of `SSL_CERT_FILE` and `SSL_CERT_DIR` when set, else the machine's.
    pub fn system() -> Result<Self, TrustError> {
        let found = rustls_native_certs::load_native_certs();
        if found.certs.is_empty() {
            let problems: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
            let none = "the machine has none (Debian: apt-get install ca-certificates)".to_owned();
            let problems = if problems.is_empty() { none } else { problems.join("; ") };
            return Err(TrustError::NoRoots { problems });
        }
        Self::from_roots(found.certs)
    }

    /// Exactly these roots. Certificates that do not parse are left out, as the machine's store may hold such.
    pub fn from_roots(roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<Self, TrustError> {
        let mut store = RootCertStore::empty();
        if store.add_parsable_certificates(roots).0 == 0 {
            return Err(TrustError::NoRoots { problems: "none of the certificates can be read".into() });
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(TrustError::Setup)?
            .with_root_certificates(store)
            .with_no_client_auth();
        Ok(Self { config: Arc::new(config) })
    }

    /// A TLS client configuration without ALPN, as PostgreSQL needs it. It resumes no session: who resumes one is not shown
    /// the certificate again, and would not see that it has expired or was renewed.
    pub fn client_config(&self) -> rustls::ClientConfig {
        let mut config = self.config.as_ref().clone();
        config.resumption = rustls::client::Resumption::disabled();
        config
    }

    fn with_alpn(&self, protocols: &[&str]) -> rustls::ClientConfig {
        let mut config = self.config.as_ref().clone();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
        config
    }
}

/// The client for channels: pooled, no redirects followed, `timeout` per request.
pub fn http_client(dns: &Dns, trust: &Trust, timeout: Duration) -> Result<reqwest::Client, ClientError> {
    http_builder(dns, trust).timeout(timeout).build().map_err(ClientError)
}

/// The same, unfinished, for those who set their own time-outs: the Azure clients.
pub fn http_builder(dns: &Dns, trust: &Trust) -> reqwest::ClientBuilder {
    base(dns, trust.with_alpn(&["http/1.1"]))
}

/// The client for own probes: a new connection each time, straight to the address (no proxy of the environment).
pub(super) fn probe_client(dns: &Dns, trust: &Trust) -> Result<reqwest::Client, ClientError> {
    let mut tls = trust.client_config();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    base(dns, tls).http1_only().pool_max_idle_per_host(0).no_proxy().build().map_err(ClientError)
}

fn base(dns: &Dns, tls: rustls::ClientConfig) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(dns.clone()))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .user_agent(USER_AGENT)
}
