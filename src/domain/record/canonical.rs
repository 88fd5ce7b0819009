//! One spelling of a JSON value, so that the same record always has the same digest, whoever has stored or sent it.
//!
//! Members in the order of their names (by code point), no white space, fractions with at most twelve significant digits:
//! that many every reader of JSON gives back as they were, and no span of a run needs more.

use crate::domain::chain;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The member that is left out of the digest: it is what carries the digest.
const ATTESTATION: &str = "attestation";

/// The canonical text of a record without its attestation: what is signed.
pub fn signed_text(record: &Value) -> String {
    let mut text = String::new();
    match record {
        Value::Object(members) => {
            write_members(&mut text, members.iter().filter(|(name, _)| *name != ATTESTATION));
        }
        other => write_value(&mut text, other),
    }
    text
}

/// SHA-256 of that text, in hex.
pub fn digest(record: &Value) -> String {
    chain::digest(signed_text(record).as_bytes())
}

fn write_value(text: &mut String, value: &Value) {
    match value {
        Value::Object(members) => write_members(text, members.iter()),
        Value::Array(items) => {
            text.push('[');
            for (index, item) in items.iter().enumerate() {
                text.push_str(if index == 0 { "" } else { "," });
                write_value(text, item);
            }
            text.push(']');
        }
        plain => drop(write!(text, "{}", rounded(plain.clone()))),
    }
}

/// The same value with each fraction cut to those digits, so that it is written and read by anybody without a change.
pub fn rounded(value: Value) -> Value {
    match value {
        Value::Object(members) => members.into_iter().map(|(name, member)| (name, rounded(member))).collect(),
        Value::Array(items) => items.into_iter().map(rounded).collect(),
        Value::Number(number) if number.is_f64() => {
            let fraction = number.as_f64().unwrap_or_default();
            Value::from(format!("{fraction:.11e}").parse::<f64>().unwrap_or(fraction))
        }
        other => other,
    }
}

fn write_members<'a>(text: &mut String, members: impl Iterator<Item = (&'a String, &'a Value)>) {
    text.push('{');
    let sorted: BTreeMap<&String, &Value> = members.collect();
    for (index, (name, value)) in sorted.into_iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(text, "{comma}{}:", Value::String(name.clone()));
        write_value(text, value);
    }
    text.push('}');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn order_and_space_do_not_count_and_the_attestation_neither() {
        let one: Value = serde_json::from_str(r#"{"b": [1, {"z": null, "a": "é\n"}], "a": 0.5}"#).unwrap();
        let other = json!({"a": 0.5, "attestation": {"by": "x"}, "b": [1, {"a": "é\n", "z": null}]});
        assert_eq!(signed_text(&one), r#"{"a":0.5,"b":[1,{"a":"é\n","z":null}]}"#);
        assert_eq!(digest(&one), digest(&other));
        assert_ne!(digest(&one), digest(&json!({"a": 0.5})));
    }

    #[test]
    fn fractions_keep_twelve_digits() {
        let value = json!([0.1 + 0.2, 1.0 / 3.0, 7.9, 12.0, 3]);
        assert_eq!(signed_text(&value), "[0.3,0.333333333333,7.9,12.0,3]");
    }

    proptest! {
        /// Whatever stands in a record, reading what was signed gives the same text again.
        #[test]
        fn numbers_survive_being_written_and_read(
            millis in 0_u64..4_000_000_000_000, any in -1e12_f64..1e12, small in -1.0_f64..1.0,
        ) {
            let value = rounded(json!({ "seconds": millis as f64 / 1000.0, "any": any, "small": small }));
            let text = signed_text(&value);
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            for written in [&text, &pretty] {
                let read: Value = serde_json::from_str(written).unwrap();
                prop_assert_eq!(signed_text(&read), text.clone());
            }
        }
    }
}
