//! `verify-path` and `verify-ingress`: the probe pod is made once, deleted whatever it told, and judged after that.

use super::fixture::{STANDBY, Story, accepted, at, fact, origin, plan_parked, run_id, site};
use reveille::domain::chain::Head;
use reveille::domain::look::Look;
use reveille::domain::observation::Observation;
use reveille::domain::outcome::Outcome;
use reveille::domain::parking::StandbyWorkload;
use reveille::domain::path::{PathView, ProbeRef};
use reveille::domain::plan::Plan;
use reveille::domain::report::Report;
use reveille::domain::run::{Call, RunEvent, Sent, StartedBy, Verb};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::workload::Counts;
use reveille::steps::{verify_ingress, verify_path};

const PATH: StepName = StepName::VerifyPath;
const INGRESS: StepName = StepName::VerifyIngress;

fn plan(image: Option<&str>) -> Plan {
    let mut plan = plan_parked();
    if let Some(kubernetes) = &mut plan.kubernetes {
        kubernetes.probe_image = image.map(str::to_owned);
    }
    plan
}

fn drill(image: Option<&str>) -> Story {
    let by = StartedBy::Person { by: "ann".into(), said: None, why: "test".into(), force: false };
    let parked = StandbyWorkload::Parked { counts: Counts::new(), since: at(-7_200) };
    Story::with_standby(RunKind::StandbyDrill, plan(image), by, parked).started(0, PATH).started(0, INGRESS)
}

fn proving() -> Story {
    drill(Some("registry.example.com/postgres:17"))
}

fn look(story: &Story, second: i64, path: Option<PathView>) -> String {
    match verify_path::decide(&story.view(PATH, second), fact(second, path)) {
        Look::Done { proof } => format!("done: {}", proof.text()),
        Look::Pending { .. } => "wait".into(),
        Look::Call { call, .. } => call.deed(),
        Look::Failed { message, .. } => format!("failed: {message}"),
        other => format!("{other:?}"),
    }
}

fn told(story: Story, second: i64, path: PathView) -> Story {
    story.saw(second, PATH, Observation::Path { site: site(STANDBY), path: fact(second, Some(path)) })
}

/// A call about the probe pod and what came of it.
fn called(story: Story, second: i64, verb: Verb, outcome: Sent) -> Story {
    let probe = Some(ProbeRef::of_run("r", "sonarqube", "postgres"));
    let call = Call { probe, ..Call::on(verb, "the cluster") };
    let send_before = at(second + 10);
    story
        .then(second, RunEvent::Intent { step: PATH, call, send_before })
        .then(second, RunEvent::Sent { step: PATH, outcome })
}

fn waiting() -> PathView {
    PathView::Waiting { said: "ContainerCreating".into() }
}

#[test]
fn the_pod_is_made_once_and_waited_for() {
    let drill = proving();
    assert!(look(&drill, 1, Some(PathView::NoPod)).starts_with("create pod sonarqube/reveille-probe-"));
    let made = called(drill, 1, Verb::CreateProbe, accepted());
    assert_eq!(look(&made, 2, Some(PathView::NoPod)), "wait", "a list may lag behind the creation");
    assert_eq!(look(&made, 5, Some(waiting())), "wait");
    assert_eq!(look(&made, 5, None), "wait");
}

#[test]
fn what_it_told_is_kept_while_it_is_deleted_and_judged_once_it_is_gone() {
    let made = called(proving(), 1, Verb::CreateProbe, accepted());
    assert!(look(&made, 9, Some(PathView::Reached)).starts_with("delete pod"));
    let deleted = called(told(made.clone(), 9, PathView::Reached), 9, Verb::DeleteProbe, accepted());
    assert_eq!(look(&deleted, 10, Some(PathView::Reached)), "wait", "it is on its way");
    assert!(look(&deleted, 60, Some(PathView::Reached)).starts_with("delete pod"), "it was not");
    assert_eq!(look(&deleted, 60, None), "wait", "gone is only what was seen gone");
    assert!(look(&deleted, 12, Some(PathView::NoPod)).starts_with("done: "));
    for bad in [PathView::ReachedReplica, PathView::Failed { said: "timeout expired".into() }] {
        let deleted = called(told(made.clone(), 9, bad.clone()), 9, Verb::DeleteProbe, accepted());
        let judged = look(&deleted, 12, Some(PathView::NoPod));
        assert!(judged.starts_with("failed: from inside the cluster") && judged.contains(&bad.text()), "{judged}");
    }
}

