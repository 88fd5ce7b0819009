//! The app: everything built from the configuration, once per process, after the port is bound.

use super::day_log::DayLog;
use super::eyes::Eyes;
use super::round::Turns;
use crate::config::{ChannelKind, Config, ConfigErrors};
use crate::domain::causes::with_causes;
use crate::domain::names::ChannelName;
use crate::domain::run::Driver;
use crate::domain::secret::SecretRef;
use crate::engine::ports::{Channel, Clock, Secrets, SystemClock};
use crate::engine::{Configured, Engine, Settings, Shelf};
use crate::host::redact;
use crate::notify::{Address, CloudEvents, Post, Teams};
use crate::observe::Observer;
use crate::probe::dns::Dns;
use crate::probe::tls::{self, Trust};
use crate::steps::wired;
use crate::store;
use crate::telemetry;
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
    /// Held while heartbeats are looked after.
    pub(super) listening: tokio::sync::Mutex<()>,
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
        let eyes = Eyes::of(&config)?;
        telemetry::send(tls::http_builder(&eyes.dns, &eyes.trust), redact::text)
            .map_err(|error| part("telemetry", error))?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let store = eyes.store(&config)?;
        let observer = eyes.observer(&config, store.clone());
        let Eyes { dns, trust, .. } = &eyes;
        let engine = Engine {
            steps: Arc::new(wired::steps(&observer)),
            channels: Arc::new(channels(&config, dns, trust, Arc::new(observer.azure.clone()))?),
            plans: Arc::new(plans(&config)),
            settings: settings(&config),
            store: store.clone(),
            clock: clock.clone(),
            shelf: Shelf::default(),
            driver,
        };
        let (turns, drill_turns) = (Turns::default(), Turns::default());
        let retention = store::Retention::new(store.clone(), config.retention);
        Ok(Self {
            config,
            engine,
            observer,
            day_log: DayLog::start(store, clock),
            retention,
            turns,
            drill_turns,
            listening: tokio::sync::Mutex::default(),
        })
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
