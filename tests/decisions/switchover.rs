//! The planned move: who takes precedence over it and when, what it puts back, and when the way back begins.

use super::fixture::{
    PRIMARY, STANDBY, Story, accepted, alert, app_serves, at, cause, cluster, fact, ledger, origin, person,
    plan_parked, served_by_standby, site, started_cluster, writable,
};
use super::workload::{app, counts, parked, scaled, search, seen, word};
use reveille::domain::drill::{
    Asked, Drill, DrillDue, DrillKind, Facts, Parking, Schedule, ask, may_begin, may_go_back,
};
use reveille::domain::ledger::{Decision, LedgerEvent, PlanState, Request, admit};
use reveille::domain::look::Look;
use reveille::domain::names::{DrillName, IncidentId, RunId};
use reveille::domain::observation::Observation;
use reveille::domain::parking::ParkingState;
use reveille::domain::path::PathView;
use reveille::domain::plan::Plan;
use reveille::domain::report::interruption;
use reveille::domain::run::parking::{old_workload_left, workload_left};
use reveille::domain::run::{Ask, Next, RunEvent, Sent, StartedBy, next};
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::workload::WorkloadView;
use reveille::steps::{interruption as unattended, park_primary, restore_primary};
use std::time::Duration;

use StepName::{
    CheckStandby, ParkPrimary, ParkWorkload, ReleaseWorkload, RestorePrimary, StartReplica, StopPrimary, StopReplica,
    VerifyApp, VerifyIngress, VerifyPath, VerifyRoute, VerifyWriter,
};

const NOW: i64 = 100_000;

fn run(name: &str) -> RunId {
    RunId::new(name)
}

fn due() -> DrillDue {
    DrillDue { drill: DrillName::new("quarterly"), occurrence: at(NOW) }
}

fn scheduled() -> StartedBy {
    StartedBy::Schedule { due: due() }
}

fn drill(kind: DrillKind, name: &str) -> Drill {
    Drill {
        name: DrillName::new(name),
        kind,
        schedule: Schedule::parse("0 0 * * * *", "UTC".parse().unwrap()).unwrap(),
        windows: vec!["MON-SUN 03:00-05:00".parse().unwrap()],
        blocked: Vec::new(),
        catch_up: Duration::from_secs(3_600),
    }
}

fn plan() -> Plan {
    Plan { drills: vec![drill(DrillKind::Switchover, "quarterly")], ..plan_parked() }
}

// --- the ledger ---------------------------------------------------------------------------------------------------

fn admitted(name: &str, leave: &str, by: StartedBy) -> LedgerEvent {
    LedgerEvent::RunAdmitted {
        run: run(name),
        incident: IncidentId::new("d1"),
        kind: RunKind::SwitchoverDrill,
        leave: site(leave),
        by,
        key: None,
        config_digest: String::new(),
    }
}

fn begun(name: &str) -> LedgerEvent {
    LedgerEvent::MoveBegun { run: run(name) }
}

fn moved(name: &str, to: &str) -> LedgerEvent {
    LedgerEvent::PrimaryMoved { run: run(name), site: site(to) }
}

fn closed(name: &str, outcome: &str, serves: Option<&str>) -> LedgerEvent {
    let serves = serves.map(site);
    LedgerEvent::RunClosed { run: run(name), outcome: outcome.into(), closes: serves.is_some(), serves }
}

fn outage() -> Request {
    Request::Outage(cause(alert(), None))
}

fn decide(state: &PlanState, request: &Request, second: i64) -> String {
    match admit(state, &plan(), request, at(second)) {
        Decision::Admit(admission) => {
            let over = admission.preempts.map(|lesser| format!(" over {lesser}")).unwrap_or_default();
            format!("{} from {}{over}", admission.kind, admission.leave)
        }
        Decision::Join { run } => format!("join {run}"),
        Decision::Defer { guard, .. } => format!("held: {:?}", guard.kind),
        Decision::Refuse { refusal } => refusal.word().to_owned(),
        Decision::Nothing { .. } => "nothing".to_owned(),
    }
}

