//! TLS to a PostgreSQL server: asked for with `SSLRequest`, verified in full, never optional.

use super::tls::Trust;
use super::walk::unreachable;
use crate::domain::causes::with_causes;
use crate::domain::writer::WriterVerdict;
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres_rustls::MakeRustlsConnect;

/// `SSLRequest` (PostgreSQL documentation, "Message Formats"): length 8, code 80877103.
const SSL_REQUEST: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// A verified TLS stream to a server. It knows its channel binding, which SCRAM ties the login to.
pub(super) type Encrypted = <MakeRustlsConnect as MakeTlsConnect<TcpStream>>::Stream;

/// Hands an already encrypted stream to the PostgreSQL client, so that TLS is a stage of its own.
pub(super) struct AlreadyEncrypted;

impl TlsConnect<Encrypted> for AlreadyEncrypted {
    type Stream = Encrypted;
    type Error = std::convert::Infallible;
    type Future = std::future::Ready<Result<Encrypted, Self::Error>>;

    fn connect(self, stream: Encrypted) -> Self::Future {
        std::future::ready(Ok(stream))
    }
}

/// Asks the server for TLS and verifies its certificate for `host`.
pub(super) async fn encrypt(mut tcp: TcpStream, host: &str, trust: &Trust) -> Result<Encrypted, WriterVerdict> {
    let failed = |error: io::Error| unreachable("tls", with_causes(&error));
    match ask_for_tls(&mut tcp).await.map_err(failed)? {
        b'S' => handshake(tcp, host, trust).await.map_err(failed),
        b'N' => Err(unreachable("tls", "the server does not offer TLS")),
        // An error before TLS: the server could not even start a process for this connection.
        b'E' => Err(WriterVerdict::Refused { why: "the server answered the TLS request with an error".into() }),
        _ => Err(unreachable("tls", "what answers there is not a PostgreSQL server")),
    }
}

async fn ask_for_tls(tcp: &mut TcpStream) -> io::Result<u8> {
    tcp.set_nodelay(true)?;
    tcp.write_all(&SSL_REQUEST).await?;
    tcp.read_u8().await
}

async fn handshake(tcp: TcpStream, host: &str, trust: &Trust) -> io::Result<Encrypted> {
    let mut maker = MakeRustlsConnect::new(trust.client_config());
    let Ok(connector) = MakeTlsConnect::<TcpStream>::make_tls_connect(&mut maker, host);
    connector.connect(tcp).await
}
