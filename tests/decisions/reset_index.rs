//! `reset-search-index` and `verify-index`: what is scaled and deleted when, what is left alone, and what the end says of it.

use super::fixture::{
    STANDBY, Story, accepted, at, confirmed, fact, fence, origin, plan_parked, served_by_standby, site,
    started_cluster, unanswered, writable, writer,
};
use reveille::domain::chain::Head;
use reveille::domain::failure::FailureClass;
use reveille::domain::look::Look;
use reveille::domain::observation::Observation;
use reveille::domain::outcome::Outcome;
use reveille::domain::parking::{ParkingState, StandbyWorkload};
use reveille::domain::plan::{Plan, SearchIndex};
use reveille::domain::report::Report;
use reveille::domain::run::parking::{counts, workload_left};
use reveille::domain::run::{Call, ClaimRef, Next, RunEvent, Sent, StartedBy, Verb, next};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::search_index::{IndexView, Indexation, SearchClaim};
use reveille::domain::secret::SecretRef;
use reveille::domain::workload::{ClaimView, Counts, PodPhase, PodView, WorkloadKind, WorkloadPart};
use reveille::domain::workload::{WorkloadRef, WorkloadView};
use reveille::domain::writer::WriterVerdict;
use reveille::steps::{release_workload, reset_search_index, verify_index};
use std::time::Duration;

const RESET: StepName = StepName::ResetSearchIndex;
const INDEX: StepName = StepName::VerifyIndex;

fn part(kind: WorkloadKind, name: &str, wanted: u32) -> WorkloadPart {
    let claim_templates = if kind == WorkloadKind::StatefulSet { vec!["data".to_owned()] } else { Vec::new() };
    WorkloadPart {
        object: WorkloadRef { kind, namespace: "sonarqube".into(), name: name.into() },
        wanted,
        existing: wanted,
        ready: wanted,
        settled: true,
        claim_templates,
        part: Some(name.into()),
        autoscaler: None,
    }
}

/// The workload with so many application and search nodes wanted, so many pods left, and claims made at these seconds.
fn seen(app: u32, search: u32, pods: usize, claims: &[i64]) -> IndexView {
    let pod = |number: usize| {
        let (phase, name) = (PodPhase::Running, format!("pod-{number}"));
        PodView { name, phase, ready: true, ending: false, waiting: None, exit_code: None }
    };
    let parts = vec![part(WorkloadKind::Deployment, "app", app), part(WorkloadKind::StatefulSet, "search", search)];
    let workload = WorkloadView { parts, pods: (0..pods).map(pod).collect(), autoscalers_unknown: None };
    IndexView { workload, claims: claims.iter().enumerate().map(|(at, made)| claim(at, *made)).collect() }
}

fn claim(ordinal: usize, made: i64) -> SearchClaim {
    let claim = ClaimView {
        namespace: "sonarqube".into(),
        name: format!("data-search-{ordinal}"),
        uid: format!("u{ordinal}"),
        phase: "Bound".into(),
        created: Some(at(made)),
        ending: false,
    };
    SearchClaim { claim, foreign: None }
}

fn plan(token: bool, wait: u64) -> Plan {
    let mut plan = plan_parked();
    let index = SearchIndex { token: token.then(|| SecretRef::Env("T".into())), wait: Duration::from_secs(wait) };
    plan.kubernetes.as_mut().unwrap().search_index = Some(index);
    plan
}

fn parked() -> StandbyWorkload {
    let counts = Counts::from([(object("app"), 2), (object("search"), 3)]);
    StandbyWorkload::Parked { counts, since: at(-3_600) }
}

fn object(name: &str) -> WorkloadRef {
    seen(0, 0, 0, &[]).workload.parts.into_iter().find(|part| part.object.name == name).unwrap().object
}

fn story(standby: StandbyWorkload) -> Story {
    let by = StartedBy::Person { by: "ann".into(), said: None, why: "test".into(), force: false };
    Story::with_standby(RunKind::Failover, plan(true, 0), by, standby).started(0, RESET)
}

fn reset(story: &Story, second: i64, index: Option<IndexView>, answers: Option<bool>) -> Look {
    let seen = reset_search_index::Seen { index: fact(second, index), origin: origin(second, answers) };
    reset_search_index::decide(&story.view(RESET, second), seen)
}