#[test]
fn an_outage_takes_precedence_until_the_primary_is_taken_away_and_again_once_the_other_site_serves() {
    let mut events = vec![(1, admitted("r1", PRIMARY, scheduled()))];
    assert_eq!(decide(&ledger(events.clone()), &outage(), 2), "failover from eastus2 over r1");
    events.push((10, begun("r1")));
    let moving = ledger(events.clone());
    assert_eq!(decide(&moving, &outage(), 20), "held: Moving");
    let Decision::Defer { open, guard, .. } = admit(&moving, &plan(), &outage(), at(20)) else { panic!() };
    assert!(open.is_some(), "nothing that was told is lost");
    assert_eq!(guard.until, Some(at(10) + plan().rto), "a move has as long as a recovery may take");
    assert_eq!(decide(&moving, &outage(), 10 + plan().rto.as_secs() as i64), "failover from eastus2 over r1");
    events.push((60, moved("r1", STANDBY)));
    assert_eq!(decide(&ledger(events), &outage(), 61), "failover from centralus over r1");
}

#[test]
fn what_the_move_itself_has_alarmed_is_over_when_the_other_site_serves_and_is_asked_again_when_it_does_not() {
    let opened = LedgerEvent::IncidentOpened {
        incident: IncidentId::new("i1"),
        primary: site(PRIMARY),
        cause: cause(alert(), None),
    };
    let told = [(1, admitted("r1", PRIMARY, scheduled())), (10, begun("r1")), (20, opened)];
    let then = |more: Vec<(i64, LedgerEvent)>| ledger(told.iter().cloned().chain(more).collect());
    assert_eq!(then(vec![(60, moved("r1", STANDBY))]).incident, None);
    let failed = then(vec![(60, closed("r1", "failed", None))]);
    assert_eq!(decide(&failed, &Request::AskAgain, 61), "failover from eastus2");
}

#[test]
fn a_person_who_orders_a_failover_joins_a_move_that_goes_the_same_way_unless_by_force() {
    let moving = ledger(vec![(1, admitted("r1", PRIMARY, scheduled())), (10, begun("r1"))]);
    let failover = |force| Request::Failover { cause: cause(person(force), None), force };
    assert_eq!(decide(&moving, &failover(false), 20), "join r1");
    assert_eq!(decide(&moving, &failover(true), 20), "failover from eastus2 over r1");
    let before = ledger(vec![(1, admitted("r1", PRIMARY, scheduled()))]);
    assert_eq!(decide(&before, &failover(false), 20), "failover from eastus2 over r1");
}

// --- the way back -------------------------------------------------------------------------------------------------

/// Moved away at the end of an hour.
fn away(by: StartedBy) -> PlanState {
    ledger(vec![
        (NOW, admitted("r1", PRIMARY, by)),
        (NOW + 1, begun("r1")),
        (NOW + 60, moved("r1", STANDBY)),
        (NOW + 90, closed("r1", "switched", Some(STANDBY))),
    ])
}

fn good(second: i64) -> Facts {
    Facts {
        primary: Some(origin(second, Some(true))),
        origin_health: Some(fact(second, Some(100.0))),
        standby: Some(cluster(second, "Succeeded/Stopped")),
        parking: Some(Parking::Parked),
        standby_stopped_at: None,
    }
}

fn back(state: &PlanState, second: i64) -> &'static str {
    let Some(away) = &state.away else { return "home" };
    may_go_back(away, state, &plan(), &good(second), at(second)).err().map_or("may begin", |refusal| refusal.word())
}

