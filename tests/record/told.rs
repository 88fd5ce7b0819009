//! What a record tells of a run, field by field.

use super::support::*;
use crate::render::{owing_run, recovered_run};
use chrono::TimeDelta;
use reveille::domain::chain::Head;
use reveille::domain::failure::FailureClass;
use reveille::domain::outcome::Outcome;
use reveille::domain::record::{Around, Note, PreviousRun, Record};
use reveille::domain::run::RunEvent;
use reveille::domain::run::RunState;
use reveille::domain::runbook::StepName;
use reveille::engine::ports::Store;
use reveille::store::MemoryStore;
use std::sync::Arc;

fn head() -> Head {
    Head { seq: 40, hash: "9a".repeat(32) }
}

fn of(run: &RunState) -> Record {
    Record::of(run, &head(), &Around::default())
}

/// The record of a real failover.
pub fn failover() -> Record {
    of(&recovered_run())
}

fn met(record: &Record) -> Vec<Option<bool>> {
    record.objectives.iter().map(|objective| objective.met).collect()
}

fn deviations(record: &Record) -> Vec<&str> {
    record.deviations.iter().map(|deviation| deviation.what.as_str()).collect()
}

#[test]
fn a_rehearsal_that_went_well_meets_every_objective_and_proves_the_way_back() {
    let record = of(&Rehearsal::ended(22, 320).closed().fold());
    assert!(record.mode.rehearsal);
    assert_eq!(met(&record), [Some(true); 7], "{:#?}", record.objectives);
    assert_eq!(deviations(&record), [""; 0]);
    let normal = &record.return_to_normal;
    assert_eq!(normal.proven, Some(true));
    let steps: Vec<StepName> = normal.proofs.iter().map(|proof| proof.step).collect();
    assert_eq!(steps, [StepName::ParkWorkload, StepName::StopReplica]);
    assert_eq!(normal.proofs[1].request_ids, ["c0ffee00-0001"]);
    // Five nodes from the accepted start to the proven stop: 320 + 13 + 1 + 20 + 1 + 400 seconds.
    let cost = &record.cost;
    assert_eq!((cost.standby_seconds, cost.nodes, cost.node_seconds), (Some(755.0), Some(5), Some(3_775)));
    assert!(cost.statement.contains("1.05 node hours") && cost.statement.contains("price is not known"));
    let busy: Vec<&str> = record.errors.iter().map(|error| error.what.as_str()).collect();
    assert!(matches!(&busy[..], [one] if one.contains("busy: another operation is in progress")), "{busy:?}");
}

#[test]
fn a_rehearsal_says_what_it_was_not_about_and_what_it_did_not_measure() {
    let record = of(&Rehearsal::ended(22, 320).closed().fold());
    let left_out = record.exclusions.join("\n");
    for said in
        ["No database was promoted", "writer did not move", "traffic was not moved", "application was not started"]
    {
        assert!(left_out.contains(said), "{said}: {left_out}");
    }
    assert!(record.impact.statement.starts_with("none was seen"), "{:?}", record.impact);
    assert!(
        record.impact.measured[0].starts_with("one own probe of eastus2 at 2026-11-22 03:00:04 UTC"),
        "{:?}",
        record.impact
    );
    let not = record.impact.not_measured.join("\n");
    assert!(not.contains("single users") && not.contains("2026-11-22 03:00:04 UTC"), "{not}");
    assert_eq!(record.scope.resources.len(), 8, "{:#?}", record.scope);
    assert!(record.scope.resources.iter().any(|it| it.what == "cluster of centralus"));
}

#[test]
fn a_rehearsal_that_failed_is_told_as_one_and_so_is_what_it_left() {
    let message = "Allocation failed".to_owned();
    let class = FailureClass::Capacity;
    let step = StepName::StartReplica;
    let run = Rehearsal::on(22)
        .checked()
        .with(RunEvent::StepStarted { step })
        .later(60)
        .with(RunEvent::StepFailed { step, class, message: message.clone() })
        .with(RunEvent::RunEnded { outcome: Outcome::Failed { step, class, message } });
    let record = of(&run.fold());
    assert_eq!(met(&record)[..3], [Some(false), Some(true), Some(false)]);
    assert!(met(&record)[3..].iter().all(Option::is_none));
    let told = deviations(&record);
    assert!(told[0].contains("start-replica failed: Allocation failed") || told[1].contains("start-replica failed"));
    assert!(told.iter().any(|what| what.contains("not reached") && what.contains("stop-replica")), "{told:?}");
    assert_eq!((record.return_to_normal.proven, record.cost.node_seconds), (Some(true), None), "nothing was touched");
}

