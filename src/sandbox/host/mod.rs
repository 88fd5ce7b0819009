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
mod payload;
mod process;
mod queue_output;
mod request_headers;
mod route;
mod schedule;
mod settings;
mod stats;
mod storage;
mod supervisor;
mod timer;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::net::{Ipv4Addr, SocketAddr, TcpListener as StdListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use tokio::net::TcpListener;
use tokio::process::Child;
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

pub use chaos::Chaos;
pub use error::HostError;
pub use identity::Keys;
pub use layout::lay_out;
pub use log::{Level, Log, LogLine};
pub use settings::Env;
pub use stats::{Invocation, Outcome};
pub use storage::{Storage, StorageTimes};
pub use supervisor::WorkerState;

use app::App;
use client::WorkerClient;
use front::Front;
use function::{Function, Trigger};
use invoke::Invoker;
use listener::Listener;
use process::Launch;
use stats::Stats;
use supervisor::Supervisor;
use timer::Timer;

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
    /// Name in [`FunctionsHost::url`]; the address when empty.
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
        let url = url(&options, address);
        // The platform tells every app its own host name (learn.microsoft.com, App Service environment variables).
        let own = url.split_once("://").map_or(url.as_str(), |(_, host)| host).to_owned();
        options.env.entry("WEBSITE_HOSTNAME".to_owned()).or_insert(own);
        let (invoker, keeper) = start_handler(app, &options)?;
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

/// A handler whose host is gone. Dropped, it is killed.
#[derive(Debug)]
pub struct Orphan {
    child: Child,
}

impl Orphan {
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Whether it still runs.
    pub fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

fn start_handler(app: App, options: &HostOptions) -> Result<(Arc<Invoker>, JoinHandle<()>), HostError> {
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
    let bound = StdListener::bind(any).and_then(|listener| listener.local_addr());
    bound.map_err(|source| HostError::Listen { address: any, source })
}

fn url(options: &HostOptions, address: SocketAddr) -> String {
    let scheme = if options.tls.is_some() { "https" } else { "http" };
    match options.host_name.as_str() {
        "" => format!("{scheme}://{address}"),
        name => format!("{scheme}://{name}:{}", address.port()),
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
