//! YAML as a kubeconfig needs it: mappings, lists and texts, from the events of a parser. A whole YAML deserializer would
//! be a twentieth of the deployed program.

use granit_parser::{Event, Parser};
use serde_json::{Map, Value};

/// No kubeconfig is nested deeper.
const DEEPEST: usize = 32;

/// The first document. Every scalar is a text; aliases and keys that are no text are not understood.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let done = match event.ok()?.0 {
            Event::MappingStart(..) => begin(&mut open, Open::Mapping(Map::new(), None))?,
            Event::SequenceStart(..) => begin(&mut open, Open::List(Vec::new()))?,
            Event::Scalar(text, ..) => Some(Value::String(text.into_owned())),
            Event::MappingEnd | Event::SequenceEnd => Some(open.pop()?.close()),
            Event::Alias(_) => return None,
            _ => None,
        };
        let Some(value) = done else { continue };
        match open.last_mut() {
            Some(around) => around.take(value)?,
            None => return Some(value),
        }
    }
    None
}

/// What has begun and not ended.
enum Open {
    List(Vec<Value>),
    /// With the key whose value is awaited.
    Mapping(Map<String, Value>, Option<String>),
}

fn begin(open: &mut Vec<Open>, begun: Open) -> Option<Option<Value>> {
    open.push(begun);
    (open.len() <= DEEPEST).then_some(None)
}

impl Open {
    fn take(&mut self, value: Value) -> Option<()> {
        match self {
            Self::List(list) => list.push(value),
            Self::Mapping(map, key) => match key.take() {
                Some(key) => drop(map.insert(key, value)),
                None => *key = Some(value.as_str()?.to_owned()),
            },
        }
        Some(())
    }

    fn close(self) -> Value {
        match self {
            Self::List(list) => Value::Array(list),
            Self::Mapping(map, _) => Value::Object(map),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn blocks_flows_and_quotes_are_the_same() {
        let block = "a:\n- b: 'c d'\n  e: \"f\\n\"\n- g\nh: {}\n# said\ni: 7\n";
        let flow = r#"{"a": [{"b": "c d", "e": "f\n"}, "g"], "h": {}, "i": 7}"#;
        let expected = json!({"a": [{"b": "c d", "e": "f\n"}, "g"], "h": {}, "i": "7"});
        assert_eq!(read(block), Some(expected.clone()));
        assert_eq!(read(flow), Some(expected));
    }

    #[test]
    fn what_is_not_understood_is_nothing() {
        for text in ["", "a: [", "? [a]\n: b", "a: &x 1\nb: *x", &"[".repeat(100)] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn only_the_first_document_is_read() {
        assert_eq!(read("---\na: 1\n---\nb: 2\n"), Some(json!({"a": "1"})));
    }
}
