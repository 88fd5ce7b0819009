//! The life of an application: from running pods to `UP`, and back to nothing.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::settings::{AppFault, Settings};
use crate::sandbox::world::{Site, Workload, World};

/// How far an application is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Phase {
    /// No pods.
    #[default]
    Gone,
    /// The ingress answers 503: the web server does not listen yet.
    Booting,
    /// `STARTING`.
    Starting,
    /// `UP`.
    Up,
    /// `DB_MIGRATION_NEEDED`.
    MigrationNeeded,
    /// `DOWN`: the database took no writes when it started. The pods start again until it does.
    Down,
}

impl Phase {
    /// Whether it has a connection to the database and uses it.
    pub fn uses_database(self) -> bool {
        matches!(self, Self::Starting | Self::Up)
    }
}

/// The memory of one application.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Life {
    phase: Phase,
    /// When its pods began to start.
    since: Option<DateTime<Utc>>,
    /// Which start of its pods it lives in.
    start: u64,
}

/// What decides how a life goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Facts {
    now: DateTime<Utc>,
    /// Containers of the application run: which start of theirs it is.
    pods_run: Option<u64>,
    /// Search nodes take queries: without them it does not come up.
    search_ready: bool,
    database_writable: bool,
    fault: Option<AppFault>,
}

impl Life {
    /// An application that has been up for a long time.
    fn settled() -> Self {
        Self { phase: Phase::Up, since: Some(DateTime::UNIX_EPOCH), start: 1 }
    }

    fn next(self, facts: Facts, settings: &Settings) -> Self {
        let Some(start) = facts.pods_run else { return Self::default() };
        if start != self.start {
            // Other pods, even if nobody looked while there were none.
            return Self { start, ..Self::default() }.next(facts, settings);
        }
        let since = self.since.unwrap_or(facts.now);
        let age = (facts.now - since).to_std().unwrap_or_default();
        if self.phase == Phase::Down {
            return if facts.database_writable { self.restarted(facts.now, settings.web_boot) } else { self };
        }
        Self { phase: self.phase_at(age, facts, settings), since: Some(since), ..self }
    }

    /// Kubernetes has restarted the pods and the web server listens again.
    fn restarted(self, now: DateTime<Utc>, web_boot: Duration) -> Self {
        Self { phase: Phase::Starting, since: Some(now - web_boot), ..self }
    }

    fn phase_at(self, age: Duration, facts: Facts, settings: &Settings) -> Phase {
        if age < settings.web_boot {
            Phase::Booting
        } else if age < settings.app_boot
            || !facts.search_ready && self.phase != Phase::Up
            || facts.fault == Some(AppFault::NeverUp)
        {
            Phase::Starting
        } else if facts.fault == Some(AppFault::MigrationNeeded) {
            Phase::MigrationNeeded
        } else if self.phase == Phase::Up || facts.database_writable {
            // Once it is up it does not look at the database again.
            Phase::Up
        } else {
            Phase::Down
        }
    }
}

/// The lives of all applications, by origin host.
#[derive(Default)]
struct Lives(Mutex<Option<BTreeMap<String, Life>>>);

impl World {
    /// How far the application of a workload is at one of its sites.
    pub fn application(&self, workload: &Workload, site: &Site) -> Phase {
        let (pods_run, search_ready) = self.pods_run(site);
        let facts = Facts {
            now: self.now(),
            pods_run,
            search_ready,
            database_writable: self.writable_database(workload).is_some()
                && !self.kubernetes().unlinked_dns.contains(&site.cluster),
            fault: self.settings().applications.get(&site.origin).copied(),
        };
        let (before, phase) = self.live(site, facts);
        if phase == Phase::Up && before != Phase::Up {
            self.open_index(workload, site);
        }
        phase
    }

    /// Lets the life of an application go on; returns its phases before and now.
    fn live(&self, site: &Site, facts: Facts) -> (Phase, Phase) {
        let lives = self.plane::<Lives>();
        let mut lives = lives.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lives = lives.get_or_insert_with(|| first_lives(&self.workloads()));
        let life = lives.entry(site.origin.clone()).or_default();
        let before = life.phase;
        *life = life.next(facts, &self.settings());
        (before, life.phase)
    }

