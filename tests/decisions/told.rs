//! What people are told: notices and the report, folded from short stories.

use super::fixture::{
    STANDBY, Story, app_serves, at, confirmed, default_plan, fact, fence, fence_owed, served_by_standby, site,
    started_cluster, witness, writable, writer,
};
use reveille::domain::application::RouteView;
use reveille::domain::chain::Head;
use reveille::domain::failure::FailureClass;
use reveille::domain::notice::Moment;
use reveille::domain::observation::Observation;
use reveille::domain::outcome::Outcome;
use reveille::domain::report::Report;
use reveille::domain::run::next::climb;
use reveille::domain::run::{Ask, RunEvent};
use reveille::domain::runbook::StepName;
use reveille::domain::witness::Verdict;
use reveille::domain::writer::{Stage, WriteProof, WriterVerdict, WriterView};
use reveille::engine::Settings;
use reveille::engine::outbox::{due, notice};
use std::collections::BTreeSet;
use std::time::Duration;

use StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyApp, VerifyRoute, VerifyWriter};

fn asks(story: Story, second: i64, step: StepName, what: &str, command: &str) -> Story {
    let ask = Ask { what: what.into(), means: String::new(), commands: vec![command.into()], approve_means: None };
    story.then(second, RunEvent::NeedsOperator { step, ask })
}

/// What the first channel of the plan is to be told: each notice's key, headline and commands.
fn told(story: &Story) -> Vec<(String, String, Vec<String>)> {
    let run = story.state();
    let channels: BTreeSet<_> = run.created.plan.channels.iter().take(1).cloned().collect();
    let due = due(&run, &channels, &Settings::default());
    let asked = due.into_iter().filter(|due| due.moment != Moment::Admitted);
    asked
        .map(|due| {
            let notice = notice(&run, &Head::default(), &due, at(1000));
            (due.about, notice.headline, notice.commands)
        })
        .collect()
}

fn report(story: &Story) -> Report {
    Report::of(&story.state(), &Head::default())
}

#[test]
fn each_of_two_questions_is_told_with_its_own_command() {
    let story = Story::failover().started(0, FencePrimary).started(0, VerifyWriter);
    let story = asks(story, 10, FencePrimary, "eastus2 is not fenced: timed out.", "az aks stop");
    let story = asks(story, 20, VerifyWriter, "The writer is in recovery.", "az promote");
    let told = told(&story);
    let commands: Vec<_> = told.iter().map(|(_, _, commands)| commands.join(" ")).collect();
    assert_eq!(commands, ["az aks stop", "az promote"]);
    assert!(told[1].1.contains("verify-writer: The writer is in recovery"), "{told:?}");
}

#[test]
fn details_that_change_from_look_to_look_make_no_new_notice() {
    let about = |what| {
        let story = asks(Story::failover().started(0, FencePrimary), 10, FencePrimary, what, "az aks stop");
        told(&story)[0].0.clone()
    };
    assert_eq!(about("eastus2 is not fenced: no answer (id 1)."), about("eastus2 is not fenced: no answer (id 2)."));
    assert_ne!(about("The writer refuses writes: x"), about("The writer refuses the login: x"));
}

#[test]
fn a_run_that_ended_is_told_with_every_command_that_is_left() {
    let outcome = Outcome::Failed { step: StartReplica, class: FailureClass::Quota, message: "no".into() };
    let story = Story::failover().proven(10, FencePrimary, fence_owed()).then(20, RunEvent::RunEnded { outcome });
    let (_, _, commands) = &told(&story)[0];
    assert!(commands.iter().any(|it| it.starts_with("reveille failover")), "{commands:?}");
    assert!(commands.iter().any(|it| it.starts_with("az aks stop")), "{commands:?}");
}

