//! Who watches, and from where: each app notes itself in a small document at every round of its watch. It proves that the
//! store takes writes, that a watch is alive, and in which region it sits, to whoever looks from elsewhere.

use super::resource::ResourceId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Name of the document.
pub const DOCUMENT: &str = "watch/presence.json";
/// A watch that was not seen for so long is not counted as alive: its timer fires every half minute, and a lost host costs
/// up to two.
pub const ALIVE: TimeDelta = TimeDelta::minutes(5);
/// An app that was not seen for so long is gone for good, and no longer remembered.
const FORGOTTEN: TimeDelta = TimeDelta::days(30);

/// What the document holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    /// By the name of the app.
    #[serde(default)]
    pub apps: BTreeMap<String, AppSeen>,
    /// Regions of the clusters by resource id in lower case; a cluster never moves.
    #[serde(default)]
    pub regions: BTreeMap<String, String>,
}

/// One app, as it last noted itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppSeen {
    pub at: DateTime<Utc>,
    /// In lower case without spaces, if the platform told it.
    pub region: Option<String>,
}

impl Presence {
    /// When any watch last noted itself.
    pub fn newest(&self) -> Option<DateTime<Utc>> {
        self.apps.values().map(|app| app.at).max()
    }

    /// Notes an app, and forgets those that are gone for good.
    pub fn note(&mut self, app: &str, region: Option<String>, now: DateTime<Utc>) {
        self.apps.retain(|_, seen| now - seen.at < FORGOTTEN);
        self.apps.insert(app.to_owned(), AppSeen { at: now, region });
    }

    /// Regions from which a watch is alive, each once.
    pub fn alive_in(&self, now: DateTime<Utc>) -> Vec<&str> {
        let alive = self.apps.values().filter(|app| now - app.at < ALIVE);
        let mut regions: Vec<&str> = alive.filter_map(|app| app.region.as_deref()).collect();
        regions.sort_unstable();
        regions.dedup();
        regions
    }

    pub fn region_of(&self, cluster: &ResourceId) -> Option<&str> {
        self.regions.get(&cluster.as_str().to_ascii_lowercase()).map(String::as_str)
    }

    pub fn learn(&mut self, cluster: &ResourceId, region: &str) {
        self.regions.insert(cluster.as_str().to_ascii_lowercase(), plain_region(region));
    }

    /// Whether every watch that is alive sits in that region, so that an outage of it silences all of them.
    pub fn falls_with(&self, region: &str, now: DateTime<Utc>) -> bool {
        let alive = self.alive_in(now);
        !alive.is_empty() && alive.iter().all(|it| *it == region)
    }
}

/// `East US 2` and `eastus2` are one region.
pub fn plain_region(region: &str) -> String {
    region.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(apps: &[(&str, &str, i64)]) -> Presence {
        let mut presence = Presence::default();
        for (app, region, minutes_ago) in apps {
            let at = DateTime::UNIX_EPOCH - TimeDelta::minutes(*minutes_ago);
            presence.apps.insert((*app).to_owned(), AppSeen { at, region: Some(plain_region(region)) });
        }
        presence
    }

    #[test]
    fn an_outage_of_a_region_silences_apps_that_have_nobody_alive_elsewhere() {
        let now = DateTime::UNIX_EPOCH;
        for (apps, falls) in [
            (vec![("a", "East US 2", 0)], true),
            (vec![("a", "East US 2", 0), ("b", "Central US", 1)], false),
            (vec![("a", "East US 2", 0), ("b", "Central US", 60)], true),
            (vec![("a", "Central US", 0)], false),
            (vec![], false),
        ] {
            assert_eq!(seen(&apps).falls_with("eastus2", now), falls, "{apps:?}");
        }
    }

    #[test]
    fn an_app_that_is_gone_for_good_is_forgotten() {
        let mut presence = seen(&[("old", "eastus2", 60 * 24 * 31), ("quiet", "eastus2", 60)]);
        presence.note("new", None, DateTime::UNIX_EPOCH);
        assert_eq!(presence.apps.keys().collect::<Vec<_>>(), ["new", "quiet"]);
        assert_eq!(presence.newest(), Some(DateTime::UNIX_EPOCH));
    }
}