    /// The server behind the writer name, when it is reachable and takes writes.
    pub fn writable_database(&self, workload: &Workload) -> Option<String> {
        let endpoint = self.virtual_endpoint(workload.virtual_endpoint())?;
        let server = self.server(&endpoint.writer_target)?;
        let takes_writes = !server.in_recovery() && !server.read_only;
        (takes_writes && self.server_answers(&server.name)).then_some(server.name)
    }

    /// Whether clients outside the region reach the application's ingress.
    pub fn origin_reachable(&self, site: &Site) -> bool {
        self.nodes_run(&site.cluster) && !self.darkness(&site.region).origins
    }
}

/// When the world begins, the first site's application has been up for long.
fn first_lives(workloads: &[Workload]) -> BTreeMap<String, Life> {
    workloads.iter().map(|workload| (workload.sites[0].origin.clone(), Life::settled())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(1_700_000_000_000 + millis).unwrap()
    }

    fn facts(millis: i64) -> Facts {
        Facts { now: at(millis), pods_run: Some(1), search_ready: true, database_writable: true, fault: None }
    }

    fn settings() -> Settings {
        Settings { web_boot: Duration::from_millis(100), app_boot: Duration::from_millis(500), ..Settings::default() }
    }

    fn walk(steps: &[Facts]) -> Vec<Phase> {
        let mut life = Life::default();
        let mut phases = Vec::new();
        for facts in steps {
            life = life.next(*facts, &settings());
            phases.push(life.phase);
        }
        phases
    }

    #[test]
    fn an_application_boots_once_its_pods_run() {
        let phases = walk(&[facts(0), facts(150), facts(600)]);
        assert_eq!(phases, [Phase::Booting, Phase::Starting, Phase::Up]);
    }

    #[test]
    fn pods_that_go_end_it() {
        let stopped = Facts { pods_run: None, ..facts(700) };
        let phases = walk(&[facts(0), facts(600), stopped, facts(800)]);
        assert_eq!(phases[2..], [Phase::Gone, Phase::Booting]);
    }

    #[test]
    fn pods_that_were_replaced_unseen_boot_as_well() {
        let others = Facts { pods_run: Some(2), ..facts(700) };
        assert_eq!(walk(&[facts(0), facts(600), others])[1..], [Phase::Up, Phase::Booting]);
    }

    #[test]
    fn without_search_nodes_it_does_not_come_up_and_what_is_up_stays() {
        let blind = |millis| Facts { search_ready: false, ..facts(millis) };
        let phases = walk(&[blind(0), blind(600), facts(700), blind(800)]);
        assert_eq!(phases, [Phase::Booting, Phase::Starting, Phase::Up, Phase::Up]);
    }

    #[test]
    fn without_a_writable_database_it_is_down_until_there_is_one() {
        let broken = |millis| Facts { database_writable: false, ..facts(millis) };
        let phases = walk(&[broken(0), broken(600), broken(900), facts(1_000), facts(1_200), facts(1_500)]);
        let expected = [Phase::Booting, Phase::Down, Phase::Down, Phase::Starting, Phase::Starting, Phase::Up];
        assert_eq!(phases, expected);
    }

    #[test]
    fn once_up_it_does_not_look_at_the_database_again() {
        let broken = Facts { database_writable: false, ..facts(900) };
        assert_eq!(walk(&[facts(0), facts(600), broken])[2], Phase::Up);
    }

    #[test]
    fn faults_keep_it_from_being_up() {
        let stuck = |millis| Facts { fault: Some(AppFault::NeverUp), ..facts(millis) };
        let old = |millis| Facts { fault: Some(AppFault::MigrationNeeded), ..facts(millis) };
        assert_eq!(walk(&[stuck(0), stuck(90_000)])[1], Phase::Starting);
        assert_eq!(walk(&[old(0), old(90_000)])[1], Phase::MigrationNeeded);
    }
}
