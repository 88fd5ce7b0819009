//! The engine's parts, put together once per process.

use super::ports::{Channel, Clock, Step, Store};
use super::shelf::Shelf;
use crate::domain::names::{ChannelName, PlanName};
use crate::domain::plan::Plan;
use crate::domain::run::Driver;
use crate::domain::runbook::StepName;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How slices and claims are timed.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Longest time one slice works.
    pub slice: Duration,
    /// Longest time a driver holds a run without writing.
    pub renew: Duration,
    /// A claim not renewed for that long, by the store's clock, is dead.
    pub claim_dead: Duration,
    /// The same for a claim of another process of the same instance.
    pub same_instance_dead: Duration,
    /// When nothing is due for longer, a slice ends and leaves the run to the watch.
    pub rest: Duration,
    /// A mutating call is begun within that time after its intent was journaled, or not at all.
    pub send_within: Duration,
    /// Tries per notice and channel, and the pause before the second.
    pub notify_tries: u32,
    pub notify_pause: Duration,
    /// A channel that has not answered by then did not take the notice.
    pub notify_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            slice: Duration::from_secs(240),
            renew: Duration::from_secs(10),
            claim_dead: Duration::from_secs(30),
            same_instance_dead: Duration::from_secs(3),
            rest: Duration::from_secs(60),
            send_within: Duration::from_secs(10),
            notify_tries: 3,
            notify_pause: Duration::from_secs(2),
            notify_timeout: Duration::from_secs(15),
        }
    }
}

/// A plan as configured now, with the digest of the file it came from.
#[derive(Debug, Clone)]
pub struct Configured {
    pub plan: Arc<Plan>,
    pub config_digest: String,
}

/// Everything that carrying out runs needs.
#[derive(Clone)]
pub struct Engine {
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    pub steps: Arc<BTreeMap<StepName, Arc<dyn Step>>>,
    pub channels: Arc<BTreeMap<ChannelName, Arc<dyn Channel>>>,
    pub plans: Arc<BTreeMap<PlanName, Configured>>,
    pub settings: Settings,
    pub driver: Driver,
    pub shelf: Shelf,
}

impl Engine {
    pub fn plan(&self, name: &PlanName) -> Option<&Configured> {
        self.plans.get(name)
    }
}
