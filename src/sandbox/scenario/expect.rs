//! What the world must show, and how it is compared with what it shows.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use serde::{Deserialize, Serialize};

use super::watch::{Ended, notices};
use crate::sandbox::world::{AlertState, Entry, Event, World};

/// What the world must show at the end. Split brain, unknown calls and poison messages never are expected.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expect {
    /// Cluster name to `running` (nodes run) or `stopped`.
    pub clusters: BTreeMap<String, String>,
    /// Cluster name to accepted starts.
    pub starts: BTreeMap<String, Count>,
    /// Cluster name to accepted stops.
    pub stops: BTreeMap<String, Count>,
    /// Accepted promotions.
    pub promotions: Count,
    /// Workload name to the region that serves through Front Door with an application that is up, or `nobody`.
    pub serves: BTreeMap<String, String>,
    /// Workload name to the region whose application writes to the database, or `nobody`.
    pub writes: BTreeMap<String, String>,
    /// Plan name to the number of runs that people were told of.
    pub runs: BTreeMap<String, Count>,
    /// Plan name to the outcomes (words of the last `ended` notification) that are right.
    pub outcomes: BTreeMap<String, Vec<String>>,
    /// Somebody acknowledged every alert that fired.
    pub alerts_acknowledged: Option<bool>,
    /// Every alert that fired is resolved by now, or none is.
    pub alerts_resolved: Option<bool>,
    /// Nothing was started, stopped or promoted before a person said yes.
    pub nothing_before_approval: bool,
    /// Notification channels that received something.
    pub notified: BTreeSet<String>,
}

/// How often something happened: exactly so often.
pub type Count = usize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub saw: String,
    /// Whether that is right.
    pub ok: bool,
}

/// All that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Everything is right.
    pub passed: bool,
    /// In the order of the scenario's file.
    pub checks: Vec<Check>,
}

/// What has to be asked of running servers; everything else is in the world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Workload name to the region that serves, or `nobody`.
    pub(crate) serves: BTreeMap<String, String>,
    /// Messages in poison queues.
    pub(crate) poison: usize,
}

impl Check {
    fn new<T: Debug + PartialEq>(what: impl Into<String>, expected: &T, saw: &T) -> Self {
        let ok = expected == saw;
        Self { what: what.into(), expected: words(expected), saw: words(saw), ok }
    }

    fn one_of(what: impl Into<String>, expected: &[String], saw: Option<&String>) -> Self {
        let ok = saw.is_some_and(|saw| expected.contains(saw));
        Self { what: what.into(), expected: expected.join(" or "), saw: saw.cloned().unwrap_or_default(), ok }
    }
}

/// A value for people: `none` for an empty list, a text without its quotes.
fn words(value: &impl Debug) -> String {
    match format!("{value:?}").as_str() {
        "[]" => "none".to_owned(),
        text => text.trim_matches('"').to_owned(),
    }
}

/// Compares the world with what is expected of it.
pub(crate) fn judge(expect: &Expect, world: &World, seen: &Seen) -> Verdict {
    let log = world.entries();
    let mut checks = never(&log, seen);
    checks.extend(clusters(expect, world, &log));
    checks.extend(service(expect, world, seen));
    checks.extend(runs(expect, &log));
    checks.extend(people(expect, world, &log));
    Verdict { passed: checks.iter().all(|check| check.ok), checks }
}

/// What no scenario expects.
fn never(log: &[Entry], seen: &Seen) -> Vec<Check> {
    let texts = |wanted: fn(&Event) -> bool| -> Vec<&str> {
        log.iter().filter(|entry| wanted(&entry.event)).map(|entry| entry.text.as_str()).collect()
    };
    vec![
        Check::new("split brain", &vec![], &texts(|event| matches!(event, Event::SplitBrain { .. }))),
        Check::new("calls that Azure does not know", &vec![], &texts(|event| matches!(event, Event::Unknown { .. }))),
        Check::new("poison messages", &0, &seen.poison),
    ]
}

fn clusters(expect: &Expect, world: &World, log: &[Entry]) -> Vec<Check> {
    let mut checks = Vec::new();
    for (name, power) in &expect.clusters {
        let running = world.cluster(name).is_some_and(|cluster| cluster.nodes_running);
        let saw = if running { "running" } else { "stopped" }.to_owned();
        checks.push(Check::new(format!("{name} at the end"), power, &saw));
    }
    for (what, counts) in [("Starting", &expect.starts), ("Stopping", &expect.stops)] {
        for (name, count) in counts {
            let accepted = accepted(log, what, name);
            checks.push(Check::new(format!("{what} of {name}, accepted"), count, &accepted));
        }
    }
    let promotions = log.iter().filter(|entry| matches!(entry.event, Event::Promotion { .. })).count();
    checks.push(Check::new("promotions", &expect.promotions, &promotions));
    checks
}

fn accepted(log: &[Entry], wanted: &str, name: &str) -> Count {
    let is_one = |event: &Event| match event {
        Event::OperationStarted { what, target, .. } => what == wanted && target == name,
        _ => false,
    };
    log.iter().filter(|entry| is_one(&entry.event)).count()
}

