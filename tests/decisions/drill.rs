//! What refuses a drill: one row for each reason, and what stays in the ledger of it.

use super::fixture::{PRIMARY, STANDBY, alert, at, cause, cluster, default_plan, fact, ledger, origin, site};
use reveille::domain::application::OriginView;
use reveille::domain::drill::{Drill, DrillDue, DrillKind, Facts, Parking, Refusal, Skip, may_begin, news, pending};
use reveille::domain::fact::Fact;
use reveille::domain::ledger::{LedgerEvent, PlanState};
use reveille::domain::names::{DrillName, IncidentId, RunId};
use reveille::domain::plan::{Automation, Plan, Workload};
use reveille::domain::runbook::RunKind;

const NOW: i64 = 100_000;

fn parked_plan() -> Plan {
    Plan { workload: Workload::Parked, automation: Automation::Act, ..default_plan() }
}

/// Everything as it has to be.
fn good() -> Facts {
    Facts {
        primary: Some(origin(NOW, Some(true))),
        origin_health: Some(fact(NOW, Some(100.0))),
        standby: Some(cluster(NOW, "Succeeded/Stopped")),
        parking: Some(Parking::Parked),
        standby_stopped_at: Some(at(NOW - 31 * 60)),
    }
}

fn word(kind: DrillKind, state: &PlanState, plan: &Plan, facts: &Facts) -> &'static str {
    may_begin(kind, state, plan, facts, at(NOW)).err().map_or("may begin", |refusal| refusal.word())
}

fn run(name: &str) -> RunId {
    RunId::new(name)
}

fn incident() -> LedgerEvent {
    let (incident, primary) = (IncidentId::new("i1"), site(PRIMARY));
    LedgerEvent::IncidentOpened { incident, primary, cause: cause(alert(), None) }
}

fn admitted() -> LedgerEvent {
    LedgerEvent::RunAdmitted {
        run: run("r1"),
        incident: IncidentId::new("d1"),
        kind: RunKind::Fence,
        leave: site(STANDBY),
        by: alert(),
        key: None,
        config_digest: String::new(),
    }
}

fn paused() -> LedgerEvent {
    LedgerEvent::Paused { by: "ann".into(), said: None, why: "maintenance".into() }
}

fn owed() -> LedgerEvent {
    LedgerEvent::FenceOwed { site: site(STANDBY), run: run("r0"), why: "test".into() }
}

fn after(event: LedgerEvent) -> PlanState {
    ledger(vec![(0, event)])
}

#[test]
fn a_standby_drill_begins_when_everything_is_known_to_be_as_it_has_to_be() {
    for kind in DrillKind::ALL {
        assert_eq!(word(kind, &PlanState::default(), &parked_plan(), &good()), "may begin", "{kind}");
    }
}

#[test]
fn each_thing_that_is_seen_and_wrong_has_its_own_reason() {
    let busy = Fact::known(OriginView::Busy { said: "DB_MIGRATION_RUNNING".into() }, at(NOW), "test");
    let broken = "Failed/Running";
    for (facts, reason) in [
        (Facts { primary: Some(origin(NOW, Some(false))), ..good() }, "primary-unhealthy"),
        (Facts { origin_health: Some(fact(NOW, Some(10.0))), ..good() }, "primary-unhealthy"),
        (Facts { primary: Some(busy), ..good() }, "primary-unknown"),
        (Facts { primary: Some(origin(NOW, None)), ..good() }, "primary-unknown"),
        (Facts { primary: None, ..good() }, "primary-unknown"),
        (Facts { standby: Some(cluster(NOW, "Succeeded/Running")), ..good() }, "standby-running"),
        (Facts { standby: Some(cluster(NOW, "Stopping/Stopped")), ..good() }, "cluster-busy"),
        (Facts { standby: Some(cluster(NOW, "Upgrading/Stopped")), ..good() }, "cluster-busy"),
        (Facts { standby: Some(cluster(NOW, broken)), ..good() }, "cluster-busy"),
        (Facts { standby: Some(cluster(NOW, "?")), ..good() }, "cluster-unknown"),
        (Facts { standby: None, ..good() }, "cluster-unknown"),
        (Facts { parking: Some(Parking::Unparked), ..good() }, "standby-unparked"),
        (Facts { parking: None, ..good() }, "parking-unknown"),
        (Facts { standby_stopped_at: Some(at(NOW - 29 * 60)), ..good() }, "stopped-recently"),
        // A metric without data says nothing against what own eyes see.
        (Facts { origin_health: Some(fact(NOW, None)), standby_stopped_at: None, ..good() }, "may begin"),
    ] {
        for kind in [DrillKind::Standby, DrillKind::Switchover] {
            assert_eq!(word(kind, &PlanState::default(), &parked_plan(), &facts), reason, "{kind}: {facts:?}");
        }
        assert_eq!(word(DrillKind::Readiness, &PlanState::default(), &parked_plan(), &facts), "may begin");
    }
}

