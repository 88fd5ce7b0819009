//! `start-replica`: one start at a time, capacity within the budget, refusals that stay are not repeated.

use super::fixture::{Story, accepted, cluster, unanswered};
use reveille::domain::failure::FailureClass;
use reveille::domain::look::Look;
use reveille::domain::run::{RunEvent, Sent};
use reveille::domain::runbook::StepName;
use reveille::steps::start_replica::{Seen, StartFailure, decide};

const STEP: StepName = StepName::StartReplica;
const DOWN: &str = "Succeeded/Stopped";
const BROKEN: &str = "Failed/Running";

fn story() -> Story {
    Story::failover().started(0, STEP)
}

fn rejected(class: FailureClass) -> Sent {
    Sent::Rejected { class, code: "Code".into(), message: "no".into() }
}

/// What the step makes of it, in a word; `failed` is how the newest start ended, if its operation told.
fn look(story: &Story, second: i64, states: &str, failed: Option<FailureClass>) -> &'static str {
    let failed = failed.map(|class| StartFailure { class, code: "Code".into(), message: "no".into() });
    match decide(&story.view(STEP, second), Seen { cluster: cluster(second, states), failed }) {
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
        (Some(Sent::Throttled { retry_after: std::time::Duration::from_secs(50) }), 45, "wait"),
        (Some(Sent::Throttled { retry_after: std::time::Duration::from_secs(50) }), 65, "start"),
        (Some(rejected(FailureClass::Transient)), 25, "wait"),
        (Some(rejected(FailureClass::Transient)), 40, "start"),
        (None, 25, "start"),
    ] {
        let story = story().sent(10, STEP, outcome.clone());
        assert_eq!(look(&story, second, DOWN, None), expected, "{outcome:?} at {second}");
    }
}

#[test]
fn a_start_that_breaks_without_a_reason_is_tried_once_more() {
    let once = story().sent(10, STEP, Some(accepted()));
    assert_eq!(look(&once, 100, BROKEN, None), "start");
    let twice = once.sent(100, STEP, Some(accepted()));
    assert_eq!(look(&twice, 110, BROKEN, None), "wait");
    assert_eq!(look(&twice, 200, BROKEN, None), "fail");
}

/// People were told that the newest start failed for want of capacity.
fn shouted(story: Story, second: i64) -> Story {
    let failed = StartFailure { class: FailureClass::Capacity, code: "Code".into(), message: "no".into() };
    match decide(&story.view(STEP, second), Seen { cluster: cluster(second, BROKEN), failed: Some(failed) }) {
        Look::Ask { ask, .. } => story.then(second, RunEvent::NeedsOperator { step: STEP, ask }),
        other => panic!("{other:?}"),
    }
}

#[test]
fn people_hear_of_missing_capacity_before_the_next_start_however_late_the_newest_one_failed() {
    let capacity = Some(FailureClass::Capacity);
    let begun = story().sent(10, STEP, Some(accepted()));
    let told = shouted(begun, 300);
    assert_eq!(look(&told, 329, BROKEN, capacity), "shout");
    assert_eq!(look(&told, 330, BROKEN, capacity), "start");
    let again = told.sent(330, STEP, Some(accepted()));
    assert_eq!(
        look(&again, 340, BROKEN, capacity),
        "shout",
        "the question that still stands is about the start before"
    );
    assert_eq!(look(&again, 391, BROKEN, capacity), "start");
}

#[test]
fn capacity_is_shouted_about_and_tried_with_growing_pauses_within_the_budget() {
    let capacity = Some(FailureClass::Capacity);
    // The first pause is 30 seconds, the second 60, and so on; the budget is twelve minutes.
    let once = shouted(story().sent(10, STEP, Some(accepted())), 12);
    assert_eq!(look(&once, 30, BROKEN, capacity), "shout");
    assert_eq!(look(&once, 42, BROKEN, capacity), "start");
    let twice = once.sent(42, STEP, Some(rejected(FailureClass::Capacity)));
    assert_eq!(look(&twice, 90, DOWN, None), "shout");
    assert_eq!(look(&twice, 104, DOWN, None), "start");
    assert_eq!(look(&twice, 719, DOWN, None), "fail", "the step has its own deadline, ten minutes");
    let late = Story::failover().started(500, STEP).sent(510, STEP, Some(rejected(FailureClass::Capacity)));
    assert_eq!(look(&late, 719, DOWN, None), "start");
    assert_eq!(look(&late, 720, DOWN, None), "fail", "the outage's recovery-time budget is used up");
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
        let expected = if passing { "start" } else { "fail" };
        assert_eq!(look(&refused, 100, DOWN, None), expected, "{class} as an answer");
        let broke = story().sent(10, STEP, Some(accepted()));
        let broke = if class == FailureClass::Capacity { shouted(broke, 12) } else { broke };
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
