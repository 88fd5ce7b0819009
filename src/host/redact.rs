//! Takes keys and signatures out of texts that are about to be shown. Types keep secrets out of logs in the first
//! place ([`Secret`], [`SignedUrl`]); this is the belt to those braces.
//!
//! [`Secret`]: crate::domain::secret::Secret
//! [`SignedUrl`]: crate::domain::secret::SignedUrl

use std::borrow::Cow;

const REDACTED: &str = "redacted";

/// Query parameters that may be shown. All others are hidden, since signatures have many names.
const HARMLESS: [&str; 6] = ["api-version", "after", "wait", "resource", "metricnames", "timespan"];

/// What a secret follows, wherever it stands: function keys, signatures, tokens, keys of connection strings.
const MARKERS: [&str; 9] = [
    "code=",
    "sig=",
    "signature=",
    "access_token=",
    "password=",
    "secret=",
    "accountkey=",
    "sharedaccesskey=",
    "bearer ",
];

/// Headers whose values are secrets, in whatever notation they were printed.
const HEADERS: [&str; 3] = ["x-functions-key", "authorization", "x-identity-header"];

/// The text without secrets.
pub fn text(text: &str) -> Cow<'_, str> {
    let urls = urls(text);
    let lower = urls.to_ascii_lowercase();
    if !MARKERS.iter().chain(&HEADERS).any(|marker| lower.contains(marker)) {
        return urls;
    }
    let marked = MARKERS.iter().fold(urls.into_owned(), |text, marker| after_marker(&text, marker, ""));
    Cow::Owned(HEADERS.iter().fold(marked, |text, header| after_marker(&text, header, "\"'\\:=[ ,()")))
}

/// Hides what follows a marker, after any of the characters in `between`, up to where a value ends.
fn after_marker(text: &str, marker: &str, between: &str) -> String {
    let lower = text.to_ascii_lowercase();
    let mut result = String::with_capacity(text.len());
    let mut done = 0;
    for (found, _) in lower.match_indices(marker) {
        let part_of_a_word = text[..found].ends_with(|c: char| c.is_ascii_alphanumeric());
        if found < done || part_of_a_word {
            continue;
        }
        let value = &text[found + marker.len()..];
        let value = value.trim_start_matches(|c| between.contains(c));
        let start = text.len() - value.len();
        let length = value.find(ends_value).unwrap_or(value.len());
        if length == 0 || value.starts_with(REDACTED) {
            continue;
        }
        result.push_str(&text[done..start]);
        result.push_str(REDACTED);
        done = start + length;
    }
    result.push_str(&text[done..]);
    result
}

fn ends_value(c: char) -> bool {
    c.is_whitespace() || "&\"'\\;,)]}<>#".contains(c)
}

/// Hides the query values and the user of every URL in the text.
fn urls(text: &str) -> Cow<'_, str> {
    let mut result = String::new();
    let mut done = 0;
    for (found, _) in text.match_indices("://") {
        if found < done {
            continue;
        }
        let start = found + "://".len();
        let length = text[start..].find(ends_url).unwrap_or(text.len() - start);
        let rest = &text[start..start + length];
        if let Some(clean) = without_secrets(rest).filter(|clean| clean != rest) {
            result.push_str(&text[done..start]);
            result.push_str(&clean);
            done = start + length;
        }
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    result.push_str(&text[done..]);
    Cow::Owned(result)
}

fn ends_url(c: char) -> bool {
    c.is_whitespace() || "\"'\\<>`".contains(c)
}

/// What follows `https://`, cleaned; `None` when there is nothing to clean.
fn without_secrets(rest: &str) -> Option<String> {
    let (before, query) = rest.split_once('?').map_or((rest, None), |(before, query)| (before, Some(query)));
    let (authority, path) = before.split_once('/').map_or((before, None), |(host, path)| (host, Some(path)));
    let host = authority.rsplit_once('@').map(|(_, host)| host);
    if host.is_none() && query.is_none() {
        return None;
    }
    let user = if host.is_some() { "redacted@" } else { "" };
    let path = path.map_or(String::new(), |path| format!("/{path}"));
    let query = query.map_or(String::new(), |query| format!("?{}", query_without_values(query)));
    Some(format!("{user}{}{path}{query}", host.unwrap_or(authority)))
}

fn query_without_values(query: &str) -> String {
    let clean = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if !HARMLESS.contains(&name.to_ascii_lowercase().as_str()) => format!("{name}={REDACTED}"),
        _ => pair.to_owned(),
    };
    query.split('&').map(clean).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_keys_and_signatures_are_hidden_wherever_they_stand() {
        let cases = [
            "https://app.example.net/api/alert?code=S3CRET&a=1",
            "GET /api/alert?CODE=S3CRET HTTP/1.1",
            "code=S3CRET",
            "x-functions-key: S3CRET",
            r#"{"X-Functions-Key":["S3CRET"],"a":1}"#,
            r#"{\"x-functions-key\":\"S3CRET\"}"#,
            "Authorization: Bearer S3CRET",
            "https://prod-1.westeurope.logic.azure.com:443/workflows/x?api-version=1&sp=%2Frun&sig=S3CRET",
            "see https://management.azure.com/operations/1?api-version=2025-01-01&t=6&c=S3CRET&s=S3CRET&h=S3CRET.",
            "DefaultEndpointsProtocol=https;AccountKey=S3CRET==;EndpointSuffix=core.windows.net",
            "https://user:S3CRET@example.com/path",
            "first ?code=S3CRET, second ?code=S3CRET",
        ];
        for case in cases {
            let shown = text(case);
            assert!(!shown.contains("S3CRET") && shown.contains(REDACTED), "{case} became {shown}");
        }
    }

    #[test]
    fn what_is_harmless_stays() {
        let cases = [
            "status code 503 from https://app.example.net/api/v1/plans",
            "https://management.azure.com/subscriptions/s?api-version=2025-01-01",
            "signal=9 design=ok decode=fine",
            "ü://",
            "",
        ];
        for case in cases {
            assert_eq!(text(case), case);
        }
        let shown = text("https://a.example/x?api-version=1&sig=S3CRET and more");
        assert_eq!(shown, "https://a.example/x?api-version=1&sig=redacted and more");
    }

    proptest::proptest! {
        #[test]
        fn no_surroundings_bring_a_key_back(before in "\\PC{0,12}", gap in "[?& ;\"(]", after in "\\PC{0,12}") {
            for marker in ["code=", "sig=", "x-functions-key: ", "X-Functions-Key\":[\""] {
                let line = format!("{before}{gap}{marker}S3CRET {after}");
                let shown = text(&line);
                proptest::prop_assert!(!shown.contains("S3CRET"), "{line:?} became {shown:?}");
            }
        }
    }
}
