//! What the edge thinks of its origins, and where it sends a request.

use std::collections::{BTreeMap, VecDeque};

use crate::sandbox::world::{Origin, Profile};

/// The last probes of every origin, by host.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    samples: BTreeMap<String, VecDeque<bool>>,
    turn: usize,
}

impl Health {
    /// As if the edge had probed for long: what answers is healthy, what does not is not.
    pub(super) fn seeded(profile: &Profile, healthy: impl Fn(&Origin) -> bool) -> Self {
        let seed = |origin: &Origin| {
            let samples = VecDeque::from(vec![healthy(origin); profile.sample_size as usize]);
            (origin.host.clone(), samples)
        };
        Self { samples: profile.origins.iter().map(seed).collect(), turn: 0 }
    }

    /// Enters a probe; only the last `sample_size` count.
    pub(super) fn record(&mut self, profile: &Profile, host: &str, good: bool) {
        let samples = self.samples.entry(host.to_owned()).or_default();
        samples.push_back(good);
        while samples.len() > profile.sample_size as usize {
            samples.pop_front();
        }
    }

    fn is_healthy(&self, profile: &Profile, host: &str) -> bool {
        let good = self.samples.get(host).map_or(0, |samples| samples.iter().filter(|good| **good).count());
        good >= profile.samples_required as usize
    }

    /// The origin for the next request: the healthy ones of the best priority in turn, or, when none is healthy, all
    /// enabled ones in turn (learn.microsoft.com, Front Door health probes).
    pub(super) fn choose(&mut self, profile: &Profile) -> Option<Origin> {
        let enabled: Vec<&Origin> = profile.origins.iter().filter(|origin| origin.enabled).collect();
        let healthy: Vec<&Origin> =
            enabled.iter().copied().filter(|origin| self.is_healthy(profile, &origin.host)).collect();
        let best = healthy.iter().map(|origin| origin.priority.unwrap_or(1)).min();
        let candidates = match best {
            Some(best) => healthy.into_iter().filter(|origin| origin.priority.unwrap_or(1) == best).collect(),
            None => enabled,
        };
        self.turn = self.turn.wrapping_add(1);
        let count = candidates.len().max(1);
        candidates.get(self.turn % count).map(|origin| (*origin).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::world::Workload;

    fn profile() -> Profile {
        let origin = |name: &str, priority| Origin {
            name: name.to_owned(),
            region: name.to_owned(),
            host: name.to_owned(),
            priority: Some(priority),
            weight: None,
            enabled: true,
        };
        Profile {
            name: "afd".into(),
            workload: Workload::named("sonar").name,
            origin_group: "group".into(),
            endpoint: "endpoint".into(),
            host: "host".into(),
            probe_path: "/".into(),
            sample_size: 4,
            samples_required: 3,
            origins: vec![origin("east", 1), origin("west", 2)],
        }
    }

    fn chosen(health: &mut Health, profile: &Profile) -> Vec<String> {
        (0..4).filter_map(|_| health.choose(profile)).map(|origin| origin.name).collect()
    }

    #[test]
    fn the_healthy_origin_of_the_best_priority_gets_everything() {
        let profile = profile();
        let mut health = Health::seeded(&profile, |_| true);
        assert_eq!(chosen(&mut health, &profile), ["east"; 4]);
    }

    #[test]
    fn two_bad_probes_of_four_move_the_traffic() {
        let profile = profile();
        let mut health = Health::seeded(&profile, |_| true);
        health.record(&profile, "east", false);
        assert_eq!(chosen(&mut health, &profile), ["east"; 4]);
        health.record(&profile, "east", false);
        assert_eq!(chosen(&mut health, &profile), ["west"; 4]);
    }

    #[test]
    fn when_all_fail_all_get_traffic_in_turn() {
        let profile = profile();
        let mut health = Health::seeded(&profile, |_| false);
        let found = chosen(&mut health, &profile);
        assert!(found.contains(&"east".to_owned()) && found.contains(&"west".to_owned()), "{found:?}");
    }

    #[test]
    fn a_disabled_origin_gets_nothing_even_then() {
        let mut profile = profile();
        profile.origins[1].enabled = false;
        let mut health = Health::seeded(&profile, |_| false);
        assert_eq!(chosen(&mut health, &profile), ["east"; 4]);
    }

    #[test]
    fn traffic_returns_by_itself_when_probes_pass_again() {
        let profile = profile();
        let mut health = Health::seeded(&profile, |origin| origin.name == "west");
        (0..3).for_each(|_| health.record(&profile, "east", true));
        assert_eq!(chosen(&mut health, &profile), ["east"; 4]);
    }
}
