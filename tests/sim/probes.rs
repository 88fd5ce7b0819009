//! Probe pods inside a simulated cluster: they connect to the database, tell what it was, and stay until deleted.

use super::time::{Ms, SECOND, Timeline};
use super::weather::Database;
use super::world::{Happening, World};
use reveille::domain::names::RunId;
use reveille::domain::path::{PathView, ProbeRef};
use reveille::domain::run::Verb;
use std::collections::BTreeMap;

/// From its creation until it has ended: scheduling, image pull, one connection.
const TAKES: Ms = 8 * SECOND;

/// The probe pods of a site, by name, with when each was made.
#[derive(Debug, Clone, Default)]
pub struct Probes(BTreeMap<String, Ms>);

impl Probes {
    pub fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
    }

    fn view(&self, name: &str, now: Ms, database: &Timeline<Database>) -> PathView {
        let Some(made) = self.0.get(name) else { return PathView::NoPod };
        let ends = made + TAKES;
        if now < ends {
            return PathView::Waiting { said: "ContainerCreating".into() };
        }
        match database.at(ends) {
            Database::Writable | Database::ReadOnly => PathView::Reached,
            Database::InRecovery => PathView::ReachedReplica,
            Database::Unreachable => PathView::Failed { said: "connection timed out".into() },
        }
    }
}

impl World {
    /// A call about a probe pod arrives; nothing when the API server does not answer.
    pub fn probe_call(&self, run: &RunId, site: usize, verb: Verb, probe: &ProbeRef) -> bool {
        let now = self.now();
        let mut state = self.state();
        if !state.sites[site].api_answers() {
            return false;
        }
        match verb {
            Verb::CreateProbe => {
                state.sites[site].probes.0.entry(probe.name.clone()).or_insert(now);
            }
            _ => {
                state.sites[site].probes.0.remove(&probe.name);
            }
        }
        state.log.push((now, Happening::Probed { run: run.clone(), site, verb }));
        true
    }

    pub fn probed(&self, site: usize, probe: &ProbeRef) -> Option<PathView> {
        let now = self.now();
        let state = self.state();
        let site = &state.sites[site];
        site.api_answers().then(|| site.probes.view(&probe.name, now, &state.database))
    }
}
