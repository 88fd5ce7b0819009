//! `start-replica`: one start at a time, capacity within the budget, refusals that stay are not repeated.

use super::fixture::{STANDBY, Story, accepted, cluster, fact, fence_owed, origin, site, unanswered};
use reveille::domain::failure::FailureClass;
use reveille::domain::ladder::proves;
use reveille::domain::look::Look;
use reveille::domain::observation::Observation;
use reveille::domain::run::{RunEvent, Sent};
use reveille::domain::runbook::StepName;
use reveille::domain::workload::{NodeView, NodesView};
use reveille::steps::start_replica::{Seen, StartFailure, decide};

const STEP: StepName = StepName::StartReplica;
const DOWN: &str = "Succeeded/Stopped";
const BROKEN: &str = "Failed/Running";

fn story() -> Story {
    Story::failover().started(0, STEP)
}

fn node(ready: bool) -> NodeView {
    let (pool, why_not, created) = (None, None, None);
    NodeView { name: "aks-system-0".into(), pool, ready, why_not, kubelet: "v1.33.2".into(), created }
}

fn rejected(class: FailureClass) -> Sent {
    Sent::Rejected { class, code: "Code".into(), message: "no".into(), request_ids: Vec::new() }
}

fn look_at(story: &Story, second: i64, states: &str, failed: Option<FailureClass>) -> Look {
    let failed = failed.map(|class| StartFailure { class, code: "Code".into(), message: "no".into() });
    decide(&story.view(STEP, second), Seen { cluster: cluster(second, states), nodes: None, failed, unfenced: None })
}

/// What the step makes of it, in a word; `failed` is how the newest start ended, if its operation told.
fn look(story: &Story, second: i64, states: &str, failed: Option<FailureClass>) -> &'static str {
    match look_at(story, second, states, failed) {
        Look::Done { .. } => "up",
        Look::Call { .. } => "start",
        Look::Pending { .. } => "wait",
        Look::Ask { .. } => "shout",
        Look::Failed { .. } => "fail",
        other @ Look::NoOutage { .. } => panic!("{other:?}"),
    }
}

#[test]
fn the_state_of_the_cluster_decides_first() {
    for (states, expected) in [
        ("Succeeded/Running", "up"),
        (DOWN, "start"),
        (BROKEN, "start"),
        ("Starting/Running", "wait"),
        ("Stopping/Stopped", "wait"),
        ("Updating/Running", "wait"),
        ("?", "wait"),
    ] {
        assert_eq!(look(&story(), 10, states, None), expected, "{states}");
    }
}

#[test]
fn a_start_is_sent_again_only_when_the_newest_one_cannot_work_any_more() {
    for (outcome, second, expected) in [
        (Some(accepted()), 30, "wait"),
        (Some(accepted()), 60, "start"),
        (Some(unanswered()), 25, "wait"),
        (Some(unanswered()), 40, "start"),
        (Some(Sent::Throttled { retry_after: std::time::Duration::from_secs(50), held_back: false }), 45, "wait"),
        (Some(Sent::Throttled { retry_after: std::time::Duration::from_secs(50), held_back: false }), 65, "start"),
        (Some(rejected(FailureClass::Transient)), 25, "wait"),
        (Some(rejected(FailureClass::Transient)), 40, "start"),
        (None, 25, "start"),
    ] {
        let story = story().sent(10, STEP, outcome.clone());
        assert_eq!(look(&story, second, DOWN, None), expected, "{outcome:?} at {second}");
    }
}

/// A turn that was given for later is not slept through.
#[test]
fn a_start_that_was_held_back_is_sent_when_its_turn_comes() {
    let held = Sent::Throttled { retry_after: std::time::Duration::from_secs(33), held_back: true };
    let story = story().sent(10, STEP, Some(held));
    let again = |second| look_at(&story, second, DOWN, None).again_in().map(|wait| wait.as_secs());
    // Clusters are looked at every 20 seconds.
    assert_eq!((again(15), again(40), again(50)), (Some(20), Some(4), None));
    assert_eq!(look(&story, 50, DOWN, None), "start");
}

#[test]
fn a_start_that_breaks_without_a_reason_is_tried_once_more() {
    let once = story().sent(10, STEP, Some(accepted()));
    assert_eq!(look(&once, 100, BROKEN, None), "start");
    let twice = once.sent(100, STEP, Some(accepted()));
    assert_eq!(look(&twice, 110, BROKEN, None), "wait");
    assert_eq!(look(&twice, 200, BROKEN, None), "fail");
}

