//! What a report says of the stages of a run, and of a standby that was left running.

use super::fixture::*;
use reveille::domain::chain::Head;
use reveille::domain::failure::FailureClass;
use reveille::domain::history::{Basis, Expectation, Expected};
use reveille::domain::outcome::Outcome;
use reveille::domain::report::{Report, StageLine};
use reveille::domain::run::{RunEvent, RunState};
use reveille::domain::runbook::{RunKind, StepName};

use StepName::{CheckStandby, ConfirmOutage, StartReplica, StopReplica};

fn report(run: &RunState) -> Report {
    Report::of(run, &Head::default())
}

fn stage(report: &Report, step: StepName) -> StageLine {
    report.stages.iter().find(|stage| stage.step == step).unwrap().clone()
}

/// A drill that started the standby in so many seconds.
fn drill(seconds: i64) -> Story {
    let told = Story::of(RunKind::StandbyDrill, plan_parked(), alert()).started(10, StartReplica);
    let told = told.sent(10, StartReplica, Some(accepted()));
    told.then(10 + seconds, RunEvent::StepSucceeded { step: StartReplica, proof: started_cluster(10 + seconds) })
}

fn expecting(told: &Story, n: usize) -> RunState {
    let mut run = told.state();
    let expected = Expected { seconds: 200.0, low: 180.0, high: 240.0, basis: Basis::History { n } };
    run.created.expected = vec![Expectation { step: StartReplica, expected }];
    run
}

fn failed(step: StepName) -> RunEvent {
    let outcome = Outcome::Failed { step, class: FailureClass::Other, message: "test".into() };
    RunEvent::RunEnded { outcome }
}

#[test]
fn a_stage_is_told_against_its_history_and_the_target() {
    let run = expecting(&drill(240), 5);
    let seen = stage(&report(&run), StartReplica);
    let target = run.created.plan.rto.as_secs_f64();
    assert_eq!((seen.seconds, seen.share_of_target), (Some(240.0), Some((240.0 / target * 1000.0).round() / 1000.0)));
    assert!(seen.measured && seen.slower.is_none() && seen.expected.is_measured());
    let other = stage(&report(&run), StopReplica);
    assert_eq!((other.seconds, other.share_of_target, other.expected.basis), (None, None, Basis::Documented));
}

#[test]
fn what_no_failover_waits_for_takes_no_share_of_its_target() {
    let told = drill(240).started(300, StopReplica).sent(300, StopReplica, Some(accepted()));
    let told = told.then(400, RunEvent::StepSucceeded { step: StopReplica, proof: started_cluster(400) });
    let seen = stage(&report(&told.state()), StopReplica);
    assert_eq!((seen.seconds, seen.share_of_target), (Some(100.0), None));
}

#[test]
fn a_stage_slower_than_its_history_is_a_thing_to_do_once_the_run_is_over() {
    let slow = drill(600);
    let warning = stage(&report(&expecting(&slow, 5)), StartReplica).warning().unwrap();
    assert!(warning.contains("took 10m, 3.0 times its usual 3m 20s"), "{warning}");
    assert!(warning.contains("nine in ten of 5 took at most 4m"), "{warning}");
    let says = |run: &RunState| report(run).next_steps.iter().any(|step| step.what.contains("became slower"));
    assert!(!says(&expecting(&slow, 5)), "while it goes on nobody has time for that");
    let over = slow.then(700, failed(CheckStandby));
    assert!(says(&expecting(&over, 5)));
    assert!(!says(&expecting(&over, 2)), "two measurements are no history");
}

#[test]
fn a_standby_left_running_by_a_drill_is_told_with_its_price_and_its_command() {
    let over = drill(100).started(120, StopReplica).then(300, failed(StopReplica)).state();
    let steps = report(&over).next_steps;
    let left = steps.iter().find(|step| step.what.contains("was not seen to be stopped")).unwrap();
    assert!(left.what.contains("started at 00:00:10 UTC") && left.what.contains("4m 50s"), "{}", left.what);
    assert!(left.commands[0].starts_with("az aks stop "), "{:?}", left.commands);
}

#[test]
fn a_drill_that_rests_gives_way_or_never_started_anything_leaves_nothing_running() {
    let says = |told: Story| report(&told.state()).next_steps.iter().any(|step| step.what.contains("not seen to be"));
    let stopped = drill(100).proven(200, StopReplica, started_cluster(200));
    assert!(!says(stopped.then(300, failed(CheckStandby))));
    let gave_way = Outcome::GaveWay { to: run_id() };
    assert!(!says(drill(100).then(110, RunEvent::RunEnded { outcome: gave_way })));
    let refused = Story::of(RunKind::StandbyDrill, plan_parked(), alert()).then(20, failed(CheckStandby));
    assert!(!says(refused));
    let failover = Story::failover().proven(5, ConfirmOutage, confirmed()).then(6, failed(ConfirmOutage));
    assert!(!says(failover));
}
