//! `reveille report`: what a run came to, for people, tickets and machines.

use super::document::{Renders, Shape};
use super::{CliError, Desk, Exit, Output};
use crate::domain::names::RunId;
use crate::domain::report::{Report, SCHEMA};
use crate::render::{html, markdown, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    run: Option<String>,
    #[command(flatten)]
    pub(super) shape: Shape,
}

const RENDERS: Renders<Report> = Renders { markdown: markdown::report, html: html::report, terminal: terminal::report };

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let run = RunId::new(args.run.as_deref().unwrap_or_default());
    let answer = desk.client.report(&run).await?;
    args.shape.give(&desk.out, &answer, &RENDERS)
}

/// Renders a stored report, asking nobody.
pub(super) fn offline(args: &Args, out: &Output) -> Result<Exit, CliError> {
    args.shape.give(out, &args.shape.stored(SCHEMA)?, &RENDERS)
}
