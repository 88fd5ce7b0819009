//! Which messages a queue output becomes: base64 is tried first, JSON is re-printed, an array is many messages.
//!
//! Rules: github.com/Azure/azure-functions-host, FunctionBinding and HttpScriptInvocationResultExtensions; held by captures in the tests.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::value::RawValue;

use super::json_text::indent;

/// Like .NET: padding must be there, spare bits may be anything.
const DOT_NET: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// The bytes when the text happens to be valid base64, white space aside.
pub fn sniff_base64(text: &str) -> Option<Vec<u8>> {
    let dense: String = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    DOT_NET.decode(dense).ok()
}

/// The messages of one output, as bytes before the queue's own encoding.
///
/// # Errors
/// Text that begins and ends like JSON and is none.
pub fn messages(raw: &RawValue, sniff: bool) -> Result<Vec<Vec<u8>>, String> {
    if raw.get() == "null" {
        return Ok(Vec::new());
    }
    if let Ok(text) = serde_json::from_str::<String>(raw.get()) {
        return match sniff_base64(&text).filter(|_| sniff) {
            Some(bytes) => Ok(vec![bytes]),
            None => of_text(text),
        };
    }
    match serde_json::from_str::<Vec<Box<RawValue>>>(raw.get()) {
        Ok(items) => Ok(items.iter().map(|item| element(item)).collect()),
        Err(_) => Ok(vec![element(raw)]),
    }
}

fn of_text(text: String) -> Result<Vec<Vec<u8>>, String> {
    let trimmed = text.trim();
    let is_object = trimmed.starts_with('{') && trimmed.ends_with('}');
    let is_array = trimmed.starts_with('[') && trimmed.ends_with(']');
    if !is_object && !is_array {
        return Ok(vec![text.into_bytes()]);
    }
    let raw = RawValue::from_string(trimmed.to_owned()).map_err(|error| format!("looks like JSON: {error}"))?;
    messages(&raw, false)
}

/// Text as it is (base64 is not decoded here), everything else as indented JSON.
fn element(raw: &RawValue) -> Vec<u8> {
    let text = serde_json::from_str::<Option<String>>(raw.get());
    text.map_or_else(|_| indent(raw), Option::unwrap_or_default).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(output: &str) -> Result<Vec<String>, String> {
        let raw = RawValue::from_string(output.to_owned()).unwrap();
        Ok(messages(&raw, true)?.into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect())
    }

    #[test]
    fn text_that_is_an_array_is_split_and_its_base64_stays() {
        assert_eq!(texts(r#""[\"aGVsbG8=\",{\"a\":1}]""#).unwrap(), ["aGVsbG8=", "{\n  \"a\": 1\n}"]);
    }

    #[test]
    fn text_that_only_looks_like_json_fails() {
        assert!(texts(r#""{not json}""#).is_err());
        assert_eq!(texts(r#""{only begins""#).unwrap(), ["{only begins"]);
    }

    #[test]
    fn a_word_of_four_letters_is_base64() {
        assert_eq!(sniff_base64("test"), Some(vec![0xb5, 0xeb, 0x2d]));
        assert_eq!(sniff_base64("aGVs bG8=\n"), Some(b"hello".to_vec()));
        assert_eq!(sniff_base64("aGVsbG8"), None);
    }
}
