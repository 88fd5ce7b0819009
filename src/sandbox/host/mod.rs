//! A Functions host that starts a real custom handler from an app folder and treats it as host 4.1037 does.
//!
//! ```text
//! client ─► front (routes, keys) ─┐                       ┌─► wire ─► POST /<Function> ─► handler process
//! storage queue ─► listener ──────┼─► invoker ─► payload ─┘                                │
//! schedule ─► timer ──────────────┘      ▲  answer / queue_output ◄──── its answer ◄───────┘
//!                                        └─ supervisor (readiness, crashes, SIGKILL)
//! ```
//!
//! What a handler is sent and how its answers are taken is held by captures of a real host (`tests/fixtures/functions`). It is payload
//! mode only. What one process cannot imitate: a host that dies under its handler changes the handler's parent process, and here the
//! parent stays; a test of that must kill the process that holds this host. App Service Authentication, retry policies and bindings
//! other than http, queue and timer are refused rather than guessed.

mod answer;
mod app;
mod chaos;
mod client;
mod crash;
mod encode;
mod error;
mod front;
mod function;
mod http_request;
mod identity;
mod invoke;
mod json_text;
mod layout;
mod listener;
mod log;
mod options;
mod orphan;
mod package;
mod payload;
mod process;
mod queue_output;
mod request_headers;
mod route;
mod schedule;
mod settings;
mod start;
mod stats;
mod storage;
mod supervisor;
mod timer;
mod wire;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

pub use chaos::Chaos;
pub use error::HostError;
pub use identity::Keys;
pub use layout::{app_files, lay_out};
pub use log::{Level, Log, LogLine};
pub use options::{HostOptions, Worker};
pub use orphan::Orphan;
pub use package::{lay_out_package, unpack};
pub use settings::Env;
pub use stats::{Invocation, Outcome};
pub use storage::{Storage, StorageTimes};
pub use supervisor::WorkerState;

use app::App;
use front::Front;
use function::{Function, Trigger};
use invoke::Invoker;
use listener::Listener;
use timer::Timer;

/// A running host. Dropped, it kills its handler.
#[derive(Debug)]
pub struct FunctionsHost {
    invoker: Arc<Invoker>,
    /// Front, listeners and timers: they end with this task.
    triggers: JoinHandle<()>,
    keeper: JoinHandle<()>,
    id: Uuid,
    address: SocketAddr,
    url: String,
}

