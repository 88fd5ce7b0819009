//! What was looked at, and whether it was right.

use std::fmt::Debug;

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What.
    pub what: String,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub saw: String,
    /// Whether that is right.
    pub ok: bool,
}

/// All that was looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// Everything is right.
    pub passed: bool,
    /// In the order of the scenario's file.
    pub checks: Vec<Check>,
}

impl Check {
    /// Both must be the same.
    pub(super) fn new<T: Debug + PartialEq>(what: impl Into<String>, expected: &T, saw: &T) -> Self {
        let ok = expected == saw;
        Self { what: what.into(), expected: words(expected), saw: words(saw), ok }
    }

    /// Nothing of the kind may have been seen.
    pub(super) fn none(what: impl Into<String>, seen: &[impl AsRef<str>]) -> Self {
        let seen: Vec<&str> = seen.iter().map(AsRef::as_ref).collect();
        Self::new(what, &Vec::new(), &seen)
    }

    /// Item by item one of the words that are allowed there, such as `recovered|serving`.
    pub(super) fn in_order(what: impl Into<String>, expected: &[String], saw: &[String]) -> Self {
        let fits = |(allowed, word): (&String, &String)| allowed.split('|').any(|it| it == word);
        let ok = expected.len() == saw.len() && expected.iter().zip(saw).all(fits);
        Self { what: what.into(), expected: expected.join(", then "), saw: saw.join(", then "), ok }
    }
}

/// A value for people: `none` for an empty list, a text without its quotes.
fn words(value: &impl Debug) -> String {
    match format!("{value:?}").as_str() {
        "[]" => "none".to_owned(),
        text => text.trim_matches('"').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(expected: &[&str], saw: &[&str]) -> bool {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        Check::in_order("x", &owned(expected), &owned(saw)).ok
    }

    #[test]
    fn a_list_in_order_fits_item_by_item() {
        assert!(fits(&["recovered|serving", "fenced"], &["serving", "fenced"]));
        assert!(!fits(&["recovered|serving", "fenced"], &["fenced", "serving"]));
        assert!(!fits(&["recovered|serving", "fenced"], &["recovered"]), "one is missing");
        assert!(!fits(&["recovered"], &["recovered", "recovered"]), "one too many");
    }
}
