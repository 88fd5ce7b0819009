//! Whether a host takes connections at all: the least that can be asked, and independent of any application behind it.

use super::Probe;
use crate::domain::resource::HostPort;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;

const HTTPS: u16 = 443;

impl Probe {
    /// Whether one of the host's addresses accepts a TCP connection in time.
    pub async fn takes_connections(&self, host: &HostPort, patience: Duration) -> bool {
        timeout(patience, self.connect(host)).await.unwrap_or(false)
    }

    async fn connect(&self, host: &HostPort) -> bool {
        let Ok(resolved) = self.dns.resolve(&host.host).await else { return false };
        let port = host.port.unwrap_or(HTTPS);
        for address in resolved.addresses {
            if TcpStream::connect(SocketAddr::new(address, port)).await.is_ok() {
                return true;
            }
        }
        false
    }
}