fn word(look: &Look) -> String {
    match look {
        Look::Done { proof: Observation::IndexKept { .. } } => "kept".into(),
        Look::Done { .. } => "done".into(),
        Look::Call { call: Call { scale: Some(scale), .. }, .. } => {
            format!("{} to {}", scale.object.name, scale.replicas)
        }
        Look::Call { call: Call { claim: Some(claim), .. }, .. } => format!("delete {}", claim.name),
        Look::Pending { .. } => "wait".into(),
        Look::Ask { .. } => "ask".into(),
        other => panic!("{other:?}"),
    }
}

fn deleted(story: Story, second: i64, ordinal: usize, outcome: Sent) -> Story {
    let claim = Some(ClaimRef::from(&claim(ordinal, -500).claim));
    let call = Call { claim, ..Call::on(Verb::DeleteClaim, "the cluster") };
    let told = story.then(second, RunEvent::Intent { step: RESET, call, send_before: at(second + 10) });
    told.then(second + 1, RunEvent::Sent { step: RESET, outcome })
}

#[test]
fn everything_is_at_zero_before_the_first_old_claim_goes() {
    let started = story(StandbyWorkload::StartsWithCluster).sent(1, StepName::StartReplica, Some(accepted()));
    let old = [-500, -500, -500];
    for (view, expected) in [
        (seen(2, 3, 5, &old), "app to 0"),
        (seen(0, 3, 5, &old), "search to 0"),
        (seen(0, 0, 1, &old), "wait"),
        (seen(0, 0, 0, &old), "delete data-search-0"),
        (seen(0, 0, 0, &[]), "done"),
        (seen(2, 3, 5, &[50, 51, 52]), "done"),
        (seen(0, 0, 0, &[50, -500, 52]), "delete data-search-1"),
    ] {
        assert_eq!(word(&reset(&started, 60, Some(view.clone()), Some(true))), expected, "{view:?}");
    }
}

#[test]
fn claims_go_one_after_the_other_and_one_that_was_deleted_is_waited_for() {
    let old = [-500, -500];
    let parked = story(parked());
    assert_eq!(word(&reset(&parked, 1, Some(seen(0, 0, 0, &old)), Some(false))), "delete data-search-0");
    let first = deleted(parked.clone(), 1, 0, accepted());
    assert_eq!(word(&reset(&first, 3, Some(seen(0, 0, 0, &old)), Some(false))), "wait", "it shows at the next look");
    let mut ending = seen(0, 0, 0, &old);
    ending.claims[0].claim.ending = true;
    assert_eq!(word(&reset(&first, 3, Some(ending.clone()), Some(false))), "delete data-search-1");
    ending.claims[1].claim.ending = true;
    assert_eq!(word(&reset(&first, 30, Some(ending.clone()), Some(false))), "wait");
    assert_eq!(word(&reset(&first, 601, Some(ending), Some(false))), "ask");
    let lost = deleted(parked, 1, 0, unanswered());
    assert_eq!(word(&reset(&lost, 30, Some(seen(0, 0, 0, &old)), Some(false))), "delete data-search-0");
}

#[test]
fn what_is_not_recognised_or_refused_is_asked_about_and_nothing_is_deleted() {
    let mut foreign = seen(0, 0, 0, &[-500]);
    foreign.claims[0].foreign = Some("it belongs to Pod other-0".into());
    let mut unlabelled = seen(0, 0, 0, &[-500]);
    unlabelled.workload.parts[1].part = None;
    for view in [foreign, unlabelled] {
        let Look::Ask { ask, .. } = reset(&story(parked()), 1, Some(view), Some(false)) else { panic!("no question") };
        assert!(ask.what.contains("nothing was deleted") && ask.approve_means.is_some(), "{ask:?}");
    }
    let no = Sent::Rejected {
        class: FailureClass::Permission,
        code: "Forbidden".into(),
        message: "no".into(),
        request_ids: vec![],
    };
    let refused = deleted(story(parked()), 1, 0, no);
    let Look::Ask { ask, .. } = reset(&refused, 3, Some(seen(0, 0, 0, &[-500])), Some(false)) else { panic!() };
    let typed = ask.commands.join("\n");
    assert!(typed.contains("kubectl delete pvc data-search-0 --namespace sonarqube"), "{typed}");
    assert_eq!(word(&reset(&story(parked()), 30, None, Some(false))), "wait");
    assert_eq!(word(&reset(&story(parked()), 601, None, Some(false))), "ask");
}

