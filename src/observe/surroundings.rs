//! Where this process itself is: what an assessment compares Azure's settings with.

use crate::config::{ChannelConfig, Config, StoreUrl};
use crate::domain::heartbeat::Heartbeat;
use crate::domain::presence::plain_region;
use crate::domain::readiness::Ourselves;

/// What is known of this Reveille beside its plans.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub ourselves: Ourselves,
    /// The channels of the configuration.
    pub channels: Vec<ChannelConfig>,
    /// Where the state is kept, as the configuration has it.
    pub store: String,
    pub heartbeat: Option<Heartbeat>,
}

impl Surroundings {
    /// From what the platform's environment tells (learn.microsoft.com, App Service environment variables:
    /// `WEBSITE_HOSTNAME` is the app's host name, `WEBSITE_SITE_NAME` its name, `REGION_NAME` its region).
    pub fn of(config: &Config, env: impl Fn(&str) -> Option<String>) -> Self {
        let told = |name: &str| env(name).filter(|text| !text.is_empty());
        let (host, app) = (told("WEBSITE_HOSTNAME"), told("WEBSITE_SITE_NAME"));
        let region = told("REGION_NAME").map(|name| plain_region(&name));
        let store = match &config.store {
            StoreUrl::File(path) => format!("file:{}", path.display()),
            StoreUrl::Blob(containers) => containers.logs_url(),
        };
        Self {
            ourselves: Ourselves { host, app, region },
            channels: config.channels.clone(),
            store,
            heartbeat: config.heartbeat.clone(),
        }
    }
}
