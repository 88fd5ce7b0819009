//! Reading a TOML tree with a memory for mistakes: every getter notes what is wrong and goes on.

use super::entry::Entry;
use super::errors::{ConfigError, Lines};
use std::cell::RefCell;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// One file being read: where its mistakes are collected.
pub(super) struct Reader<'a> {
    file: &'a str,
    lines: Lines<'a>,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    errors: RefCell<Vec<(Basis, ConfigError)>>,
    /// What would be right for keys that are not there, as whoever looked for them said.
    expected: RefCell<BTreeMap<String, String>>,
}

/// What a mistake was told from, which decides whether it can be believed when the file also has syntax errors.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Basis {
    /// Not TOML at all.
    Syntax,
    /// A value, where it stands: wrong whatever surrounds it.
    Value,
    /// The section around it: right as long as no header before it was broken.
    Place,
    /// What is not there: it may have been lost in a syntax error.
    Whole,
}

impl<'a> Reader<'a> {
    pub(super) fn new(file: &'a str, text: &'a str, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { file, lines: Lines::of(text), env, errors: RefCell::default(), expected: RefCell::default() }
    }

    pub(super) fn reject(&self, basis: Basis, at: usize, key: &str, message: impl Into<String>) {
        let error = ConfigError {
            file: self.file.to_owned(),
            position: Some(self.lines.position(at)),
            key: key.to_owned(),
            message: message.into(),
        };
        self.errors.borrow_mut().push((basis, error));
    }

    /// Notes what an absent key should have been.
    pub(super) fn expect(&self, key: &str, expected: &str) {
        self.expected.borrow_mut().insert(key.to_owned(), expected.to_owned());
    }

    fn missing(&self, key: &str) -> String {
        let expected = self.expected.borrow();
        expected.get(key).map_or_else(|| "is missing".to_owned(), |expected| format!("is missing; expected {expected}"))
    }

    pub(super) fn line(&self, at: usize) -> usize {
        self.lines.position(at).line
    }

    /// All mistakes that can be believed, in the order in which they stand in the file.
    pub(super) fn into_errors(self) -> Vec<ConfigError> {
        let noted = self.errors.into_inner();
        let line = |error: &ConfigError| error.position.map_or(0, |position| position.line);
        let broken: Vec<usize> =
            noted.iter().filter(|(basis, _)| *basis == Basis::Syntax).map(|(_, error)| line(error)).collect();
        let first = broken.iter().min().copied().unwrap_or(usize::MAX);
        let believed = |basis, line| match basis {
            Basis::Syntax => true,
            Basis::Value => !broken.contains(&line),
            Basis::Place => line < first,
            Basis::Whole => broken.is_empty(),
        };
        let mut errors: Vec<ConfigError> =
            noted.into_iter().filter(|(basis, error)| believed(*basis, line(error))).map(|(_, error)| error).collect();
        errors.sort_by_key(|error| error.position);
        errors.dedup();
        errors
    }
}

/// A table of the file. It remembers which keys were asked for; [`Section::finish`] reports the others.
pub(super) struct Section<'a> {
    pub(super) reader: &'a Reader<'a>,
    /// `plan.sonarqube.database`; empty for the whole file.
    pub(super) path: String,
    /// Byte offset where the section begins.
    pub(super) at: usize,
    table: &'a DeTable<'a>,
    asked: RefCell<Vec<&'static str>>,
    missing: RefCell<Vec<&'static str>>,
}

impl<'a> Section<'a> {
    pub(super) fn new(reader: &'a Reader<'a>, path: String, at: usize, table: &'a DeTable<'a>) -> Self {
        Self { reader, path, at, table, asked: RefCell::default(), missing: RefCell::default() }
    }

    /// An optional key.
    pub(super) fn get(&self, key: &'static str) -> Entry<'a> {
        self.asked.borrow_mut().push(key);
        let value = self.table.get(key);
        let at = value.map_or(self.at, |value| value.span().start);
        Entry { reader: self.reader, path: self.path_of(key), at, value: value.map(|value| value.get_ref()) }
    }

    /// A key that must be there.
    pub(super) fn need(&self, key: &'static str) -> Entry<'a> {
        let entry = self.get(key);
        if entry.is_absent() {
            self.missing.borrow_mut().push(key);
        }
        entry
    }

    /// A key that has no place here, and why.
    pub(super) fn refuse(&self, key: &'static str, message: &str) {
        let entry = self.get(key);
        if !entry.is_absent() {
            entry.reject(message);
        }
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// What this section calls itself, for the names of its errors.
    pub(super) fn own_name(table: &DeTable<'_>) -> Option<String> {
        match table.get("name")?.get_ref() {
            DeValue::String(name) if !name.is_empty() => Some(name.to_string()),
            _ => None,
        }
    }

    /// Says something about the section as a whole.
    pub(super) fn reject(&self, message: impl Into<String>) {
        self.reader.reject(Basis::Whole, self.at, &self.path, message);
    }

    fn path_of(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// Reports keys that nobody asked for and keys that should have been there.
    ///
    /// A missing key whose misspelling is reported is not reported once more.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        let mut explained = Vec::new();
        for key in self.table.keys().filter(|key| !asked.contains(&key.get_ref().as_ref())) {
            let meant = nearest(key.get_ref(), asked.iter().copied().filter(|known| !self.has(known)));
            explained.extend(meant);
            self.reader.reject(Basis::Place, key.span().start, &self.path_of(key.get_ref()), unknown(meant, &asked));
        }
        for key in self.missing.borrow().iter().filter(|key| !explained.contains(key)) {
            let path = self.path_of(key);
            self.reader.reject(Basis::Whole, self.at, &path, self.reader.missing(&path));
        }
    }
}

fn unknown(meant: Option<&str>, asked: &[&str]) -> String {
    match meant {
        Some(meant) => format!("no such key; did you mean {meant:?}?"),
        None => format!("no such key; here may stand {}", asked.join(", ")),
    }
}

fn nearest(key: &str, known: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    known
        .map(|candidate| (strsim::jaro_winkler(key, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_finds_its_neighbour_and_a_strange_one_none() {
        let known = ["automation", "workload", "cooldown", "rto", "rpo"];
        assert_eq!(nearest("automaton", known.into_iter()), Some("automation"));
        assert_eq!(nearest("cool_down", known.into_iter()), Some("cooldown"));
        assert_eq!(nearest("owner", known.into_iter()), None);
    }
}
