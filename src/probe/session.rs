//! One connection to PostgreSQL for one look. It is closed at the end of the look, also when the look is given up.

use super::encrypted::{AlreadyEncrypted, Encrypted, encrypt};
use super::tls::Trust;
use futures::stream::{StreamExt, poll_fn};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_postgres::config::{SslMode, SslNegotiation};
use tokio_postgres::error::Severity;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, SimpleQueryMessage};

/// How long a polite good-bye may take.
const GOODBYE: Duration = Duration::from_millis(500);

/// Where the server was met and how it is verified, should it have to be called again.
pub(super) struct Door {
    pub address: SocketAddr,
    pub host: String,
    pub trust: Trust,
}

/// A logged-in connection.
pub(super) struct Session {
    door: Door,
    client: Option<Client>,
    driver: JoinHandle<()>,
    warnings: Arc<Mutex<Vec<String>>>,
}

impl Session {
    /// Logs in over an encrypted stream.
    pub async fn login(stream: Encrypted, door: Door, mut config: Config) -> Result<Self, tokio_postgres::Error> {
        // The SSLRequest is behind us; "direct" keeps the client from sending another one.
        config.ssl_mode(SslMode::Require).ssl_negotiation(SslNegotiation::Direct);
        let (client, connection) = config.connect_raw(stream, AlreadyEncrypted).await?;
        let warnings = Arc::new(Mutex::new(Vec::new()));
        let driver = tokio::spawn(drive(connection, warnings.clone()));
        Ok(Self { door, client: Some(client), driver, warnings })
    }

    /// Sends one statement by the simple protocol (which every pooler understands) and gives the first value of the
    /// first row, if there is one.
    pub async fn ask(&self, sql: &str) -> Result<Option<String>, tokio_postgres::Error> {
        let Some(client) = &self.client else { return Ok(None) };
        let messages = client.simple_query(sql).await?;
        Ok(messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }

    /// Asks the server to give up the statement that is under way, on a connection of its own as PostgreSQL wants it.
    /// Only a request: the statement's own answer tells what came of it.
    pub async fn cancel(&self) {
        let Some(token) = self.client.as_ref().map(|client| client.cancel_token()) else { return };
        let Ok(tcp) = TcpStream::connect(self.door.address).await else { return };
        if let Ok(stream) = encrypt(tcp, &self.door.host, &self.door.trust).await {
            let _ = token.cancel_query_raw(stream, AlreadyEncrypted).await;
        }
    }

    /// The warnings the server sent since the last call.
    pub fn take_warnings(&self) -> Vec<String> {
        std::mem::take(&mut *self.warnings.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Says good-bye and waits until the connection is closed.
    pub async fn close(mut self) {
        self.client = None;
        let _ = tokio::time::timeout(GOODBYE, &mut self.driver).await;
    }
}

impl Drop for Session {
    /// A look that was given up closes the socket without a word; the server rolls back.
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Moves bytes until the client is gone, and keeps the warnings that come along.
async fn drive(mut connection: Connection<Encrypted, Encrypted>, warnings: Arc<Mutex<Vec<String>>>) {
    let mut messages = poll_fn(move |context| connection.poll_message(context));
    while let Some(Ok(message)) = messages.next().await {
        if let AsyncMessage::Notice(notice) = message
            && notice.parsed_severity() == Some(Severity::Warning)
        {
            let text = super::one_line(notice.message());
            warnings.lock().unwrap_or_else(PoisonError::into_inner).push(text);
        }
    }
}
