//! `confirm-outage`: the samples in the journal and the newest one decide; a person may take their place.

use super::fixture::{Story, at, default_plan, person, witness};
use reveille::domain::look::Look;
use reveille::domain::observation::Observation;
use reveille::domain::run::{Ask, RunEvent};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::witness::{LastSeen, Verdict, Witness};
use reveille::steps::confirm_outage::decide;

const STEP: StepName = StepName::ConfirmOutage;

fn seen() -> LastSeen {
    LastSeen { probe_healthy: Some(at(0)), metric_healthy: Some(at(0)), writer_target: None }
}

fn with_samples(mut story: Story, samples: &[Witness]) -> Story {
    for sample in samples {
        let verdict = Verdict::Inconclusive("test".into());
        let second = sample.at.timestamp();
        story = story.saw(second, STEP, Observation::Outage { witness: sample.clone(), verdict });
    }
    story
}

fn samples(answers: &[Option<bool>], health: Option<f64>) -> Vec<Witness> {
    answers.iter().zip(0..).map(|(answers, number)| witness(number * 10, *answers, health)).collect()
}

fn look(story: &Story, newest: &Witness) -> Look {
    decide(&story.view(STEP, newest.at.timestamp()), newest.clone(), &seen())
}

/// The verdict over samples ten seconds apart, the last one being the newest.
fn verdict(answers: &[Option<bool>], health: Option<f64>) -> &'static str {
    let samples = samples(answers, health);
    let (newest, before) = samples.split_last().unwrap();
    match look(&with_samples(Story::failover().started(0, STEP), before), newest) {
        Look::Done { .. } => "down",
        Look::NoOutage { .. } => "healthy",
        Look::Pending { .. } => "go on looking",
        other => panic!("{other:?}"),
    }
}

#[test]
fn samples_of_the_journal_count_with_the_newest() {
    let (up, down, unknown) = (Some(true), Some(false), None);
    for (answers, health, expected) in [
        (vec![down; 5], Some(0.0), "down"),
        (vec![down; 5], Some(100.0), "go on looking"),
        (vec![down; 5], None, "go on looking"),
        (vec![down; 4], Some(0.0), "go on looking"),
        (vec![up; 5], Some(100.0), "healthy"),
        (vec![up; 5], None, "healthy"),
        (vec![up; 5], Some(0.0), "go on looking"),
        (vec![unknown; 5], Some(0.0), "go on looking"),
        (vec![down, down, unknown, down, down], Some(0.0), "down"),
        (vec![down, down, down, down, unknown], Some(0.0), "go on looking"),
        (vec![down, down, down, down, up], Some(0.0), "go on looking"),
    ] {
        assert_eq!(verdict(&answers, health), expected, "{answers:?} {health:?}");
    }
}

#[test]
fn without_a_verdict_a_person_is_asked_and_may_go_on_or_not() {
    let open = witness(180, Some(false), None);
    let story = Story::failover().started(0, STEP);
    let Look::Ask { ask, .. } = look(&story, &open) else { panic!() };
    assert!(ask.approve_means.is_some());
    assert_eq!(ask.commands.len(), 2, "one to go on, one not to");
    let word = RunEvent::Approved { by: "ann".into(), said: None, why: "I see it".into() };
    let answered = story.then(180, RunEvent::NeedsOperator { step: STEP, ask }).then(190, word);
    let Look::Done { proof: Observation::Override { by, .. } } = look(&answered, &open) else { panic!() };
    assert_eq!(by, "ann");
}

#[test]
fn an_approval_of_something_else_overrides_nothing() {
    let ask = Ask { what: "else".into(), means: String::new(), commands: Vec::new(), approve_means: None };
    let word = RunEvent::Approved { by: "ann".into(), said: None, why: "go".into() };
    let other = Story::failover()
        .started(0, STEP)
        .started(0, StepName::VerifyWriter)
        .then(1, RunEvent::NeedsOperator { step: StepName::VerifyWriter, ask })
        .then(2, word);
    assert!(matches!(look(&other, &witness(10, Some(false), None)), Look::Pending { .. }));
}

#[test]
fn only_force_goes_without_the_proof() {
    for (force, overridden) in [(true, true), (false, false)] {
        let story = Story::of(RunKind::Failover, default_plan(), person(force)).started(0, STEP);
        let look = look(&story, &witness(10, Some(true), Some(100.0)));
        assert_eq!(matches!(look, Look::Done { .. }), overridden, "force {force}");
    }
}

#[test]
fn no_outage_beside_a_standby_that_answers_says_so() {
    let mut samples = samples(&[Some(true); 5], Some(100.0));
    let standby = super::fixture::origin(40, Some(true));
    samples.iter_mut().for_each(|sample| sample.standby = standby.clone());
    let (newest, before) = samples.split_last().unwrap();
    let Look::NoOutage { because, .. } = look(&with_samples(Story::failover().started(0, STEP), before), newest) else {
        panic!()
    };
    assert!(because.contains("but centralus answers too"), "{because}");
}
