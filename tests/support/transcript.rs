//! What a Functions host and its handler said, kept for a failure's message and for the search for secrets.

use reveille::sandbox::host::{Log, LogLine};
use serde_json::Value;
use std::sync::{Arc, Mutex};

/// Category of what a handler writes to its standard streams.
const CONSOLE: &str = "Host.Function.Console";

#[derive(Clone, Default)]
pub struct Transcript(Arc<Mutex<Vec<LogLine>>>);

impl Transcript {
    /// Where the host's log is to go.
    pub fn log(&self) -> Log {
        let lines = self.0.clone();
        Log::new(move |line| lines.lock().unwrap().push(line.clone()))
    }

    /// The handler's own lines.
    pub fn handler(&self) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|line| line.category == CONSOLE).map(|line| line.text.clone()).collect()
    }

    /// The handler's lines that are JSON objects.
    pub fn json(&self) -> Vec<Value> {
        self.handler().iter().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    /// Every line, for people.
    pub fn text(&self) -> String {
        let lines = self.0.lock().unwrap();
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}
