//! The host's log: what Application Insights would be given.

use std::fmt;
use std::sync::Arc;

/// Severity of a line, as the host decides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    Information,
    Warning,
    Error,
}

/// One log entry. A handler's multi-line output is many.
#[derive(Debug, Clone, PartialEq)]
pub struct LogLine {
    pub level: Level,
    /// `Host.Function.Console` for the handler's streams, `Function.<name>.User` for an answer's Logs, `Host` for the host itself.
    pub category: String,
    pub text: String,
}

impl fmt::Display for LogLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {}", self.level, self.category, self.text)
    }
}

/// Where lines go.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(&LogLine) + Send + Sync>);

impl Log {
    pub fn new(sink: impl Fn(&LogLine) + Send + Sync + 'static) -> Self {
        Self(Arc::new(sink))
    }

    /// Drops every line.
    pub fn none() -> Self {
        Self::new(|_| {})
    }

    pub(super) fn line(&self, level: Level, category: &str, text: impl Into<String>) {
        (self.0)(&LogLine { level, category: category.to_owned(), text: text.into() });
    }

    pub(in crate::sandbox) fn host(&self, level: Level, text: impl Into<String>) {
        self.line(level, "Host", text);
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
