//! The sandbox as a whole: everything started in the right order, a scenario played, the world judged.

mod account;
mod endpoints;
mod folder;
mod people;
mod platform;
mod play;
mod refusals;

pub use account::Account;
pub use endpoints::Endpoints;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinSet;

use super::app::{App, AppError, Source, Surroundings};
use super::arm;
use super::ca::{Authority, CaError};
use super::dns::DnsServer;
use super::host::{Chaos, Env, FunctionsHost, HostError, HostOptions, Keys, Log, Storage};
use super::identity::IdentityEndpoint;
use super::monitor::{self, Monitor};
use super::planes::{Planes, PlanesError};
use super::scenario::{Scenario, Webhook};
use super::spoilt::Spoilt;
use super::tls::TlsListener;
use super::world::{Entry, Event, World};
use folder::Folder;
use platform::Platform;
use refusals::Refusals;

/// The names ARM is reached by.
const ARM: [&str; 2] = ["management.azure.com", "localhost"];
/// Name of the function key of the action group, and of people.
const ALERT_KEY: &str = "azure-monitor";
const PERSON_KEY: &str = "alice";
/// Longest delay of a disturbed wake-up.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// What happens in the world.
    pub scenario: Scenario,
    /// The handler's binary; it is started with the argument `serve`.
    pub handler: PathBuf,
    /// A folder with an unpacked package, whose files and binary are taken instead.
    pub package: Option<PathBuf>,
    /// Folder for the app, its state, the CA certificate and a kubeconfig. Without one a temporary folder is made, and removed at the end.
    pub folder: Option<PathBuf>,
    /// Seed of everything random. Whoever starts prints it.
    pub seed: u64,
    /// What else goes wrong.
    pub disturbance: Disturbance,
    /// Where the Functions host's log goes.
    pub log: Log,
    /// The storage account behind the host: its queues and timer locks.
    pub storage: Storage,
    /// Where the app keeps its state; without one, in its folder.
    pub account: Option<Account>,
    /// Further app settings.
    pub settings: Env,
}

/// What can go wrong in any scenario on top of its own faults.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Disturbance {
    /// The handler is killed once, at a random instant.
    pub kill_handler: bool,
    /// Wake-ups are doubled, delayed and reordered.
    pub wake_ups: bool,
}

impl Options {
    /// A scenario for a handler, undisturbed, in a temporary folder.
    pub fn new(scenario: Scenario, handler: impl Into<PathBuf>) -> Self {
        let disturbance = Disturbance::default();
        let (handler, log, storage) = (handler.into(), Log::none(), Storage::default());
        Self {
            scenario,
            handler,
            package: None,
            folder: None,
            seed: 0,
            disturbance,
            log,
            storage,
            account: None,
            settings: Env::new(),
        }
    }
}

