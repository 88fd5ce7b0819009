//! `reveille report`: the report of a run, for people or machines.

use super::client::Answer;
use super::{CliError, Desk, Exit, Output};
use crate::domain::names::RunId;
use crate::domain::report::Report;
use crate::render::{Screen, html, markdown, terminal};
use std::path::{Path, PathBuf};

/// Width of plain text in a file.
const FILE_WIDTH: usize = 100;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    run: String,
    /// Write Markdown, for a ticket or a wiki
    #[arg(long, conflicts_with_all = ["json", "html"])]
    markdown: bool,
    /// Write one self-contained HTML page, for a browser or a printer
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Write it to a file instead of stdout; one of that name is replaced
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub(super) async fn run(desk: &Desk, args: &Args) -> Result<Exit, CliError> {
    let answer = desk.client.report(&RunId::new(&args.run)).await?;
    match &args.output {
        Some(path) => write(desk, path, &text(desk, args, &answer, Screen::plain(FILE_WIDTH)))?,
        None => desk.out.data(&text(desk, args, &answer, Output::screen())),
    }
    Ok(Exit::Fine)
}

/// The report in the form that was asked for; JSON is the server's own text.
fn text(desk: &Desk, args: &Args, answer: &Answer<Report>, screen: Screen) -> String {
    match (desk.out.json, args.html, args.markdown) {
        (true, ..) => answer.text.clone(),
        (_, true, _) => html::report(&answer.value),
        (.., true) => markdown::report(&answer.value),
        _ => terminal::report(&answer.value, screen),
    }
}

fn write(desk: &Desk, path: &Path, text: &str) -> Result<(), CliError> {
    let text = desk.out.without_key(text);
    std::fs::write(path, text).map_err(|source| CliError::Output { path: path.to_owned(), source })?;
    desk.out.message(&format!("wrote {}", path.display()));
    Ok(())
}
