//! The command line against an operator interface over real HTTP: what people and scripts see.

pub(crate) mod command;
mod connection;
mod following;
mod recording;
mod sandbox;
pub mod server;
mod world;

use crate::assert_shown;
use command::reveille;
use reveille::domain::status::Problem;
use serde_json::{Value, json};
use server::{Answered, Fault, Server};

/// A report of a recovered run; which one matters little here.
fn report() -> Value {
    serde_json::to_value(crate::render::recovered()).unwrap()
}

#[tokio::test]
async fn status_shows_what_needs_somebody_first() {
    let url = Server::with(|world| world.plans = vec![world::green("wiki"), world::red()]).start().await;
    assert_shown!(reveille("status").at(&url).await.everything());
}

#[tokio::test]
async fn status_of_a_green_plan_is_fine() {
    let url = Server::with(|world| world.plans = vec![world::green("wiki")]).start().await;
    assert_shown!(reveille("status wiki").at(&url).await.everything());
}

#[tokio::test]
async fn status_shows_what_is_rehearsed_next_and_what_keeps_it_from_beginning() {
    let url = Server::with(|world| world.plans = vec![world::rehearsed()]).start().await;
    assert_shown!(reveille("status wiki").at(&url).await.everything());
}

#[tokio::test]
async fn status_of_a_run_shows_what_it_asks() {
    let url = Server::with(|world| world.stages = vec![world::failover().remove(1)]).start().await;
    assert_shown!(reveille(&format!("status {}", world::RUN)).at(&url).await.everything());
}

#[tokio::test]
async fn json_is_what_the_server_said() {
    let url = Server::with(|world| world.plans = vec![world::red()]).start().await;
    let ended = reveille("status --json").at(&url).await;
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(said, json!({ "plans": [world::red()] }));
    assert_eq!((ended.code, ended.stderr.as_str()), (3, ""), "no hints for machines");
}

#[tokio::test]
async fn without_execute_a_failover_only_says_what_would_be_done() {
    let would = reveille::domain::status::Done {
        details: vec!["make sure that the outage is real".into(), "stop the cluster of eastus2".into()],
        ..world::done("would-start", "a failover of sonarqube from eastus2 to centralus would be started")
    };
    let server = Server::with(|world| world.answers = [Answered::Done(would)].into());
    let url = server.start().await;
    assert_shown!(reveille("failover sonarqube --why \"the $region is down\" --who Ada").at(&url).await.everything());
    let said = json!({
        "who": "Ada", "why": "the $region is down", "idempotency_key": null, "force": false, "dry_run": true,
    });
    assert_eq!(server.posted(), [("/api/v1/plans/sonarqube/runs".to_owned(), said)]);
}

#[tokio::test]
async fn a_start_without_an_answer_is_sent_again_with_the_same_key() {
    let server = Server::with(|world| {
        world.answers = [Answered::Fault(Fault::Cut), Answered::Done(world::started())].into();
    });
    let url = server.start().await;
    let ended = reveille("failover sonarqube --why down --execute --no-follow").at(&url).await;
    assert_shown!(ended.everything());
    let keys: Vec<Value> = server.posted().iter().map(|(_, said)| said["idempotency_key"].clone()).collect();
    assert_eq!(keys.len(), 2);
    assert!(keys[0].is_string() && keys[0] == keys[1], "{keys:?}");
}

#[tokio::test]
async fn approve_shows_the_question_first_and_decides_with_execute() {
    let server = Server::with(|world| {
        world.stages = vec![world::waiting_for_approval()];
        world.answers = [Answered::Done(world::done("approved", "sonarqube.20261104T021405Z.k3f9: it goes on"))].into();
    });
    let url = server.start().await;
    let run = world::RUN;
    let shown = reveille(&format!("approve {run}")).at(&url).await;
    assert!(server.posted().is_empty(), "nothing was said yet");
    let said = reveille(&format!("approve {run} --why \"Azure confirms\" --execute")).at(&url).await;
    let without_why = reveille(&format!("approve {run} --execute")).at(&url).await;
    assert_shown!(format!("{}\n{}\n{}", shown.everything(), said.everything(), without_why.everything()));
    assert_eq!(server.posted()[0].0, format!("/api/v1/runs/{run}/approve"));
}