#[test]
fn a_failure_is_told_with_what_lifts_its_class() {
    let ended = |class| {
        let outcome = Outcome::Failed { step: StartReplica, class, message: "no".into() };
        report(&Story::failover().then(20, RunEvent::RunEnded { outcome })).next_steps
    };
    for class in [FailureClass::Quota, FailureClass::Sku, FailureClass::Network, FailureClass::Identity] {
        assert!(ended(class)[0].what.contains(class.advice()), "{class}");
    }
    assert_eq!(ended(FailureClass::Other).len(), 1, "a failure without a class has no advice of its own");
}

fn served(writer: Observation, route: Observation) -> Report {
    let story = Story::failover()
        .proven(60, ConfirmOutage, confirmed())
        .proven(200, FencePrimary, fence(200, "Succeeded/Stopped", None))
        .proven(500, StartReplica, started_cluster(500))
        .proven(560, VerifyApp, app_serves(560))
        .proven(600, VerifyWriter, writer)
        .proven(601, VerifyRoute, route);
    let serving = climb(&story.state()).unwrap();
    report(&story.then(602, RunEvent::RunEnded { outcome: Outcome::Recovered { serving } }))
}

#[test]
fn the_recovery_ends_with_what_the_route_has_proven() {
    let end = |report: &Report| report.recovery_time.to.clone().unwrap().what;
    let known = served(writable(600), served_by_standby(601));
    assert!(end(&known).starts_with("centralus seen to serve through"), "{}", end(&known));
    let untold =
        served(writable(600), Observation::Route { route: fact(601, Some(RouteView::Served { said: "200".into() })) });
    assert!(end(&untold).contains("which site is not told"), "{}", end(&untold));
    assert!(untold.next_steps.iter().any(|step| step.what.contains("served_by_header")), "{:?}", untold.next_steps);
}

#[test]
fn a_missing_canary_table_is_told_with_the_sql_that_makes_it() {
    let weak = WriterVerdict::Writable { proof: WriteProof::LogicalMessage { lsn: "0/1".into() } };
    let report = served(writer(600, weak), served_by_standby(601));
    let sql = report.next_steps.iter().flat_map(|step| &step.commands).find(|it| it.contains("CREATE TABLE"));
    assert!(sql.is_some_and(|sql| sql.contains("GRANT SELECT, UPDATE")), "{:?}", report.next_steps);
}

#[test]
fn the_way_to_the_writer_stands_in_its_evidence() {
    let stage =
        |name: &str, detail: &str| Stage { name: name.into(), took: Duration::from_millis(12), detail: detail.into() };
    let view = WriterView {
        host: "writer".into(),
        target: None,
        verdict: WriterVerdict::Writable { proof: WriteProof::Canary { counter: 1 } },
        stages: vec![stage("tcp", "10.0.0.4"), stage("login", "as reveille")],
    };
    let report = served(Observation::Writer { writer: fact(600, Some(view)) }, served_by_standby(601));
    let evidence = &report.steps.iter().find(|line| line.step == VerifyWriter).unwrap().evidence;
    let said: Vec<&str> = evidence.iter().map(|line| line.saw.as_str()).collect();
    assert_eq!(said[0], "the way to the writer: tcp 10.0.0.4 in 12 ms; login as reveille in 12 ms");
    assert!(said[1].contains("takes writes"), "{said:?}");
}

#[test]
fn evidence_names_every_witness_that_it_quotes() {
    let mut sample = witness(0, Some(false), Some(0.0));
    sample.primary.from = "own probe".into();
    sample.origin_health.from = "Front Door".into();
    let outage = Observation::Outage { witness: sample, verdict: Verdict::PrimaryDown("both".into()) };
    assert_eq!(outage.seen_from(), "own probe; Front Door");
    let owed =
        |by: Option<&str>| Observation::FenceOwed { site: site(STANDBY), why: "x".into(), by: by.map(str::to_owned) };
    assert_eq!(
        (owed(None).seen_from(), owed(Some("ann")).seen_from()),
        ("the plan's policy".into(), "a person".into())
    );
    assert!(!default_plan().channels.is_empty(), "the tables above need a channel");
}
