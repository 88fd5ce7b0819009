//! A storage account that runs elsewhere, such as an Azurite, under its name in the simulated Azure: the app keeps its state
//! there instead of in its folder.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use tokio::net::{TcpListener, TcpStream};

/// Where the account is. It ends TLS by itself, with a certificate for its name in Azure.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name in Azure: `account.blob.core.windows.net`.
    pub host: String,
    /// The container for the logs. Nobody makes it here.
    pub container: String,
    /// Where it really listens.
    pub behind: SocketAddr,
    /// The authority of its certificate, as PEM.
    pub ca_pem: String,
}

impl Account {
    /// `[store] url` of the app.
    pub fn url(&self, port: u16) -> String {
        format!("https://{}:{port}/{}", self.host, self.container)
    }

    /// Has the handler trust this account's authority too.
    pub(super) fn join_trust(&self, ca_file: &Path) -> io::Result<()> {
        let known = std::fs::read_to_string(ca_file)?;
        std::fs::write(ca_file, format!("{known}\n{}", self.ca_pem))
    }

    /// Hands on every connection, until its future is dropped.
    pub(super) fn forward(
        &self,
        sockets: &mut BTreeMap<String, TcpListener>,
    ) -> io::Result<impl Future<Output = ()> + Send + 'static> {
        let socket = sockets.remove(&self.host).ok_or_else(|| io::Error::other("the account's name has no socket"))?;
        let behind = self.behind;
        Ok(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = socket.accept().await {
                connections.spawn(join(stream, behind));
                while connections.try_join_next().is_some() {}
            }
        })
    }
}

/// One connection, both ways, until either side ends it.
async fn join(mut near: TcpStream, behind: SocketAddr) {
    if let Ok(mut far) = TcpStream::connect(behind).await {
        let _ = (near.set_nodelay(true), far.set_nodelay(true));
        // How a connection ends is for its two ends to see.
        let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
    }
}