/// A word is not sent twice by itself: the first may have arrived.
#[tokio::test]
async fn a_word_without_an_answer_is_looked_for_before_it_is_said_again() {
    let server = Server::with(|world| world.answers = [Answered::Fault(Fault::Cut)].into());
    let url = server.start().await;
    let ended = reveille(&format!("abort {} --why x --execute", world::RUN)).at(&url).await;
    assert_eq!(ended.code, 1);
    assert!(
        ended.stderr.starts_with("error: no answer came, so whether it arrived is not known\n"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.ends_with(&format!("look first:\n  reveille status {}\n", world::RUN)), "{}", ended.stderr);
    assert_eq!(server.posted().len(), 1);
}

#[tokio::test]
async fn abort_and_decline_say_what_they_would_decide() {
    let url = Server::with(|world| world.stages = vec![world::failover().remove(1)]).start().await;
    let abort = reveille(&format!("abort {} --why \"wrong plan\"", world::RUN)).at(&url).await;
    let decline = reveille(&format!("decline {}", world::RUN)).at(&url).await;
    assert!(abort.stdout.contains("Nothing is undone: what Azure accepted goes on."), "{}", abort.everything());
    assert!(abort.stderr.contains("--why \"wrong plan\" --execute"), "{}", abort.everything());
    assert!(decline.stdout.contains("asks nothing that could be declined now"), "{}", decline.everything());
    assert_eq!(decline.stderr, "", "no command that could not work");
}

#[tokio::test]
async fn aborting_a_drill_puts_the_standby_back() {
    let mut drill = world::failover().remove(1);
    drill.kind = reveille::domain::runbook::RunKind::StandbyDrill;
    let url = Server::with(|world| world.stages = vec![drill]).start().await;
    let abort = reveille(&format!("abort {}", world::RUN)).at(&url).await;
    assert!(abort.stdout.contains("once the standby is put back to rest"), "{}", abort.everything());
    assert!(!abort.stdout.contains("Nothing is undone"), "{}", abort.everything());
}

#[tokio::test]
async fn resume_shows_what_the_open_incident_would_do() {
    let server = Server::with(|world| {
        world.plans = vec![world::held()];
        world.answers = [Answered::Done(world::done("resumed", "sonarqube: what waits is asked again now"))].into();
    });
    let url = server.start().await;
    let shown = reveille("resume sonarqube --why moved").at(&url).await;
    assert!(server.posted().is_empty(), "nothing was said yet");
    let said = reveille("resume sonarqube --why moved --execute").at(&url).await;
    assert_shown!(format!("{}\n{}", shown.everything(), said.everything()));
}

#[tokio::test]
async fn words_that_would_change_nothing_are_not_suggested() {
    let url = Server::with(|world| world.plans = vec![world::green("wiki")]).start().await;
    for verb in ["resume", "acknowledge"] {
        let ended = reveille(&format!("{verb} wiki")).at(&url).await;
        assert!(ended.stdout.starts_with(&format!("wiki has nothing to {verb} now: ")), "{}", ended.everything());
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    }
}

#[tokio::test]
async fn a_pause_holds_at_once() {
    let server = Server::with(|world| {
        world.answers = [Answered::Done(world::done("paused", "sonarqube: automatic starts are held"))].into();
    });
    let url = server.start().await;
    assert_shown!(reveille("pause sonarqube --why \"network work\"").at(&url).await.everything());
    assert_eq!(server.posted()[0].1["why"], "network work");
}

#[tokio::test]
async fn report_gives_terminal_text_markdown_or_the_servers_json() {
    let url = Server::with(|world| world.report = Some(report())).start().await;
    let text = reveille(&format!("report {}", world::RUN)).at(&url).await;
    assert!(text.stdout.starts_with("Recovered: centralus serves\n") && text.code == 0, "{}", text.everything());
    let markdown = reveille(&format!("report {} --markdown", world::RUN)).at(&url).await;
    assert!(markdown.stdout.starts_with("# Recovered: centralus serves\n"), "{}", markdown.everything());
    let json = reveille(&format!("report {} --json", world::RUN)).at(&url).await;
    assert_eq!(serde_json::from_str::<Value>(&json.stdout).unwrap(), report());
    let page = reveille(&format!("report {} --html", world::RUN)).at(&url).await;
    let expected = reveille::render::html::report(&crate::render::recovered());
    assert_eq!((page.stdout.trim_end(), page.code), (expected.as_str(), 0));
}

#[tokio::test]
async fn a_report_goes_to_a_file_in_whichever_form() {
    let url = Server::with(|world| world.report = Some(report())).start().await;
    let folder = tempfile::tempdir().unwrap();
    for (form, beginning) in
        [("", "Recovered: "), ("--html", "<!DOCTYPE html>"), ("--markdown", "# Rec"), ("--json", "{")]
    {
        let file = folder.path().join("report");
        let ended = reveille(&format!("report {} {form} --output {}", world::RUN, file.display())).at(&url).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.everything());
        let written = std::fs::read_to_string(&file).unwrap();
        assert!(written.starts_with(beginning), "{form}: {written:.60}");
    }
    let nowhere = folder.path().join("no/such/folder");
    let ended = reveille(&format!("report {} --html --output {}", world::RUN, nowhere.display())).at(&url).await;
    assert_eq!(ended.code, 1);
    assert!(ended.stderr.contains("cannot be written\n  caused by: No such file"), "{}", ended.everything());
    assert_eq!(reveille(&format!("report {} --html --markdown", world::RUN)).at(&url).await.code, 64);
    assert_eq!(reveille(&format!("report {} --html --json", world::RUN)).at(&url).await.code, 64);
}