fn service(expect: &Expect, world: &World, seen: &Seen) -> Vec<Check> {
    let nobody = || "nobody".to_owned();
    let mut checks = Vec::new();
    for (workload, region) in &expect.serves {
        let saw = seen.serves.get(workload).cloned().unwrap_or_else(nobody);
        checks.push(Check::new(format!("who serves {workload} through Front Door"), region, &saw));
    }
    for (name, region) in &expect.writes {
        let writers = world.workload(name).map(|workload| world.writers(&workload)).unwrap_or_default();
        let regions: Vec<String> = writers.into_keys().collect();
        let saw = if regions.is_empty() { nobody() } else { regions.join(" and ") };
        checks.push(Check::new(format!("who writes for {name}"), region, &saw));
    }
    checks
}

fn runs(expect: &Expect, log: &[Entry]) -> Vec<Check> {
    let mut checks = Vec::new();
    for (plan, count) in &expect.runs {
        let ended = Ended::of(&notices(log, plan));
        checks.push(Check::new(format!("runs of {plan}"), count, &ended.runs));
    }
    for (plan, words) in &expect.outcomes {
        let ended = Ended::of(&notices(log, plan));
        checks.push(Check::one_of(format!("outcome of {plan} as people were told"), words, ended.outcome.as_ref()));
    }
    for channel in &expect.notified {
        let count = notified(log, channel);
        let what = format!("{channel} was notified");
        checks.push(Check { what, expected: "yes".into(), saw: count.to_string(), ok: count > 0 });
    }
    checks
}

fn notified(log: &[Entry], wanted: &str) -> usize {
    let is_one = |event: &Event| matches!(event, Event::Notification { channel, .. } if channel == wanted);
    log.iter().filter(|entry| is_one(&entry.event)).count()
}

fn people(expect: &Expect, world: &World, log: &[Entry]) -> Vec<Check> {
    let mut checks = Vec::new();
    let alerts = world.alerts();
    if let Some(wanted) = expect.alerts_acknowledged {
        let all = !alerts.is_empty() && alerts.iter().all(|alert| alert.state != AlertState::New);
        checks.push(Check::new("alerts are acknowledged", &wanted, &all));
    }
    if let Some(wanted) = expect.alerts_resolved {
        let all = !alerts.is_empty() && alerts.iter().all(|alert| alert.resolved.is_some());
        checks.push(Check::new("alerts are resolved", &wanted, &all));
    }
    if expect.nothing_before_approval {
        checks.push(Check::new("started, stopped or promoted before approval", &0, &before_approval(log)));
    }
    checks
}

/// The note that a scenario's person leaves in the log when they have said yes.
pub(crate) const APPROVED: &str = "approved by";

fn before_approval(log: &[Entry]) -> usize {
    let is_approval = |entry: &Entry| entry.event == Event::Note && entry.text.starts_with(APPROVED);
    let before = log.iter().take_while(|entry| !is_approval(entry));
    before.filter(|entry| matches!(entry.event, Event::OperationStarted { .. })).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::world::{Outcome, Workload};

    async fn world() -> World {
        World::bind(vec![Workload::named("sonar")], &[]).await.unwrap().0
    }

    fn wrong(expect: &Expect, world: &World) -> Vec<String> {
        let verdict = judge(expect, world, &Seen::default());
        assert_eq!(verdict.passed, verdict.checks.iter().all(|check| check.ok));
        verdict.checks.into_iter().filter(|check| !check.ok).map(|check| check.what).collect()
    }

    #[tokio::test]
    async fn a_quiet_world_shows_nothing_wrong() {
        assert_eq!(wrong(&Expect::default(), &world().await), Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_must_never_happen_is_wrong_in_every_scenario() {
        let world = world().await;
        world.log(Event::SplitBrain { workload: "sonar".into(), regions: vec![] }, "split");
        world.log(Event::Unknown { method: "GET".into(), path: "/x".into() }, "unknown");
        assert_eq!(wrong(&Expect::default(), &world), ["split brain", "calls that Azure does not know"]);
    }

    #[tokio::test]
    async fn accepted_operations_are_counted_by_cluster() {
        let world = world().await;
        world.start_cluster("aks-sonar-centralus", Outcome::default()).unwrap();
        let expect = Expect {
            starts: [("aks-sonar-centralus".to_owned(), 1), ("aks-sonar-eastus2".to_owned(), 1)].into(),
            ..Expect::default()
        };
        assert_eq!(wrong(&expect, &world), ["Starting of aks-sonar-eastus2, accepted"]);
    }

    #[tokio::test]
    async fn only_what_came_after_the_approval_was_approved() {
        let world = world().await;
        let expect = Expect { nothing_before_approval: true, ..Expect::default() };
        world.log(Event::Note, format!("{APPROVED} Alice"));
        world.start_cluster("aks-sonar-centralus", Outcome::default()).unwrap();
        assert!(wrong(&expect, &world).is_empty());
        let rash = self::world().await;
        rash.start_cluster("aks-sonar-centralus", Outcome::default()).unwrap();
        rash.log(Event::Note, format!("{APPROVED} Alice"));
        assert_eq!(wrong(&expect, &rash), ["started, stopped or promoted before approval"]);
    }
}
