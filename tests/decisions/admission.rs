//! Admission: a real outage is never turned away for good, and never started twice.

use super::fixture::{PRIMARY, STANDBY, alert, at, cause, default_plan, ledger, person, plan_parked, site};
use reveille::domain::ledger::admission::standby_workload;
use reveille::domain::ledger::{Decision, GuardKind, LedgerEvent, PlanState, Request, admit};
use reveille::domain::names::{IncidentId, RunId};
use reveille::domain::parking::{ParkingState, StandbyWorkload};
use reveille::domain::plan::Plan;
use reveille::domain::run::StartedBy;
use reveille::domain::runbook::RunKind;
use reveille::domain::workload::Counts;

#[test]
fn what_a_run_has_scaled_counts_for_more_than_what_is_configured() {
    let seen = |state| ledger(vec![(1, LedgerEvent::WorkloadSeen { site: site(STANDBY), run: run("r1"), state })]);
    let counts = Counts::new();
    let parked = || seen(ParkingState::Parked { counts: counts.clone() });
    let word = |state: &PlanState, plan: &Plan| match standby_workload(state, plan, &site(STANDBY)) {
        StandbyWorkload::StartsWithCluster => "starts",
        StandbyWorkload::Parked { .. } => "parked",
        StandbyWorkload::NotKnown => "not known",
    };
    let (starts, rests) = (default_plan(), plan_parked());
    let outside = Plan { kubernetes: None, ..default_plan() };
    for (state, plan, expected) in [
        (PlanState::default(), &starts, "starts"),
        (PlanState::default(), &rests, "not known"),
        (parked(), &starts, "parked"),
        (parked(), &rests, "parked"),
        (seen(ParkingState::Released), &starts, "not known"),
        (seen(ParkingState::Released), &rests, "not known"),
        (parked(), &outside, "starts"),
    ] {
        assert_eq!(word(&state, plan), expected, "{:?}", plan.workload);
    }
}

fn run(name: &str) -> RunId {
    RunId::new(name)
}

fn opened(key: Option<&str>) -> LedgerEvent {
    LedgerEvent::IncidentOpened { incident: IncidentId::new("i1"), primary: site(PRIMARY), cause: cause(alert(), key) }
}

fn admitted(name: &str, kind: RunKind, leave: &str, key: Option<&str>) -> LedgerEvent {
    LedgerEvent::RunAdmitted {
        run: run(name),
        incident: IncidentId::new("i1"),
        kind,
        leave: site(leave),
        by: alert(),
        key: key.map(str::to_owned),
        config_digest: String::new(),
    }
}

fn closed(name: &str, outcome: &str, closes: bool, serves: Option<&str>) -> LedgerEvent {
    LedgerEvent::RunClosed { run: run(name), outcome: outcome.into(), closes, serves: serves.map(site) }
}

fn owed(of: &str) -> LedgerEvent {
    LedgerEvent::FenceOwed { site: site(of), run: run("r1"), why: "test".into() }
}

fn paused() -> LedgerEvent {
    LedgerEvent::Paused { by: "ann".into(), said: None, why: "maintenance".into() }
}

fn acknowledged() -> LedgerEvent {
    LedgerEvent::Acknowledged { by: "ann".into(), said: None, why: "seen".into() }
}

fn decide(state: &PlanState, request: &Request, second: i64) -> Decision {
    admit(state, &default_plan(), request, at(second))
}

fn outage(key: Option<&str>) -> Request {
    Request::Outage(cause(alert(), key))
}

fn by_hand(force: bool) -> Request {
    Request::Failover { cause: cause(person(force), None), force }
}

/// The decision in a word, and who has to give way.
fn word(decision: &Decision) -> String {
    match decision {
        Decision::Admit(admission) => match &admission.preempts {
            Some(lesser) => format!("admit over {lesser}"),
            None => format!("admit {} leaving {}", admission.kind, admission.leave),
        },
        Decision::Join { run } => format!("join {run}"),
        Decision::Defer { guard, known, .. } => {
            let guard = if guard.kind == GuardKind::Paused { "paused" } else { "cooldown" };
            format!("defer {guard}{}", if *known { ", known" } else { "" })
        }
        Decision::Refuse { refusal } => format!("refuse {}", refusal.word()),
        Decision::Nothing { .. } => "nothing".into(),
    }
}

/// A failover that failed at second 100, its incident open.
fn after_failure() -> Vec<(i64, LedgerEvent)> {
    vec![
        (0, opened(Some("k"))),
        (0, admitted("r1", RunKind::Failover, PRIMARY, Some("k"))),
        (100, closed("r1", "failed", false, None)),
    ]
}

/// A recovery that went on without the fence.
fn after_recovery() -> Vec<(i64, LedgerEvent)> {
    vec![
        (0, opened(Some("k"))),
        (0, admitted("r1", RunKind::Failover, PRIMARY, Some("k"))),
        (50, owed(PRIMARY)),
        (100, closed("r1", "recovered", true, Some(STANDBY))),
    ]
}

