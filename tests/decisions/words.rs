//! What people may say, and what they are told when it makes no sense.

use super::fixture::{Story, accepted, at, ledger, run_id};
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::names::PlanName;
use reveille::domain::outcome::Outcome;
use reveille::domain::run::{Ask, RunEvent};
use reveille::domain::runbook::StepName;
use reveille::domain::word::{PlanWord, Refusal, RunWord};

fn ask(approve_means: Option<&str>) -> Ask {
    Ask {
        what: "a question".into(),
        means: String::new(),
        commands: Vec::new(),
        approve_means: approve_means.map(str::to_owned),
    }
}

fn asks(step: StepName, approve_means: Option<&str>) -> RunEvent {
    RunEvent::NeedsOperator { step, ask: ask(approve_means) }
}

fn approved() -> RunEvent {
    RunEvent::Approved { by: "ann".into(), said: None, why: "go".into() }
}

fn aborted() -> RunEvent {
    RunEvent::AbortRequested { by: "ann".into(), said: None, why: "stop".into() }
}

/// Which of approve, decline and abort are taken.
fn taken(story: &Story) -> [bool; 3] {
    [RunWord::Approve, RunWord::Decline, RunWord::Abort].map(|word| word.check(&story.state()).is_ok())
}

#[test]
fn a_word_is_taken_when_it_decides_something() {
    let step = StepName::FencePrimary;
    let running = Story::failover();
    let waits = running.clone().then(1, RunEvent::ApprovalAsked { until: at(60) });
    let asked = running.clone().started(1, step).then(2, asks(step, Some("go on")));
    let stopped = running.clone().started(1, step).sent(2, step, Some(accepted())).then(9, asks(step, Some("go on")));
    let helpless = running.clone().started(1, StepName::VerifyWriter).then(2, asks(StepName::VerifyWriter, None));
    let cases = [
        ("nothing is asked", &running, [false, false, true]),
        ("approval is asked", &waits, [true, true, true]),
        ("approved already", &waits.clone().then(2, approved()), [false, false, true]),
        ("a step asks", &asked, [true, true, true]),
        ("a step was answered", &asked.clone().then(3, approved()), [false, true, true]),
        ("a step asks after a call", &stopped, [true, false, true]),
        ("only deeds can help", &helpless, [false, false, true]),
        ("aborted already", &waits.clone().then(2, aborted()), [false, false, false]),
        ("over", &running.clone().then(1, RunEvent::RunEnded { outcome: Outcome::ApprovalTimedOut }), [false; 3]),
    ];
    for (name, story, expected) in cases {
        assert_eq!(taken(story), expected, "{name}");
    }
}

#[test]
fn every_refusal_names_a_way_on() {
    let story = Story::failover().then(1, RunEvent::RunEnded { outcome: Outcome::ApprovalTimedOut });
    let refusal = RunWord::Abort.check(&story.state()).unwrap_err();
    assert!(matches!(&refusal, Refusal::Ended { run, .. } if *run == run_id()), "{refusal}");
    assert_eq!(refusal.advice(), "Read what came of it with `reveille report sonar.run`.");
}

#[test]
fn pauses_and_acknowledgements_are_not_said_twice() {
    let plan = PlanName::new("sonar");
    let paused = LedgerEvent::Paused { by: "ann".into(), said: None, why: "test".into() };
    let free = ledger(Vec::new());
    let held = ledger(vec![(0, paused)]);
    assert!(PlanWord::Pause.check(&plan, &free).is_ok());
    assert!(PlanWord::Resume.check(&plan, &held).is_ok());
    assert!(matches!(PlanWord::Pause.check(&plan, &held), Err(Refusal::Paused { by, .. }) if by == "ann"));
    assert_eq!(PlanWord::Resume.check(&plan, &free), Err(Refusal::NotPaused { plan: plan.clone() }));
    let nothing = Err(Refusal::NothingToAcknowledge { plan: plan.clone() });
    assert_eq!(PlanWord::Acknowledge.check(&plan, &free), nothing);
}
