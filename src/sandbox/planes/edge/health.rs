//! What the edge thinks of its origins, and where it sends a request.

use std::collections::{BTreeMap, VecDeque};

use crate::sandbox::world::{Origin, Profile};

/// Weight of an origin that shows none, the default of the portal.
const WEIGHT: u32 = 1000;

/// The last probes of every origin, by host.
#[derive(Debug, Clone, Default)]
pub(super) struct Health {
    samples: BTreeMap<String, VecDeque<bool>>,
    /// What each origin is owed of the traffic, by host.
    owed: BTreeMap<String, i64>,
}

impl Health {
    /// As if the edge had probed for long: what answers is healthy, what does not is not.
    pub(super) fn seeded(profile: &Profile, healthy: impl Fn(&Origin) -> bool) -> Self {
        let seed = |origin: &Origin| {
            let samples = VecDeque::from(vec![healthy(origin); profile.sample_size as usize]);
            (origin.host.clone(), samples)
        };
        Self { samples: profile.origins.iter().map(seed).collect(), owed: BTreeMap::new() }
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

    /// The origin for the next request: the healthy ones of the best priority by their weights, or, when none is healthy,
    /// all enabled ones in turn (learn.microsoft.com, Front Door health probes and routing methods).
    pub(super) fn choose(&mut self, profile: &Profile) -> Option<Origin> {
        let enabled: Vec<&Origin> = profile.origins.iter().filter(|origin| origin.enabled).collect();
        let healthy: Vec<&Origin> =
            enabled.iter().copied().filter(|origin| self.is_healthy(profile, &origin.host)).collect();
        let best = healthy.iter().map(|origin| origin.priority.unwrap_or(1)).min();
        let candidates: Vec<(&Origin, i64)> = match best {
            Some(best) => {
                let of_best = healthy.into_iter().filter(|origin| origin.priority.unwrap_or(1) == best);
                of_best.map(|origin| (origin, i64::from(origin.weight.unwrap_or(WEIGHT)))).collect()
            }
            None => enabled.into_iter().map(|origin| (origin, 1)).collect(),
        };
        self.next(&candidates).cloned()
    }

    /// Every request each is owed its weight more; who is owed most gets it and is owed the sum of all less. So all get
    /// their shares, well mixed.
    fn next<'a>(&mut self, candidates: &[(&'a Origin, i64)]) -> Option<&'a Origin> {
        for (origin, weight) in candidates {
            *self.owed.entry(origin.host.clone()).or_default() += weight;
        }
        let owed = |origin: &Origin| self.owed.get(&origin.host).copied().unwrap_or_default();
        let (chosen, _) = candidates.iter().max_by_key(|(origin, _)| owed(origin))?;
        let sum: i64 = candidates.iter().map(|(_, weight)| weight).sum();
        *self.owed.entry(chosen.host.clone()).or_default() -= sum;
        Some(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::world::{ProbeMethod, Workload};

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
            probe_method: ProbeMethod::Head,
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
    fn origins_of_one_priority_share_by_weight() {
        let mut profile = profile();
        profile.origins[1].priority = Some(1);
        (profile.origins[0].weight, profile.origins[1].weight) = (Some(750), Some(250));
        let mut health = Health::seeded(&profile, |_| true);
        let found: Vec<String> = (0..100).flat_map(|_| chosen(&mut health, &profile)).collect();
        assert_eq!(found.iter().filter(|it| *it == "east").count(), 300);
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
