//! When the certificate of a host ends: a TLS handshake, verified in full, and nothing else said.

use super::Probe;
use crate::domain::causes::with_causes;
use crate::domain::resource::HostPort;
use chrono::{DateTime, Utc};
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use x509_cert::Certificate;
use x509_cert::der::Decode;

const HTTPS: u16 = 443;

/// Why no certificate was seen.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("no answer from {host} within {}", crate::domain::duration::text(*.limit))]
    TimedOut { host: String, limit: Duration },
    #[error("{host} cannot be resolved")]
    Name { host: String, source: super::dns::DnsError },
    #[error("{host} does not take connections")]
    Connect { host: String, source: io::Error },
    #[error("{host} is no name that a certificate can be for")]
    NotAName { host: String, source: InvalidDnsNameError },
    #[error("TLS with {host} fails")]
    Tls { host: String, source: io::Error },
    #[error("the certificate of {host} cannot be read")]
    Unreadable { host: String },
}

impl CertificateError {
    /// Whether there is nothing that answers, as at a site that sleeps.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::TimedOut { .. } | Self::Name { .. } | Self::Connect { .. })
    }

    /// Whether a certificate was shown that is not believed.
    pub fn is_disbelief(&self) -> bool {
        let Self::Tls { source, .. } = self else { return false };
        let inner = source.get_ref().and_then(|error| error.downcast_ref::<rustls::Error>());
        matches!(inner, Some(rustls::Error::InvalidCertificate(_)))
    }

    pub fn text(&self) -> String {
        with_causes(self)
    }
}

impl Probe {
    /// The end of the certificate that a host shows, once chain and name are verified.
    pub async fn certificate_end(&self, host: &HostPort, limit: Duration) -> Result<DateTime<Utc>, CertificateError> {
        let told = || host.to_string();
        match timeout(limit, self.shown(host)).await {
            Ok(shown) => end_of(&shown?).ok_or_else(|| CertificateError::Unreadable { host: told() }),
            Err(_) => Err(CertificateError::TimedOut { host: told(), limit }),
        }
    }

    async fn shown(&self, host: &HostPort) -> Result<CertificateDer<'static>, CertificateError> {
        let told = || host.to_string();
        let name = ServerName::try_from(host.host.clone())
            .map_err(|source| CertificateError::NotAName { host: told(), source })?;
        let tcp = self.connected(host).await?;
        let connector = TlsConnector::from(Arc::new(self.trust.client_config()));
        let failed = |source| CertificateError::Tls { host: told(), source };
        let stream = connector.connect(name, tcp).await.map_err(failed)?;
        let (_, session) = stream.get_ref();
        let first = session.peer_certificates().and_then(|chain| chain.first());
        first.map(|it| it.clone().into_owned()).ok_or_else(|| CertificateError::Unreadable { host: told() })
    }

    async fn connected(&self, host: &HostPort) -> Result<TcpStream, CertificateError> {
        let told = || host.to_string();
        let resolved = self.dns.resolve(&host.host).await;
        let resolved = resolved.map_err(|source| CertificateError::Name { host: told(), source })?;
        let mut refused = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in resolved.addresses {
            match TcpStream::connect(SocketAddr::new(address, host.port.unwrap_or(HTTPS))).await {
                Ok(tcp) => return Ok(tcp),
                Err(error) => refused = error,
            }
        }
        Err(CertificateError::Connect { host: told(), source: refused })
    }
}

/// `notAfter` (RFC 5280, 4.1.2.5).
pub(crate) fn end_of(certificate: &CertificateDer<'_>) -> Option<DateTime<Utc>> {
    let parsed = Certificate::from_der(certificate).ok()?;
    let end = parsed.tbs_certificate.validity.not_after.to_unix_duration();
    DateTime::from_timestamp(i64::try_from(end.as_secs()).ok()?, 0)
}
