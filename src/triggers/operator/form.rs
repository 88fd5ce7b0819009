//! In which form a caller wants a report.

use std::cmp::Reverse;

/// The forms that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Markdown,
    Html,
}

impl Form {
    /// The form that an `Accept` header rates highest; at the same rate the one named first counts (RFC 9110, 12.5.1).
    /// JSON for whoever takes anything, as scripts do, and for whoever takes none of them. A browser names HTML.
    pub(super) fn preferred(accept: &str) -> Self {
        let rated = accept.split(',').enumerate().filter_map(|(place, range)| {
            let (form, q) = Self::rated(range)?;
            Some((q, Reverse(place), form))
        });
        let best = rated.max_by(|one, other| one.0.total_cmp(&other.0).then(one.1.cmp(&other.1)));
        best.filter(|(q, ..)| *q > 0.0).map_or(Self::Json, |(.., form)| form)
    }

    /// A media range with its rate, if it is one of ours.
    fn rated(range: &str) -> Option<(Self, f64)> {
        let mut parts = range.split(';').map(str::trim);
        let form = match parts.next()?.to_ascii_lowercase().as_str() {
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/markdown" => Self::Markdown,
            "application/json" | "application/*" => Self::Json,
            _ => return None,
        };
        let q = parts.find_map(|part| part.strip_prefix("q=")?.trim().parse::<f64>().ok()).unwrap_or(1.0);
        Some((form, if q.is_nan() { 0.0 } else { q }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_that_the_caller_rates_highest_is_given() {
        for accept in ["text/markdown", "text/markdown, application/json", "application/json;q=0.5, text/markdown"] {
            assert_eq!(Form::preferred(accept), Form::Markdown, "{accept}");
        }
        for accept in
            ["text/html", "Text/HTML; charset=utf-8", "text/html, text/markdown", "text/markdown;q=0.9, text/html"]
        {
            assert_eq!(Form::preferred(accept), Form::Html, "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "text/plain",
            "application/json, text/markdown",
            "text/markdown;q=0.1, application/json",
            "text/markdown;q=0",
            "text/html;q=0, */*",
            "text/html;q=NaN",
            "application/json, text/html",
        ] {
            assert_eq!(Form::preferred(accept), Form::Json, "{accept}");
        }
    }

    #[test]
    fn browsers_get_the_page() {
        let chromium =
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";
        let firefox = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        for accept in [chromium, firefox] {
            assert_eq!(Form::preferred(accept), Form::Html);
        }
    }
}
