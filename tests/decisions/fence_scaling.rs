//! `fence-primary` where the old site's workload is scaled to zero first: what is scaled when, and when it is the cluster's turn.

use super::fixture::{PRIMARY, Story, accepted, alert, at, cluster, default_plan, fact, origin, site, unanswered};
use reveille::domain::failure::FailureClass;
use reveille::domain::look::Look;
use reveille::domain::observation::Observation;
use reveille::domain::parking::{ParkingState, Scale, StandbyWorkload};
use reveille::domain::plan::{Fence, FenceUnable, FenceWay, Plan};
use reveille::domain::run::parking::old_workload_left;
use reveille::domain::run::{Call, RunEvent, Sent, Verb};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::workload::{Counts, PodPhase, PodView, WorkloadKind, WorkloadPart, WorkloadRef, WorkloadView};
use reveille::steps::fence_primary::{Seen, decide};

const FENCE: StepName = StepName::FencePrimary;
const UP: &str = "Succeeded/Running";

fn object(name: &str) -> WorkloadRef {
    let kind = if name == "app" { WorkloadKind::Deployment } else { WorkloadKind::StatefulSet };
    WorkloadRef { kind, namespace: "sonarqube".into(), name: name.into() }
}

fn inside(app: u32, search: u32, pods: usize) -> WorkloadView {
    let part = |name: &str, wanted| {
        let (claim_templates, part, autoscaler) = (Vec::new(), None, None);
        let (existing, ready, settled) = (wanted, wanted, true);
        WorkloadPart { object: object(name), wanted, existing, ready, settled, claim_templates, part, autoscaler }
    };
    let pod = |number: usize| {
        let (phase, name) = (PodPhase::Running, format!("pod-{number}"));
        PodView { name, phase, ready: true, ending: false, waiting: None, exit_code: None }
    };
    let parts = vec![part("app", app), part("search", search)];
    WorkloadView { parts, pods: (0..pods).map(pod).collect(), autoscalers_unknown: None }
}

fn plan() -> Plan {
    let ways = vec![FenceWay::ScaleWorkload, FenceWay::StopCluster];
    Plan { fence: Fence { unable: FenceUnable::Ask, ways }, ..default_plan() }
}

fn story() -> Story {
    Story::with_standby(RunKind::Failover, plan(), alert(), StandbyWorkload::StartsWithCluster).started(0, FENCE)
}

fn scaled(story: Story, second: i64, name: &str, outcome: Sent) -> Story {
    let scale = Some(Scale { object: object(name), replicas: 0 });
    let call = Call { scale, ..Call::on(Verb::ScaleWorkload, "the cluster") };
    let told = story.then(second, RunEvent::Intent { step: FENCE, call, send_before: at(second + 10) });
    told.then(second + 1, RunEvent::Sent { step: FENCE, outcome })
}

