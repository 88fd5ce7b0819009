//! Knobs of what is outside ARM: applications, the edge, databases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sandbox::world::World;

/// The passcode with which SonarQube shows its health.
pub const PASSCODE: &str = "sandbox-passcode";

/// The token of a user of SonarQube.
pub const TOKEN: &str = "squ_sandbox0000000000000000000000000000000";

/// Settings of applications, edge and databases.
#[derive(Debug, Clone)]
pub struct Settings {
    /// From running nodes to an application that is up.
    pub app_boot: Duration,
    /// The first part of it, in which only the ingress answers, with 503.
    pub web_boot: Duration,
    /// How what is dark or stopped fails.
    pub unreachable: Unreachable,
    /// The ingress sets `x-served-by`.
    pub served_by_header: bool,
    /// Time between two probes of an origin by the edge.
    pub probe_interval: Duration,
    /// Origin hosts that the edge's probes do not reach, although everybody else does.
    pub edge_blind: BTreeSet<String>,
    /// How long the edge waits for an origin.
    pub edge_timeout: Duration,
    /// What is wrong with the application at an origin, by origin host.
    pub applications: BTreeMap<String, AppFault>,
    /// `reveille_canary` exists in every database.
    pub canary: bool,
    /// Database password of the user `reveille`.
    pub password: String,
}

/// How something that is not there fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unreachable {
    /// The connection is refused.
    #[default]
    Refused,
    /// The connection is taken and nothing ever comes.
    Hangs,
}

/// What keeps an application from coming up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AppFault {
    /// It stays in `STARTING`.
    NeverUp,
    /// Its version is newer than the database: `DB_MIGRATION_NEEDED`.
    MigrationNeeded,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            app_boot: Duration::from_millis(1_500),
            web_boot: Duration::from_millis(500),
            unreachable: Unreachable::Refused,
            served_by_header: true,
            probe_interval: Duration::from_millis(250),
            edge_blind: BTreeSet::new(),
            edge_timeout: Duration::from_secs(2),
            applications: BTreeMap::new(),
            canary: true,
            password: "sandbox-password".to_owned(),
        }
    }
}

#[derive(Default)]
struct Shared(Mutex<Settings>);

impl World {
    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        self.plane::<Shared>().0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the settings.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        change(&mut self.plane::<Shared>().0.lock().unwrap_or_else(PoisonError::into_inner));
    }
}