#[test]
fn a_pod_that_never_ends_is_deleted_and_the_path_is_not_proven() {
    let made = called(proving(), 1, Verb::CreateProbe, accepted());
    let overdue = look(&made, 181, Some(waiting()));
    assert!(overdue.starts_with("delete pod"), "{overdue}");
    let deleted = called(told(made, 180, waiting()), 181, Verb::DeleteProbe, accepted());
    assert!(look(&deleted, 220, Some(PathView::NoPod)).starts_with("failed: "), "nothing was told");
    assert!(
        look(&deleted, 362, Some(waiting())).contains("was not deleted")
            || look(&deleted, 362, None).starts_with("failed")
    );
}

#[test]
fn a_pod_that_a_drill_left_behind_is_told_with_the_command_that_deletes_it() {
    let ended = |story: Story| {
        let outcome = Outcome::GaveWay { to: run_id() };
        Report::of(&story.then(20, RunEvent::RunEnded { outcome }).state(), &Head::default()).next_steps
    };
    let made = called(proving(), 1, Verb::CreateProbe, accepted());
    let left = ended(made.clone());
    assert_eq!(left.len(), 1, "{left:?}");
    assert!(left[0].commands[0].starts_with("kubectl delete pod reveille-probe-"), "{left:?}");
    let refused = Sent::NotSent { reason: "the claim was lost".into() };
    assert_eq!(ended(called(made.clone(), 9, Verb::DeleteProbe, refused.clone())).len(), 1);
    assert!(ended(called(made, 9, Verb::DeleteProbe, accepted())).is_empty());
    assert!(ended(called(proving(), 1, Verb::CreateProbe, refused)).is_empty(), "it was never made");
}

#[test]
fn a_pod_that_cannot_be_made_fails_the_step_with_the_reason() {
    let refused = Sent::NotSent { reason: "this cannot be done by a command".into() };
    let tried = called(proving(), 1, Verb::CreateProbe, refused);
    assert!(look(&tried, 60, Some(PathView::NoPod)).starts_with("create pod"), "it may be possible later");
    let failed = look(&tried, 181, Some(PathView::NoPod));
    assert!(failed.starts_with("failed: ") && failed.contains("cannot be done by a command"), "{failed}");
}

#[test]
fn a_plan_that_does_not_want_the_pod_leaves_the_path_unproven_and_says_so() {
    let drill = drill(None);
    assert_eq!(look(&drill, 1, None), format!("done: {STANDBY}: not looked for (prove_path = false)"));
}

#[test]
fn an_ingress_that_answers_for_nothing_is_as_it_should_be_and_silence_is_waited_out() {
    let drill = proving();
    let seen = |origin| verify_ingress::Seen { origin, certificate: None };
    let word = |second, answers| match verify_ingress::decide(&drill.view(INGRESS, second), seen(answers)) {
        Look::Done { proof } => proof.text(),
        Look::Pending { .. } => "wait".into(),
        Look::Failed { message, .. } => format!("failed: {message}"),
        other => format!("{other:?}"),
    };
    use reveille::domain::application::OriginView::{Unhealthy, Unreachable};
    let gateway = |second| fact(second, Some(Unhealthy { said: "HTTP 503".into() }));
    let silent = |second| fact(second, Some(Unreachable { why: "connection refused".into() }));
    assert!(word(1, gateway(1)).contains("with nothing behind it"));
    assert_eq!(word(1, silent(1)), "wait");
    assert!(word(181, silent(181)).contains("connection refused"));
    assert_eq!(word(1, origin(1, None)), "wait");
    assert!(word(181, origin(181, None)).starts_with("failed: "));
}