#[test]
fn the_way_back_waits_for_the_rest_of_the_cluster_and_for_a_window_of_its_schedule() {
    let (rest, three) = (31 * 60, 86_400 * 2 + 3 * 3_600);
    let by_person = away(person(false));
    assert_eq!(back(&by_person, NOW + 120), "stopped-recently");
    assert_eq!(back(&by_person, NOW + 90 + rest), "may begin", "a person who ordered it chose the time");
    let by_schedule = away(scheduled());
    // 100,000 s is 03:46 in the second night: the rest is over within the window, which then closes for a day.
    assert_eq!(back(&by_schedule, NOW + 90 + rest), "may begin");
    assert_eq!(back(&by_schedule, NOW + 2 * 3_600), "outside-window");
    assert_eq!(back(&by_schedule, three + 60), "may begin", "it is never dropped");
    let request = Request::WayBack { facts: Box::new(good(three + 60)) };
    assert_eq!(decide(&by_schedule, &request, three + 60), "switchover-drill from centralus");
    let home = ledger(Vec::new());
    assert_eq!(decide(&home, &request, three + 60), "nothing");
}

#[test]
fn a_way_back_that_came_through_or_a_failover_home_is_the_end_of_it() {
    let mut state = away(scheduled());
    let back_home = [
        admitted("r2", STANDBY, StartedBy::WayBack { of_run: run("r1") }),
        begun("r2"),
        moved("r2", PRIMARY),
        closed("r2", "switched", Some(PRIMARY)),
    ];
    let mut by_run = state.clone();
    back_home.iter().for_each(|event| by_run.apply(event, at(NOW + 9_000)));
    assert_eq!((&by_run.away, by_run.primary), (&None, Some(site(PRIMARY))));
    let failover = LedgerEvent::RunAdmitted {
        run: run("r3"),
        incident: IncidentId::new("i1"),
        kind: RunKind::Failover,
        leave: site(STANDBY),
        by: alert(),
        key: None,
        config_digest: String::new(),
    };
    state.apply(&failover, at(NOW + 9_000));
    state.apply(&closed("r3", "recovered", Some(PRIMARY)), at(NOW + 9_500));
    assert_eq!(state.away, None);
}

#[test]
fn a_way_back_that_failed_waits_for_a_persons_order() {
    let mut state = away(scheduled());
    let tried = [admitted("r2", STANDBY, StartedBy::WayBack { of_run: run("r1") }), closed("r2", "failed", None)];
    tried.iter().for_each(|event| state.apply(event, at(NOW + 3_000)));
    let later = NOW + 86_400;
    assert_eq!(back(&state, later), "way-back-failed");
    let (by, facts) = (person(false), Box::new(good(later)));
    let ordered = Request::DrillByHand { kind: DrillKind::Switchover, by, key: None, facts };
    assert_eq!(decide(&state, &ordered, later), "switchover-drill from centralus");
}

#[test]
fn while_the_way_back_is_to_come_nothing_else_is_rehearsed() {
    let (state, later) = (away(scheduled()), NOW + 86_400);
    let begins = |kind| may_begin(kind, &state, &plan(), &good(later), at(later)).err().map(|refusal| refusal.word());
    assert_eq!(begins(DrillKind::Standby), Some("switched-over"));
    assert_eq!(begins(DrillKind::Readiness), None);
    let mut known = state.clone();
    let (kind, schedule) = (DrillKind::Switchover, plan().drills[0].schedule.to_string());
    known.apply(&LedgerEvent::DrillScheduled { drill: due().drill, kind, schedule }, at(NOW - 7_200));
    let (_, waiting) = reveille::domain::drill::pending(&known, &plan(), at(later)).remove(0);
    let Asked::Refused { refusal, .. } = ask(&known, &plan(), &waiting, &good(later), at(later)) else { panic!() };
    assert_eq!(refusal.word(), "switched-over", "the next occurrence would move away from home again");
}

#[test]
fn a_switchover_is_opted_in_to() {
    let asked = |plan: &Plan| {
        let (by, facts) = (person(false), Box::new(good(NOW)));
        let request = Request::DrillByHand { kind: DrillKind::Switchover, by, key: None, facts };
        match admit(&PlanState::default(), plan, &request, at(NOW)) {
            Decision::Refuse { refusal } => refusal.word().to_owned(),
            other => format!("{other:?}"),
        }
    };
    assert_eq!(asked(&Plan { drills: vec![drill(DrillKind::Standby, "weekly")], ..plan() }), "not-configured");
    assert!(asked(&plan()).starts_with("Admit"));
}

