//! Every call that is made is printed, and every change that is printed is made in the run that takes that path.

use super::played::{Played, played};
use super::printed::{Request, is, mutates};
use futures::StreamExt;
use reveille::sandbox::scenario::{Action, Moment, Part, Scenario, Trigger, named};
use serde_json::Value;
use std::time::Duration;

/// A scenario, and the kinds of run (with a word of when) that take place in it.
struct Case {
    scenario: Scenario,
    kinds: &'static [(&'static str, &'static str)],
    /// Whether an alert started a run.
    alerted: bool,
    /// Whether its world has to show what the scenario expects.
    judged: bool,
    /// The API servers cannot be reached, so what would be asked of them goes around as commands.
    around: bool,
}

fn case(scenario: &str, kinds: &'static [(&'static str, &'static str)]) -> Case {
    Case { scenario: named(scenario).unwrap().clone(), kinds, alerted: false, judged: true, around: false }
}

/// The standby's workload runs when a person has it parked, and somebody scales it up while a drill starts its cluster.
fn scaled_up_in_a_drill() -> Case {
    let mut case = case("drill", &[("park", ""), ("standby-drill", "")]);
    case.scenario.world.kubernetes.parked.clear();
    case.scenario.name = "drill, scaled up".into();
    case.judged = false;
    let parts = [Part::App, Part::Search];
    case.scenario.at.extend(parts.map(|part| Moment {
        when: Trigger::StartAccepted,
        nth: 1,
        after: Duration::from_millis(100),
        action: Action::Scale { cluster: "aks-sonar-centralus".into(), part, replicas: 1 },
    }));
    case
}

fn private_clusters() -> Case {
    let mut case = case("parked-standby", &[("failover", "is known to be parked"), ("park", "")]);
    case.scenario.name = "parked-standby, private".into();
    case.scenario.world.kubernetes.private_api = true;
    // A look at a workload is four commands, each of seconds.
    case.scenario.settle = Duration::from_secs(90);
    case.scenario.plan.timing.extend(
        [("arm_timeout", "20s"), ("workload_deadline", "60s")].map(|(key, value)| (key.to_owned(), value.into())),
    );
    Case { around: true, ..case }
}

fn cases() -> Vec<Case> {
    vec![
        Case { alerted: true, ..case("parked-standby", &[("failover", "is known to be parked")]) },
        Case { alerted: true, ..case("start-fails-capacity", &[("failover", "")]) },
        case("primary-cannot-be-fenced", &[("fence", "")]),
        case("drill", &[]),
        case("drill-readiness", &[("readiness-drill", "")]),
        case("fence-by-scaling", &[]),
        Case { alerted: true, ..case("reindex", &[("failover", "is known to be parked")]) },
        case("alert-during-drill", &[]),
        case(
            "switchover-and-back",
            &[("switchover-drill", "a person approves it"), ("switchover-drill", "the way back")],
        ),
        scaled_up_in_a_drill(),
        private_clusters(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_is_printed_and_every_printed_change_is_made_with_the_printed_roles() {
    let cases = cases();
    let played = futures::stream::iter(cases.iter().map(async |case| (case, played(&case.scenario).await)));
    let faults: Vec<String> =
        played.buffer_unordered(cases.len()).map(|(case, played)| faults(case, &played)).concat().await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn faults(case: &Case, played: &Played) -> Vec<String> {
    let mut faults: Vec<String> = unprinted(played).map(|request| format!("not printed: {request:?}")).collect();
    faults.extend(unmade(case, played).map(|call| format!("printed, not made: {call}")));
    faults.extend(played.denied.iter().map(|action| format!("denied: {action}")));
    faults.extend(played.faults.iter().filter(|_| case.judged).cloned());
    assert!(played.requests.len() > 5, "{}: {:?}", played.name, played.requests);
    faults.into_iter().map(|fault| format!("{}: {fault}", played.name)).collect()
}

fn unprinted(played: &Played) -> impl Iterator<Item = &Request> {
    let printed = played.printed.all();
    played.requests.iter().filter(move |request| !printed.iter().any(|call| is(call, request)))
}

/// Printed changes of the runs that took place, which nobody saw.
fn unmade<'a>(case: &'a Case, played: &'a Played) -> impl Iterator<Item = &'a Value> {
    let of_runs = case.kinds.iter().flat_map(|(kind, when)| played.printed.of_run(kind, when));
    let standing = played.printed.standing().filter(|_| case.alerted);
    let due = of_runs.chain(standing).filter(|call| mutates(call) && goes_there(case, call));
    due.filter(|call| call["to"] != "sql" && !played.requests.iter().any(|request| is(call, request)))
}

/// A command takes the place of a call to an API server, and the other way round.
fn goes_there(case: &Case, call: &Value) -> bool {
    let is_command = call["when"].as_str().is_some_and(|when| when.contains("cannot be reached"));
    if is_command || call["to"] == "kubernetes" { is_command == case.around } else { true }
}
