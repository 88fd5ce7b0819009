//! Which application writes to which database, and the alarm when two of them write to one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::application::Phase;
use crate::sandbox::world::{Event, Workload, World};

/// How often the applications' writing is looked at. Far below every duration of a scenario.
const TICK: Duration = Duration::from_millis(20);

/// Region to server: who writes where.
type Writers = BTreeMap<String, String>;

#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Writers>>);

/// Watches who writes, for as long as the task lives.
pub(super) async fn watch(world: World) {
    loop {
        for workload in world.workloads() {
            observe(&world, &workload);
        }
        tokio::time::sleep(TICK).await;
    }
}

impl World {
    /// Regions whose application writes at this moment, with the server that takes it.
    pub fn writers(&self, workload: &Workload) -> BTreeMap<String, String> {
        let Some(server) = self.writable_database(workload) else { return Writers::new() };
        let writes = |site: &&crate::sandbox::world::Site| {
            let alive = self.application(workload, site).uses_database();
            alive && !self.darkness(&site.region).applications
        };
        workload.sites.iter().filter(writes).map(|site| (site.region.clone(), server.clone())).collect()
    }
}

fn observe(world: &World, workload: &Workload) {
    // Lives go on while nobody asks: a boot begins when the nodes run, not when somebody looks.
    for site in &workload.sites {
        let phase = world.application(workload, site);
        world.set_application_ready(site, matches!(phase, Phase::Up | Phase::MigrationNeeded));
    }
    let now = world.writers(workload);
    for site in workload.sites.iter().filter(|site| now.contains_key(&site.region)) {
        world.wrote(workload, site, world.application(workload, site) == Phase::Up);
    }
    let memory = world.plane::<Memory>();
    let before = {
        let mut memory = memory.0.lock().unwrap_or_else(PoisonError::into_inner);
        memory.insert(workload.name.clone(), now.clone()).unwrap_or_default()
    };
    for (event, text) in changes(&workload.name, &before, &now) {
        world.log(event, text);
    }
}

/// What changed from one look to the next.
fn changes(workload: &str, before: &Writers, now: &Writers) -> Vec<(Event, String)> {
    let mut found = Vec::new();
    for (region, server) in now.iter().filter(|(region, server)| before.get(*region) != Some(server)) {
        let event = Event::FirstWrite { workload: workload.into(), region: region.clone(), server: server.clone() };
        found.push((event, format!("{workload} in {region} writes to {server}")));
    }
    for region in before.keys().filter(|region| !now.contains_key(*region)) {
        let event = Event::WritingStopped { workload: workload.into(), region: region.clone() };
        found.push((event, format!("{workload} in {region} writes no more")));
    }
    if shared(now) && !shared(before) {
        let regions: Vec<String> = now.keys().cloned().collect();
        let text = format!("split brain: {workload} writes to one database from {}", regions.join(" and "));
        found.push((Event::SplitBrain { workload: workload.into(), regions }, text));
    }
    found
}

/// Two regions write to one server.
fn shared(writers: &Writers) -> bool {
    writers.values().collect::<BTreeSet<_>>().len() < writers.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writers(pairs: &[(&str, &str)]) -> Writers {
        pairs.iter().map(|(region, server)| ((*region).to_owned(), (*server).to_owned())).collect()
    }

    fn kinds(before: &Writers, now: &Writers) -> Vec<&'static str> {
        let kind = |event: &Event| match event {
            Event::FirstWrite { .. } => "first",
            Event::WritingStopped { .. } => "stopped",
            Event::SplitBrain { .. } => "split",
            _ => "other",
        };
        changes("sonar", before, now).iter().map(|(event, _)| kind(event)).collect()
    }

    #[test]
    fn two_writers_of_one_database_are_a_split_brain_once() {
        let one = writers(&[("east", "a")]);
        let both = writers(&[("east", "a"), ("west", "a")]);
        assert_eq!(kinds(&one, &both), ["first", "split"]);
        assert_eq!(kinds(&both, &both), Vec::<&str>::new());
        assert_eq!(kinds(&both, &one), ["stopped"]);
    }

    #[test]
    fn a_writer_that_moves_to_another_server_writes_anew() {
        assert_eq!(kinds(&writers(&[("east", "a")]), &writers(&[("east", "b")])), ["first"]);
    }

    #[test]
    fn writers_of_two_databases_are_no_split_brain() {
        let apart = writers(&[("east", "a"), ("west", "b")]);
        assert_eq!(kinds(&Writers::new(), &apart), ["first", "first"]);
    }
}