#[test]
fn a_person_may_go_on_with_the_old_index_and_the_end_says_so() {
    let approved = story(parked())
        .then(1, RunEvent::NeedsOperator { step: RESET, ask: ask() })
        .then(2, RunEvent::Approved { by: "ann".into(), said: None, why: "search can wait".into() });
    let look = reset(&approved, 3, Some(seen(0, 0, 0, &[-500])), Some(false));
    let Look::Done { proof } = &look else { panic!("{look:?}") };
    assert!(proof.text().contains("ann decided") && proof.text().contains("search can wait"), "{}", proof.text());
    assert_eq!(word(&reset(&approved, 3, Some(seen(0, 0, 0, &[])), Some(false))), "done", "done is better than kept");
}

fn ask() -> reveille::domain::run::Ask {
    let (what, means) = ("?".to_owned(), String::new());
    reveille::domain::run::Ask { what, means, commands: Vec::new(), approve_means: Some("go on".into()) }
}

#[test]
fn an_application_that_may_be_serving_keeps_its_index() {
    let untouched = story(StandbyWorkload::NotKnown);
    let old = || Some(seen(2, 3, 5, &[-500]));
    assert_eq!(word(&reset(&untouched, 1, old(), Some(true))), "kept");
    assert_eq!(word(&reset(&untouched, 1, old(), None)), "wait");
    assert_eq!(word(&reset(&untouched, 1, old(), Some(false))), "app to 0");
    let there = Sent::AlreadyThere { said: "it runs".into() };
    let ran_before = untouched.clone().sent(1, StepName::StartReplica, Some(there));
    assert_eq!(word(&reset(&ran_before, 3, old(), Some(true))), "kept");
    let started = untouched.sent(1, StepName::StartReplica, Some(accepted()));
    assert_eq!(word(&reset(&started, 3, old(), Some(true))), "app to 0", "it came up with the cluster just now");
}

#[test]
fn the_release_brings_back_what_the_reset_has_seen() {
    let saw = |view| Observation::SearchIndex { site: site(STANDBY), since: at(0), index: fact(1, Some(view)) };
    let run = story(StandbyWorkload::StartsWithCluster).saw(1, RESET, saw(seen(4, 3, 7, &[-500]))).saw(
        9,
        RESET,
        saw(seen(0, 0, 0, &[-500])),
    );
    let remembered = Counts::from([(object("app"), 4), (object("search"), 3)]);
    assert_eq!(counts(&run.state()), Some(remembered.clone()));
    let view = run.clone().started(10, StepName::ReleaseWorkload).view(StepName::ReleaseWorkload, 10);
    let zero = seen(0, 3, 3, &[20]).workload;
    let look =
        release_workload::decide(&view, release_workload::Seen { workload: fact(10, Some(zero)), unfenced: None });
    assert_eq!(word(&look), "app to 4");
    let ended = run.then(12, RunEvent::StepSucceeded { step: RESET, proof: saw(seen(0, 0, 0, &[])) });
    let left = workload_left(&ended.state()).map(|(_, state)| state);
    assert_eq!(left, Some(ParkingState::Parked { counts: remembered }), "what was not released stays parked");
    let only_claims = deleted(story(parked()), 1, 0, accepted());
    assert_eq!(workload_left(&only_claims.state()), None, "the ledger knows it as parked already");
}

// --- how far it is ------------------------------------------------------------------------------------------------

fn indexation(percent: u8) -> Indexation {
    Indexation { complete: percent == 100, failures: false, percent }
}

