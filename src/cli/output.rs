//! Data to stdout, messages to stderr, hints after a blank line; the key in neither.

use super::error::CliError;
use crate::domain::secret::Secret;
use crate::render::Screen;
use console::Term;
use std::io::{IsTerminal, Write, stderr, stdout};

/// Lines longer than this are hard to read, however wide the window is.
const WIDEST: usize = 120;
/// For files and pipes.
const WIDTH_WITHOUT_TERMINAL: usize = 100;
/// Shorter texts are no keys of a function app, and replacing them would only hide words.
const SHORTEST_KEY: usize = 8;

/// Where a command writes.
#[derive(Debug, Clone)]
pub struct Output {
    pub json: bool,
    key: Option<Secret>,
    /// What stands behind the program's name in commands that are suggested: `--direct`.
    way: String,
}

impl Output {
    /// `key` is taken out of everything that is written: a server may send back what it was sent.
    pub fn new(json: bool, key: Option<Secret>) -> Self {
        Self { json, key, way: String::new() }
    }

    /// Suggests commands that go the same way.
    pub(super) fn going(self, way: String) -> Self {
        Self { way, ..self }
    }

    /// Whether somebody watches: stdout is a terminal that can move its cursor.
    pub fn is_screen() -> bool {
        stdout().is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
    }

    /// Width and colour of stdout. Colours only on a terminal and without `NO_COLOR` (no-color.org).
    pub fn screen() -> Screen {
        let terminal = Self::is_screen();
        let width = Term::stdout().size_checked().filter(|_| terminal).map(|(_, columns)| usize::from(columns));
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Screen { width: width.unwrap_or(WIDTH_WITHOUT_TERMINAL).min(WIDEST), colour }
    }

    /// Text for people, or whatever else stdout is for.
    pub fn data(&self, text: &str) {
        let text = self.without_key(text);
        let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
        // A reader that went away, such as `head`, is no failure of ours.
        let _ = write!(stdout(), "{text}{end}").and_then(|()| stdout().flush());
    }

    pub fn message(&self, text: &str) {
        let _ = writeln!(stderr(), "{}", self.without_key(text));
    }

    /// What to do next, after a blank line. Not for machines.
    pub fn hint(&self, text: &str) {
        if !self.json {
            let _ = writeln!(stderr(), "\nhint: {}", self.without_key(text));
        }
    }

    /// A hint whose command stands alone on its line, to be copied.
    pub fn suggest(&self, text: &str, command: &str) {
        let same_way = command.strip_prefix("reveille ").filter(|_| !self.way.is_empty());
        let command = same_way.map_or_else(|| command.to_owned(), |rest| format!("reveille {} {rest}", self.way));
        self.hint(&format!("{text}:\n  {command}"));
    }

    /// The error with everything that caused it.
    pub fn error(&self, error: &CliError) {
        if let Some(problem) = error.problem().filter(|_| self.json) {
            self.data(problem);
        }
        self.message(&format!("error: {error}"));
        // Transparent variants show their own source already.
        for cause in causes(error) {
            self.message(&format!("  caused by: {cause}"));
        }
        if let Some(hint) = error.hint() {
            self.hint(&hint);
        }
    }

    pub fn without_key(&self, text: &str) -> String {
        match &self.key {
            Some(key) if key.expose().len() >= SHORTEST_KEY => text.replace(key.expose(), "[key]"),
            _ => text.to_owned(),
        }
    }
}

fn causes(error: &CliError) -> Vec<String> {
    let shown = error.to_string();
    let chain = std::iter::successors(std::error::Error::source(error), |error| error.source());
    chain.map(ToString::to_string).filter(|cause| !shown.ends_with(cause.as_str())).collect()
}