/// Looks, and journals the question if there is one, as the engine does.
fn told(story: Story, second: i64, states: &str, failed: Option<FailureClass>) -> Story {
    match look_at(&story, second, states, failed) {
        Look::Ask { ask, .. } => story.then(second, RunEvent::NeedsOperator { step: STEP, ask }),
        other => panic!("{other:?}"),
    }
}

const CAPACITY: Option<FailureClass> = Some(FailureClass::Capacity);

#[test]
fn a_start_that_fails_for_capacity_after_minutes_is_shouted_about_before_the_next_one() {
    // Accepted at second 10; Azure says no only four minutes later. The pause of 30 seconds begins with the news.
    let begun = story().sent(10, STEP, Some(accepted()));
    assert_eq!(look(&begun, 240, "Starting/Running", None), "wait");
    let told = told(begun, 250, BROKEN, CAPACITY);
    assert_eq!(look(&told, 270, BROKEN, CAPACITY), "shout");
    assert_eq!(look(&told, 270, BROKEN, None), "shout", "its operation cannot be read now, and told before");
    assert_eq!(look(&told, 279, BROKEN, CAPACITY), "shout");
    assert_eq!(look(&told, 280, BROKEN, CAPACITY), "start");
}

#[test]
fn each_capacity_failure_is_a_question_of_its_own_with_a_longer_pause() {
    // The first pause is 30 seconds, the second 60, and so on; the budget is twelve minutes.
    let once = told(story().sent(10, STEP, Some(rejected(FailureClass::Capacity))), 20, DOWN, None);
    assert_eq!(look(&once, 49, DOWN, None), "shout");
    assert_eq!(look(&once, 50, DOWN, None), "start");
    let second = once.sent(50, STEP, Some(accepted()));
    assert_eq!(look(&second, 200, BROKEN, CAPACITY), "shout", "nobody was told of this failure yet");
    let twice = told(second.clone(), 200, BROKEN, CAPACITY);
    assert_eq!(look(&twice, 259, BROKEN, CAPACITY), "shout");
    assert_eq!(look(&twice, 260, BROKEN, CAPACITY), "start");
    let what = |story: &Story| story.state().step(STEP).unwrap().asked.as_ref().unwrap().ask.what.clone();
    assert_ne!(what(&second), what(&twice));
}

#[test]
fn capacity_is_waited_for_within_the_recovery_time_budget() {
    let late = Story::failover().started(500, STEP).sent(510, STEP, Some(rejected(FailureClass::Capacity)));
    let late = told(late, 520, DOWN, None);
    assert_eq!(look(&late, 719, DOWN, None), "start");
    assert_eq!(look(&late, 720, DOWN, None), "fail", "the outage's recovery-time budget is used up");
    let broke = told(story().sent(10, STEP, Some(accepted())), 550, BROKEN, CAPACITY);
    assert_eq!(look(&broke, 600, BROKEN, CAPACITY), "fail", "the step has its own deadline, ten minutes");
}

#[test]
fn an_unclear_standby_is_started_as_often_as_one_that_is_off() {
    for unclear in ["Failed/Stopped", "Canceled/Stopped", "Succeeded/?"] {
        assert_eq!(look(&story(), 10, unclear, None), "start", "{unclear}");
        for outcome in [
            Sent::NotSent { reason: "late".into() },
            Sent::Throttled { retry_after: std::time::Duration::from_secs(10), held_back: false },
            Sent::Busy { said: "busy".into() },
            unanswered(),
            rejected(FailureClass::Transient),
        ] {
            let tried = story().sent(10, STEP, Some(outcome.clone()));
            assert_eq!(look(&tried, 40, unclear, None), "start", "{outcome:?}");
        }
        let refused = story().sent(10, STEP, Some(rejected(FailureClass::Quota)));
        assert_eq!(look(&refused, 40, unclear, None), "fail", "{unclear}");
        let begun = story().sent(10, STEP, Some(accepted()));
        assert_eq!(look(&begun, 300, unclear, None), "wait", "it may still come up");
        assert_eq!(look(&begun, 300, unclear, Some(FailureClass::Quota)), "fail");
        assert_eq!(look(&begun, 300, unclear, Some(FailureClass::Transient)), "start");
    }
}

