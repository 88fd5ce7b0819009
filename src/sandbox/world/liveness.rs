//! When each server answered: the past of which the metric `is_db_alive` is made.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::World;
use super::metric::{Point, points};
use super::state::State;

/// Seconds between two samples (learn.microsoft.com, monitoring of Azure Database for PostgreSQL).
const SAMPLING: i64 = 20;

/// When each server began and ceased to answer, by its name. All answered before the world began.
#[derive(Debug, Clone, Default)]
pub(super) struct Liveness {
    changes: BTreeMap<String, Vec<(DateTime<Utc>, bool)>>,
}

impl Liveness {
    fn record(&mut self, server: &str, at: DateTime<Utc>, alive: bool) {
        let changes = self.changes.entry(server.to_owned()).or_default();
        if changes.last().is_none_or(|(_, last)| *last != alive) {
            changes.push((at, alive));
        }
    }

    fn at(&self, server: &str, at: DateTime<Utc>) -> bool {
        let changes = self.changes.get(server).map(Vec::as_slice).unwrap_or_default();
        changes.iter().rev().find(|(since, _)| *since <= at).is_none_or(|(_, alive)| *alive)
    }

    /// How many samples of the minute that begins then were answered.
    fn samples(&self, server: &str, minute: DateTime<Utc>) -> u32 {
        let times = (0..60 / SAMPLING).map(|index| minute + TimeDelta::seconds(index * SAMPLING));
        times.map(|at| u32::from(self.at(server, at))).sum()
    }
}

impl World {
    /// One-minute points of `is_db_alive`: 1 while the server answers, no data while it does not. Like those of origin
    /// health the newest show the present at once. `None` for an unknown server.
    pub fn liveness_points(&self, server: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<Vec<Point>> {
        let state = self.state();
        let name = state.servers.get(&server.to_ascii_lowercase())?.name.clone();
        let (now, newest) = (state.clock.now(), state.newest_minutes());
        let count = |at: DateTime<Utc>| match at {
            _ if at > now => 0,
            _ if at >= newest => u32::from(state.server_answers(&name)),
            _ => state.liveness.samples(&name, at),
        };
        Some(points(from, to).map(|at| Point { at, total: f64::from(count(at)), count: count(at) }).collect())
    }
}

impl State {
    /// Enters which servers answer from now on. Everything that can change it calls this afterwards.
    pub fn record_liveness(&mut self, at: DateTime<Utc>) {
        let now: Vec<_> = self.servers.keys().map(|name| (name.clone(), self.server_answers(name))).collect();
        for (name, alive) in now {
            self.liveness.record(&name, at, alive);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DateTime, Liveness, TimeDelta, Utc};

    #[test]
    fn an_outage_stays_in_the_minutes_it_was_in() {
        let start = DateTime::<Utc>::from_timestamp(1_800_000_000, 0).unwrap_or_default();
        let after = |seconds| start + TimeDelta::seconds(seconds);
        let mut liveness = Liveness::default();
        for (seconds, alive) in [(10, true), (70, false), (75, false), (190, true)] {
            liveness.record("pg", after(seconds), alive);
        }
        let seen = (-1..5).map(|minute| liveness.samples("pg", after(minute * 60)));
        assert_eq!(seen.collect::<Vec<_>>(), [3, 3, 1, 0, 2, 3]);
        assert_eq!(liveness.samples("other", start), 3);
    }
}
