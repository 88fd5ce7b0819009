//! The page around the sections: its policy, its style, what is repeated on paper.

use super::text::plain;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

const STYLE: &str = include_str!("style.css");

/// A part of the page with a heading of its own.
pub(super) struct Section {
    id: &'static str,
    title: &'static str,
    body: Markup,
}

impl Section {
    /// None when there is nothing to say.
    pub(super) fn of(id: &'static str, title: &'static str, body: Option<Markup>) -> Option<Self> {
        body.map(|body| Self { id, title, body })
    }
}

/// What a page is made of.
pub(super) struct Page {
    pub(super) title: String,
    /// `report` or `record`.
    pub(super) what: &'static str,
    /// Stands on every printed page.
    pub(super) running_head: String,
    pub(super) banner: Markup,
    pub(super) verdict: Markup,
    pub(super) sections: Vec<Section>,
}

pub(super) fn page(page: &Page) -> String {
    let style = format!("{STYLE}{}", running_head(&page.running_head));
    let document = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy(&style));
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                title { (plain(&page.title)) }
                link rel="icon" href="data:,";
                style { (PreEscaped(&style)) }
            }
            body { (body(page)) }
        }
    };
    document.into_string()
}

fn body(page: &Page) -> Markup {
    html! {
        a.skip href="#main" { "Skip to the " (page.what) }
        header.banner { (page.banner) }
        main #main {
            (page.verdict)
            (contents(page))
            @for section in &page.sections {
                section id=(section.id) aria-labelledby={ (section.id) "-heading" } {
                    h2 id={ (section.id) "-heading" } { (section.title) }
                    (section.body)
                }
            }
        }
    }
}

fn contents(page: &Page) -> Markup {
    html! {
        nav aria-label={ "Sections of this " (page.what) } {
            ul { @for section in &page.sections { li { a href={ "#" (section.id) } { (section.title) } } } }
        }
    }
}

/// Nothing is loaded, nothing runs, nothing is sent: only this very style and an empty icon are allowed (W3C, Content
/// Security Policy Level 3).
fn policy(style: &str) -> String {
    let digest = STANDARD.encode(Sha256::digest(style.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'")
}

/// The policy as it goes with an answer over HTTP, where it holds beside the page's own and forbids being framed, which
/// a page cannot say of itself.
pub const CONTENT_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; \
                                  form-action 'none'; frame-ancestors 'none'";

/// Margin boxes cannot take text from the page, so it stands in the style (W3C, CSS Paged Media Level 3).
fn running_head(text: &str) -> String {
    let quoted: String = plain(text).chars().map(css_character).collect();
    format!("@page{{@top-left{{content:\"{quoted}\"}}}}")
}

/// Whatever is neither letter, digit nor plainly harmless is written by its number.
fn css_character(c: char) -> String {
    if c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '-') {
        return c.to_string();
    }
    format!("\\{:x} ", u32::from(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_leaves_the_running_head() {
        let head = running_head("a\"}</style><script>\\");
        assert!(!head.contains('<') && head.matches('"').count() == 2, "{head}");
    }
}