/// Why the sandbox could not be started.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The folder.
    #[error("making the sandbox's folder {path}")]
    Folder {
        /// Where.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A port.
    #[error("binding {what} on loopback")]
    Bind {
        /// What for.
        what: &'static str,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A certificate.
    #[error("making the sandbox's certificates")]
    Certificate(#[from] CaError),
    /// Applications, edge, databases or receiver.
    #[error("starting the simulated data planes")]
    Planes(#[from] PlanesError),
    /// The function app's folder.
    #[error("preparing the function app")]
    App(#[from] AppError),
    /// The Functions host or the handler in it.
    #[error("starting the Functions host")]
    Host(#[from] HostError),
    /// The monitor's HTTP client.
    #[error("starting the simulated Azure Monitor")]
    Monitor(#[source] reqwest::Error),
}

/// A running sandbox; everything in it ends when it is dropped.
pub struct Sandbox {
    world: World,
    planes: Planes,
    platform: Platform,
    monitor: Monitor,
    identity: IdentityEndpoint,
    keys: Keys,
    host_options: HostOptions,
    ca_file: PathBuf,
    kubeconfig: PathBuf,
    options: Options,
    refusals: Refusals,
    spoilt: Spoilt,
    _dns: DnsServer,
    _arm: JoinSet<()>,
    /// Last, so that it is removed when nothing writes into it any more.
    folder: Folder,
}

impl Sandbox {
    /// Starts everything and waits until the handler is ready. Nothing happens in the world before [`Sandbox::play`], but
    /// the handler's timers fire.
    ///
    /// # Errors
    /// When a part cannot be started.
    pub async fn start(options: Options) -> Result<Self, SandboxError> {
        let folder = Folder::make(options.folder.clone())?;
        let (world, mut sockets) = bind(&options).await?;
        let authority = Authority::new()?;
        let ca_file = authority.write(folder.path())?;
        let planes = Planes::start(&world, &mut sockets.https, &mut sockets.postgres, &authority).await?;
        let kubeconfig = folder.write_kubeconfig(&world)?;
        let mut arm = serve_arm(&world, &mut sockets.https, &authority)?;
        let bind = |what| move |source| SandboxError::Bind { what, source };
        if let Some(account) = &options.account {
            account.join_trust(&ca_file).map_err(bind("the storage account's authority"))?;
            arm.spawn(account.forward(&mut sockets.https).map_err(bind("the storage account"))?);
        }
        let identity = IdentityEndpoint::start(world.clone()).await.map_err(bind("the identity endpoint"))?;
        let dns = DnsServer::start(world.clone()).await.map_err(bind("the DNS server"))?;
        let around = Surroundings {
            world: &world,
            planes: &planes,
            identity: &identity,
            dns: dns.address().to_string(),
            ca_file: &ca_file,
            store: store(&options, &world),
            region: options.scenario.world.app_region.clone(),
        };
        let keys = keys();
        let host_options = prepare_host(&folder, &options, &around, &keys, tls(&authority)?)?;
        let platform = Platform::start(host_options.clone()).await?;
        let monitor = start_monitor(&world, &options.scenario, &platform.host(), &keys, &authority)?;
        let (_dns, _arm) = (dns, arm);
        Ok(Self {
            world,
            planes,
            platform,
            monitor,
            identity,
            keys,
            host_options,
            ca_file,
            kubeconfig,
            options,
            refusals: Refusals::default(),
            spoilt: authority.spoilt().clone(),
            _dns,
            _arm,
            folder,
        })
    }

    /// The simulated Azure: for those who want to see or change more than a scenario does.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The Functions host as it is now. One that stopped by itself is replaced soon.
    pub fn host(&self) -> Arc<FunctionsHost> {
        self.platform.host()
    }

    /// How that host was started: for one more host of the same app, with the same storage.
    pub fn host_options(&self) -> HostOptions {
        self.host_options.clone()
    }

    /// From now on a host shows a certificate that has expired, or its good one again.
    pub fn spoil_certificate(&self, host: &str, expired: bool) {
        self.spoilt.set(host, expired);
    }

    /// From now on heartbeats reach nobody, or do again.
    pub fn lose_heartbeats(&self, lost: bool) {
        self.world.log(Event::Note, if lost { "heartbeats are lost" } else { "heartbeats are delivered again" });
        self.monitor.tune(|settings| settings.heartbeats_lost = lost);
    }

    /// The function keys.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The world's log from now on; what was logged before is in [`World::entries`].
    pub fn events(&self) -> broadcast::Receiver<Entry> {
        self.world.subscribe()
    }

    /// Ends everything in order.
    pub async fn stop(self) {
        let Self { platform, folder, .. } = self;
        platform.stop().await;
        drop(folder);
    }
}

async fn bind(options: &Options) -> Result<(World, super::world::Sockets), SandboxError> {
    let scenario = &options.scenario;
    let account: Vec<&str> = options.account.iter().map(|account| account.host.as_str()).collect();
    let bound = World::bind(scenario.world.workloads(), &account).await;
    let (world, sockets) = bound.map_err(|source| SandboxError::Bind { what: "the simulated names", source })?;
    scenario.world.apply(&world);
    Ok((world, sockets))
}

/// `[store] url` of the app.
fn store(options: &Options, world: &World) -> String {
    let account = options.account.as_ref().map(|account| account.url(world.ports().https));
    account.unwrap_or_else(|| "file:./state".to_owned())
}

fn serve_arm(
    world: &World,
    sockets: &mut BTreeMap<String, TcpListener>,
    authority: &Authority,
) -> Result<JoinSet<()>, SandboxError> {
    let config = authority.server_config(ARM, &["http/1.1"])?;
    let mut serving = JoinSet::new();
    for name in ARM {
        let socket = sockets.remove(name).ok_or_else(|| PlanesError::NoSocket(name.to_owned()))?;
        let listener = TlsListener::new(socket, Arc::clone(&config))
            .map_err(|source| SandboxError::Bind { what: "Azure Resource Manager", source })?;
        serving.spawn(arm::serve(world.clone(), listener));
    }
    Ok(serving)
}

/// Fresh keys for each sandbox: nothing outside can know them.
fn keys() -> Keys {
    let key = || uuid::Uuid::new_v4().simple().to_string();
    let named = [ALERT_KEY, PERSON_KEY].map(|name| (name.to_owned(), key()));
    Keys { named: named.into(), master: Some(key()) }
}

fn tls(authority: &Authority) -> Result<Arc<ServerConfig>, CaError> {
    authority.server_config(["localhost"], &["http/1.1"])
}

fn prepare_host(
    folder: &Folder,
    options: &Options,
    around: &Surroundings<'_>,
    keys: &Keys,
    tls: Arc<ServerConfig>,
) -> Result<HostOptions, SandboxError> {
    let source = options.package.as_deref().map_or(Source::Handler(&options.handler), Source::Package);
    let app = App::lay_out(folder.path().join("app"), source, &options.scenario, around)?;
    let mut host = HostOptions::new(app.folder.clone());
    host.env = app.settings(around);
    host.env.extend(options.settings.clone());
    host.keys = keys.clone();
    host.tls = Some(tls);
    host.host_name = "localhost".to_owned();
    host.timer_every = Some(options.scenario.world.timer);
    host.log = options.log.clone();
    host.storage = options.storage.clone();
    if options.disturbance.wake_ups {
        host.storage.set_chaos(Some(chaos(options.seed)));
    }
    Ok(host)
}

fn chaos(seed: u64) -> Chaos {
    Chaos { seed, double: 0.3, drop: 0.0, delay: 0.5, max_delay: LONGEST_DELAY, reorder: true }
}

fn start_monitor(
    world: &World,
    scenario: &Scenario,
    host: &FunctionsHost,
    keys: &Keys,
    authority: &Authority,
) -> Result<Monitor, SandboxError> {
    let key = keys.named.get(ALERT_KEY).map_or("", String::as_str);
    let settings = monitor::Settings {
        period: scenario.world.monitor_period,
        webhooks: vec![format!("{}/api/alert?code={key}", host.url())],
        copies: copies(scenario),
        heartbeat: scenario.world.heartbeat.map(|it| it.every),
        ca_pem: Some(authority.pem().to_owned()),
        ..monitor::Settings::default()
    };
    Monitor::start(world.clone(), settings).map_err(SandboxError::Monitor)
}

/// How many calls each webhook gets for an alert.
fn copies(scenario: &Scenario) -> u32 {
    match scenario.world.webhook {
        Webhook::Delivered => 1,
        Webhook::Lost => 0,
    }
}