#[test]
fn what_the_ledger_knows_needs_no_look() {
    for (event, reason, holds_readiness) in [
        (incident(), "incident-open", true),
        (admitted(), "run-active", true),
        (paused(), "paused", true),
        (owed(), "fence-owed", false),
    ] {
        let state = after(event);
        assert_eq!(word(DrillKind::Standby, &state, &parked_plan(), &good()), reason);
        let readiness = word(DrillKind::Readiness, &state, &parked_plan(), &Facts::default());
        assert_eq!(readiness, if holds_readiness { reason } else { "may begin" });
    }
}

#[test]
fn what_the_plan_says_holds_only_the_drills_that_it_is_about() {
    let observe = Plan { automation: Automation::Observe, ..parked_plan() };
    let together = Plan { workload: Workload::StartsWithCluster, ..parked_plan() };
    let no_parking = Facts { parking: None, ..good() };
    let words = |plan: &Plan| DrillKind::ALL.map(|kind| word(kind, &PlanState::default(), plan, &no_parking));
    assert_eq!(words(&observe), ["may begin", "observe-only", "observe-only"]);
    assert_eq!(words(&together), ["may begin", "starts-with-cluster", "starts-with-cluster"]);
}

#[test]
fn roles_that_moved_are_followed() {
    let moved = LedgerEvent::RunClosed {
        run: run("r1"),
        outcome: "recovered".into(),
        closes: true,
        serves: Some(site(STANDBY)),
    };
    let state = ledger(vec![(0, admitted()), (1, moved)]);
    let facts = Facts { standby: Some(cluster(NOW, "Succeeded/Running")), ..good() };
    let refusal = may_begin(DrillKind::Standby, &state, &parked_plan(), &facts, at(NOW)).unwrap_err();
    assert_eq!(refusal, Refusal::StandbyRunning { site: site(PRIMARY) });
}

fn drill(text: &str) -> Drill {
    let minimal = include_str!("../fixtures/config/minimal.toml");
    let text = format!("{minimal}\n[plan.drill]\nkind = \"standby\"\n{text}\n");
    let mut config = reveille::config::parse(&text, "reveille.toml", &|_| None).unwrap();
    config.plans.remove(0).drills.remove(0)
}

#[test]
fn a_drill_that_is_late_still_keeps_to_its_calendar() {
    // The epoch was a Thursday.
    let drill = drill("schedule = \"0 0 3 * * *\"\nwindows = [\"THU 02:00-04:00\"]\nblocked = [\"2026-12-24\"]");
    assert_eq!(drill.may_begin_at(at(3 * 3600)), Ok(()));
    let outside = drill.may_begin_at(at(4 * 3600)).unwrap_err();
    assert_eq!(outside, Refusal::OutsideWindow { until: at((7 * 24 + 2) * 3600) });
    let christmas = "2026-12-24T03:00:00Z".parse().unwrap();
    let until = "2026-12-25T00:00:00Z".parse().unwrap();
    assert_eq!(drill.may_begin_at(christmas), Err(Refusal::BlockedDate { until }));
}

