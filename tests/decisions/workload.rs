//! `release-workload`, `park-workload`, `check-standby` and `stop-replica`: what is scaled when, and what a person is asked.

use super::fixture::{Story, accepted, at, cluster, fact, origin, plan_parked};
use reveille::domain::failure::FailureClass;
use reveille::domain::look::Look;
use reveille::domain::names::SiteName;
use reveille::domain::observation::Observation;
use reveille::domain::parking::{ParkingState, Scale, StandbyWorkload};
use reveille::domain::run::parking::workload_left;
use reveille::domain::run::{Call, RunEvent, Sent, StartedBy, Verb};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::workload::{Counts, PodPhase, PodView, WorkloadKind, WorkloadPart, WorkloadRef, WorkloadView};
use reveille::steps::{check_standby, park_workload, release_workload, stop_replica};

const RELEASE: StepName = StepName::ReleaseWorkload;
const PARK: StepName = StepName::ParkWorkload;
const STOP: StepName = StepName::StopReplica;

fn object(kind: WorkloadKind, name: &str) -> WorkloadRef {
    WorkloadRef { kind, namespace: "sonarqube".into(), name: name.into() }
}

fn app() -> WorkloadRef {
    object(WorkloadKind::Deployment, "app")
}

fn search() -> WorkloadRef {
    object(WorkloadKind::StatefulSet, "search")
}

fn counts() -> Counts {
    Counts::from([(app(), 2), (search(), 3)])
}

/// The workload with so many application and search nodes wanted, and so many pods left.
fn seen(app_nodes: u32, search_nodes: u32, pods: usize) -> WorkloadView {
    let part = |object, wanted| {
        let (claim_templates, part, autoscaler) = (Vec::new(), None, None);
        WorkloadPart { object, wanted, existing: wanted, ready: 0, settled: true, claim_templates, part, autoscaler }
    };
    let pod = |number: usize| {
        let (phase, name) = (PodPhase::Running, format!("pod-{number}"));
        PodView { name, phase, ready: true, ending: false, waiting: None, exit_code: None }
    };
    let parts = vec![part(app(), app_nodes), part(search(), search_nodes)];
    WorkloadView { parts, pods: (0..pods).map(pod).collect(), autoscalers_unknown: None }
}

fn story(kind: RunKind, standby: StandbyWorkload) -> Story {
    let by = StartedBy::Person { by: "ann".into(), said: None, why: "test".into(), force: false };
    Story::with_standby(kind, plan_parked(), by, standby)
}

fn parked() -> StandbyWorkload {
    StandbyWorkload::Parked { counts: counts(), since: at(-3_600) }
}

/// What the step makes of it, in a few words.
fn word(look: &Look) -> String {
    match look {
        Look::Done { .. } => "done".into(),
        Look::Call { call: Call { scale: Some(scale), .. }, .. } => {
            format!("{} to {}", scale.object.name, scale.replicas)
        }
        Look::Call { call, .. } => call.verb.text().into(),
        Look::Pending { .. } => "wait".into(),
        Look::Ask { .. } => "ask".into(),
        Look::Failed { .. } => "fail".into(),
        other @ Look::NoOutage { .. } => panic!("{other:?}"),
    }
}

fn scaled(story: Story, second: i64, step: StepName, object: WorkloadRef, to: u32, outcome: Sent) -> Story {
    let scale = Some(Scale { object, replicas: to });
    let call = Call { scale, ..Call::on(Verb::ScaleWorkload, "the cluster") };
    let told = story.then(second, RunEvent::Intent { step, call, send_before: at(second + 10) });
    told.then(second + 1, RunEvent::Sent { step, outcome })
}

// --- release ----------------------------------------------------------------------------------------------------

fn release(story: &Story, second: i64, workload: Option<WorkloadView>, unfenced: Option<Option<bool>>) -> Look {
    let workload = fact(second, workload);
    let unfenced = unfenced.map(|answers| origin(second, answers));
    release_workload::decide(&story.view(RELEASE, second), release_workload::Seen { workload, unfenced })
}