// --- the run ------------------------------------------------------------------------------------------------------

fn story(by: StartedBy) -> Story {
    Story::with_standby(RunKind::SwitchoverDrill, plan(), by, parked())
}

fn workload(second: i64, name: &str, view: WorkloadView) -> Observation {
    Observation::Workload { site: site(name), workload: fact(second, Some(view)) }
}

fn rests(second: i64, name: &str) -> Observation {
    Observation::Cluster { site: site(name), cluster: cluster(second, "Succeeded/Stopped"), nodes: None }
}

/// Everything that is proven before the primary is touched; the standby's cluster was started at second 10.
fn ready() -> Story {
    let standby = Observation::Standby {
        site: site(STANDBY),
        primary: origin(5, Some(true)),
        cluster: cluster(5, "Succeeded/Stopped"),
    };
    let ingress =
        Observation::Ingress { site: site(STANDBY), certificate: None, origin: fact(230, Some(unavailable())) };
    story(person(false))
        .proven(5, CheckStandby, standby)
        .started(10, StartReplica)
        .sent(10, StartReplica, Some(accepted()))
        .then(200, RunEvent::StepSucceeded { step: StartReplica, proof: started_cluster(200) })
        .proven(210, ParkWorkload, workload(210, STANDBY, seen(0, 0, 0)))
        .proven(220, VerifyPath, Observation::Path { site: site(STANDBY), path: fact(220, Some(PathView::Reached)) })
        .proven(230, VerifyIngress, ingress)
        .proven(240, VerifyWriter, writable(240))
}

fn unavailable() -> reveille::domain::application::OriginView {
    reveille::domain::application::OriginView::Unhealthy { said: "503".into() }
}

/// The primary's application was scaled to zero at second 250.
fn parking() -> Story {
    let saw = workload(249, PRIMARY, seen(2, 3, 5));
    scaled(ready().started(245, ParkPrimary).saw(249, ParkPrimary, saw), 250, ParkPrimary, app(), 0, accepted())
}

fn failed(story: Story, second: i64, step: StepName) -> Story {
    let (class, message) = (reveille::domain::failure::FailureClass::Other, "test".to_owned());
    story.then(second, RunEvent::StepFailed { step, class, message })
}

fn silent() -> Story {
    parking().then(260, RunEvent::StepSucceeded { step: ParkPrimary, proof: workload(260, PRIMARY, seen(0, 0, 0)) })
}

/// The standby was released at second 270, and serves from second 300 on.
fn served() -> Story {
    scaled(silent().started(265, ReleaseWorkload), 270, ReleaseWorkload, search(), 3, accepted())
        .then(280, RunEvent::StepSucceeded { step: ReleaseWorkload, proof: workload(280, STANDBY, seen(2, 3, 5)) })
        .proven(290, VerifyApp, app_serves(290))
        .proven(300, VerifyRoute, served_by_standby(300))
}

fn then(story: &Story, second: i64) -> String {
    match next(&story.state(), at(second)) {
        Next::Steps(steps) => steps.iter().map(|step| step.as_str()).collect::<Vec<_>>().join(", "),
        Next::End(outcome) => outcome.word().to_owned(),
        other => format!("{other:?}").split(' ').next().unwrap_or_default().to_owned(),
    }
}

#[test]
fn a_schedule_needs_an_approval_even_where_the_plan_acts_and_the_way_back_none() {
    let checked = |by| {
        let standby = Observation::Standby {
            site: site(STANDBY),
            primary: origin(5, Some(true)),
            cluster: cluster(5, "Succeeded/Stopped"),
        };
        story(by).proven(5, CheckStandby, standby)
    };
    assert_eq!(then(&checked(scheduled()), 6), "AskApproval");
    assert_eq!(then(&checked(person(false)), 6), "start-replica");
    assert_eq!(then(&checked(StartedBy::WayBack { of_run: run("r1") }), 6), "start-replica");
    let approved = RunEvent::Approved { by: "ann".into(), said: None, why: "test".into() };
    assert_eq!(then(&checked(scheduled()).then(7, approved), 8), "start-replica");
}

