//! The app: everything built from the configuration, once per process, after the port is bound.

use super::day_log::DayLog;
use super::round::Turns;
use crate::azure::{self, Azure, Patience};
use crate::config::{self, ChannelKind, Config, ConfigErrors, StoreUrl};
use crate::domain::causes::with_causes;
use crate::domain::names::ChannelName;
use crate::domain::run::Driver;
use crate::domain::secret::SecretRef;
use crate::engine::ports::{Channel, Clock, Secrets, Store, SystemClock};
use crate::engine::{Configured, Engine, Settings, Shelf};
use crate::host::redact;
use crate::kubernetes::{self, Kubernetes};
use crate::notify::{Address, CloudEvents, Post, Teams};
use crate::observe::{Observer, Surroundings};
use crate::probe::Probe;
use crate::probe::dns::Dns;
use crate::probe::tls::{self, Trust};
use crate::steps::wired;
use crate::store::{self, StoreTarget};
use crate::telemetry;
use reqwest::ClientBuilder;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Everything that the functions need.
pub struct App {
    pub config: Config,
    pub engine: Engine,
    pub observer: Observer,
    pub(super) day_log: DayLog,
    pub(super) retention: store::Retention,
    pub(super) turns: Turns,
    pub(super) drill_turns: Turns,
}

/// Why the app could not be built. The same text answers every function.
#[derive(Debug, Clone, thiserror::Error)]
pub enum BuildError {
    #[error("the configuration is wrong:\n{0}")]
    Config(Arc<ConfigErrors>),
    #[error("{what} cannot be set up: {why}")]
    Part { what: &'static str, why: String },
}

impl BuildError {
    /// Whether another try may go better. A file that could not even be read has no place in it to point at.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Config(errors) => errors.0.iter().any(|error| error.position.is_none()),
            Self::Part { .. } => true,
        }
    }
}

pub(super) fn part(what: &'static str, why: impl std::error::Error) -> BuildError {
    BuildError::Part { what, why: with_causes(&why) }
}

impl App {
    /// Puts everything together. Opens no connection. Has to run inside the runtime.
    pub fn build(config: Config, driver: Driver) -> Result<Self, BuildError> {
        let trust = Trust::system().map_err(|error| part("the trust store", error))?;
        let dns = Dns::new(&config.network.dns_servers).map_err(|error| part("name resolution", error))?;
        telemetry::send(tls::http_builder(&dns, &trust), redact::text).map_err(|error| part("telemetry", error))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let azure = azure_of(&config, &dns, &trust)?;
        let store = open_store(&config, &azure, tls::http_builder(&dns, &trust))?;
        let observer = Observer {
            kubernetes: Kubernetes::new(azure.clone(), kubernetes::Settings::default(), dns.clone()),
            azure,
            probe: Probe::new(dns.clone(), trust.clone()).map_err(|error| part("the probes", error))?,
            store: store.clone(),
            clock: clock.clone(),
            vantage: vantage(&config),
            surroundings: Arc::new(Surroundings::of(&config.channels, |name| std::env::var(name).ok())),
        };
        let engine = Engine {
            steps: Arc::new(wired::steps(&observer)),
            channels: Arc::new(channels(&config, &dns, &trust, Arc::new(observer.azure.clone()))?),
            plans: Arc::new(plans(&config)),
            settings: settings(&config),
            store: store.clone(),
            clock: clock.clone(),
            shelf: Shelf::default(),
            driver,
        };
        let (turns, drill_turns) = (Turns::default(), Turns::default());
        let retention = store::Retention::new(store.clone(), config.retention);
        Ok(Self { config, engine, observer, day_log: DayLog::start(store, clock), retention, turns, drill_turns })
    }
}

impl App {
    /// One line for each app setting that should hold a secret and does not: else it shows only when it is needed. What
    /// lies in a vault is read when it is needed, and by readiness drills.
    pub(super) fn warn_of_unset_secrets(&self, env: &dyn Fn(&str) -> Option<String>) {
        for (of, place) in self.config.secrets() {
            let SecretRef::Env(name) = place else { continue };
            if env(name).is_none_or(|value| value.is_empty()) {
                tracing::warn!("the app setting {name}, {of}, is not set");
            }
        }
    }
}

fn open_store(config: &Config, azure: &Azure, builder: ClientBuilder) -> Result<Arc<dyn Store>, BuildError> {
    match &config.store {
        StoreUrl::File(path) => {
            store::open(&StoreTarget::Directory(path.clone())).map_err(|error| part("the store", error))
        }
        StoreUrl::Blob(containers) => match azure.blob_store(containers, Patience::default(), builder) {
            Ok(store) => Ok(Arc::new(store)),
            Err(error) => Err(part("the store", error)),
        },
    }
}

fn azure_of(config: &Config, dns: &Dns, trust: &Trust) -> Result<Azure, BuildError> {
    let settings = azure::Settings {
        arm: config.cloud.arm.clone(),
        arm_audience: config.cloud.arm_audience.clone(),
        postgres_audience: config.cloud.postgres_audience.clone(),
        ..azure::Settings::default()
    };
    let identity = match &config.identity {
        config::Identity::Managed { client_id } => azure::Identity::Managed { client_id: client_id.clone() },
        config::Identity::AzureCli => azure::Identity::AzureCli,
    };
    Azure::new(settings, identity, tls::http_builder(dns, trust)).map_err(|error| part("the Azure client", error))
}

fn channels(
    config: &Config,
    dns: &Dns,
    trust: &Trust,
    secrets: Arc<dyn Secrets>,
) -> Result<BTreeMap<ChannelName, Arc<dyn Channel>>, BuildError> {
    let mut channels: BTreeMap<ChannelName, Arc<dyn Channel>> = BTreeMap::new();
    for channel in &config.channels {
        let client = tls::http_client(dns, trust, channel.timeout).map_err(|error| part("a channel", error))?;
        let address = Address::Kept { place: channel.url.clone(), secrets: secrets.clone() };
        let post = Post::new(channel.name.clone(), address, client, channel.timeout);
        let built: Arc<dyn Channel> = match channel.kind {
            ChannelKind::Teams => Arc::new(Teams::new(post)),
            ChannelKind::CloudEvents => Arc::new(CloudEvents::new(post)),
        };
        channels.insert(channel.name.clone(), built);
    }
    Ok(channels)
}

fn plans(config: &Config) -> BTreeMap<crate::domain::names::PlanName, Configured> {
    let configured = |plan: &crate::domain::plan::Plan| Configured {
        plan: Arc::new(plan.clone()),
        config_digest: config.digest.clone(),
    };
    config.plans.iter().map(|plan| (plan.name.clone(), configured(plan))).collect()
}

fn settings(config: &Config) -> Settings {
    Settings {
        slice: config.engine.slice,
        renew: config.engine.renew,
        claim_dead: config.engine.claim_dead,
        same_instance_dead: config.engine.same_instance_dead,
        send_within: config.engine.send_within,
        ..Settings::default()
    }
}

/// From where this process sees things: what the configuration says, else what the platform's environment tells.
fn vantage(config: &Config) -> String {
    if let Some(told) = &config.network.vantage {
        return format!("own probe from {told}");
    }
    let var = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    match (var("WEBSITE_SITE_NAME"), var("REGION_NAME")) {
        (Some(app), Some(region)) => format!("own probe from function app {app} in {region}"),
        (Some(app), None) => format!("own probe from function app {app}"),
        _ => "own probe from this machine".to_owned(),
    }
}
