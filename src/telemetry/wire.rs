//! Messages of a protocol, described once and written in two ways: protobuf, or the JSON that OTLP maps it to
//! (opentelemetry.io, "OTLP Specification"; protobuf.dev, "Encoding").
//!
//! JSON differs from protobuf's usual mapping in one thing: trace and span ids are hex.

use serde_json::{Map, Value};

/// One message: its fields, each with its number and its JSON name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Message(Vec<(u32, &'static str, Part)>);

/// What a field holds. Lists of messages and packed numbers are as long as they are; the rest is always written.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Part {
    Text(String),
    /// A trace or span id.
    Id(Vec<u8>),
    Bool(bool),
    /// `int64`, as text in JSON.
    Int(i64),
    /// An enumeration, as a number in JSON.
    Enum(u8),
    /// `fixed64` and, for what is never negative, `sfixed64`.
    Fixed(u64),
    Double(f64),
    Message(Message),
    Messages(Vec<Message>),
    PackedFixed(Vec<u64>),
    PackedDouble(Vec<f64>),
}

const VARINT: u32 = 0;
const EIGHT_BYTES: u32 = 1;
const DELIMITED: u32 = 2;

impl Message {
    pub(super) fn with(mut self, number: u32, name: &'static str, part: Part) -> Self {
        self.0.push((number, name, part));
        self
    }

    pub(super) fn text(self, number: u32, name: &'static str, text: impl Into<String>) -> Self {
        self.with(number, name, Part::Text(text.into()))
    }

    pub(super) fn message(self, number: u32, name: &'static str, message: Message) -> Self {
        self.with(number, name, Part::Message(message))
    }

    pub(super) fn messages(self, number: u32, name: &'static str, messages: impl IntoIterator<Item = Message>) -> Self {
        self.with(number, name, Part::Messages(messages.into_iter().collect()))
    }

    /// In protobuf.
    pub(super) fn protobuf(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.iter().for_each(|(number, _, part)| part.write(*number, &mut bytes));
        bytes
    }

    /// In JSON.
    pub(super) fn json(&self) -> Value {
        let members = self.0.iter().map(|(_, name, part)| ((*name).to_owned(), part.json()));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

impl Part {
    fn write(&self, number: u32, bytes: &mut Vec<u8>) {
        match self {
            Part::Text(text) => delimited(number, text.as_bytes(), bytes),
            Part::Id(id) => delimited(number, id, bytes),
            Part::Bool(yes) => counted(number, u64::from(*yes), bytes),
            // Two's complement, as protobuf has it.
            Part::Int(value) => counted(number, *value as u64, bytes),
            Part::Enum(value) => counted(number, u64::from(*value), bytes),
            Part::Fixed(value) => eight(number, value.to_le_bytes(), bytes),
            Part::Double(value) => eight(number, value.to_le_bytes(), bytes),
            Part::Message(message) => delimited(number, &message.protobuf(), bytes),
            Part::Messages(all) => all.iter().for_each(|message| delimited(number, &message.protobuf(), bytes)),
            Part::PackedFixed(all) => {
                delimited(number, &all.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>(), bytes)
            }
            Part::PackedDouble(all) => {
                delimited(number, &all.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<_>>(), bytes)
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Part::Text(text) => text.as_str().into(),
            Part::Id(id) => hex(id).into(),
            Part::Bool(yes) => (*yes).into(),
            Part::Int(value) => value.to_string().into(),
            Part::Enum(value) => (*value).into(),
            Part::Fixed(value) => value.to_string().into(),
            Part::Double(value) => (*value).into(),
            Part::Message(message) => message.json(),
            Part::Messages(all) => all.iter().map(Message::json).collect(),
            Part::PackedFixed(all) => all.iter().map(|it| Value::from(it.to_string())).collect(),
            Part::PackedDouble(all) => all.iter().map(|it| Value::from(*it)).collect(),
        }
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn varint(mut value: u64, bytes: &mut Vec<u8>) {
    while value >= 0x80 {
        bytes.push((value as u8) | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

fn tag(number: u32, kind: u32, bytes: &mut Vec<u8>) {
    varint(u64::from(number << 3 | kind), bytes);
}

fn counted(number: u32, value: u64, bytes: &mut Vec<u8>) {
    tag(number, VARINT, bytes);
    varint(value, bytes);
}

fn eight(number: u32, value: [u8; 8], bytes: &mut Vec<u8>) {
    tag(number, EIGHT_BYTES, bytes);
    bytes.extend(value);
}

fn delimited(number: u32, value: &[u8], bytes: &mut Vec<u8>) {
    tag(number, DELIMITED, bytes);
    varint(value.len() as u64, bytes);
    bytes.extend(value);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of protobuf.dev, "Encoding".
    #[test]
    fn numbers_texts_and_messages_are_written_as_documented() {
        let plain = Message::default().with(1, "a", Part::Int(150));
        assert_eq!(plain.protobuf(), [0x08, 0x96, 0x01]);
        assert_eq!(Message::default().text(2, "b", "testing").protobuf(), *b"\x12\x07testing");
        assert_eq!(Message::default().message(3, "c", plain).protobuf(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        assert_eq!(Message::default().with(1, "a", Part::Int(-2)).protobuf().len(), 11);
    }

    #[test]
    fn in_json_large_numbers_are_texts_and_ids_are_hex() {
        let message = Message::default()
            .with(1, "traceId", Part::Id(vec![0xab, 1]))
            .with(2, "time", Part::Fixed(u64::MAX))
            .with(3, "kind", Part::Enum(3))
            .with(4, "counts", Part::PackedFixed(vec![1]));
        let expected = r#"{"counts":["1"],"kind":3,"time":"18446744073709551615","traceId":"ab01"}"#;
        assert_eq!(message.json(), serde_json::from_str::<Value>(expected).unwrap());
    }
}