#[test]
fn the_primary_is_touched_only_when_everything_else_is_proven() {
    assert_eq!(then(&ready(), 241), "park-primary");
    let unproven = failed(ready().started(241, VerifyWriter), 242, VerifyWriter);
    assert_eq!(then(&unproven, 243), "stop-replica", "nothing of the primary is to be put back");
}

#[test]
fn a_move_that_came_through_ends_with_both_sites_proven() {
    let stopped = served().proven(400, StopPrimary, rests(400, PRIMARY));
    assert_eq!(then(&stopped, 401), "verify-writer, verify-route", "what was seen long ago is seen once more");
    let fresh = stopped.proven(402, VerifyWriter, writable(402)).proven(403, VerifyRoute, served_by_standby(403));
    assert_eq!(then(&fresh, 404), "switched");
    let (state, counts) = (fresh.state(), counts());
    assert_eq!(workload_left(&state), Some((site(STANDBY), ParkingState::Released)));
    assert_eq!(old_workload_left(&state), Some((site(PRIMARY), ParkingState::Parked { counts })));
    let felt = interruption(&state).unwrap();
    assert_eq!((felt.from, felt.to, felt.put_back), (at(251), Some(at(300)), false));
}

#[test]
fn what_fails_while_nothing_serves_gives_the_primary_back_and_then_the_standby_its_rest() {
    let broken = failed(silent().started(261, ReleaseWorkload), 262, ReleaseWorkload);
    assert_eq!(then(&broken, 263), "restore-primary");
    let restored = Observation::Restored {
        site: site(PRIMARY),
        origin: origin(300, Some(true)),
        workload: fact(300, Some(seen(2, 3, 5))),
        standby: Box::new(fact(300, Some(seen(0, 0, 0)))),
        by: None,
    };
    let given_back = scaled(broken.clone().started(264, RestorePrimary), 265, RestorePrimary, search(), 3, accepted())
        .then(300, RunEvent::StepSucceeded { step: RestorePrimary, proof: restored });
    assert_eq!(then(&given_back, 301), "stop-replica");
    let over = given_back.proven(400, StopReplica, rests(400, STANDBY));
    assert_eq!(then(&over, 401), "failed");
    let state = over.state();
    assert_eq!(workload_left(&state), Some((site(STANDBY), ParkingState::Parked { counts: counts() })));
    assert_eq!(old_workload_left(&state), Some((site(PRIMARY), ParkingState::Released)));
    let felt = interruption(&state).unwrap();
    assert_eq!((felt.to, felt.put_back), (Some(at(300)), true));
    let aborted = RunEvent::AbortRequested { by: "ann".into(), said: None, why: "test".into() };
    assert_eq!(then(&silent().then(262, aborted), 263), "restore-primary", "so does a person's word");
}

#[test]
fn a_primary_that_is_lost_meanwhile_is_left_to_the_failover() {
    let unseen = Observation::Workload { site: site(PRIMARY), workload: fact(260, None) };
    let lost = failed(parking().saw(260, ParkPrimary, unseen), 300, ParkPrimary);
    assert_eq!(then(&lost, 301), "failed", "nothing can be put back there, and the standby may be needed");
}

#[test]
fn nothing_is_put_back_once_the_other_site_serves() {
    let stuck = failed(served().started(301, StopPrimary), 900, StopPrimary);
    assert_eq!(then(&stuck, 901), "failed");
    assert!(stuck.state().has_moved());
    let preempted = RunEvent::Preempted { by_run: run("r9") };
    assert_eq!(then(&silent().then(262, preempted), 263), "gave-way", "a failover goes on with what is there");
}