#[test]
fn what_cannot_heal_by_itself_is_not_repeated() {
    for class in FailureClass::ALL {
        let passing = matches!(
            class,
            FailureClass::Capacity
                | FailureClass::Busy
                | FailureClass::Preempted
                | FailureClass::Throttled
                | FailureClass::Transient
        );
        let refused = story().sent(10, STEP, Some(rejected(class)));
        let expected = match class {
            FailureClass::Capacity => "shout",
            _ if passing => "start",
            _ => "fail",
        };
        assert_eq!(look(&refused, 100, DOWN, None), expected, "{class} as an answer");
        let broke = story().sent(10, STEP, Some(accepted()));
        assert_eq!(look(&broke, 100, BROKEN, Some(class)), expected, "{class} in the end");
    }
}

#[test]
fn an_accepted_start_is_never_a_success_and_never_waited_for_without_end() {
    let begun = story().sent(10, STEP, Some(accepted()));
    assert_eq!(look(&begun, 599, "Starting/Running", None), "wait");
    assert_eq!(look(&begun, 600, "Starting/Running", None), "fail");
    assert_eq!(look(&begun, 600, "Succeeded/Running", None), "up", "late is better than never");
}

#[test]
fn nothing_is_started_beside_an_old_site_that_owes_its_fence_and_answers_again() {
    let story = Story::failover().proven(0, StepName::FencePrimary, fence_owed()).started(0, STEP);
    for (answers, expected) in [(Some(true), "ask"), (None, "wait"), (Some(false), "start")] {
        let seen = Seen { cluster: cluster(10, DOWN), nodes: None, failed: None, unfenced: Some(origin(10, answers)) };
        let did = match decide(&story.view(STEP, 10), seen) {
            Look::Ask { ask, .. } if ask.approve_means.is_none() => "ask",
            Look::Pending { .. } => "wait",
            Look::Call { .. } => "start",
            other => panic!("{other:?}"),
        };
        assert_eq!(did, expected, "{answers:?}");
    }
}

#[test]
fn a_cluster_that_is_up_waits_for_its_nodes_but_not_for_ever_for_a_look_inside() {
    let up = |second| cluster(second, "Succeeded/Running");
    let look = |story: &Story, second, nodes: Option<Vec<NodeView>>| {
        let nodes = Some(fact(second, nodes.map(|nodes| NodesView { nodes })));
        let seen = Seen { cluster: up(second), nodes, failed: None, unfenced: None };
        match decide(&story.view(STEP, second), seen) {
            Look::Done { proof } => match proves(STEP, &proof, &site(STANDBY)) {
                Ok(open) if open.is_empty() => "up",
                Ok(_) => "up as far as is known",
                Err(gap) => panic!("{gap}"),
            },
            Look::Pending { .. } => "wait",
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(look(&story(), 10, Some(vec![node(true), node(true)])), "up");
    assert_eq!(look(&story(), 10, Some(vec![node(true), node(false)])), "wait");
    assert_eq!(look(&story(), 10, Some(vec![])), "wait");
    assert_eq!(look(&story(), 10, None), "wait");
    let unseen = Observation::Cluster { site: site(STANDBY), cluster: up(10), nodes: Some(fact(10, None)) };
    let told = story().saw(10, STEP, unseen);
    assert_eq!(look(&told, 25, None), "wait");
    assert_eq!(look(&told, 31, None), "up as far as is known");
}

/// A drill's stop may fail; the cluster then runs, and Azure says Failed and Running.
#[test]
fn a_cluster_that_azure_does_not_start_because_it_runs_is_up_when_its_nodes_say_so() {
    let look = |story: &Story, nodes: Option<Vec<NodeView>>| {
        let nodes = Some(fact(20, nodes.map(|nodes| NodesView { nodes })));
        let seen = Seen { cluster: cluster(20, BROKEN), nodes, failed: None, unfenced: None };
        match decide(&story.view(STEP, 20), seen) {
            Look::Done { proof } => proves(STEP, &proof, &site(STANDBY)).map(|_| "up").unwrap(),
            Look::Pending { .. } => "wait",
            other => panic!("{other:?}"),
        }
    };
    let there = story().sent(10, STEP, Some(Sent::AlreadyThere { said: "it runs".into() }));
    assert_eq!(look(&there, Some(vec![node(true)])), "up");
    assert_eq!(look(&there, Some(vec![node(false)])), "wait");
    assert_eq!(look(&there, None), "wait");
    let accepted = story().sent(10, STEP, Some(accepted()));
    assert_eq!(look(&accepted, Some(vec![node(true)])), "wait", "nodes of before the start prove nothing");
}
