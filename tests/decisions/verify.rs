//! `verify-writer`, `verify-app`, `verify-route`: what proves, what waits, what needs a person, what fails.

use super::fixture::{PRIMARY, STANDBY, Story, alert, default_plan, fact, site};
use reveille::domain::application::{AppView, IndexState, RouteView};
use reveille::domain::look::Look;
use reveille::domain::observation::Observation;
use reveille::domain::resource::ResourceId;
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::writer::{WriteProof, WriterVerdict, WriterView};
use reveille::steps::{verify_app, verify_route, verify_writer};

const OVERDUE: i64 = 7 * 60;

fn word(look: &Look) -> &'static str {
    match look {
        Look::Done { .. } => "proven",
        Look::Pending { .. } => "wait",
        Look::Ask { .. } => "ask",
        Look::Failed { .. } => "fail",
        other => panic!("{other:?}"),
    }
}

fn writer(verdict: Option<WriterVerdict>, second: i64) -> Look {
    let story = Story::failover().started(0, StepName::VerifyWriter);
    let view = |verdict| WriterView { host: "writer".into(), target: None, verdict, stages: Vec::new() };
    verify_writer::decide(&story.view(StepName::VerifyWriter, second), fact(second, verdict.map(view)))
}

#[test]
fn only_a_committed_write_proves_the_writer() {
    let why = || "test".to_owned();
    let unreachable = || WriterVerdict::Unreachable { stage: "tcp".into(), why: why() };
    let cases = [
        (Some(WriterVerdict::Writable { proof: WriteProof::Canary { counter: 1 } }), "proven", "proven"),
        (Some(WriterVerdict::Writable { proof: WriteProof::LogicalMessage { lsn: "0/1".into() } }), "proven", "proven"),
        (Some(WriterVerdict::InRecovery), "ask", "ask"),
        (Some(WriterVerdict::ReadOnly { why: why() }), "ask", "ask"),
        (Some(WriterVerdict::WrongCredentials { why: why() }), "ask", "ask"),
        (Some(WriterVerdict::Refused { why: why() }), "wait", "ask"),
        (Some(unreachable()), "wait", "ask"),
        (None, "wait", "ask"),
    ];
    for (verdict, early, late) in cases {
        assert_eq!(word(&writer(verdict.clone(), 10)), early, "{verdict:?}");
        assert_eq!(word(&writer(verdict.clone(), OVERDUE)), late, "{verdict:?}, past the deadline");
    }
}

#[test]
fn the_promotion_is_named_for_the_replica_that_is_left() {
    let Look::Ask { ask, .. } = writer(Some(WriterVerdict::InRecovery), 10) else { panic!() };
    let [command] = &ask.commands[..] else { panic!("{:?}", ask.commands) };
    assert!(command.contains("replica promote") && command.contains("pg-centralus"), "{command}");
    assert!(ask.approve_means.is_none(), "nobody can approve a database into taking writes");
}

#[test]
fn the_promotion_is_named_for_the_replica_that_answers_whatever_its_name() {
    let mut plan = default_plan();
    plan.database.servers = ["one", "two"]
        .map(|name| {
            let id = format!(
                "/subscriptions/s/resourceGroups/rg/providers/Microsoft.DBforPostgreSQL/flexibleServers/{name}"
            );
            ResourceId::parse(&id).unwrap()
        })
        .to_vec();
    let story = Story::of(RunKind::Failover, plan, alert()).started(0, StepName::VerifyWriter);
    let look = |target: Option<&str>| {
        let target = target.map(str::to_owned);
        let seen = WriterView { host: "w".into(), target, verdict: WriterVerdict::InRecovery, stages: Vec::new() };
        match verify_writer::decide(&story.view(StepName::VerifyWriter, 10), fact(10, Some(seen))) {
            Look::Ask { ask, .. } => ask,
            other => panic!("{other:?}"),
        }
    };
    let known = look(Some("two.postgres.database.azure.com"));
    assert!(known.commands.len() == 1 && known.commands[0].contains("--name two "), "{:?}", known.commands);
    let open = look(None);
    assert_eq!(open.commands.len(), 2);
    assert!(open.means.contains("run only the one for the server that is not at eastus2"), "{}", open.means);
    assert!(open.means.contains("promote = \"never\""), "{}", open.means);
}