#[tokio::test]
async fn refusals_say_what_to_do_next() {
    let server = Server::with(|world| {
        world.plans = vec![world::green("wiki")];
        let guard = "sonarqube: the plan is paused by function key ada (moving house); `reveille resume` lifts it";
        let next = "Lift what holds it, or name what you override with force.";
        world.answers = [Answered::Problem(Problem::new(409, "A guard holds the plan", guard, next))].into();
    });
    let url = server.start().await;
    let unknown = reveille("status sonarqube").at(&url).await;
    let held = reveille("failover sonarqube --why down --execute").at(&url).await;
    let store = reveille(&format!("status {}", world::RUN)).at(&url).await;
    let ended = format!("{}\n{}\n{}", unknown.everything(), held.everything(), store.everything());
    assert_shown!(ended);
}

#[tokio::test]
async fn problems_are_data_for_machines() {
    let url = Server::with(|_| ()).start().await;
    let ended = reveille("status sonarqube --json").at(&url).await;
    let problem: Problem = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((problem.status, ended.code), (404, 4));
}

#[tokio::test]
async fn check_finds_the_example_valid() {
    assert_shown!(reveille("check --offline --config reveille.example.toml").run().await.everything());
}

#[tokio::test]
async fn check_shows_every_mistake_and_ends_with_64() {
    assert_shown!(reveille("check --offline --config tests/fixtures/config/broken.toml").run().await.everything());
    let ended = reveille("check --offline --json --config tests/fixtures/config/mistakes.toml").run().await;
    let said: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!((ended.code, &said["valid"]), (64, &json!(false)));
    assert!(said["errors"].as_array().unwrap().iter().all(|error| error["line"].is_u64()), "{said}");
}

#[tokio::test]
async fn a_file_that_is_not_there_is_a_mistake_of_configuration() {
    assert_shown!(reveille("check --offline --config nowhere.toml").run().await.everything());
}

#[tokio::test]
async fn wrong_usage_ends_with_64_and_help_with_0() {
    assert_eq!(reveille("stauts").run().await.code, 64);
    assert_eq!(reveille("failover sonarqube --execute").run().await.code, 64);
    let help = reveille("--help").run().await;
    assert_shown!(help.everything());
}