#[test]
fn every_refusal_says_what_holds_and_what_lifts_it() {
    let site = || site(STANDBY);
    let said = || "said".to_owned();
    let until = at(NOW);
    let all = [
        Refusal::PrimaryUnhealthy { site: site(), said: said() },
        Refusal::PrimaryUnknown { site: site(), why: said() },
        Refusal::RunActive { run: run("r1") },
        Refusal::IncidentOpen { incident: IncidentId::new("i1") },
        Refusal::Paused { by: said(), why: said() },
        Refusal::FenceOwed { site: site() },
        Refusal::StandbyUnparked { site: site() },
        Refusal::ParkingUnknown { site: site() },
        Refusal::StandbyRunning { site: site() },
        Refusal::ClusterBusy { site: site(), said: said() },
        Refusal::ClusterUnknown { site: site(), why: said() },
        Refusal::StoppedRecently { site: site(), until },
        Refusal::OutsideWindow { until },
        Refusal::BlockedDate { until },
        Refusal::ObserveOnly,
        Refusal::StartsWithCluster { site: site() },
    ];
    for refusal in all {
        let written = serde_json::to_value(&refusal).unwrap();
        assert_eq!(written["reason"], refusal.word(), "the ledger and people say the same");
        assert_eq!(serde_json::from_value::<Refusal>(written).unwrap(), refusal);
        let text = refusal.text();
        let lifting = text.rsplit_once("; ").map(|(_, lifting)| lifting).unwrap_or_default();
        let lifts = ["lifts", "begins", "opens"];
        assert!(lifts.iter().any(|lift| lifting.contains(lift)), "{text}");
    }
}

/// The plan's ledger after the news of each of these moments were written down.
fn told(plan: &Plan, mut state: PlanState, seconds: &[i64]) -> (PlanState, Vec<LedgerEvent>) {
    let mut written = Vec::new();
    for second in seconds {
        for event in news(&state, plan, at(*second)) {
            state.apply(&event, at(*second));
            written.push(event);
        }
    }
    (state, written)
}

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn due(occurrence: i64) -> DrillDue {
    DrillDue { drill: DrillName::new("standby"), occurrence: at(occurrence) }
}

#[test]
fn a_schedule_asks_for_nothing_that_was_before_it() {
    let plan = Plan { drills: vec![drill("schedule = \"0 0 3 * * *\"")], ..parked_plan() };
    let (state, written) = told(&plan, PlanState::default(), &[4 * HOUR, 5 * HOUR]);
    assert!(matches!(written[..], [LedgerEvent::DrillScheduled { .. }]), "{written:?}");
    assert!(pending(&state, &plan, at(5 * HOUR)).is_empty());
    assert_eq!(state.next_due(&plan.drills[0], at(5 * HOUR)), Some(at(DAY + 3 * HOUR)));
    let waits = pending(&state, &plan, at(DAY + 4 * HOUR));
    assert_eq!(waits.iter().map(|(_, due)| due.clone()).collect::<Vec<_>>(), [due(DAY + 3 * HOUR)]);
    assert_eq!(state.next_due(&plan.drills[0], at(DAY + 4 * HOUR)), Some(at(DAY + 3 * HOUR)), "it waits to begin");
    let changed = Plan { drills: vec![drill("schedule = \"0 0 2 * * *\"")], ..parked_plan() };
    let (state, written) = told(&changed, state, &[DAY + 4 * HOUR]);
    assert_eq!(written.len(), 1, "a changed schedule begins anew: {written:?}");
    assert!(pending(&state, &changed, at(DAY + 4 * HOUR)).is_empty());
}

#[test]
fn an_occurrence_that_is_taken_is_taken_for_good() {
    let plan = Plan { drills: vec![drill("schedule = \"0 0 3 * * *\"")], ..parked_plan() };
    let (mut state, _) = told(&plan, PlanState::default(), &[HOUR]);
    let taken = LedgerEvent::DrillTaken { due: due(3 * HOUR), run: run("r1") };
    state.apply(&taken, at(3 * HOUR + 5));
    for again in [3 * HOUR, 3 * HOUR + 6, 20 * HOUR] {
        assert!(pending(&state, &plan, at(again)).is_empty(), "{again}");
    }
    let record = state.last_drill_run(DrillKind::Standby).unwrap();
    assert_eq!((record.run.as_str(), record.closed_at), ("r1", None));
    let closed = LedgerEvent::RunClosed { run: run("r1"), outcome: "rehearsed".into(), closes: true, serves: None };
    state.apply(&closed, at(4 * HOUR));
    assert_eq!(state.last_drill_run(DrillKind::Standby).unwrap().closed_at, Some(at(4 * HOUR)));
    assert_eq!(state.last_drill_run(DrillKind::Readiness), None);
    let facts = Facts { standby_stopped_at: None, ..good() };
    let soon = may_begin(DrillKind::Standby, &state, &parked_plan(), &facts, at(4 * HOUR + 60)).unwrap_err();
    assert_eq!(soon, Refusal::StoppedRecently { site: site(STANDBY), until: at(4 * HOUR + 30 * 60) });
}

