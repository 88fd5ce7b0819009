//! Certificates that go bad while their servers run.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

/// The host names whose certificate has expired.
#[derive(Debug, Clone, Default)]
pub struct Spoilt(Arc<Mutex<BTreeSet<String>>>);

impl Spoilt {
    /// From now on a host shows a certificate that has expired, or its good one again.
    pub fn set(&self, host: &str, expired: bool) {
        let mut hosts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match expired {
            true => drop(hosts.insert(host.to_owned())),
            false => drop(hosts.remove(host)),
        }
    }

    fn holds(&self, host: &str) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(host)
    }
}

/// Chooses between the two at each handshake.
pub(super) struct Shown {
    pub good: Arc<CertifiedKey>,
    pub expired: Arc<CertifiedKey>,
    pub spoilt: Spoilt,
}

impl fmt::Debug for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shown").field("spoilt", &self.spoilt).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let spoilt = hello.server_name().is_some_and(|name| self.spoilt.holds(name));
        Some(Arc::clone(if spoilt { &self.expired } else { &self.good }))
    }
}
