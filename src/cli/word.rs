//! `reveille approve`, `decline` and `abort`: a person's word to a run.

use super::watch::follow;
use super::{CliError, Desk, Exit, Output, Speaker};
use crate::domain::names::RunId;
use crate::domain::runbook::RunKind;
use crate::domain::status::RunView;
use crate::render::terminal;
use chrono::Utc;
use std::time::Duration;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    run: String,
    #[command(flatten)]
    speaker: Speaker,
    /// Really say it; without it, show what the run asks and what the word would decide
    #[arg(long)]
    execute: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    Approve,
    Decline,
    Abort,
}

impl Verb {
    fn as_str(self) -> &'static str {
        match self {
            Verb::Approve => "approve",
            Verb::Decline => "decline",
            Verb::Abort => "abort",
        }
    }
}

pub(super) async fn run(desk: &Desk, verb: Verb, args: &Args) -> Result<Exit, CliError> {
    let run = RunId::new(&args.run);
    if args.execute { say(desk, verb, &run, args).await } else { show(desk, verb, &run, args).await }
}

async fn show(desk: &Desk, verb: Verb, run: &RunId, args: &Args) -> Result<Exit, CliError> {
    let answer = desk.client.run(run, 0, Duration::ZERO).await?;
    let view = &answer.value;
    let decides = decides(verb, view);
    desk.show(&answer.text, || {
        let state = terminal::run(view, Output::screen(), Utc::now());
        if decides.is_empty() { state } else { format!("{state}\n{}\n", decides.join("\n")) }
    });
    if is_open(verb, view) {
        let command = format!("reveille {} {run}{} --execute", verb.as_str(), args.speaker.typed());
        desk.out.suggest("nothing was decided; to say it", &command);
    }
    Ok(Exit::Fine)
}

/// What the word would decide, in sentences.
fn decides(verb: Verb, view: &RunView) -> Vec<String> {
    if view.state != "running" {
        return vec![format!("The run is over, {} would decide nothing.", verb.as_str())];
    }
    match verb {
        // What approving decides stands with each question.
        Verb::Approve if is_open(verb, view) => Vec::new(),
        Verb::Approve => vec!["The run asks nothing that could be approved now.".to_owned()],
        Verb::Decline if is_open(verb, view) => {
            vec![
                "Declining ends the run and closes the incident; it is taken only while nothing was touched."
                    .to_owned(),
            ]
        }
        Verb::Decline => vec!["The run asks nothing that could be declined now.".to_owned()],
        Verb::Abort => vec![aborting(view.kind).to_owned()],
    }
}

/// A rehearsal puts back what it started; nothing else does.
fn aborting(kind: RunKind) -> &'static str {
    match kind.puts_back() {
        [_] => "Aborting ends the drill, once the standby is put back to rest as at the end of any drill.",
        [_, ..] => "Aborting ends the move. Unless the standby serves already, the primary is put back first.",
        [] => "Aborting ends the run and closes the incident. Nothing is undone: what Azure accepted goes on.",
    }
}

/// Whether the word would decide anything now. Questions that no approval answers cannot be declined either.
fn is_open(verb: Verb, view: &RunView) -> bool {
    let asks = view.asks.iter().any(|ask| ask.approve_means.is_some());
    view.state == "running" && (asks || verb == Verb::Abort)
}

async fn say(desk: &Desk, verb: Verb, run: &RunId, args: &Args) -> Result<Exit, CliError> {
    let told = desk.client.tell_run(run, verb.as_str(), &args.speaker.words()).await;
    let answer = told.map_err(|error| super::unanswered(error, format!("reveille status {run}")))?;
    desk.say_done(&answer);
    if desk.client.is_direct() {
        // Nobody else may be there to act on the word.
        return Ok(follow(desk, run).await?.exit);
    }
    desk.out.suggest("follow it with", &format!("reveille watch {run}"));
    Ok(Exit::Fine)
}
