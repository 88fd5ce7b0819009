//! How the host writes values for a handler: text, numbers, arrays and null as JSON text inside a JSON string, objects as objects.
//!
//! Rules: github.com/Azure/azure-functions-host, ScriptInvocationContextExtensions; held by captures in the tests.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

/// A text value: `hello` becomes `"\"hello\""`.
pub fn text(value: &str) -> Value {
    scalar(&Value::from(value))
}

/// Any value that is no object, as its JSON text.
pub fn scalar(value: &Value) -> Value {
    Value::String(value.to_string())
}

/// A point in time: no fraction, offset written out.
pub fn time(value: DateTime<Utc>) -> Value {
    Value::String(value.to_rfc3339_opts(SecondsFormat::Secs, false))
}

/// The `sys` object of one invocation. Trailing zeros of the 100 ns fraction are dropped.
pub fn sys(function: &str, now: DateTime<Utc>) -> Value {
    let fraction = format!("{:07}", now.timestamp_subsec_nanos() / 100);
    let fraction = fraction.trim_end_matches('0');
    let dot = if fraction.is_empty() { "" } else { "." };
    let stamp = format!("{}{dot}{fraction}Z", now.format("%Y-%m-%dT%H:%M:%S"));
    json!({ "MethodName": function, "UtcNow": stamp, "RandGuid": uuid::Uuid::new_v4() })
}

/// Binding data on its way to `Metadata`: names match ignoring case, and the first spelling stays.
#[derive(Debug, Default)]
pub struct BindingData(Vec<(String, Value)>);

impl BindingData {
    /// Sets a value that is already in its wire form.
    pub fn set(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|(key, _)| key.eq_ignore_ascii_case(name))
    }

    /// When `body` is a JSON object, its top-level properties overwrite equal names. This is how a caller forges metadata.
    pub fn apply_json(&mut self, body: &str) {
        let Ok(Value::Object(map)) = serde_json::from_str(body.trim()) else { return };
        for (name, value) in map {
            match property(value) {
                Some(value) => self.set(&name, value),
                None => continue,
            }
        }
    }

    /// The `Metadata` object: without the trigger's own value and without names that end in "trigger".
    pub fn into_metadata(self, trigger_name: &str) -> Value {
        let hidden =
            |name: &str| name.to_ascii_lowercase().ends_with("trigger") || name.eq_ignore_ascii_case(trigger_name);
        Value::Object(self.0.into_iter().filter(|(name, _)| !hidden(name)).collect())
    }
}

/// Arrays and nulls are left out; scalars become text first, as .NET prints them.
fn property(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Array(_) => None,
        Value::Object(_) => Some(value),
        Value::String(value) => Some(text(&value)),
        Value::Bool(true) => Some(text("True")),
        Value::Bool(false) => Some(text("False")),
        Value::Number(number) => Some(text(&number.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fraction_of_a_time_stamp_has_no_trailing_zeros() {
        let stamp = |text: &str| sys("f", text.parse().unwrap())["UtcNow"].as_str().unwrap().to_owned();
        assert_eq!(stamp("2026-11-23T03:39:55.173574Z"), "2026-11-23T03:39:55.173574Z");
        assert_eq!(stamp("2026-11-23T03:39:55.1234567Z"), "2026-11-23T03:39:55.1234567Z");
        assert_eq!(stamp("2026-11-23T03:39:55Z"), "2026-11-23T03:39:55Z");
    }

    #[test]
    fn names_of_any_case_overwrite_and_trigger_names_vanish() {
        let mut data = BindingData::default();
        data.set("DequeueCount", scalar(&json!(1)));
        data.apply_json(r#"{"dequeuecount":9,"QueueTrigger":"q","none":null,"yes":true,"list":[1]}"#);
        let metadata = data.into_metadata("msg");
        assert_eq!(metadata, json!({ "DequeueCount": "\"9\"", "yes": "\"True\"" }));
    }
}
