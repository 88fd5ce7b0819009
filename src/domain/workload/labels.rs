//! Kubernetes's label selectors: read, written and matched (kubernetes.io, Labels and Selectors).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A label selector, such as `app=sonarqube,tier in (a, b),!old`. All its requirements have to hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Requirement {
    key: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
}

/// Why a text is not a label selector.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not a label selector: {why}; expected one such as app=sonarqube or \"part in (app, search)\"")]
pub struct NotASelector {
    text: String,
    why: String,
}

impl LabelSelector {
    /// The label `key` has one of these values.
    pub fn one_of(key: &str, values: &[&str]) -> Self {
        let values = values.iter().map(ToString::to_string).collect();
        Self { requirements: vec![Requirement { key: key.to_owned(), test: Test::In(values) }] }
    }

    /// Reads a selector as `kubectl -l` takes it. An empty one would select everything and is none.
    pub fn parse(text: &str) -> Result<Self, NotASelector> {
        let wrong = |why: &str| NotASelector { text: text.to_owned(), why: why.to_owned() };
        let parts = split(text).ok_or_else(|| wrong("a bracket is not closed"))?;
        let requirements = parts.into_iter().map(|part| Requirement::parse(part).map_err(|why| wrong(&why)));
        let requirements = requirements.collect::<Result<Vec<_>, _>>()?;
        if requirements.is_empty() { Err(wrong("it is empty")) } else { Ok(Self { requirements }) }
    }

    pub fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        self.requirements.iter().all(|requirement| requirement.holds(labels.get(&requirement.key).map(String::as_str)))
    }
}

/// The requirements: separated by commas outside of brackets. `None` when brackets do not match.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut inside) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match (c, inside) {
            ('(', false) => inside = true,
            (')', true) => inside = false,
            ('(', true) | (')', false) => return None,
            (',', false) => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    let only_blank = parts.len() == 1 && parts[0].trim().is_empty();
    (!inside).then(|| if only_blank { Vec::new() } else { parts })
}

impl Requirement {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (key, test) = if let Some((key, values)) = set(text) {
            let (key, negated) = match key.split_once(char::is_whitespace) {
                Some((key, word)) if word.trim() == "in" => (key, false),
                Some((key, word)) if word.trim() == "notin" => (key, true),
                _ => return Err(format!("{text:?} is neither \"in\" nor \"notin\"")),
            };
            (key, if negated { Test::NotIn(values) } else { Test::In(values) })
        } else if let Some((key, value)) = text.split_once("!=") {
            (key, Test::NotIn(vec![value.trim().to_owned()]))
        } else if let Some((key, value)) = text.split_once("==").or_else(|| text.split_once('=')) {
            (key, Test::In(vec![value.trim().to_owned()]))
        } else if let Some(key) = text.strip_prefix('!') {
            (key, Test::Missing)
        } else {
            (text, Test::Exists)
        };
        Self { key: key.trim().to_owned(), test }.checked()
    }

    fn checked(self) -> Result<Self, String> {
        if !is_key(&self.key) {
            return Err(format!("{:?} is not a label's name", self.key));
        }
        let (Test::In(values) | Test::NotIn(values)) = &self.test else { return Ok(self) };
        match values.iter().find(|value| !is_value(value)) {
            Some(value) => Err(format!("{value:?} is not a label's value")),
            None => Ok(self),
        }
    }

    /// A label that is not there is unlike every value.
    fn holds(&self, value: Option<&str>) -> bool {
        let among = |values: &[String]| value.is_some_and(|value| values.iter().any(|known| known == value));
        match &self.test {
            Test::In(values) => among(values),
            Test::NotIn(values) => !among(values),
            Test::Exists => value.is_some(),
            Test::Missing => value.is_none(),
        }
    }
}

/// `key in (a, b)` as what stands before the brackets and what stands in them.
fn set(text: &str) -> Option<(&str, Vec<String>)> {
    let (key, rest) = text.split_once('(')?;
    let inside = rest.strip_suffix(')')?;
    Some((key.trim(), inside.split(',').map(|value| value.trim().to_owned()).collect()))
}

fn is_key(key: &str) -> bool {
    let (prefix, name) = key.split_once('/').map_or((None, key), |(prefix, name)| (Some(prefix), name));
    !name.is_empty() && is_value(name) && prefix.is_none_or(|prefix| !prefix.is_empty() && is_name(prefix, 253))
}

fn is_value(value: &str) -> bool {
    value.is_empty() || is_name(value, 63)
}

fn is_name(text: &str, longest: usize) -> bool {
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let ends = [text.chars().next(), text.chars().next_back()];
    text.len() <= longest && text.chars().all(inner) && ends.iter().flatten().all(char::is_ascii_alphanumeric)
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.key;
        match &self.test {
            Test::In(values) if values.len() == 1 => write!(f, "{key}={}", values[0]),
            Test::NotIn(values) if values.len() == 1 => write!(f, "{key}!={}", values[0]),
            Test::In(values) => write!(f, "{key} in ({})", values.join(",")),
            Test::NotIn(values) => write!(f, "{key} notin ({})", values.join(",")),
            Test::Exists => f.write_str(key),
            Test::Missing => write!(f, "!{key}"),
        }
    }
}

impl fmt::Display for LabelSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.requirements.iter().map(ToString::to_string).collect();
        f.write_str(&parts.join(","))
    }
}

impl TryFrom<String> for LabelSelector {
    type Error = NotASelector;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<LabelSelector> for String {
    fn from(selector: LabelSelector) -> String {
        selector.to_string()
    }
}