fn releasing() -> Story {
    story(RunKind::Failover, parked()).started(0, RELEASE)
}

#[test]
fn what_keeps_the_data_is_released_before_what_serves() {
    for (app_nodes, search_nodes, expected) in [
        (0, 0, "search to 3"),
        (0, 1, "search to 3"),
        (0, 3, "app to 2"),
        (0, 5, "app to 2"),
        (2, 3, "done"),
        (4, 3, "done"),
    ] {
        let look = release(&releasing(), 1, Some(seen(app_nodes, search_nodes, 0)), None);
        assert_eq!(word(&look), expected, "{app_nodes} and {search_nodes}");
    }
}

#[test]
fn nothing_is_released_beside_an_old_site_that_answers_or_cannot_be_seen_while_its_fence_is_owed() {
    for (answers, expected) in [(Some(true), "ask"), (None, "wait"), (Some(false), "search to 3")] {
        let look = release(&releasing(), 1, Some(seen(0, 0, 0)), Some(answers));
        assert_eq!(word(&look), expected, "{answers:?}");
    }
}

#[test]
fn a_scaling_is_sent_again_only_after_a_while_and_a_refusal_is_a_persons_matter() {
    let rejected =
        |class| Sent::Rejected { class, code: "Forbidden".into(), message: "no".into(), request_ids: vec![] };
    for (outcome, second, expected) in [
        (accepted(), 5, "wait"),
        (accepted(), 7, "search to 3"),
        (Sent::Throttled { retry_after: std::time::Duration::from_secs(20), held_back: false }, 15, "wait"),
        (Sent::Throttled { retry_after: std::time::Duration::from_secs(20), held_back: false }, 22, "search to 3"),
        (rejected(FailureClass::Permission), 3, "ask"),
        (rejected(FailureClass::Transient), 8, "search to 3"),
    ] {
        let story = scaled(releasing(), 1, RELEASE, search(), 3, outcome.clone());
        assert_eq!(word(&release(&story, second, Some(seen(0, 0, 0)), None)), expected, "{outcome:?} at {second}");
    }
}

#[test]
fn a_workload_that_cannot_be_seen_or_is_not_there_is_waited_for_and_then_asked_about() {
    let without_search = WorkloadView { parts: vec![seen(0, 0, 0).parts.remove(0)], ..seen(0, 0, 0) };
    for workload in [None, Some(WorkloadView::default()), Some(without_search)] {
        assert_eq!(word(&release(&releasing(), 30, workload.clone(), None)), "wait", "{workload:?}");
        let Look::Ask { ask, .. } = release(&releasing(), 601, workload.clone(), None) else { panic!("{workload:?}") };
        let typed = ask.commands.join("\n");
        assert!(typed.contains("kubectl scale statefulset/search --namespace sonarqube --replicas 3"), "{typed}");
        assert!(typed.contains("az aks get-credentials"), "{typed}");
    }
}

#[test]
fn without_counts_only_what_runs_already_is_released() {
    let story = story(RunKind::Failover, StandbyWorkload::NotKnown).started(0, RELEASE);
    assert_eq!(word(&release(&story, 1, Some(seen(2, 3, 5)), None)), "done");
    assert_eq!(word(&release(&story, 1, Some(seen(0, 3, 3)), None)), "ask");
    assert_eq!(word(&release(&story, 1, Some(WorkloadView::default()), None)), "wait");
}

// --- park -------------------------------------------------------------------------------------------------------

fn park(story: &Story, second: i64, workload: Option<WorkloadView>) -> Look {
    park_workload::decide(&story.view(PARK, second), fact(second, workload))
}

fn workload(second: i64, workload: WorkloadView) -> Observation {
    Observation::Workload {
        site: super::fixture::site(super::fixture::STANDBY),
        workload: fact(second, Some(workload)),
    }
}