#[test]
fn the_index_is_waited_for_as_long_as_the_plan_says_and_no_longer() {
    for (token, wait, second, percent, expected) in [
        (true, 0, 5, Some(40), "done"),
        (true, 30, 5, Some(40), "wait"),
        (true, 30, 5, None, "wait"),
        (true, 30, 5, Some(100), "done"),
        (true, 30, 40, Some(40), "done"),
        (true, 30, 40, None, "done"),
        (false, 30, 5, None, "done"),
    ] {
        let story = Story::with_standby(RunKind::Failover, plan(token, wait), super::fixture::alert(), parked());
        let served = story.started(1, INDEX).proven(2, StepName::VerifyRoute, served_by_standby(2));
        let look = verify_index::decide(&served.view(INDEX, second), fact(second, percent.map(indexation)));
        assert_eq!(word(&look), expected, "{token} {wait} {second} {percent:?}");
    }
    let coming_up = Story::with_standby(RunKind::Failover, plan(true, 0), super::fixture::alert(), parked());
    let look = verify_index::decide(&coming_up.started(1, INDEX).view(INDEX, 600), fact(600, Some(indexation(40))));
    assert_eq!(word(&look), "wait", "the route comes first");
}

/// The end of a failover whose reset and index came to this.
fn end(reset: Observation, index: Option<Indexation>) -> Vec<String> {
    let app = reveille::domain::application::AppView::Serving {
        said: "UP".into(),
        search_index: reveille::domain::application::IndexState::NotVerified,
    };
    let workload = Observation::Workload { site: site(STANDBY), workload: fact(6, Some(seen(2, 3, 5, &[]).workload)) };
    let steps = [
        (StepName::ConfirmOutage, confirmed()),
        (StepName::FencePrimary, fence(1, "Succeeded/Stopped", Some(false))),
        (StepName::StartReplica, started_cluster(3)),
        (RESET, reset),
        (StepName::ReleaseWorkload, workload),
        (StepName::VerifyApp, Observation::App { app: fact(7, Some(app)) }),
        (INDEX, Observation::Indexation { indexation: fact(8, index) }),
        (StepName::VerifyWriter, writable(9)),
        (StepName::VerifyRoute, served_by_standby(9)),
    ];
    let story = Story::with_standby(RunKind::Failover, plan(true, 0), super::fixture::person(false), parked());
    let story = steps.into_iter().fold(story, |story, (step, proof)| story.proven(9, step, proof));
    match next(&story.state(), at(10)) {
        Next::End(Outcome::Recovered { serving }) => serving.not_proven().to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_a_reset_with_a_whole_index_behind_it_is_a_full_recovery() {
    let gone =
        || Observation::SearchIndex { site: site(STANDBY), since: at(0), index: fact(4, Some(seen(0, 0, 0, &[]))) };
    let kept = || Observation::IndexKept { site: site(STANDBY), why: "it may be serving".into(), by: None };
    assert_eq!(end(gone(), Some(indexation(100))), Vec::<String>::new());
    for (reset, index, says) in [
        (gone(), Some(indexation(58)), "58 % built when it was last seen"),
        (gone(), Some(Indexation { failures: true, ..indexation(100) }), "complete, with failures"),
        (gone(), None, "timed out"),
        (kept(), Some(indexation(100)), "it was not reset, it may be serving"),
    ] {
        let open = end(reset, index);
        assert_eq!(open.len(), 1, "{open:?}");
        assert!(open[0].contains("search index matches the database") && open[0].contains(says), "{open:?}");
    }
}

#[test]
fn a_run_that_stays_for_its_index_was_recovered_when_it_first_served() {
    let story = |writer_lost: bool| {
        let story = Story::with_standby(RunKind::Failover, plan(true, 600), super::fixture::alert(), parked());
        let served = story.proven(50, StepName::VerifyWriter, writable(50)).proven(
            60,
            StepName::VerifyRoute,
            served_by_standby(60),
        );
        let again = served.started(500, StepName::VerifyWriter);
        let again = if writer_lost { again.saw(505, StepName::VerifyWriter, lost(505)) } else { again };
        let again = again.then(510, RunEvent::StepSucceeded { step: StepName::VerifyWriter, proof: writable(510) });
        again.proven(520, StepName::VerifyRoute, served_by_standby(520)).state()
    };
    let recovered = |run| Report::of(&run, &Head::default()).recovery_time.seconds;
    assert_eq!(recovered(story(false)), Some(60.0));
    assert_eq!(recovered(story(true)), Some(510.0), "users could not write in between");
}

fn lost(second: i64) -> Observation {
    writer(second, WriterVerdict::InRecovery)
}
