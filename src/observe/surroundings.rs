//! Where this process itself is: what an assessment compares Azure's settings with.

use crate::config::ChannelConfig;
use crate::domain::readiness::Ourselves;

/// What is known of this Reveille beside its plans.
#[derive(Debug, Clone)]
pub struct Surroundings {
    pub ourselves: Ourselves,
    /// The channels of the configuration.
    pub channels: Vec<ChannelConfig>,
}

impl Surroundings {
    /// From what the platform's environment tells (learn.microsoft.com, App Service environment variables:
    /// `WEBSITE_HOSTNAME` is the app's host name, `WEBSITE_SITE_NAME` its name).
    pub fn of(channels: &[ChannelConfig], env: impl Fn(&str) -> Option<String>) -> Self {
        let told = |name: &str| env(name).filter(|text| !text.is_empty());
        let ourselves = Ourselves { host: told("WEBSITE_HOSTNAME"), app: told("WEBSITE_SITE_NAME") };
        Self { ourselves, channels: channels.to_vec() }
    }
}
