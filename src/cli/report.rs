//! `reveille report`: the report of a run, for people or machines.

use super::{CliError, Desk, Exit, Output};
use crate::domain::names::RunId;
use crate::render::{markdown, terminal};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    run: String,
    /// Write Markdown, for a ticket or a wiki
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
}

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let answer = desk.client.report(&RunId::new(&args.run)).await?;
    desk.show(&answer.text, || match args.markdown {
        true => markdown::report(&answer.value),
        false => terminal::report(&answer.value, Output::screen()),
    });
    Ok(Exit::Fine)
}