fn look(story: &Story, second: i64, states: &str, answers: bool, workload: Option<WorkloadView>) -> String {
    let (cluster, origin) = (cluster(second, states), origin(second, Some(answers)));
    let seen = Seen { cluster, origin, other: None, workload: Some(fact(second, workload)) };
    match decide(&story.view(FENCE, second), seen) {
        Look::Done { proof: Observation::Fence { .. } } => "fenced".into(),
        Look::Call { call: Call { scale: Some(scale), .. }, .. } => format!("{} to zero", scale.object.name),
        Look::Call { call, .. } => call.verb.text().into(),
        Look::Pending { .. } => "wait".into(),
        Look::Ask { .. } => "ask".into(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_writes_is_scaled_down_first_and_gone_pods_are_the_fence() {
    for (workload, expected) in [
        (inside(2, 3, 5), "app to zero"),
        (inside(0, 3, 3), "search to zero"),
        (inside(0, 0, 1), "wait"),
        (inside(0, 0, 0), "fenced"),
    ] {
        assert_eq!(look(&story(), 1, UP, false, Some(workload.clone())), expected, "{workload:?}");
    }
    assert_eq!(
        look(&story(), 1, "?", false, Some(inside(0, 0, 0))),
        "fenced",
        "whatever Azure can tell of the cluster"
    );
}

#[test]
fn an_api_server_that_does_not_answer_costs_no_time() {
    assert_eq!(look(&story(), 1, UP, false, None), "stop cluster");
    assert_eq!(look(&story(), 1, UP, false, Some(WorkloadView::default())), "stop cluster", "nothing is selected");
    let stopped = story().sent(1, FENCE, Some(accepted()));
    assert_eq!(look(&stopped, 3, "Stopping/Stopped", false, Some(inside(2, 3, 5))), "wait", "the stop goes on");
    assert_eq!(look(&stopped, 3, "Stopping/Stopped", false, Some(inside(0, 0, 0))), "fenced");
}

#[test]
fn what_was_begun_and_does_not_end_is_followed_by_the_stop() {
    let begun = scaled(story(), 1, "app", accepted());
    assert_eq!(look(&begun, 3, UP, false, Some(inside(2, 3, 5))), "wait", "it shows at the next look");
    assert_eq!(look(&begun, 9, UP, false, Some(inside(2, 3, 5))), "app to zero");
    assert_eq!(look(&begun, 9, UP, false, None), "wait", "one look that failed");
    assert_eq!(look(&begun, 30, UP, false, None), "stop cluster");
    assert_eq!(look(&begun, 80, UP, false, Some(inside(0, 0, 2))), "wait");
    assert_eq!(look(&begun, 95, UP, false, Some(inside(0, 0, 2))), "stop cluster", "pods that do not go");
    assert_eq!(look(&begun, 95, UP, false, Some(inside(0, 0, 0))), "fenced", "late, and still a proof");
    let (code, message) = ("Forbidden".to_owned(), "no".to_owned());
    let class = FailureClass::Permission;
    let refused = scaled(story(), 1, "app", Sent::Rejected { class, code, message, request_ids: vec![] });
    assert_eq!(look(&refused, 3, UP, false, Some(inside(2, 3, 5))), "stop cluster");
}

#[test]
fn an_application_that_answers_is_not_fenced_and_not_scaled_before_it_was_touched() {
    assert_eq!(look(&story(), 1, UP, true, Some(inside(2, 3, 5))), "wait", "the primary came back");
    let begun = scaled(story(), 1, "app", accepted());
    assert_eq!(look(&begun, 10, UP, true, Some(inside(0, 3, 4))), "search to zero", "pods end and answer meanwhile");
    assert_eq!(look(&begun, 10, UP, true, Some(inside(0, 0, 0))), "wait", "something else answers there");
    assert_eq!(look(&begun, 95, UP, true, Some(inside(0, 0, 0))), "ask");
}

#[test]
fn a_debt_is_paid_by_scaling_only_while_the_other_site_serves() {
    let paying = Story::with_standby(RunKind::Fence, plan(), alert(), StandbyWorkload::StartsWithCluster);
    let paying = paying.started(0, FENCE);
    let word = |second, other| {
        let (cluster, origin) = (cluster(second, UP), origin(second, Some(false)));
        let other = Some(super::fixture::origin(second, other));
        let workload = Some(fact(second, Some(inside(2, 3, 5))));
        matches!(decide(&paying.view(FENCE, second), Seen { cluster, origin, other, workload }), Look::Call { .. })
    };
    assert!(word(1, Some(true)));
    assert!(!word(1, Some(false)) && !word(1, None));
}

#[test]
fn the_ledger_learns_how_the_old_site_was_left() {
    let saw = |second, workload| Observation::Fence {
        site: site(PRIMARY),
        cluster: cluster(second, UP),
        origin: origin(second, Some(false)),
        workload: Some(Box::new(fact(second, Some(workload)))),
    };
    let left = |story: &Story| old_workload_left(&story.state()).map(|(_, state)| state);
    assert_eq!(left(&story()), None);
    let begun = story().saw(1, FENCE, saw(1, inside(2, 3, 5)));
    let lost = scaled(begun.clone(), 1, "app", unanswered());
    assert_eq!(left(&lost), Some(ParkingState::Released), "in doubt nobody relies on it");
    let done = scaled(begun, 1, "app", accepted());
    let done = done.then(9, RunEvent::StepSucceeded { step: FENCE, proof: saw(9, inside(0, 0, 0)) });
    let counts = Counts::from([(object("app"), 2), (object("search"), 3)]);
    assert_eq!(left(&done), Some(ParkingState::Parked { counts }));
}
