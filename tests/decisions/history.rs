//! What runs teach: which stages count as measurements, what is expected of the next run, and when a live one is through.

use super::fixture::*;
use reveille::domain::history::{
    Basis, Expectation, Expected, History, KEPT, Measured, Trend, documented, estimate, eta, measured, trend,
};
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::observation::Observation;
use reveille::domain::parking::StandbyWorkload;
use reveille::domain::run::{Ask, RunEvent, RunState};
use reveille::domain::runbook::{RunKind, StepName, lines};

use StepName::{ConfirmOutage, FencePrimary, ParkWorkload, StartReplica, StopReplica, VerifyApp, VerifyWriter};

fn succeeded(step: StepName, proof: Observation) -> RunEvent {
    RunEvent::StepSucceeded { step, proof }
}

/// A failover whose standby was started at second 20 and seen up at second 200.
fn started_standby() -> Story {
    let told = Story::failover().proven(5, ConfirmOutage, confirmed()).started(20, StartReplica);
    told.sent(20, StartReplica, Some(accepted())).then(200, succeeded(StartReplica, started_cluster(200)))
}

fn stage(step: StepName, seconds: f64, acted: bool) -> Measured {
    Measured { step, seconds, acted }
}

fn taught(step: StepName, acted: bool, seconds: &[f64]) -> History {
    let mut history = History::default();
    seconds.iter().for_each(|seconds| history.take_in(&[stage(step, *seconds, acted)], at(0)));
    history
}

#[test]
fn a_proven_stage_is_measured_from_its_start_to_its_first_proof() {
    let told = started_standby().proven(210, VerifyWriter, writable(210));
    let again = told.started(300, VerifyWriter).then(301, succeeded(VerifyWriter, writable(301)));
    let wanted = [stage(ConfirmOutage, 0.0, false), stage(VerifyWriter, 0.0, false), stage(StartReplica, 180.0, true)];
    let seen = measured(&again.state());
    assert!(wanted.iter().all(|stage| seen.contains(stage)) && seen.len() == wanted.len(), "{seen:?}");
}

#[test]
fn what_did_not_end_or_failed_measured_nothing() {
    let goes_on = Story::failover().started(20, StartReplica).sent(20, StartReplica, Some(accepted()));
    let failed = goes_on.clone().then(
        90,
        RunEvent::StepFailed {
            step: StartReplica,
            class: reveille::domain::failure::FailureClass::Other,
            message: "test".into(),
        },
    );
    assert_eq!((measured(&goes_on.state()), measured(&failed.state())), (Vec::new(), Vec::new()));
}

#[test]
fn a_stage_that_waited_for_a_person_measured_the_person() {
    let ask = Ask { what: "promote".into(), means: "waits".into(), commands: Vec::new(), approve_means: None };
    let told =
        Story::failover().started(10, VerifyWriter).then(20, RunEvent::NeedsOperator { step: VerifyWriter, ask });
    let answered = told.then(4000, RunEvent::OperatorNotNeeded { step: VerifyWriter });
    assert!(measured(&answered.then(4001, succeeded(VerifyWriter, writable(4001))).state()).is_empty());
}

#[test]
fn what_somebody_decided_was_not_measured_even_when_it_is_proven_later() {
    let owed = Story::failover().started(10, FencePrimary).sent(10, FencePrimary, Some(accepted()));
    let owed = owed.then(60, succeeded(FencePrimary, fence_owed()));
    assert!(measured(&owed.state()).is_empty());
    let paid = owed.then(900, succeeded(FencePrimary, fence(900, "Succeeded/Stopped", Some(false))));
    assert!(measured(&paid.state()).is_empty());
    let forced = Observation::Override { by: "ann".into(), why: "test".into() };
    assert!(measured(&Story::failover().proven(5, ConfirmOutage, forced).state()).is_empty());
}

#[test]
fn work_that_was_found_done_says_nothing_of_the_work() {
    let found = Story::failover().started(20, StartReplica).then(21, succeeded(StartReplica, started_cluster(21)));
    assert!(measured(&found.state()).is_empty());
}

#[test]
fn parking_and_finding_parked_are_two_stages() {
    let mut history = taught(ParkWorkload, false, &[1.0, 2.0, 3.0]);
    history.take_in(&[stage(ParkWorkload, 40.0, true)], at(0));
    assert_eq!(history.expected(RunKind::StandbyDrill, ParkWorkload).seconds, 2.0);
    assert_eq!(history.expected(RunKind::Park, ParkWorkload).seconds, 40.0);
}

