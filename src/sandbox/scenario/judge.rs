//! Compares the world with what is expected of it.

use std::collections::{BTreeMap, BTreeSet};

use super::Scenario;
use super::alert_path;
use super::check::{Check, Verdict};
use super::expect::{Count, Expect};
use super::kubernetes;
use super::order;
use super::pressure;
use super::watch::{Ended, alert_path, notices};
use crate::sandbox::world::{AlertState, Entry, Event, World};

/// What has to be asked of running servers; everything else is in the world.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    /// Workload name to the region that serves, or `nobody`.
    pub(crate) serves: BTreeMap<String, String>,
    /// Messages in poison queues.
    pub(crate) poison: usize,
    /// Calls of the handler that failed or timed out.
    pub(crate) failed_calls: Vec<String>,
    /// Plan name to the reasons for which its drills did not begin, all that were seen so far.
    pub(crate) refused: BTreeMap<String, BTreeSet<String>>,
}

/// Compares the world with what is expected of it.
pub(crate) fn judge(scenario: &Scenario, world: &World, seen: &Seen) -> Verdict {
    let (expect, log) = (&scenario.expect, world.entries());
    let mut checks = never(&log, seen);
    checks.extend(alert_path::checks(&log, &seen.failed_calls));
    checks.extend(pressure::checks(&scenario.at, world, &log));
    checks.extend(order::checks(expect, &world.workloads(), &log));
    checks.extend(clusters(expect, world, &log));
    checks.extend(kubernetes::checks(expect, world));
    checks.extend(service(expect, world, seen));
    checks.extend(runs(expect, &log));
    checks.extend(people(expect, world, &log));
    checks.extend(refused(expect, seen));
    checks.extend(says(expect, &log));
    checks.push(Check::new("what was told of the way of alerts", &expect.alert_path, &path_told(&log)));
    Verdict { passed: checks.iter().all(|check| check.ok), checks }
}

/// What no scenario expects.
fn never(log: &[Entry], seen: &Seen) -> Vec<Check> {
    let texts = |wanted: fn(&Event) -> bool| -> Vec<&str> {
        log.iter().filter(|entry| wanted(&entry.event)).map(|entry| entry.text.as_str()).collect()
    };
    vec![
        Check::none("split brain", &texts(|event| matches!(event, Event::SplitBrain { .. }))),
        Check::none("calls that Azure does not know", &texts(|event| matches!(event, Event::Unknown { .. }))),
        Check::new("poison messages", &0, &seen.poison),
    ]
}

fn clusters(expect: &Expect, world: &World, log: &[Entry]) -> Vec<Check> {
    let (mut checks, workloads) = (Vec::new(), world.workloads());
    for (name, power) in &expect.clusters {
        let running = world.cluster(name).is_some_and(|cluster| cluster.nodes_running);
        let saw = if running { "running" } else { "stopped" }.to_owned();
        checks.push(Check::new(format!("{name} at the end"), power, &saw));
    }
    for (what, counts) in [("Starting", &expect.starts), ("Stopping", &expect.stops)] {
        for site in workloads.iter().flat_map(|workload| &workload.sites) {
            let name = &site.cluster;
            let wanted = counts.get(name).copied().unwrap_or_default();
            checks.push(Check::new(format!("{what} of {name}, accepted"), &wanted, &accepted(log, what, name)));
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
        checks.push(Check::in_order(format!("outcomes of {plan} as people were told"), words, &ended.outcomes));
    }
    for channel in &expect.notified {
        let count = notified(log, channel);
        let what = format!("{channel} was notified");
        checks.push(Check { what, expected: "yes".into(), saw: count.to_string(), ok: count > 0 });
    }
    checks
}

/// Each reason that is expected was given; others may have come and gone.
fn refused(expect: &Expect, seen: &Seen) -> Vec<Check> {
    let check = |(plan, wanted): (&String, &BTreeSet<String>)| {
        let saw = seen.refused.get(plan).cloned().unwrap_or_default();
        let listed = |reasons: &BTreeSet<String>| reasons.iter().cloned().collect::<Vec<_>>().join(", ");
        let (what, ok) = (format!("why drills of {plan} did not begin"), wanted.is_subset(&saw));
        Check { what, expected: listed(wanted), saw: listed(&saw), ok }
    };
    expect.refused.iter().map(check).collect()
}

fn says(expect: &Expect, log: &[Entry]) -> Vec<Check> {
    let told = |words: &str| {
        log.iter().any(|entry| match &entry.event {
            Event::Notification { body, .. } => body.to_string().contains(words),
            _ => false,
        })
    };
    expect.says.iter().map(|words| Check::new(format!("people were told: {words}"), &true, &told(words))).collect()
}

/// In order; a repeat has the id of the one before.
fn path_told(log: &[Entry]) -> Vec<String> {
    let mut told = BTreeSet::new();
    let notices = log.iter().filter_map(|entry| alert_path(&entry.event));
    notices.filter(|notice| told.insert(notice.id.clone())).map(|notice| notice.moment).collect()
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
        let verdict = judge(&Scenario::expecting(expect.clone()), world, &Seen::default());
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
            unfenced_start: true,
            ..Expect::default()
        };
        assert_eq!(wrong(&expect, &world), ["Starting of aks-sonar-eastus2, accepted"]);
    }

    #[tokio::test]
    async fn a_cluster_that_no_expectation_names_is_left_alone() {
        let world = world().await;
        world.stop_cluster("aks-sonar-eastus2", Outcome::default()).unwrap();
        assert_eq!(wrong(&Expect::default(), &world), ["Stopping of aks-sonar-eastus2, accepted"]);
    }

    #[tokio::test]
    async fn a_refusal_that_nobody_gave_is_missed_and_others_may_have_come_too() {
        let (world, reasons) = (world().await, |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect());
        let refused = [("sonarqube".to_owned(), reasons(&["paused"]))].into();
        let scenario = Scenario::expecting(Expect { refused, ..Expect::default() });
        let passes = |words: &[&str]| {
            let seen = Seen { refused: [("sonarqube".to_owned(), reasons(words))].into(), ..Seen::default() };
            judge(&scenario, &world, &seen).passed
        };
        assert!(passes(&["paused"]) && passes(&["run-active", "paused"]));
        assert!(!passes(&["run-active"]) && !passes(&[]));
    }

    #[tokio::test]
    async fn words_that_no_notification_had_were_not_told() {
        let world = world().await;
        let expect = Expect { says: vec!["slower than".into()], ..Expect::default() };
        assert_eq!(wrong(&expect, &world), ["people were told: slower than"]);
        let body = serde_json::json!({"data": {"ask": "start-replica: slower than its own history"}});
        world.log(Event::Notification { channel: "hook".into(), body }, "told");
        assert!(wrong(&expect, &world).is_empty());
    }

    #[tokio::test]
    async fn only_what_came_after_the_approval_was_approved() {
        let world = world().await;
        let starts = [("aks-sonar-centralus".to_owned(), 1)].into();
        let expect = Expect { nothing_before_approval: true, unfenced_start: true, starts, ..Expect::default() };
        world.log(Event::Note, format!("{APPROVED} Alice"));
        world.start_cluster("aks-sonar-centralus", Outcome::default()).unwrap();
        assert!(wrong(&expect, &world).is_empty());
        let rash = self::world().await;
        rash.start_cluster("aks-sonar-centralus", Outcome::default()).unwrap();
        rash.log(Event::Note, format!("{APPROVED} Alice"));
        assert_eq!(wrong(&expect, &rash), ["started, stopped or promoted before approval"]);
    }
}
