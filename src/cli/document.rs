//! How a report or a record is given out: in which form, to where, from a server or from a file.

use super::{Answer, CliError, Exit, Output};
use crate::domain::names::RunId;
use crate::render::Screen;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::path::{Path, PathBuf};

/// Width of plain text in a file.
const FILE_WIDTH: usize = 100;

/// Which document, and how it is to be given out.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The run, as `reveille status` names it
    #[arg(required_unless_present = "from", conflicts_with = "from")]
    run: Option<String>,
    #[command(flatten)]
    pub(super) shape: Shape,
}

impl Args {
    /// The run that the server is asked for.
    pub(super) fn run(&self) -> RunId {
        RunId::new(self.run.as_deref().unwrap_or_default())
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Shape {
    /// Write Markdown, for a ticket or a wiki
    #[arg(long, conflicts_with_all = ["json", "html"])]
    markdown: bool,
    /// Write one self-contained HTML page, for a browser or a printer
    #[arg(long, conflicts_with = "json")]
    html: bool,
    /// Write it to a file instead of stdout; one of that name is replaced
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Read a stored JSON instead of asking a server
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
}

/// The forms of one kind of document.
pub(super) struct Renders<T> {
    pub(super) markdown: fn(&T) -> String,
    pub(super) html: fn(&T) -> String,
    pub(super) terminal: fn(&T, Screen) -> String,
}

impl Shape {
    /// Whether a file is read instead of asking a server.
    pub(super) fn is_offline(&self) -> bool {
        self.from.is_some()
    }

    /// What stands in that file, if it is of that schema.
    pub(super) fn stored<T: DeserializeOwned>(&self, schema: &'static str) -> Result<Answer<T>, CliError> {
        let path = self.from.as_deref().ok_or_else(|| CliError::Usage("no file was named with --from".into()))?;
        read(path, schema)
    }

    pub(super) fn give<T>(&self, out: &Output, answer: &Answer<T>, renders: &Renders<T>) -> Result<Exit, CliError> {
        match &self.output {
            Some(path) => write(out, path, &self.text(out, answer, renders, Screen::plain(FILE_WIDTH)))?,
            None => out.data(&self.text(out, answer, renders, Output::screen())),
        }
        Ok(Exit::Fine)
    }

    /// JSON is the server's own text.
    fn text<T>(&self, out: &Output, answer: &Answer<T>, renders: &Renders<T>, screen: Screen) -> String {
        match (out.json, self.html, self.markdown) {
            (true, ..) => answer.text.clone(),
            (_, true, _) => (renders.html)(&answer.value),
            (.., true) => (renders.markdown)(&answer.value),
            _ => (renders.terminal)(&answer.value, screen),
        }
    }
}

fn write(out: &Output, path: &Path, text: &str) -> Result<(), CliError> {
    let text = out.without_key(text);
    std::fs::write(path, text).map_err(|source| CliError::Output { path: path.to_owned(), source })?;
    out.message(&format!("wrote {}", path.display()));
    Ok(())
}

/// A stored document of that schema.
fn read<T: DeserializeOwned>(path: &Path, schema: &'static str) -> Result<Answer<T>, CliError> {
    #[derive(Deserialize)]
    struct Schema {
        schema: String,
    }
    let unreadable = |why: String| CliError::Input { path: path.to_owned(), why };
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
    let found: Schema =
        serde_json::from_slice(text.as_bytes()).map_err(|_| unreadable(format!("it is no {schema}")))?;
    if found.schema != schema {
        return Err(unreadable(format!("it is a {:?}, not a {schema:?}", found.schema)));
    }
    let value = serde_json::from_slice(text.as_bytes()).map_err(|error| unreadable(error.to_string()))?;
    Ok(Answer { value, text })
}
