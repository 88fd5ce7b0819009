//! Regions and what is dark in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::World;
use super::log::Event;
use super::state::State;

/// A region and what does not work there at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    /// Short name, such as `eastus2`.
    pub name: String,
    /// Display name, such as `East US 2`: how PostgreSQL answers a location.
    pub display: String,
    /// What is dark.
    pub dark: Darkness,
}

/// What does not work in a region. Each is independent, because real outages are partial.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Darkness {
    /// The origins do not answer.
    pub origins: bool,
    /// The Kubernetes API servers do not answer.
    pub cluster_api: bool,
    /// Applications do not run, or cannot reach anything: they write nothing.
    pub applications: bool,
    /// The database servers do not answer.
    pub database: bool,
    /// ARM cannot reach the resource providers of the region.
    pub control_plane: bool,
}

impl Darkness {
    /// The compute side of a region is gone; databases and ARM go on.
    pub fn outage() -> Self {
        Self { origins: true, cluster_api: true, applications: true, ..Self::default() }
    }

    /// Compute and databases are gone.
    pub fn with_database() -> Self {
        Self { database: true, ..Self::outage() }
    }
}

impl Darkness {
    /// What does not work, in words.
    fn text(self) -> String {
        let parts = [
            (self.origins, "origins"),
            (self.cluster_api, "cluster API"),
            (self.applications, "applications"),
            (self.database, "databases"),
            (self.control_plane, "control plane"),
        ];
        parts.into_iter().filter(|(dark, _)| *dark).map(|(_, part)| part).collect::<Vec<_>>().join(", ")
    }
}

pub(super) fn all() -> BTreeMap<String, Region> {
    [("eastus2", "East US 2"), ("centralus", "Central US")]
        .map(|(name, display)| {
            (name.to_owned(), Region { name: name.into(), display: display.into(), dark: Darkness::default() })
        })
        .into()
}

impl World {
    /// The region of that short name.
    pub fn region(&self, name: &str) -> Option<Region> {
        self.state().regions.get(name).cloned()
    }

    /// What is dark in a region; nothing in an unknown one.
    pub fn darkness(&self, region: &str) -> Darkness {
        self.state().darkness(region)
    }

    /// Makes a region as dark as told; [`Darkness::default`] brings it back.
    pub fn set_darkness(&self, region: &str, dark: Darkness) {
        self.state().set_darkness(region, dark);
    }
}

impl State {
    pub fn darkness(&self, region: &str) -> Darkness {
        self.regions.get(region).map(|it| it.dark).unwrap_or_default()
    }

    fn set_darkness(&mut self, region: &str, dark: Darkness) {
        let Some(found) = self.regions.get_mut(region) else { return };
        if found.dark == dark {
            return;
        }
        found.dark = dark;
        self.record_liveness(self.clock.now());
        if !dark.database {
            self.end_reconfiguration(region);
        }
        let Darkness { origins, cluster_api, applications, database, control_plane } = dark;
        let region = region.to_owned();
        let text = if dark == Darkness::default() {
            format!("{region} is back")
        } else {
            format!("{region} is dark: {}", dark.text())
        };
        self.log(Event::Region { region, origins, cluster_api, applications, database, control_plane }, text);
    }
}