#[test]
fn what_serves_is_parked_before_what_keeps_the_data_and_done_means_that_no_pod_is_left() {
    let drill = story(RunKind::StandbyDrill, parked()).started(0, PARK);
    for (view, expected) in
        [(seen(2, 3, 5), "app to 0"), (seen(0, 3, 3), "search to 0"), (seen(0, 0, 2), "wait"), (seen(0, 0, 0), "done")]
    {
        assert_eq!(word(&park(&drill, 1, Some(view.clone()))), expected, "{view:?}");
    }
    assert_eq!(word(&park(&drill, 601, Some(seen(0, 0, 2)))), "fail");
    assert_eq!(word(&park(&drill, 601, None)), "fail");
    assert_eq!(word(&park(&drill, 601, Some(WorkloadView::default()))), "fail", "a wrong selector is no parked site");
}

#[test]
fn counts_that_nobody_ever_saw_are_asked_for_before_a_site_counts_as_parked() {
    let first = story(RunKind::Park, StandbyWorkload::NotKnown).started(0, PARK);
    assert_eq!(word(&park(&first, 1, Some(seen(0, 0, 0)))), "ask");
    let told = first.saw(2, PARK, workload(2, seen(2, 3, 5)));
    assert_eq!(word(&park(&told, 60, Some(seen(0, 0, 0)))), "done");
    let again = story(RunKind::Park, parked()).started(0, PARK);
    assert_eq!(word(&park(&again, 1, Some(seen(0, 0, 0)))), "done", "the ledger remembers them from before");
}

#[test]
fn who_wants_a_site_parked_whose_cluster_is_stopped_is_told_what_to_do() {
    let first = story(RunKind::Park, StandbyWorkload::NotKnown).started(0, PARK);
    assert_eq!(word(&park(&first, 30, None)), "wait");
    let Look::Ask { ask, .. } = park(&first, 601, None) else { panic!("no question") };
    assert!(ask.commands[0].starts_with("az aks start "), "{ask:?}");
    assert!(ask.means.contains("way to the database closed"), "{ask:?}");
}

#[test]
fn the_ledger_is_told_the_counts_from_before_or_that_the_site_is_released() {
    let site = super::fixture::site(super::fixture::STANDBY);
    let left = |story: &Story| workload_left(&story.state()).map(|(_, state)| state);
    let untouched = story(RunKind::Failover, parked());
    assert_eq!(left(&untouched), None);
    let began =
        scaled(releasing(), 1, RELEASE, search(), 3, Sent::Unknown { reason: "lost".into(), request_ids: vec![] });
    assert_eq!(left(&began), Some(ParkingState::Released), "in doubt it may write");
    let seen_running = story(RunKind::Park, StandbyWorkload::NotKnown).saw(1, PARK, workload(1, seen(2, 3, 5)));
    let half = scaled(seen_running.started(1, PARK), 2, PARK, app(), 0, accepted());
    assert_eq!(left(&half), Some(ParkingState::Released));
    let parked = half.then(60, RunEvent::StepSucceeded { step: PARK, proof: workload(60, seen(0, 0, 0)) });
    assert_eq!(workload_left(&parked.state()), Some((site, ParkingState::Parked { counts: counts() })));
}

#[test]
fn a_standby_that_may_be_unparked_counts_as_released_once_it_was_started() {
    let story = story(RunKind::Failover, StandbyWorkload::NotKnown);
    assert_eq!(workload_left(&story.state()), None);
    let started = story.sent(5, StepName::StartReplica, Some(accepted()));
    assert_eq!(workload_left(&started.state()).map(|(_, state)| state), Some(ParkingState::Released));
}

// --- check and stop -----------------------------------------------------------------------------------------------

