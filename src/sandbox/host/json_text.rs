//! JSON as the host re-prints it: two spaces, one property or element a line, order kept.

use serde_json::value::RawValue;

/// Re-prints a JSON document in the host's indented form.
pub fn indent(raw: &RawValue) -> String {
    let mut printer = Printer { out: String::new(), depth: 0 };
    let mut rest = raw.get();
    while let Some(next) = rest.chars().next() {
        let length = if next == '"' { string_length(rest) } else { next.len_utf8() };
        let (token, after) = rest.split_at(length);
        rest = printer.token(token, after);
    }
    printer.out
}

struct Printer {
    out: String,
    depth: usize,
}

impl Printer {
    /// Prints one token and returns what is left.
    fn token<'a>(&mut self, token: &str, after: &'a str) -> &'a str {
        match token {
            "{" | "[" => return self.open(token, after),
            "}" | "]" => {
                self.depth -= 1;
                self.line();
                self.out.push_str(token);
            }
            "," => {
                self.out.push(',');
                self.line();
            }
            ":" => self.out.push_str(": "),
            text if text.starts_with('"') => self.out.push_str(&reprinted(text)),
            text if text.trim().is_empty() => {}
            text => self.out.push_str(text),
        }
        after
    }

    /// An empty object or array stays on its line.
    fn open<'a>(&mut self, token: &str, after: &'a str) -> &'a str {
        self.out.push_str(token);
        let close = if token == "{" { '}' } else { ']' };
        if let Some(rest) = after.trim_start().strip_prefix(close) {
            self.out.push(close);
            return rest;
        }
        self.depth += 1;
        self.line();
        after
    }

    fn line(&mut self) {
        self.out.push('\n');
        self.out.push_str(&"  ".repeat(self.depth));
    }
}

/// Length of the string literal `text` begins with, quotes included.
fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Needless escapes are undone, as by reading and printing.
fn reprinted(literal: &str) -> String {
    let read = serde_json::from_str::<String>(literal);
    read.map_or_else(|_| literal.to_owned(), |text| serde_json::Value::from(text).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indented(text: &str) -> String {
        indent(&RawValue::from_string(text.to_owned()).unwrap())
    }

    #[test]
    fn order_is_kept_and_empty_ones_stay_on_their_line() {
        assert_eq!(
            indented(r#"{"b": [1,{"x":{}}], "a": [ ], "s":"a\u00e9{\",\""}"#),
            "{\n  \"b\": [\n    1,\n    {\n      \"x\": {}\n    }\n  ],\n  \"a\": [],\n  \"s\": \"aé{\\\",\\\"\"\n}"
        );
    }

    #[test]
    fn scalars_stay_as_they_are() {
        assert_eq!(indented("7"), "7");
        assert_eq!(indented("null"), "null");
    }
}
