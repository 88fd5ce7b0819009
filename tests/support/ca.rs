//! A certificate authority for one test.

use chrono::{Datelike, Timelike};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use reveille::probe::tls::Trust;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

pub struct Ca {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A leaf certificate with its key, as PEM.
pub struct Leaf {
    pub certificate: String,
    pub key: String,
}

impl Ca {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "test authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// A certificate for these names.
    pub fn leaf(&self, names: &[&str]) -> Leaf {
        self.sign(params(names))
    }

    /// The same, with an end.
    pub fn leaf_until(&self, names: &[&str], end: chrono::DateTime<chrono::Utc>) -> Leaf {
        let mut params = params(names);
        let day = end.date_naive();
        // rcgen takes days; the time of day is added in its own type.
        let (year, month, date) = (day.year(), day.month() as u8, day.day() as u8);
        let within = end.time().num_seconds_from_midnight();
        params.not_after = rcgen::date_time_ymd(year, month, date) + std::time::Duration::from_secs(within.into());
        self.sign(params)
    }

    fn sign(&self, params: CertificateParams) -> Leaf {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Leaf { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A client's trust in this authority and no other.
    pub fn trust(&self) -> Trust {
        Trust::from_roots([self.issuer.der().clone()]).unwrap()
    }
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap()
}

impl Leaf {
    /// A server's TLS configuration with this certificate.
    pub fn server_config(&self) -> rustls::ServerConfig {
        let chain = vec![CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()];
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).unwrap();
        rustls::ServerConfig::builder_with_provider(rustls::crypto::aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap()
    }
}
