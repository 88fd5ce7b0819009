//! The first moments of a host: its address, and the handler behind it.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use tokio::task::JoinHandle;

use super::app::App;
use super::client::WorkerClient;
use super::error::HostError;
use super::invoke::Invoker;
use super::options::{HostOptions, Worker};
use super::process::Launch;
use super::stats::Stats;
use super::supervisor::Supervisor;

/// Starts the handler, or turns to the one that listens already.
pub(super) fn handler(app: App, options: &HostOptions) -> Result<(Arc<Invoker>, JoinHandle<()>), HostError> {
    let address = match options.worker {
        Worker::Attached(address) => address,
        Worker::Process => free_port()?,
    };
    let launch = match options.worker {
        Worker::Attached(_) => None,
        Worker::Process => Some(Launch::new(&app.root, &app.settings.handler, &options.env, address.port())),
    };
    let client = Arc::new(WorkerClient::new(address));
    let (supervisor, keep) =
        Supervisor::start(launch, client.clone(), app.settings.initialization_timeout, options.log.clone());
    let (storage, log) = (options.storage.clone(), options.log.clone());
    let invoker = Invoker { app, client, supervisor, storage, log, stats: Stats::default() };
    Ok((Arc::new(invoker), tokio::spawn(keep)))
}

/// Chosen once: a restarted handler gets the same port.
fn free_port() -> Result<SocketAddr, HostError> {
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let bound = TcpListener::bind(any).and_then(|listener| listener.local_addr());
    bound.map_err(|source| HostError::Listen { address: any, source })
}

pub(super) fn url(options: &HostOptions, address: SocketAddr) -> String {
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    match options.host_name.as_str() {
        "" => format!("{scheme}://{address}"),
        name => format!("{scheme}://{name}:{}", address.port()),
    }
}