#[test]
fn a_drill_begins_only_while_the_primary_serves_and_the_parked_standby_rests() {
    let check = |standby, second, answers, states| {
        let story = story(RunKind::StandbyDrill, standby).started(0, StepName::CheckStandby);
        let seen = check_standby::Seen { primary: origin(second, answers), cluster: cluster(second, states) };
        word(&check_standby::decide(&story.view(StepName::CheckStandby, second), seen))
    };
    let (down, up) = ("Succeeded/Stopped", "Succeeded/Running");
    assert_eq!(check(parked(), 5, Some(true), down), "done");
    for (answers, states) in [(Some(false), down), (None, down), (Some(true), up), (Some(true), "?")] {
        assert_eq!(check(parked(), 5, answers, states), "wait", "one bad look: {answers:?} {states}");
        assert_eq!(check(parked(), 60, answers, states), "fail", "{answers:?} {states}");
    }
    assert_eq!(check(StandbyWorkload::NotKnown, 60, Some(true), down), "fail");
    let just_now = StandbyWorkload::Parked { counts: counts(), since: at(-600) };
    assert_eq!(check(just_now.clone(), 60, Some(true), down), "wait", "AKS wants its rest");
    assert_eq!(check(just_now, 1_201, Some(true), down), "done");
}

#[test]
fn the_standby_is_stopped_once_and_never_while_it_serves() {
    let drill = story(RunKind::StandbyDrill, parked()).started(0, STOP);
    let stop = |story: &Story, second, states, answers: Option<bool>| {
        let (cluster, other) = (cluster(second, states), origin(second, answers.map(|answers| !answers)));
        let seen = stop_replica::Seen { cluster, origin: origin(second, answers), other };
        word(&stop_replica::decide(&story.view(STOP, second), &SiteName::new("centralus"), seen))
    };
    let (up, stopping, down) = ("Succeeded/Running", "Stopping/Stopped", "Succeeded/Stopped");
    assert_eq!(stop(&drill, 1, up, Some(false)), "stop cluster");
    assert_eq!(stop(&drill, 1, up, Some(true)), "wait");
    assert_eq!(stop(&drill, 601, up, Some(true)), "ask");
    assert_eq!(stop(&drill, 1, down, Some(true)), "done");
    let unseen = |answers| stop_replica::Seen {
        cluster: cluster(1, up),
        origin: origin(1, Some(true)),
        other: origin(1, answers),
    };
    let standby = SiteName::new("centralus");
    let word_of = |answers| word(&stop_replica::decide(&drill.view(STOP, 1), &standby, unseen(answers)));
    assert_eq!((word_of(None).as_str(), word_of(Some(true)).as_str()), ("wait", "stop cluster"), "a second writer");
    let sent = drill.clone().sent(1, STOP, Some(accepted()));
    assert_eq!(stop(&sent, 20, up, Some(false)), "wait", "an accepted stop shows within a poll or two");
    assert_eq!(stop(&sent, 60, up, Some(false)), "stop cluster");
    assert_eq!(stop(&sent, 60, stopping, Some(false)), "wait");
    assert_eq!(stop(&sent, 700, stopping, Some(false)), "ask", "a person is told, and it is looked at on");
}

#[test]
fn a_release_that_was_cut_off_is_finished_with_the_counts_from_before_and_else_a_person_is_asked() {
    let half = seen(0, 3, 1);
    let mut remembering = story(RunKind::Failover, StandbyWorkload::NotKnown);
    remembering = remembering.remembering(counts()).started(0, RELEASE);
    assert_eq!(word(&release(&remembering, 1, Some(half.clone()), None)), "app to 2");
    let partly = story(RunKind::Failover, StandbyWorkload::NotKnown)
        .saw(0, StepName::ResetSearchIndex, workload(0, half.clone()))
        .started(0, RELEASE);
    assert_eq!(
        word(&release(&partly, 1, Some(half), None)),
        "ask",
        "what was seen of one part tells nothing of the other"
    );
}