#[test]
fn the_application_proves_itself_or_fails_at_its_deadline() {
    let said = || "test".to_owned();
    let cases = [
        (Some(AppView::Serving { said: said(), search_index: IndexState::NotVerified }), "proven", "proven"),
        (Some(AppView::Starting { said: said() }), "wait", "fail"),
        (Some(AppView::MigrationRunning { said: said() }), "wait", "wait"),
        (Some(AppView::MigrationNeeded { said: said() }), "ask", "ask"),
        (Some(AppView::Down { said: said() }), "wait", "fail"),
        (Some(AppView::Unreachable { why: said() }), "wait", "fail"),
        (None, "wait", "fail"),
    ];
    let story = Story::failover().started(0, StepName::VerifyApp);
    let look = |app: Option<AppView>, second| {
        word(&verify_app::decide(&story.view(StepName::VerifyApp, second), fact(second, app)))
    };
    for (app, early, late) in cases {
        assert_eq!(look(app.clone(), 10), early, "{app:?}");
        assert_eq!(look(app.clone(), OVERDUE), late, "{app:?}, past the deadline");
    }
}

#[test]
fn the_applications_time_begins_anew_behind_a_migration() {
    let said = || "test".to_owned();
    let saw = |second, app| Observation::App { app: fact(second, Some(app)) };
    let migrated = Story::failover()
        .started(0, StepName::VerifyApp)
        .saw(60, StepName::VerifyApp, saw(60, AppView::MigrationNeeded { said: said() }))
        .saw(3600, StepName::VerifyApp, saw(3600, AppView::MigrationRunning { said: said() }));
    let look = |story: &Story, second| {
        let app = fact(second, Some(AppView::Starting { said: said() }));
        word(&verify_app::decide(&story.view(StepName::VerifyApp, second), app))
    };
    assert_eq!(look(&migrated, 4000), "wait", "the first look behind the migration");
    let starting = migrated.saw(4000, StepName::VerifyApp, saw(4000, AppView::Starting { said: said() }));
    assert_eq!(look(&starting, 4000 + OVERDUE - 120), "wait");
    assert_eq!(look(&starting, 4000 + OVERDUE), "fail");
}

#[test]
fn the_route_is_proven_by_the_standby_alone() {
    let said = || "200".to_owned();
    let cases = [
        (Some(RouteView::ServedBy { site: site(STANDBY), said: said() }), "proven", "proven"),
        (Some(RouteView::Served { said: said() }), "proven", "proven"),
        (Some(RouteView::ServedBy { site: site(PRIMARY), said: said() }), "wait", "fail"),
        (Some(RouteView::Unmarked { header: "x-site".into(), said: said() }), "wait", "fail"),
        (Some(RouteView::ServedByOther { by: "x".into(), said: said() }), "wait", "fail"),
        (Some(RouteView::Failing { said: said() }), "wait", "fail"),
        (Some(RouteView::Unreachable { why: said() }), "wait", "fail"),
        (None, "wait", "fail"),
    ];
    let story = Story::failover().started(0, StepName::VerifyRoute);
    let look = |route: Option<RouteView>, second| {
        word(&verify_route::decide(&story.view(StepName::VerifyRoute, second), fact(second, route)))
    };
    for (route, early, late) in cases {
        assert_eq!(look(route.clone(), 10), early, "{route:?}");
        assert_eq!(look(route.clone(), OVERDUE), late, "{route:?}, past the deadline");
    }
}
