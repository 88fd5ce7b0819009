//! `reveille watch`: follows a run until it is over, then shows its report.

use super::live::{self, Patience, View};
use super::{CliError, Desk, Exit, Output};
use crate::domain::names::RunId;
use crate::domain::status::RunView;
use crate::render::terminal;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    run: String,
}

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    Ok(follow(desk, &RunId::new(&args.run)).await?.exit)
}

/// How following ended.
pub(super) struct Ended {
    pub exit: Exit,
    /// The run's state, unless following was interrupted.
    pub state: Option<String>,
}

/// Follows the run and shows its report. Ctrl-C ends the following, never the run. Without a function app it is driven
/// meanwhile.
pub(super) async fn follow(desk: &Desk, run: &RunId) -> Result<Ended, CliError> {
    desk.client.drive(run);
    let mut view = View::new(desk.out.clone());
    let followed = tokio::select! {
        followed = live::follow(&desk.client, run, &mut view, Patience::default()) => followed,
        _ = tokio::signal::ctrl_c() => {
            desk.out.message(left_alone(desk.client.is_direct()));
            desk.out.suggest("come back with", &format!("reveille watch {run}"));
            return Ok(Ended { exit: Exit::Interrupted, state: None });
        }
    };
    let ended = followed.map_err(|source| lost(run, source))?;
    show_report(desk, &ended).await;
    Ok(Ended { exit: Exit::of_state(&ended.state), state: Some(ended.state) })
}

fn left_alone(was_driven_here: bool) -> &'static str {
    match was_driven_here {
        false => "\nnote: the run goes on without this command",
        true => {
            "\nnote: nothing is undone; the run goes on where the function app is there, else when it is followed again"
        }
    }
}

/// A server that refuses is no lost connection.
fn lost(run: &RunId, source: super::ClientError) -> CliError {
    if source.is_passing() { CliError::Lost { run: run.clone(), source } } else { CliError::Client(source) }
}

/// How the run ended is known already, so a report that cannot be had changes nothing.
async fn show_report(desk: &Desk, ended: &RunView) {
    match desk.client.report(&ended.run).await {
        Ok(answer) if desk.out.json => {
            let report = serde_json::json!({ "report": answer.value });
            desk.out.data(&report.to_string());
        }
        Ok(answer) => desk.out.data(&format!("\n{}", terminal::report(&answer.value, Output::screen()))),
        Err(error) => {
            desk.out.data(&ended.headline);
            desk.out.message(&format!("note: the report cannot be read now: {error}"));
            desk.out.suggest("ask again with", &format!("reveille report {}", ended.run));
        }
    }
}