#[test]
fn a_step_that_nobody_helps_to_put_back_is_given_up() {
    let ask = reveille::domain::run::Ask {
        what: "test".into(),
        means: "test".into(),
        commands: Vec::new(),
        approve_means: None,
    };
    let asking = failed(silent().started(261, ReleaseWorkload), 262, ReleaseWorkload)
        .started(264, RestorePrimary)
        .then(270, RunEvent::NeedsOperator { step: RestorePrimary, ask });
    let wait = plan().timing.operator_wait.as_secs() as i64;
    assert_eq!(then(&asking, 270 + wait - 1), "restore-primary");
    assert_eq!(then(&asking, 270 + wait), "failed");
}

// --- the steps ----------------------------------------------------------------------------------------------------

fn park(story: &Story, second: i64, answers: Option<bool>, view: Option<WorkloadView>) -> String {
    let seen = park_primary::Seen { origin: origin(second, answers), workload: fact(second, view) };
    word(&park_primary::decide(&story.view(ParkPrimary, second), seen))
}

#[test]
fn a_primary_that_does_not_serve_is_not_taken_away() {
    let fresh = ready().started(245, ParkPrimary);
    let hold = plan().timing.confirm_hold.as_secs() as i64;
    assert_eq!(park(&fresh, 246, Some(true), Some(seen(2, 3, 5))), "app to 0");
    for answers in [Some(false), None] {
        assert_eq!(park(&fresh, 246, answers, Some(seen(2, 3, 5))), "wait");
        assert_eq!(park(&fresh, 245 + hold, answers, Some(seen(2, 3, 5))), "fail");
    }
    assert_eq!(park(&fresh, 246, Some(true), Some(seen(0, 0, 0))), "fail", "something else serves there");
}

#[test]
fn a_primary_that_is_being_taken_away_is_parked_in_time_or_not_at_all() {
    let limit = plan().timing.workload_deadline.as_secs() as i64;
    let hold = plan().timing.confirm_hold.as_secs() as i64;
    assert_eq!(park(&parking(), 255, Some(false), Some(seen(0, 3, 5))), "search to 0");
    assert_eq!(park(&parking(), 255, Some(false), Some(seen(0, 0, 2))), "wait");
    assert_eq!(park(&parking(), 255, Some(false), Some(seen(0, 0, 0))), "done");
    assert_eq!(park(&parking(), 245 + limit, Some(false), Some(seen(0, 0, 2))), "fail", "pods that do not go");
    let refused = Sent::Rejected {
        class: reveille::domain::failure::FailureClass::Permission,
        code: "Forbidden".into(),
        message: "test".into(),
        request_ids: Vec::new(),
    };
    let forbidden = scaled(parking(), 253, ParkPrimary, search(), 0, refused);
    assert_eq!(park(&forbidden, 260, Some(false), Some(seen(0, 3, 5))), "fail", "nobody is waited for");
    let gone = Observation::Workload { site: site(PRIMARY), workload: fact(260, None) };
    let unseen = parking().saw(260, ParkPrimary, gone);
    assert_eq!(park(&unseen, 260 + hold - 1, None, None), "wait");
    assert_eq!(park(&unseen, 260 + hold, None, None), "fail", "it is lost");
}

fn restore(
    story: &Story,
    second: i64,
    answers: bool,
    own: Option<WorkloadView>,
    beside: Option<WorkloadView>,
) -> String {
    let seen = restore_primary::Seen {
        origin: origin(second, Some(answers)),
        workload: fact(second, own),
        standby: fact(second, beside),
    };
    word(&restore_primary::decide(&story.view(RestorePrimary, second), seen))
}

fn anything() -> Ask {
    Ask { what: "It needs a person.".into(), means: "test".into(), commands: Vec::new(), approve_means: None }
}

