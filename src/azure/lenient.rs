//! Reading fields as Azure really sends them: missing, `null`, numbers as texts, enums in any casing.

use chrono::{DateTime, Utc};
use serde_json::Value;

/// The text at a JSON pointer; empty counts as missing.
pub(crate) fn text(value: &Value, pointer: &str) -> Option<String> {
    value.pointer(pointer)?.as_str().filter(|text| !text.is_empty()).map(str::to_owned)
}

/// A whole number, also when it is written as a text.
pub(crate) fn whole(value: &Value, pointer: &str) -> Option<u32> {
    let found = value.pointer(pointer)?;
    let number = found.as_u64().or_else(|| found.as_str()?.trim().parse().ok())?;
    u32::try_from(number).ok()
}

/// A number, also when it is written as a text; never infinite and never "not a number".
pub(crate) fn number(value: &Value, pointer: &str) -> Option<f64> {
    let found = value.pointer(pointer)?;
    found.as_f64().or_else(|| found.as_str()?.trim().parse().ok()).filter(|number| number.is_finite())
}

pub(crate) fn time(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.pointer(pointer)?.as_str()?).ok().map(|time| time.to_utc())
}

pub(crate) fn flag(value: &Value, pointer: &str) -> Option<bool> {
    let found = value.pointer(pointer)?;
    found.as_bool().or_else(|| found.as_str()?.to_ascii_lowercase().parse().ok())
}

/// Some services say `Canada Central` where others say `canadacentral`.
pub(crate) fn region(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The items of a list; nothing when it is missing or `null`.
pub(crate) fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

/// `Enabled` and `Disabled` in any casing; anything else is unknown.
pub(crate) fn enabled(value: &Value, pointer: &str) -> Option<bool> {
    match text(value, pointer)?.to_ascii_lowercase().as_str() {
        "enabled" => Some(true),
        "disabled" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_may_be_texts_and_nulls_are_missing() {
        let value = json!({"a": 3, "b": "3", "c": null, "d": "x", "e": -1, "f": "0.5", "g": "NaN"});
        assert_eq!((whole(&value, "/a"), whole(&value, "/b")), (Some(3), Some(3)));
        assert_eq!((whole(&value, "/c"), whole(&value, "/d"), whole(&value, "/e")), (None, None, None));
        assert_eq!((number(&value, "/f"), number(&value, "/g"), number(&value, "/z")), (Some(0.5), None, None));
    }

    #[test]
    fn an_unknown_state_is_neither_enabled_nor_disabled() {
        let value = json!({"a": "enabled", "b": "Disabled", "c": "Deleting", "d": null});
        let states = ["/a", "/b", "/c", "/d"].map(|pointer| enabled(&value, pointer));
        assert_eq!(states, [Some(true), Some(false), None, None]);
    }

    #[test]
    fn times_come_with_seven_digits_and_offsets() {
        let value = json!({"a": "2023-12-08T06:29:36.5466247Z", "b": "2026-06-15T15:22:44.7772685+00:00", "c": "soon"});
        assert!(time(&value, "/a").is_some() && time(&value, "/b").is_some() && time(&value, "/c").is_none());
    }
}
