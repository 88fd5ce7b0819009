//! Following a run to its end, whatever happens on the way.

use super::command::reveille;
use super::server::{Answered, Fault, KEY, Server};
use super::{report, world};
use crate::assert_shown;
use reveille::cli::live::{self, Patience, View};
use reveille::cli::{Address, Client, ClientError, Output, http};
use reveille::domain::names::RunId;
use reveille::domain::secret::Secret;
use serde_json::{Value, json};
use std::time::Duration;

/// In a pipe: one line per event, the question with its command, and the report at the end.
#[tokio::test]
async fn an_executed_failover_is_followed_to_its_end() {
    let server = Server::with(|world| {
        world.answers = [Answered::Done(world::started())].into();
        world.stages = world::failover();
        world.report = Some(report());
    });
    let url = server.start().await;
    assert_shown!(reveille("failover sonarqube --why down --execute --key k1").at(&url).await.everything());
    let (_, said) = server.posted().remove(0);
    assert_eq!((&said["dry_run"], &said["idempotency_key"]), (&json!(false), &json!("k1")));
}

#[tokio::test]
async fn following_outlives_a_killed_handler_a_cut_connection_and_a_host_that_comes_up() {
    let server = Server::with(|world| {
        world.stages = world::failover();
        world.faults = [(0, Fault::Killed), (3, Fault::Cut), (6, Fault::NotThereYet), (6, Fault::Killed)].into();
        world.report = Some(report());
    });
    let url = server.start().await;
    let ended = reveille(&format!("watch {}", world::RUN)).at(&url).await;
    assert_eq!(ended.code, 0, "{}", ended.everything());
    assert_shown!(ended.stderr.clone());
    for line in ["02:14:50  confirm-outage", "A person is needed", "02:27:20  run"] {
        assert_eq!(ended.stdout.matches(line).count(), 1, "{line:?} in\n{}", ended.stdout);
    }
}

#[tokio::test]
async fn a_followed_run_as_json_lines() {
    let server = Server::with(|world| {
        world.stages = world::failover();
        world.report = Some(report());
    });
    let url = server.start().await;
    let ended = reveille(&format!("watch {} --json", world::RUN)).at(&url).await;
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let seqs: Vec<u64> = lines.iter().filter_map(|line| line["event"]["seq"].as_u64()).collect();
    assert_eq!(seqs, (1..=13).collect::<Vec<_>>(), "each event once");
    assert_eq!(lines.iter().filter(|line| line["ask"]["about"] == "verify-writer").count(), 1);
    let last_two = &lines[lines.len() - 2..];
    assert_eq!(last_two[0]["run"]["state"], "recovered");
    assert_eq!(last_two[1]["report"], report());
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
}

#[tokio::test]
async fn a_run_that_ends_unrecovered_is_told_by_the_exit_code() {
    let server = Server::with(|world| {
        let mut last = world::failover().remove(4);
        last.state = "failed".into();
        world.stages = vec![last];
        world.report = Some(report());
    });
    let url = server.start().await;
    assert_eq!(reveille(&format!("watch {}", world::RUN)).at(&url).await.code, 3);
}

/// Ctrl-C ends the command, not the run, and says how to come back.
#[tokio::test]
async fn an_interrupted_follower_leaves_the_run_alone() {
    let server = Server::with(|world| world.stages = vec![world::failover().remove(0)]);
    let url = server.start().await;
    let ended = reveille(&format!("watch {}", world::RUN)).interrupted_after_a_line(&url).await;
    assert_shown!(ended.everything());
    assert!(server.posted().is_empty());
}

fn client(url: &str) -> Client {
    let base = Address::parse(url).unwrap();
    let http = http(&base, None).unwrap();
    Client::new(base, Some(Secret::new(KEY)), http)
}

fn quiet() -> View {
    View::lines(Output::new(false, None))
}

#[tokio::test]
async fn a_run_whose_notifications_hang_is_not_followed_for_ever() {
    let server = Server::with(|world| world.stages = vec![world::failover().remove(3)]);
    let url = server.start().await;
    let patience = Patience { closing: Duration::from_millis(50), ..Patience::default() };
    let ended = live::follow(&client(&url), &RunId::new(world::RUN), &mut quiet(), patience).await.unwrap();
    assert_eq!((ended.state.as_str(), ended.closed), ("recovered", false));
}

#[tokio::test]
async fn after_too_long_a_silence_following_ends_with_an_error() {
    let server = Server::with(|world| {
        world.stages = world::failover();
        world.faults = (0..100).map(|_| (3, Fault::Killed)).collect();
    });
    let url = server.start().await;
    let patience = Patience { silence: Duration::from_millis(200), ..Patience::default() };
    let ended = live::follow(&client(&url), &RunId::new(world::RUN), &mut quiet(), patience).await;
    assert!(matches!(ended, Err(ClientError::Unable { status: 500, .. })), "{ended:?}");
}

#[tokio::test]
async fn a_run_that_is_not_there_is_refused_at_once() {
    let url = Server::with(|world| world.faults = [(0, Fault::NotThereYet)].into()).start().await;
    let ended = live::follow(&client(&url), &RunId::new("x.y"), &mut quiet(), Patience::default()).await;
    assert!(matches!(ended, Err(ClientError::NotThere { .. })), "{ended:?}");
}