#[test]
fn refusals_are_written_once_for_each_reason_and_occurrence() {
    let plan = Plan { drills: vec![drill("schedule = \"0 0 3 * * *\"")], ..parked_plan() };
    let (mut state, _) = told(&plan, PlanState::default(), &[HOUR]);
    let paused = Refusal::Paused { by: "ann".into(), why: "x".into() };
    let refuse = |refusal: &Refusal| LedgerEvent::DrillRefused { due: due(3 * HOUR), refusal: refusal.clone() };
    state.apply(&refuse(&paused), at(3 * HOUR));
    state.apply(&refuse(&Refusal::ObserveOnly), at(3 * HOUR + 60));
    let record = &state.drills[&DrillName::new("standby")];
    assert!(record.knows(at(3 * HOUR), &paused) && record.knows(at(3 * HOUR), &Refusal::ObserveOnly));
    assert!(!record.knows(at(DAY + 3 * HOUR), &paused), "the next occurrence is told anew");
    assert_eq!(pending(&state, &plan, at(4 * HOUR)).len(), 1, "a refused one is asked again");
    let (state, written) = told(&plan, state, &[DAY + 2 * HOUR, DAY + 3 * HOUR + 1]);
    assert!(written.is_empty(), "the next one takes its place: {written:?}");
    assert_eq!(pending(&state, &plan, at(DAY + 3 * HOUR + 1))[0].1, due(DAY + 3 * HOUR));
}

#[test]
fn what_never_begins_is_written_once_a_day() {
    let drill = drill("schedule = \"0 0 * * * *\"\nwindows = [\"SAT 02:00-04:00\"]\ncatch_up = \"1h\"");
    let plan = Plan { drills: vec![drill], ..parked_plan() };
    let hours: Vec<i64> = (0..48).map(|hour| hour * HOUR + 1).collect();
    let (state, written) = told(&plan, PlanState::default(), &hours);
    assert_eq!(written.len(), 3, "{written:?}");
    let skipped = |event: &LedgerEvent| matches!(event, LedgerEvent::DrillSkipped { why: Skip::OutsideWindow, .. });
    assert!(written[1..].iter().all(skipped));
    let saturday = 2 * DAY + 3 * HOUR;
    assert_eq!(pending(&state, &plan, at(saturday + 1))[0].1, due(saturday));
    let (state, written) = told(&plan, state, &[saturday + 1, saturday + HOUR + 1]);
    assert!(
        matches!(&written[..], [LedgerEvent::DrillSkipped { due: late, why: Skip::TooLate }] if *late == due(saturday))
    );
    assert_eq!(state.last_occurrence(&DrillName::new("standby")).unwrap().occurrence, at(saturday));
}

#[test]
fn ledgers_of_before_there_were_drills_are_read_as_they_were() {
    let mut before = serde_json::to_value(PlanState::default()).unwrap();
    assert!(before.as_object_mut().unwrap().get("drills").is_none(), "an unused field changes no snapshot");
    assert_eq!(serde_json::from_value::<PlanState>(before).unwrap(), PlanState::default());
    let plan = Plan {
        drills: vec![drill("schedule = \"0 0 3 * * *\"\nwindows = [\"SAT-MON 22:00-04:00\"]")],
        ..parked_plan()
    };
    let (state, written) = told(&plan, PlanState::default(), &[HOUR, 3 * DAY]);
    let text = serde_json::to_string(&state).unwrap();
    assert_eq!(serde_json::from_str::<PlanState>(&text).unwrap(), state);
    for event in written {
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<LedgerEvent>(&text).unwrap(), event, "{text}");
    }
    let text = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&text).unwrap(), plan);
}