#[test]
fn only_the_newest_measurements_are_kept() {
    let all: Vec<f64> = (0..KEPT as u32 + 7).map(f64::from).collect();
    let history = taught(StartReplica, true, &all);
    let samples = history.samples(RunKind::Failover, StartReplica);
    assert_eq!((samples.len(), samples[0].seconds), (KEPT, 7.0));
    assert_eq!(history.expected(RunKind::Failover, StartReplica).basis, Basis::History { n: KEPT });
}

#[test]
fn a_stage_never_measured_is_expected_as_documented_and_says_so() {
    let expected = History::default().expected(RunKind::Failover, StartReplica);
    assert_eq!((expected.basis, expected.seconds), (Basis::Documented, 360.0));
    for line in lines(RunKind::Failover, &StandbyWorkload::NotKnown) {
        let documented = documented(RunKind::Failover, line.step);
        assert!(documented.low <= documented.seconds && documented.seconds <= documented.high, "{}", line.step);
        assert!(documented.source.contains(':') || documented.source.contains("assumed"), "{}", line.step);
    }
}

#[test]
fn the_ledger_keeps_what_runs_measured_across_its_snapshots() {
    let event = |seconds| LedgerEvent::StagesMeasured {
        run: run_id(),
        kind: RunKind::StandbyDrill,
        stages: vec![stage(StartReplica, seconds, true), stage(StopReplica, 2.0 * seconds, true)],
    };
    let state = ledger(vec![(10, event(100.0)), (20, event(300.0)), (30, event(200.0))]);
    let read: reveille::domain::ledger::PlanState =
        serde_json::from_str(&serde_json::to_string(&state).unwrap()).unwrap();
    assert_eq!(read, state);
    assert_eq!(read.history.expected(RunKind::Failover, StartReplica).seconds, 200.0);
    assert_eq!(read.history.expected(RunKind::Park, StopReplica).seconds, 400.0);
    assert_eq!(trend(read.history.samples(RunKind::Failover, StartReplica)), Trend::TooFew);
}

#[test]
fn a_failover_of_a_plan_without_history_is_estimated_by_documented_figures() {
    let history = History::default();
    let lines = lines(RunKind::Failover, &StandbyWorkload::StartsWithCluster);
    let seen = estimate(lines, |step| history.expected(RunKind::Failover, step));
    assert_eq!((seen.seconds, seen.measured), (120.0 + 600.0 + 360.0 + 300.0 + 60.0, 0));
}

/// The run with expectations of its own: a start of 100 to 200 seconds, everything else as documented.
fn expecting(told: Story) -> RunState {
    let mut run = told.state();
    let expected = Expected { seconds: 150.0, low: 100.0, high: 200.0, basis: Basis::History { n: 4 } };
    run.created.expected = vec![Expectation { step: StartReplica, expected }];
    run
}

#[test]
fn a_live_run_is_through_when_what_is_left_of_its_critical_path_is() {
    let told = Story::failover().proven(5, ConfirmOutage, confirmed());
    let told = told.proven(10, FencePrimary, fence(10, "Succeeded/Stopped", Some(false)));
    let run = expecting(told.proven(12, VerifyWriter, writable(12)).started(20, StartReplica));
    // The start ends at 170, usually; application and route take 300 and 60 s, as documented.
    let seen = eta(&run, at(100)).unwrap();
    assert_eq!((seen.usual, seen.late), (at(170 + 360), at(220 + 900 + 120)));
    assert!(seen.overdue.is_empty());
    let late = eta(&run, at(250)).unwrap();
    assert_eq!((late.usual, late.overdue), (at(250 + 360), vec![StartReplica]), "what should be over ends now at best");
}

#[test]
fn nobody_knows_when_a_person_answers_and_what_has_ended_has_no_eta() {
    let told = Story::failover().proven(5, ConfirmOutage, confirmed());
    assert!(eta(&told.clone().then(6, RunEvent::ApprovalAsked { until: at(600) }).state(), at(7)).is_none());
    let ended = reveille::domain::outcome::Outcome::NoOutage { because: "test".into() };
    assert!(eta(&told.then(6, RunEvent::RunEnded { outcome: ended }).state(), at(7)).is_none());
}

#[test]
fn every_step_of_a_run_takes_its_expectation_along() {
    let history = taught(VerifyApp, false, &[30.0]);
    let lines = lines(RunKind::Failover, &StandbyWorkload::StartsWithCluster);
    let taken = history.expectations(RunKind::Failover, lines);
    assert!(taken.iter().map(|one| one.step).eq(lines.iter().map(|line| line.step)));
    let measured: Vec<_> = taken.iter().filter(|one| one.expected.is_measured()).map(|one| one.step).collect();
    assert_eq!(measured, [VerifyApp]);
}