impl FunctionsHost {
    /// Loads the app, listens, and starts the handler. Calls that come before it is ready wait.
    ///
    /// # Errors
    /// An app the host does not take, or an address that is in use. Trouble with the handler shows later, as in life.
    pub async fn start(mut options: HostOptions) -> Result<Self, HostError> {
        let app = App::load(&options.app_dir, &options.env)?;
        if app.functions.is_empty() {
            return Err(HostError::Stopped { reason: "the app has no functions".into() });
        }
        let failed = |source| HostError::Listen { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let url = start::url(&options, address);
        // The platform tells every app its own host name (learn.microsoft.com, App Service environment variables).
        let own = url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned();
        options.env.entry("WEBSITE_HOSTNAME".to_owned()).or_insert(own);
        let (invoker, keeper) = start::handler(app, &options)?;
        let id = Uuid::new_v4();
        let triggers = tokio::spawn(run_triggers(invoker.clone(), options, listener, id));
        Ok(Self { invoker, triggers, keeper, id, address, url })
    }

    /// Waits until the handler answers.
    ///
    /// # Errors
    /// The host stopped before.
    pub async fn ready(&self) -> Result<(), HostError> {
        self.invoker.supervisor.available().await.map_err(|reason| HostError::Stopped { reason })
    }

    /// Base of its URLs, without a slash at the end; routes begin with `/api` by default.
    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn state(&self) -> WorkerState {
        self.invoker.supervisor.state()
    }

    /// Process id of the handler; `None` between two of them, and for an attached one.
    pub fn handler_pid(&self) -> Option<u32> {
        self.invoker.supervisor.pid()
    }

    /// Calls of the handler so far, oldest first.
    pub fn invocations(&self) -> Vec<Invocation> {
        self.invoker.stats.all()
    }

    pub fn storage(&self) -> &Storage {
        &self.invoker.storage
    }

    /// Messages in every queue, those in hand included.
    pub fn queue_lengths(&self) -> BTreeMap<String, usize> {
        self.invoker.storage.queue_lengths()
    }

    /// Texts in every poison queue.
    pub fn poison(&self) -> BTreeMap<String, Vec<String>> {
        self.invoker.storage.poison()
    }

    /// SIGKILL to the handler, as from outside: the host sees a crash.
    pub fn kill_handler(&self) {
        self.invoker.supervisor.kill();
    }

    /// Stops taking work and kills the handler, as when the platform takes the machine away.
    pub fn halt(&self) {
        self.invoker.supervisor.stop_host("taken away");
    }

    /// The timer of a function fires once more, beside its turn and whoever holds its lock: at least once is all that a timer
    /// promises.
    ///
    /// Gives false when no function of that name has a timer.
    pub async fn fire_timer(&self, function: &str) -> bool {
        let timers = self.invoker.app.enabled().filter(|known| known.name == function);
        let fired = timers.filter_map(|function| self.timer(function)).next();
        match fired {
            Some(timer) => timer.fire_once(Utc::now()).await,
            None => return false,
        }
        true
    }

    fn timer(&self, function: &Function) -> Option<Timer> {
        let Trigger::Timer { schedule, .. } = function.trigger.clone() else { return None };
        let (invoker, function) = (self.invoker.clone(), function.clone());
        Some(Timer { invoker, function, schedule, monitor: false, host: self.id, every: None })
    }

    /// Resolves when the host has stopped: the third crash within half an hour, or a handler that was never ready.
    pub async fn stopped(&self) {
        self.invoker.supervisor.stopped().await;
    }

    /// Stops in order: no new work, then SIGKILL to the handler. Messages in hand stay hidden.
    pub async fn stop(mut self) {
        self.triggers.abort();
        self.invoker.supervisor.stop_host("stopped");
        // Aborted or ended, the keeper is gone either way.
        let _ = (&mut self.keeper).await;
        self.invoker.storage.free_locks(self.id);
    }

    /// The host is gone at once, as by SIGKILL, and its handler lives on. Timer locks stay until their lease is over, messages in hand
    /// stay hidden. The handler's parent process does not change, because this process is it.
    pub async fn kill_host_leaving_orphan(self) -> Option<Orphan> {
        self.triggers.abort();
        self.invoker.supervisor.orphan().await.map(|child| Orphan { child })
    }
}

impl Drop for FunctionsHost {
    fn drop(&mut self) {
        self.triggers.abort();
        self.keeper.abort();
    }
}

/// Runs front, listeners and timers until the host stops.
async fn run_triggers(invoker: Arc<Invoker>, options: HostOptions, listener: TcpListener, host: Uuid) {
    let mut tasks = JoinSet::new();
    let front = Arc::new(Front { invoker: invoker.clone(), keys: options.keys });
    tasks.spawn(front.run(listener, options.tls.map(acceptor)));
    for function in invoker.app.enabled().cloned() {
        let invoker = invoker.clone();
        match function.trigger.clone() {
            Trigger::Http { .. } => {}
            Trigger::Queue { queue, binary } => {
                tasks.spawn(Arc::new(Listener { invoker, function, queue, binary }).run());
            }
            Trigger::Timer { schedule, monitor } => {
                let every = options.timer_every;
                tasks.spawn(Timer { invoker, function, schedule, monitor, host, every }.run());
            }
        }
    }
    invoker.supervisor.stopped().await;
    invoker.storage.free_locks(host);
}

fn acceptor(tls: Arc<rustls::ServerConfig>) -> TlsAcceptor {
    let mut tls = (*tls).clone();
    tls.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(tls))
}
