//! How a host is started.

use std::fmt;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::identity::Keys;
use super::log::Log;
use super::settings::Env;
use super::storage::Storage;

/// How to start a host.
#[derive(Clone)]
pub struct HostOptions {
    /// The folder with host.json, the functions and the handler.
    pub app_dir: PathBuf,
    /// App settings: the handler's environment, and overrides of host.json.
    pub env: Env,
    pub keys: Keys,
    /// Without it the host speaks plain HTTP. Only HTTP/1.1 is offered, whatever the configuration says.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    pub listen: SocketAddr,
    /// Name in [`FunctionsHost::url`](super::FunctionsHost::url); the address when empty.
    pub host_name: String,
    pub worker: Worker,
    /// Give the same one to the next host to let it find what this one leaves.
    pub storage: Storage,
    /// Fires all timers this often instead of by their schedules.
    pub timer_every: Option<Duration>,
    pub log: Log,
}

/// Where the handler comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Worker {
    /// Started from the app folder.
    Process,
    /// Listens already; never started, restarted or killed by this host.
    Attached(SocketAddr),
}

impl HostOptions {
    /// Plain HTTP on a random loopback port, no keys, storage of its own.
    pub fn new(app_dir: impl Into<PathBuf>) -> Self {
        Self {
            app_dir: app_dir.into(),
            env: Env::new(),
            keys: Keys::default(),
            tls: None,
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            host_name: String::new(),
            worker: Worker::Process,
            storage: Storage::default(),
            timer_every: None,
            log: Log::none(),
        }
    }
}

/// App settings hold passwords: only their names are printed.
impl fmt::Debug for HostOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("HostOptions");
        out.field("app_dir", &self.app_dir).field("listen", &self.listen).field("worker", &self.worker);
        out.field("env", &self.env.keys()).field("keys", &self.keys).finish_non_exhaustive()
    }
}