#[test]
fn a_real_failover_has_a_record_too_with_both_end_points() {
    let record = of(&recovered_run());
    assert!(!record.mode.rehearsal && record.mode.text.contains("the real thing"));
    let names: Vec<&str> = record.objectives.iter().map(|objective| objective.what.as_str()).collect();
    assert_eq!(
        names[..3],
        ["Serve from centralus", "Recovery time within its target (RTO)", "Data loss within its target (RPO)"]
    );
    assert_eq!(met(&record)[..3], [Some(true); 3]);
    assert!(record.objectives[1].shown_by.contains("first sign of the outage"));
    assert_eq!(record.impact.seconds, record.report.recovery_time.seconds);
    assert!(record.exclusions.iter().any(|it| it.starts_with("The writer did not move: its endpoint points to")));
    assert_eq!(record.return_to_normal.proven, None);
}

#[test]
fn an_owed_fence_and_a_lost_notification_are_deviations_and_errors() {
    let record = of(&owing_run());
    assert!(deviations(&record).iter().any(|what| what.starts_with("fence-primary is not proven")), "{record:#?}");
    let fence = record.objectives.iter().find(|objective| objective.what == "fence-primary").unwrap();
    assert_eq!(fence.met, Some(false));
    assert!(record.errors.iter().any(|error| error.what.starts_with("siem was not told")), "{:?}", record.errors);
}

#[test]
fn what_people_gave_stands_in_its_field_and_what_nobody_gave_has_its_command() {
    let bare = of(&Rehearsal::ended(22, 320).closed().fold());
    assert_eq!(bare.not_given.len(), 8);
    let commands = bare.not_given.iter().map(|missing| missing.command.as_str());
    let (notes_, attest): (Vec<&str>, Vec<&str>) = commands.partition(|command| command.starts_with("reveille note "));
    assert_eq!((notes_.len(), attest.len()), (7, 1));
    let noted = RunEvent::Noted { by: "key night-shift".into(), said: Some("Ada".into()), notes: notes() };
    let wrong = Note::Withdrawn { note: 4, why: "Mallory was not there".into() };
    let done = serde_json::from_value(serde_json::json!(
        { "about": "follow-up-state", "note": 8, "status": "done", "retest": "sonarqube.20261123T030004Z.k3f9" }
    ));
    let more = RunEvent::Noted { by: "key night-shift".into(), said: None, notes: vec![wrong, done.unwrap()] };
    let record = of(&Rehearsal::ended(22, 320).closed().later(3_600).with(noted).with(more).fold());
    assert_eq!(record.not_given.len(), 1, "{:?}", record.not_given);
    let names: Vec<&str> = record.participants.iter().map(|person| person.name.as_str()).collect();
    assert_eq!(names, ["Ada Lovelace", "Grace Hopper"], "Mallory was withdrawn");
    assert_eq!(record.notes.len(), 11, "and stays in the journal");
    let follow_up = &record.follow_ups[0];
    assert_eq!((follow_up.note, follow_up.owner.as_str(), follow_up.due.to_string()), (8, "Ada", "2026-12-15".into()));
    assert_eq!(follow_up.retest.as_ref().unwrap().as_str(), "sonarqube.20261123T030004Z.k3f9");
    let noticed = record.deviations.iter().find(|it| it.what.starts_with("Grace was ill")).unwrap();
    assert_eq!(noticed.noticed_by, "Ada, note 6");
    assert_eq!(
        record.report.as_of, bare.report.as_of,
        "what people add afterwards changes nothing in the run's account"
    );
}

#[test]
fn steps_are_compared_with_the_median_of_earlier_runs() {
    let previous = [300, 500, 310].map(|start| PreviousRun::of(&Rehearsal::ended(20, start).closed().fold()));
    let around = Around { previous: previous.into(), ..Around::default() };
    let record = Record::of(&Rehearsal::ended(22, 320).closed().fold(), &head(), &around);
    let start = record.comparison.iter().find(|it| it.step == StepName::StartReplica).unwrap();
    assert_eq!((start.seconds, start.usual_seconds, start.of_runs), (321.0, 311.0, 3));
    assert_eq!(record.comparison.len(), 6);
}

#[tokio::test]
async fn the_ledger_tells_the_runs_before_and_the_next_one() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let first = Rehearsal::ended(15, 300).closed().stored(&store).await;
    let second = Rehearsal::ended(22, 320).closed().stored(&store).await;
    let engine = engine(&store);
    engine.note(&first, ADA, &notes()).await.unwrap();
    let record = engine.record(&second).await.unwrap().record;
    let [before] = &record.previous[..] else { panic!("{:?}", record.previous) };
    assert_eq!((&before.run, before.state.as_str(), before.open_follow_ups.len()), (&first, "rehearsed", 1));
    assert_eq!(before.admitted_at, record.times.started_at - TimeDelta::days(7));
    assert!(engine.record(&first).await.unwrap().record.previous.is_empty(), "none of what came later");
    assert_eq!(
        record.next_due.at.unwrap().to_string(),
        "2026-11-29 03:00:00 UTC",
        "by the plan as it is configured now"
    );
}
