//! Connecting, asking, and saying it in the words of the real programs.

use std::error::Error as _;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Error, SimpleQueryMessage, SimpleQueryRow};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::Ended;
use super::command::Command;
use crate::sandbox::world::World;

/// `unlinked`: where it runs no database has a name.
pub(super) async fn perform(world: &World, command: &Command, unlinked: bool) -> Ended {
    let outcome = if unlinked { Err(Failure::NoSuchName) } else { connected(world, command).await };
    match (command.only_ready, outcome) {
        (true, outcome) => ready(command, outcome.err()),
        (false, Err(failure)) => Ended::with(2, format!("psql: error: {}\n", failure.text(command))),
        (false, Ok(client)) => ask(&client, command).await,
    }
}

/// Why there is no connection.
enum Failure {
    NoSuchName,
    BadPort,
    At(Ipv4Addr, String),
    /// The server answered, and refused.
    Refused(Ipv4Addr, String, String),
}

impl Failure {
    fn text(&self, command: &Command) -> String {
        let Command { host, port, .. } = command;
        let at = |address: &Ipv4Addr, why: &str| {
            format!("connection to server at \"{host}\" ({address}), port {port} failed: {why}")
        };
        match self {
            Self::NoSuchName => {
                format!("could not translate host name \"{host}\" to address: Name or service not known")
            }
            Self::BadPort => format!("invalid integer value \"{port}\" for connection option \"port\""),
            Self::At(address, why) => at(address, why),
            Self::Refused(address, _, message) => at(address, &format!("FATAL:  {message}")),
        }
    }
}

fn ready(command: &Command, failure: Option<Failure>) -> Ended {
    let (code, told) = match failure {
        // A server that asks for a password, or for another one, takes connections.
        None => (0, "accepting connections"),
        Some(Failure::Refused(_, code, _)) if code != "57P03" => (0, "accepting connections"),
        Some(Failure::Refused(..)) => (1, "rejecting connections"),
        Some(Failure::NoSuchName | Failure::At(..)) => (2, "no response"),
        Some(Failure::BadPort) => (3, "no attempt"),
    };
    Ended::with(code, format!("{}:{} - {told}\n", command.host, command.port))
}

async fn connected(world: &World, command: &Command) -> Result<Client, Failure> {
    let port = command.port.parse::<u16>().map_err(|_| Failure::BadPort)?;
    let address = address(world, &command.host).ok_or(Failure::NoSuchName)?;
    let mut config = Config::new();
    config.host(&command.host).hostaddr(address.into()).port(port).user(&command.user).dbname(&command.database);
    config.ssl_mode(if command.with_tls { SslMode::Require } else { SslMode::Disable });
    config.application_name("psql");
    if let Some(password) = &command.password {
        config.password(password);
    }
    let connector = connector(world).ok_or_else(|| Failure::At(address, "no authority to trust".into()))?;
    let attempt = timeout(command.patience, config.connect(connector)).await;
    let late = |_| Failure::At(address, "timeout expired".into());
    let (client, connection) = attempt.map_err(late)?.map_err(|error| failed(address, &error))?;
    tokio::spawn(connection);
    Ok(client)
}

fn address(world: &World, host: &str) -> Option<Ipv4Addr> {
    let target = world.name_target(host).unwrap_or_else(|| host.to_owned());
    world.names().address(&target).or_else(|| host.parse().ok())
}

fn connector(world: &World) -> Option<MakeRustlsConnect> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(world.authority()?.as_bytes()).ok()?).ok()?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().ok()?;
    Some(MakeRustlsConnect::new(config.with_root_certificates(roots).with_no_client_auth()))
}

fn failed(address: Ipv4Addr, error: &Error) -> Failure {
    if let Some(refused) = error.as_db_error() {
        return Failure::Refused(address, refused.code().code().to_owned(), refused.message().to_owned());
    }
    let refused = error.source().and_then(|it| it.downcast_ref::<io::Error>()).map(io::Error::kind);
    let why = match refused {
        Some(io::ErrorKind::ConnectionRefused) => {
            "Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?".to_owned()
        }
        Some(_) => "server closed the connection unexpectedly".to_owned(),
        None if error.to_string().contains("password missing") => "fe_sendauth: no password supplied".to_owned(),
        None => error.to_string(),
    };
    // A server that wants a password answers, so it takes connections.
    match why.contains("no password") {
        true => Failure::Refused(address, "28P01".into(), why),
        false => Failure::At(address, why),
    }
}

/// Longest wait for an answer to a query, far longer than any here takes.
const QUERY_PATIENCE: Duration = Duration::from_secs(60);

async fn ask(client: &Client, command: &Command) -> Ended {
    let mut output = String::new();
    for sql in &command.sql {
        match timeout(QUERY_PATIENCE, client.simple_query(sql)).await {
            Ok(Ok(messages)) => output += &shown(&messages, command),
            Ok(Err(error)) => {
                let message = error.as_db_error().map_or_else(|| error.to_string(), |it| it.message().to_owned());
                return Ended::with(1, format!("{output}ERROR:  {message}\n"));
            }
            Err(_) => return Ended::with(2, format!("{output}server closed the connection unexpectedly\n")),
        }
    }
    Ended::with(0, output)
}

fn shown(messages: &[SimpleQueryMessage], command: &Command) -> String {
    let rows: Vec<&SimpleQueryRow> = messages
        .iter()
        .filter_map(|it| match it {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        })
        .collect();
    let Some(first) = rows.first() else { return String::new() };
    let (between, margin) = if command.unaligned { ("|", "") } else { (" | ", " ") };
    let line = |cells: Vec<&str>| format!("{margin}{}\n", cells.join(between));
    let mut text = String::new();
    if !command.tuples_only {
        text += &line(first.columns().iter().map(tokio_postgres::SimpleColumn::name).collect());
    }
    for row in &rows {
        text += &line((0..row.len()).map(|column| row.get(column).unwrap_or_default()).collect());
    }
    if !command.tuples_only {
        text += &format!("({} row{})\n", rows.len(), if rows.len() == 1 { "" } else { "s" });
    }
    text
}