#[test]
fn the_primary_gets_back_what_it_had_once_nothing_writes_beside_it() {
    let failed = failed(silent().started(261, ReleaseWorkload), 262, ReleaseWorkload).started(264, RestorePrimary);
    let limit = plan().timing.app_deadline.as_secs() as i64;
    let (none, all) = (seen(0, 0, 0), seen(2, 3, 5));
    assert_eq!(restore(&failed, 265, false, Some(none.clone()), Some(all.clone())), "app to 0", "the standby first");
    assert_eq!(restore(&failed, 265, false, Some(none.clone()), Some(seen(0, 0, 1))), "wait");
    assert_eq!(restore(&failed, 265, false, Some(none.clone()), None), "wait", "unknown is not silent");
    assert_eq!(restore(&failed, 264 + limit, false, Some(none.clone()), None), "ask");
    assert_eq!(restore(&failed, 265, false, Some(none.clone()), Some(none.clone())), "search to 3");
    let hold = plan().timing.confirm_hold.as_secs() as i64;
    let saw = |own: Option<WorkloadView>, beside: Option<WorkloadView>| Observation::Restored {
        site: site(PRIMARY),
        origin: origin(270, Some(false)),
        workload: fact(270, own),
        standby: Box::new(fact(270, beside)),
        by: None,
    };
    let blind = failed.clone().saw(270, RestorePrimary, saw(Some(none.clone()), None));
    assert_eq!(restore(&blind, 269 + hold, false, Some(none.clone()), None), "wait");
    assert_eq!(restore(&blind, 270 + hold, false, Some(none.clone()), None), "ask", "nothing serves meanwhile");
    let ask = RunEvent::NeedsOperator { step: RestorePrimary, ask: anything() };
    let word = RunEvent::Approved { by: "ann".into(), said: None, why: "its region is down".into() };
    let decided = blind.clone().then(280, ask).then(290, word);
    assert_eq!(restore(&decided, 291, false, Some(none.clone()), None), "search to 3", "a person may go on");
    assert_eq!(restore(&decided, 291, false, Some(none.clone()), Some(all.clone())), "app to 0", "what is seen counts");
    assert_eq!(restore(&decided, 320, true, Some(all.clone()), None), "done");
    assert_eq!(decided.state().owed(), Some((&site(STANDBY), "its region is down")));
    let lost = failed.clone().saw(270, RestorePrimary, saw(None, Some(none.clone())));
    assert_eq!(restore(&lost, 269 + hold, false, None, Some(none.clone())), "wait");
    assert_eq!(restore(&lost, 270 + hold, false, None, Some(none.clone())), "fail", "a failover's matter");
    assert_eq!(restore(&failed, 265, false, Some(seen(0, 3, 3)), Some(none.clone())), "app to 2");
    assert_eq!(restore(&failed, 265, false, Some(all.clone()), Some(none.clone())), "wait");
    assert_eq!(restore(&failed, 264 + limit, false, Some(all.clone()), Some(none.clone())), "ask");
    assert_eq!(restore(&failed, 265, true, Some(all), Some(none)), "done");
}

#[test]
fn nobody_is_asked_and_nothing_waited_for_long_while_nothing_serves() {
    let ask = |story: &Story, step, second| {
        let look = Look::Ask { ask: anything(), saw: None, again_in: Duration::from_secs(5) };
        word(&unattended::unattended(&story.view(step, second), look))
    };
    assert_eq!(ask(&story(person(false)).started(10, StartReplica), StartReplica, 11), "ask");
    assert_eq!(ask(&silent().started(261, ReleaseWorkload), ReleaseWorkload, 262), "fail");
    let half = plan().rto.as_secs() as i64 / 2;
    let waits = |second| {
        let look = Look::Pending { saw: None, again_in: Duration::from_secs(5) };
        let story = silent().started(261, ReleaseWorkload);
        word(&unattended::unattended(&story.view(ReleaseWorkload, second), look))
    };
    assert_eq!((waits(251 + half - 1).as_str(), waits(251 + half).as_str()), ("wait", "fail"));
    assert_eq!(ask(&served().started(301, StopPrimary), StopPrimary, 302), "ask");
    let restoring = failed(silent().started(261, ReleaseWorkload), 262, ReleaseWorkload).started(264, RestorePrimary);
    assert_eq!(ask(&restoring, RestorePrimary, 265), "ask", "here a person is the last resort");
}
