//! `reveille record`: what an auditor gets of a run.

use super::document::{Renders, Shape};
use super::{CliError, Desk, Exit, Output};
use crate::domain::names::RunId;
use crate::domain::record::{Record, SCHEMA};
use crate::render::{html, markdown, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    run: Option<String>,
    #[command(flatten)]
    pub(super) shape: Shape,
}

const RENDERS: Renders<Record> = Renders { markdown: markdown::record, html: html::record, terminal: terminal::record };

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let run = RunId::new(args.run.as_deref().unwrap_or_default());
    let answer = desk.client.record(&run).await?;
    args.shape.give(&desk.out, &answer, &RENDERS)
}

/// Renders a stored record, asking nobody.
pub(super) fn offline(args: &Args, out: &Output) -> Result<Exit, CliError> {
    args.shape.give(out, &args.shape.stored(SCHEMA)?, &RENDERS)
}