fn and(mut events: Vec<(i64, LedgerEvent)>, more: Vec<(i64, LedgerEvent)>) -> PlanState {
    events.extend(more);
    ledger(events)
}

#[test]
fn an_outage_starts_one_run_and_opens_its_incident() {
    let Decision::Admit(admission) = decide(&PlanState::default(), &outage(Some("k")), 0) else { panic!() };
    assert_eq!((admission.kind, admission.leave), (RunKind::Failover, site(PRIMARY)));
    assert!(admission.open.is_some());
}

#[test]
fn repeats_of_an_alert_get_the_first_ones_run() {
    let running = ledger(vec![(0, opened(Some("k"))), (0, admitted("r1", RunKind::Failover, PRIMARY, Some("k")))]);
    let cases = [
        (&running, Some("k"), "join r1"),
        (&running, Some("another"), "join r1"),
        (&running, None, "join r1"),
        (&ledger(after_failure()), Some("k"), "join r1"),
        (&ledger(after_recovery()), Some("k"), "join r1"),
    ];
    for (state, key, expected) in cases {
        assert_eq!(word(&decide(state, &outage(key), 200)), expected, "{key:?}");
    }
}

#[test]
fn an_alert_whose_incident_is_closed_without_a_run_starts_nothing_new() {
    let state = and(vec![(0, opened(Some("k")))], vec![(1, admitted("r1", RunKind::Failover, PRIMARY, None))]);
    let mut closed_now = state.clone();
    closed_now.apply(&closed("r1", "declined", true, None), at(2));
    assert_eq!(word(&decide(&state, &outage(Some("k")), 3)), "join r1");
    assert_eq!(word(&decide(&closed_now, &outage(Some("k")), 3)), "nothing");
}

#[test]
fn guards_defer_once_and_are_asked_again_until_they_lift() {
    let plain = ledger(vec![(0, paused())]);
    assert_eq!(word(&decide(&plain, &outage(None), 1)), "defer paused");
    let Decision::Defer { open, .. } = decide(&plain, &outage(None), 1) else { panic!() };
    assert!(open.is_some(), "the outage must be written down even while the plan is paused");

    let held = LedgerEvent::Deferred { incident: IncidentId::new("i1"), guard: GuardKind::Paused, until: None };
    let waiting = ledger(vec![(0, paused()), (1, opened(None)), (1, held)]);
    assert_eq!(word(&decide(&waiting, &Request::AskAgain, 30)), "defer paused, known");

    let mut resumed = waiting.clone();
    resumed.apply(&LedgerEvent::Resumed { by: "ann".into(), said: None, why: "done".into() }, at(40));
    assert_eq!(word(&decide(&resumed, &Request::AskAgain, 60)), "admit failover leaving eastus2");
}

#[test]
fn the_cooldown_ends_by_time_by_acknowledgement_or_by_hand() {
    // The plan cools down for four minutes after second 100.
    let failed = ledger(after_failure());
    let seen = and(after_failure(), vec![(110, acknowledged())]);
    let cases = [
        (&failed, Request::AskAgain, 339, "defer cooldown"),
        (&failed, Request::AskAgain, 340, "admit failover leaving eastus2"),
        (&failed, outage(Some("another")), 200, "defer cooldown"),
        (&seen, Request::AskAgain, 111, "admit failover leaving eastus2"),
        (&failed, by_hand(false), 101, "admit failover leaving eastus2"),
    ];
    for (state, request, second, expected) in cases {
        assert_eq!(word(&decide(state, &request, second)), expected, "{request:?} at {second}");
    }
}

#[test]
fn only_what_moved_something_cools_down() {
    for (outcome, expected) in [
        ("no-outage", "admit failover leaving eastus2"),
        ("failed", "defer cooldown"),
        ("approval-timed-out", "defer cooldown"),
        ("aborted", "defer cooldown"),
    ] {
        let events = vec![
            (0, opened(None)),
            (0, admitted("r1", RunKind::Failover, PRIMARY, None)),
            (100, closed("r1", outcome, true, None)),
        ];
        assert_eq!(word(&decide(&ledger(events), &outage(None), 101)), expected, "{outcome}");
    }
}

#[test]
fn a_paid_debt_neither_ends_nor_begins_a_cooldown() {
    let paid = vec![(110, admitted("f1", RunKind::Fence, PRIMARY, None)), (120, closed("f1", "fenced", false, None))];
    let state = and(after_recovery(), paid.clone());
    assert_eq!(word(&decide(&state, &outage(None), 130)), "defer cooldown");
    let seen = and(after_recovery(), [vec![(105, acknowledged())], paid].concat());
    assert_eq!(word(&decide(&seen, &outage(None), 130)), "admit failover leaving centralus");
}

