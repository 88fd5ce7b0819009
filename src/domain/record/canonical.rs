//! One spelling of a JSON value, so that the same record always has the same digest, whoever has stored or sent it.
//!
//! Members in the order of their names (by code point), no white space, numbers as serde writes them. Records hold no
//! fractions but spans of whole milliseconds in seconds, which every reader of JSON gives back as they were.

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
        plain => drop(write!(text, "{plain}")),
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

    proptest! {
        /// Spans are whole milliseconds told in seconds: reading what was written gives the same text again.
        #[test]
        fn spans_survive_being_written_and_read(millis in 0_u64..4_000_000_000_000) {
            let value = json!({ "seconds": millis as f64 / 1000.0 });
            let read: Value = serde_json::from_str(&signed_text(&value)).unwrap();
            prop_assert_eq!(signed_text(&read), signed_text(&value));
        }
    }
}
