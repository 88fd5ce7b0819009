//! Everything to look with, built from the configuration: for the app, and for a person who checks it from elsewhere.

use super::app::{BuildError, part};
use crate::azure::{self, Azure, Patience};
use crate::config::{self, Config, StoreUrl};
use crate::engine::ports::{Store, SystemClock};
use crate::kubernetes::{self, Kubernetes};
use crate::observe::{Observer, Surroundings};
use crate::probe::Probe;
use crate::probe::dns::Dns;
use crate::probe::tls::{self, Trust};
use crate::store::{self, StoreTarget};
use reqwest::ClientBuilder;
use std::sync::Arc;

/// Clients and trust. Opens no connection.
pub struct Eyes {
    pub azure: Azure,
    pub dns: Dns,
    pub trust: Trust,
    probe: Probe,
}

impl Eyes {
    pub fn of(config: &Config) -> Result<Self, BuildError> {
        let trust = Trust::system().map_err(|error| part("the trust store", error))?;
        let dns = Dns::new(&config.network.dns_servers).map_err(|error| part("name resolution", error))?;
        let azure = azure_of(config, &dns, &trust)?;
        let probe = Probe::new(dns.clone(), trust.clone()).map_err(|error| part("the probes", error))?;
        Ok(Self { azure, dns, trust, probe })
    }

    /// A client that resolves and trusts like all others.
    pub fn http(&self) -> ClientBuilder {
        tls::http_builder(&self.dns, &self.trust)
    }

    /// Where the state is kept; a folder that does not exist is made.
    pub fn store(&self, config: &Config) -> Result<Arc<dyn Store>, BuildError> {
        match &config.store {
            StoreUrl::File(path) => {
                store::open(&StoreTarget::Directory(path.clone())).map_err(|error| part("the store", error))
            }
            StoreUrl::Blob(containers) => match self.azure.blob_store(containers, Patience::default(), self.http()) {
                Ok(store) => Ok(Arc::new(store)),
                Err(error) => Err(part("the store", error)),
            },
        }
    }

    /// The same for somebody who only looks; `None` for a folder that is not on this machine.
    pub fn store_to_look_at(&self, config: &Config) -> Result<Option<Arc<dyn Store>>, BuildError> {
        match &config.store {
            StoreUrl::File(path) if !path.is_dir() => Ok(None),
            _ => self.store(config).map(Some),
        }
    }

    pub fn observer(&self, config: &Config, store: Arc<dyn Store>) -> Observer {
        let azure = self.azure.clone();
        Observer {
            kubernetes: Kubernetes::new(azure.clone(), kubernetes::Settings::default(), self.dns.clone()),
            azure,
            probe: self.probe.clone(),
            store,
            clock: Arc::new(SystemClock),
            vantage: vantage(config),
            surroundings: Arc::new(Surroundings::of(config, config::process_env)),
        }
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