#[test]
fn a_person_skips_the_cooldown_but_only_force_skips_a_pause() {
    let state = and(after_failure(), vec![(110, paused())]);
    assert_eq!(word(&decide(&state, &by_hand(false), 120)), "defer paused, known");
    assert_eq!(word(&decide(&state, &by_hand(true), 120)), "admit failover leaving eastus2");
}

#[test]
fn a_persons_word_counts_for_the_run_that_it_ordered_and_no_later_one() {
    let forced = cause(person(true), None);
    let opened = LedgerEvent::IncidentOpened { incident: IncidentId::new("i1"), primary: site(PRIMARY), cause: forced };
    let by = |state: &PlanState| match decide(state, &Request::AskAgain, 1_000) {
        Decision::Admit(admission) => admission.by,
        other => panic!("{other:?}"),
    };
    let mut state = ledger(vec![(0, opened)]);
    assert_eq!(by(&state), person(true), "its run was never admitted");
    state.apply(&admitted("r1", RunKind::Failover, PRIMARY, None), at(0));
    state.apply(&closed("r1", "operator-wait-over", false, None), at(100));
    assert_eq!(by(&state), StartedBy::Again { after: run("r1") });
    assert!(!by(&state).needs_no_approval() && !by(&state).is_forced());
}

#[test]
fn a_failover_takes_precedence_over_a_fence_run_and_over_nothing_else() {
    let fencing = and(after_recovery(), vec![(400, admitted("f1", RunKind::Fence, PRIMARY, None))]);
    assert_eq!(word(&decide(&fencing, &outage(None), 500)), "admit over f1");
    let failing_over = ledger(vec![(0, opened(None)), (0, admitted("r1", RunKind::Failover, PRIMARY, None))]);
    for request in [outage(None), by_hand(true), Request::AskAgain, Request::PayDebt { site: site(PRIMARY) }] {
        let expected = if matches!(request, Request::PayDebt { .. }) { "nothing" } else { "join r1" };
        assert_eq!(word(&decide(&failing_over, &request, 1)), expected, "{request:?}");
    }
}

#[test]
fn a_debt_is_paid_at_first_contact_but_never_against_the_site_that_serves() {
    let pay = |of: &str| Request::PayDebt { site: site(of) };
    let owing = ledger(after_recovery());
    assert_eq!(word(&decide(&owing, &pay(PRIMARY), 101)), "admit fence leaving eastus2");
    assert_eq!(word(&decide(&owing, &pay(STANDBY), 101)), "nothing");
    let still_primary = ledger(vec![(0, owed(PRIMARY))]);
    assert_eq!(word(&decide(&still_primary, &pay(PRIMARY), 1)), "nothing");
    let held = and(after_recovery(), vec![(110, paused())]);
    assert_eq!(word(&decide(&held, &pay(PRIMARY), 120)), "defer paused, known");
}

#[test]
fn a_site_that_serves_again_owes_no_fence() {
    let back = vec![
        (400, admitted("r2", RunKind::Failover, STANDBY, None)),
        (500, closed("r2", "recovered", true, Some(PRIMARY))),
    ];
    assert!(and(after_recovery(), back).debts.is_empty());
}

#[test]
fn a_primary_that_was_not_left_after_all_owes_no_fence() {
    let after = |outcome: &str, closes: bool| {
        let events = vec![
            (0, opened(None)),
            (0, admitted("r1", RunKind::Failover, PRIMARY, None)),
            (50, owed(PRIMARY)),
            (100, closed("r1", outcome, closes, None)),
        ];
        ledger(events).debts.len()
    };
    for (outcome, closes, debts) in
        [("no-outage", true, 0), ("declined", true, 0), ("aborted", true, 0), ("operator-wait-over", false, 1)]
    {
        assert_eq!(after(outcome, closes), debts, "{outcome}");
    }
    let aborted =
        vec![(110, admitted("f1", RunKind::Fence, PRIMARY, None)), (120, closed("f1", "aborted", true, None))];
    assert_eq!(and(after_recovery(), aborted).debts.len(), 1, "an aborted fence run paid nothing");
}

#[test]
fn a_failover_that_leaves_the_other_site_forgets_no_debt_before_it_recovered() {
    let back = vec![(400, admitted("r2", RunKind::Failover, STANDBY, None))];
    let under_way = and(after_recovery(), back);
    assert_eq!(under_way.debts.len(), 1, "it may find no outage, and the owed site still runs");
    let mut none = under_way.clone();
    none.apply(&closed("r2", "no-outage", true, None), at(500));
    assert_eq!(word(&decide(&none, &Request::PayDebt { site: site(PRIMARY) }, 501)), "admit fence leaving eastus2");
}

#[test]
fn a_debt_run_says_whose_debt_it_pays() {
    let request = Request::PayDebt { site: site(PRIMARY) };
    let Decision::Admit(admission) = decide(&ledger(after_recovery()), &request, 101) else { panic!() };
    assert_eq!(admission.by, StartedBy::Debt { of_run: run("r1") });
}
