//! The sandbox's own certificate authority.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Datelike, TimeDelta, Utc};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};

use super::spoilt::{Shown, Spoilt};

/// File name of the CA certificate in the sandbox's folder.
const CA_FILE: &str = "ca.pem";

/// How long a server's certificate is good for, as those are that renew themselves.
const SERVER_DAYS: i64 = 90;

/// Why certificates could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CaError {
    /// A key or certificate could not be generated.
    #[error("generating the sandbox's {0}")]
    Generate(&'static str, #[source] rcgen::Error),
    /// A TLS server cannot use the certificate.
    #[error("building the sandbox's TLS server configuration")]
    Tls(#[from] rustls::Error),
    /// The authority cannot check client certificates.
    #[error("making the sandbox's authority check client certificates")]
    Clients,
    /// The CA certificate could not be written.
    #[error("writing the sandbox's CA certificate to {path}")]
    Write {
        /// Where to.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}

/// A certificate authority that exists as long as the process.
pub struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
    spoilt: Spoilt,
}

impl Authority {
    /// Makes a new authority.
    ///
    /// # Errors
    /// When no key or certificate can be generated.
    pub fn new() -> Result<Self, CaError> {
        let key = KeyPair::generate().map_err(|it| CaError::Generate("CA key", it))?;
        let params = ca_params().map_err(|it| CaError::Generate("CA certificate", it))?;
        let certificate = params.self_signed(&key).map_err(|it| CaError::Generate("CA certificate", it))?;
        Ok(Self { pem: certificate.pem(), issuer: Issuer::new(params, key), spoilt: Spoilt::default() })
    }

    /// To make certificates of running servers expire.
    pub fn spoilt(&self) -> &Spoilt {
        &self.spoilt
    }

    /// The CA certificate as PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes the CA certificate into a folder and returns the file's path, for `SSL_CERT_FILE`.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, folder: &Path) -> Result<PathBuf, CaError> {
        let path = folder.join(CA_FILE);
        match std::fs::write(&path, &self.pem) {
            Ok(()) => Ok(path),
            Err(source) => Err(CaError::Write { path, source }),
        }
    }

    /// A certificate for these names, `localhost` and 127.0.0.1, as a TLS server's configuration. `protocols` is what
    /// ALPN offers, such as `http/1.1`; empty for PostgreSQL.
    ///
    /// # Errors
    /// When the certificate cannot be generated or used.
    pub fn server_config<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        protocols: &[&str],
    ) -> Result<Arc<ServerConfig>, CaError> {
        self.config(names, protocols, WebPkiClientVerifier::no_client_auth())
    }

    /// A certificate for these names, `localhost` and 127.0.0.1, and its key, both as PEM, for a server that is no part of
    /// this process.
    ///
    /// # Errors
    /// When it cannot be generated.
    pub fn server_certificate<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
    ) -> Result<(String, String), CaError> {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let end = Utc::now() + TimeDelta::days(SERVER_DAYS);
        let signed = self.signed(&names, end).map_err(|it| CaError::Generate("server certificate", it))?;
        Ok((signed.0.pem(), signed.1.serialize_pem()))
    }

    /// The same for a server that looks at client certificates of this authority, and lets in who has none.
    ///
    /// # Errors
    /// When the certificate cannot be generated or used.
    pub fn server_config_for_clients<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        protocols: &[&str],
    ) -> Result<Arc<ServerConfig>, CaError> {
        let mut roots = RootCertStore::empty();
        let certificate = CertificateDer::from_pem_slice(self.pem.as_bytes()).map_err(|_| CaError::Clients)?;
        roots.add(certificate)?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
            .allow_unauthenticated()
            .build()
            .map_err(|_| CaError::Clients)?;
        self.config(names, protocols, verifier)
    }

    /// A client certificate for a user of a group, and its key, both as PEM.
    ///
    /// # Errors
    /// When it cannot be generated.
    pub fn client_certificate(&self, user: &str, group: &str) -> Result<(String, String), CaError> {
        let generate = || {
            let key = KeyPair::generate()?;
            let mut params = CertificateParams::new(Vec::<String>::new())?;
            params.distinguished_name = named(user);
            params.distinguished_name.push(DnType::OrganizationName, group);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
            let certificate = params.signed_by(&key, &self.issuer)?;
            Ok((certificate.pem(), key.serialize_pem()))
        };
        generate().map_err(|it| CaError::Generate("client certificate", it))
    }

    fn config<'a>(
        &self,
        names: impl IntoIterator<Item = &'a str>,
        protocols: &[&str],
        clients: Arc<dyn ClientCertVerifier>,
    ) -> Result<Arc<ServerConfig>, CaError> {
        let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let now = Utc::now();
        let good = self.certified(&names, now + TimeDelta::days(SERVER_DAYS))?;
        let expired = self.certified(&names, now - TimeDelta::days(2))?;
        let shown = Shown { good, expired, spoilt: self.spoilt.clone() };
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_client_cert_verifier(clients)
            .with_cert_resolver(Arc::new(shown));
        config.alpn_protocols = protocols.iter().map(|it| it.as_bytes().to_vec()).collect();
        Ok(Arc::new(config))
    }

    fn certified(&self, names: &[String], end: DateTime<Utc>) -> Result<Arc<CertifiedKey>, CaError> {
        let (chain, key) = self.leaf(names, end).map_err(|it| CaError::Generate("server certificate", it))?;
        let provider = rustls::crypto::aws_lc_rs::default_provider();
        Ok(Arc::new(CertifiedKey::from_der(chain, key, &provider)?))
    }

    fn leaf(
        &self,
        names: &[String],
        end: DateTime<Utc>,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), rcgen::Error> {
        let (certificate, key) = self.signed(names, end)?;
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        Ok((vec![certificate.der().clone()], key.into()))
    }

    fn signed(&self, names: &[String], end: DateTime<Utc>) -> Result<(Certificate, KeyPair), rcgen::Error> {
        let key = KeyPair::generate()?;
        let names = names.iter().cloned().chain(["localhost", "127.0.0.1"].map(str::to_owned));
        let mut params = CertificateParams::new(names.collect::<Vec<_>>())?;
        params.distinguished_name = named("Reveille sandbox server");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        let part = |number: u32| u8::try_from(number).unwrap_or(1);
        params.not_after = date_time_ymd(end.year(), part(end.month()), part(end.day()));
        Ok((params.signed_by(&key, &self.issuer)?, key))
    }
}

fn ca_params() -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.distinguished_name = named("Reveille sandbox CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished = DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
