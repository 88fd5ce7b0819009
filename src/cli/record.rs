//! `reveille record`: what an auditor gets of a run.

use super::document::{Args, Renders};
use super::{CliError, Desk, Exit, Output};
use crate::domain::record::{Record, SCHEMA};
use crate::render::{html, markdown, terminal};

const RENDERS: Renders<Record> = Renders { markdown: markdown::record, html: html::record, terminal: terminal::record };

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let answer = desk.client.record(&args.run()).await?;
    args.shape.give(&desk.out, &answer, &RENDERS)
}

/// Renders a stored record, asking nobody.
pub(super) fn offline(args: &Args, out: &Output) -> Result<Exit, CliError> {
    args.shape.give(out, &args.shape.stored(SCHEMA)?, &RENDERS)
}
