//! Rust files, read and parsed.

use std::fmt;
use std::path::Path;

/// One file, with its path from the root of the project, such as `src/engine/drive.rs`.
pub struct Source {
    pub path: String,
    pub text: String,
    pub syntax: syn::File,
}

impl Source {
    pub fn parse(path: &str, text: &str) -> Self {
        let syntax = syn::parse_file(text).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { path: path.to_owned(), text: text.to_owned(), syntax }
    }

    /// The module that the file is, without `crate`: `src/engine/mod.rs` is `engine`, `src/lib.rs` is nothing.
    pub fn module(&self) -> Vec<String> {
        let inside = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let mut module: Vec<String> = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if matches!(module.last().map(String::as_str), Some("mod" | "lib" | "main")) {
            module.pop();
        }
        module
    }

    /// The first name of [`Self::module`].
    pub fn layer(&self) -> Option<String> {
        self.module().into_iter().next()
    }

    pub fn finding(&self, line: usize, rule: impl Into<String>) -> Finding {
        Finding { file: self.path.clone(), line, rule: rule.into() }
    }
}

/// Every Rust file below `folder`, in the order of their paths.
pub fn all(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(root, &root.join(folder), &mut found);
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Source>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    for path in entries.map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            collect(root, &path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            found.push(Source::parse(path.strip_prefix(root).unwrap().to_str().unwrap(), &text));
        }
    }
}

/// A rule that a line breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub file: String,
    pub line: usize,
    pub rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}: {}", self.file, self.line, self.rule)
    }
}

/// Fails with every finding on a line of its own.
#[track_caller]
pub fn hold(findings: impl IntoIterator<Item = Finding>) {
    let lines: Vec<String> = findings.into_iter().map(|finding| finding.to_string()).collect();
    assert!(lines.is_empty(), "{} broken:\n{}", lines.len(), lines.join("\n"));
}
