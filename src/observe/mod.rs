//! Gathers facts: the one place where what Azure says and what own eyes see become facts of the domain, each with its
//! time, its vantage and its request ids. Used by steps and by the watch alike.

mod checkup;
mod database;
mod drill;
mod front_door;
mod index;
mod path;
pub mod planned;
mod presence;
mod readiness;
mod sites;
mod surroundings;
mod witness;
mod workload;

pub use surroundings::Surroundings;

use crate::azure::{ArmError, Azure};
use crate::domain::fact::Fact;
use crate::engine::ports::{Clock, Store};
use crate::kubernetes::Kubernetes;
use crate::probe::Probe;
use std::sync::Arc;

/// Where Azure Resource Manager's answers were seen from.
const ARM: &str = "Azure Resource Manager";

/// Everything that can be looked with.
#[derive(Clone)]
pub struct Observer {
    pub azure: Azure,
    pub kubernetes: Kubernetes,
    pub probe: Probe,
    pub store: Arc<dyn Store>,
    pub clock: Arc<dyn Clock>,
    /// From where own probes look, in words: `own probe from function app dr-reveille in centralus`.
    pub vantage: String,
    pub surroundings: Arc<Surroundings>,
}

impl Observer {
    fn known<T>(&self, value: T, from: impl Into<String>) -> Fact<T> {
        Fact::known(value, self.clock.now(), from)
    }

    /// Nobody can know.
    pub fn nobody<T>(&self, why: &str) -> Fact<T> {
        Fact::unknown(why, self.clock.now(), self.vantage.clone())
    }

    /// An ARM answer as a fact; a failed read is unknown, never down.
    fn told_by_arm<T>(&self, answer: Result<crate::azure::Answer<T>, ArmError>) -> Fact<T> {
        match answer {
            Ok(answer) => self.known(answer.value, ARM).with_request_ids(answer.request_ids),
            Err(error) => Fact::unknown(error.text(), self.clock.now(), ARM).with_request_ids(error.request_ids()),
        }
    }
}
