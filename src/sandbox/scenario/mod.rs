//! Scenarios: what goes wrong, when, and what the world must show at the end.
//!
//! A scenario is a small TOML file of this folder's neighbour `scenarios/`. It never says what a report must contain: whether the
//! handler was right is judged by the simulated world alone.

mod action;
mod alert_path;
mod check;
mod duration;
mod expect;
mod judge;
mod knobs;
mod kubernetes;
mod list;
mod moment;
mod order;
mod pressure;
mod trigger;
mod watch;

pub use action::{Action, Dark, Fault, Person};
pub(super) use alert_path::KILLED;
pub use check::{Check, Verdict};
pub use expect::{Count, Expect, Told};
pub(super) use judge::{APPROVED, Seen, judge};
pub use knobs::{Heartbeat, Pace, PasswordIn, Plan, TooSoon, Webhook, WorldKnobs};
pub use kubernetes::{KubernetesKnobs, Part};
pub use list::{all, named};
pub use moment::Moment;
pub(super) use moment::due;
pub use trigger::Trigger;
pub(super) use watch::notices;

use std::time::Duration;

use serde::Deserialize;

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called on the command line.
    pub name: String,
    /// One sentence for people.
    pub about: String,
    /// What the command exits with when the world shows what is expected: 0 when the service recovered or nothing had to be
    /// done, 3 when it did not recover or a person is needed.
    pub exit: u8,
    /// How long the world may take to show what is expected.
    #[serde(with = "duration")]
    pub settle: Duration,
    /// What is expected has to hold for this long: long enough for a late start or a second run to be seen.
    #[serde(default = "quiet", with = "duration")]
    pub quiet: Duration,
    /// A handler that is killed at a random instant is killed within this time after `kill_when`: about as long as the
    /// scenario takes.
    #[serde(default = "kill_within", with = "duration")]
    pub kill_within: Duration,
    /// What that time begins with.
    #[serde(default = "alert_fired")]
    pub kill_when: Trigger,
    /// Which time that is seen, from 1.
    #[serde(default = "first")]
    pub kill_nth: usize,
    /// How the world is set up.
    #[serde(default)]
    pub world: WorldKnobs,
    /// What the plan says otherwise than the default.
    #[serde(default)]
    pub plan: Plan,
    /// What happens, and when.
    #[serde(default)]
    pub at: Vec<Moment>,
    /// What the world must show.
    #[serde(default)]
    pub expect: Expect,
}

fn quiet() -> Duration {
    Duration::from_millis(1_500)
}

fn alert_fired() -> Trigger {
    Trigger::AlertFired
}

fn first() -> usize {
    1
}

fn kill_within() -> Duration {
    Duration::from_secs(10)
}

/// Why a text is no scenario.
#[derive(Debug, thiserror::Error)]
#[error("reading the scenario {name}")]
pub struct ScenarioError {
    name: String,
    #[source]
    source: Box<toml::de::Error>,
}

impl Scenario {
    /// Reads a scenario; `name` is only for the error.
    ///
    /// # Errors
    /// When the text is not TOML, or says something no scenario says.
    pub fn parse(name: &str, text: &str) -> Result<Self, ScenarioError> {
        toml::from_str(text).map_err(|source| ScenarioError { name: name.to_owned(), source: Box::new(source) })
    }

    /// A scenario in which nothing happens.
    #[cfg(test)]
    fn expecting(expect: Expect) -> Self {
        let text = "name = \"x\"\nabout = \"x.\"\nexit = 0\nsettle = \"1s\"";
        Self { expect, ..Self::parse("x", text).unwrap() }
    }
}
