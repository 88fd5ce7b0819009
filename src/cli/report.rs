//! `reveille report`: what a run came to, for people, tickets and machines.

use super::document::{Args, Renders};
use super::{CliError, Desk, Exit, Output};
use crate::domain::report::{Report, SCHEMA};
use crate::render::{html, markdown, terminal};

const RENDERS: Renders<Report> = Renders { markdown: markdown::report, html: html::report, terminal: terminal::report };

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let answer = desk.client.report(&args.run()).await?;
    args.shape.give(&desk.out, &answer, &RENDERS)
}

/// Renders a stored report, asking nobody.
pub(super) fn offline(args: &Args, out: &Output) -> Result<Exit, CliError> {
    args.shape.give(out, &args.shape.stored(SCHEMA)?, &RENDERS)
}
