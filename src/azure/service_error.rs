//! The error a service wrote into its answer, in whichever shape it chose.

use serde_json::Value;
use std::fmt;

/// How much of a body that is not an error object is kept.
const TEXT_LIMIT: usize = 600;

/// A service's own account of what went wrong. The message is kept word for word: a 403 names the missing action in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ServiceError {
    pub code: String,
    pub message: String,
    /// Errors inside this one; the innermost usually names the cause.
    pub details: Vec<ServiceError>,
}

impl ServiceError {
    /// Reads an answer's body: `{"error":{…}}`, the flat `{"code","message",…}` that AKS sends, or any text.
    pub fn from_body(body: &[u8]) -> Self {
        let parsed: Option<Value> = serde_json::from_slice(body).ok();
        parsed.as_ref().and_then(Self::from_json).unwrap_or_else(|| Self::from_text(body))
    }

    /// Reads an error object, wrapped in `error` or not. `None` when it tells nothing.
    pub fn from_json(value: &Value) -> Option<Self> {
        let error = value.get("error").filter(|inner| inner.is_object()).unwrap_or(value);
        let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = error.get("details").and_then(Value::as_array).into_iter().flatten();
        let inner = ["innererror", "innerError"].into_iter().filter_map(|key| error.get(key));
        let mut details: Vec<Self> = list.chain(inner).filter_map(Self::from_json).collect();
        let subcode = text("subcode");
        if !subcode.is_empty() {
            details.push(Self { code: subcode, ..Self::default() });
        }
        let found = Self { code: text("code"), message: text("message"), details };
        (!found.code.is_empty() || !found.message.is_empty() || !found.details.is_empty()).then_some(found)
    }

    fn from_text(body: &[u8]) -> Self {
        let text = String::from_utf8_lossy(body);
        let message: String = text.trim().chars().take(TEXT_LIMIT).collect();
        Self { message, ..Self::default() }
    }

    /// This error and those inside it, innermost first: the cause before the wrapping.
    pub fn innermost_first(&self) -> Vec<&ServiceError> {
        let mut errors: Vec<_> = self.details.iter().flat_map(Self::innermost_first).collect();
        errors.push(self);
        errors
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code.is_empty(), self.message.is_empty()) {
            (true, true) => f.write_str("no reason given"),
            (true, false) => f.write_str(&self.message),
            (false, true) => f.write_str(&self.code),
            (false, false) => write!(f, "{}: {}", self.code, self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_shapes_and_plain_text_are_understood() {
        let wrapped = ServiceError::from_body(br#"{"error":{"code":"Throttled","message":"slow down"}}"#);
        assert_eq!(wrapped.to_string(), "Throttled: slow down");
        let flat = ServiceError::from_body(br#"{"code":"EtagMismatch","details":null,"message":"m","subcode":"S"}"#);
        assert_eq!((flat.code.as_str(), flat.details[0].code.as_str()), ("EtagMismatch", "S"));
        let text = ServiceError::from_body(b"<html>bad gateway</html>");
        assert_eq!(text.to_string(), "<html>bad gateway</html>");
        assert_eq!(ServiceError::from_body(b"").to_string(), "no reason given");
        assert_eq!(ServiceError::from_body(b"{}").message, "{}");
    }

    #[test]
    fn the_innermost_error_comes_first() {
        let body =
            br#"{"error":{"code":"Outer","message":"","details":[{"code":"Middle","innererror":{"code":"Inner"}}]}}"#;
        let error = ServiceError::from_body(body);
        let codes: Vec<_> = error.innermost_first().iter().map(|error| error.code.clone()).collect();
        assert_eq!(codes, ["Inner", "Middle", "Outer"]);
    }
}
