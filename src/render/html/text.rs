//! Texts of others on the page: shown as they are, never obeyed.

use super::super::words::one_line;
use maud::{Markup, Render, html};

/// Longer texts get a box of their own that scrolls, so that what follows is not pushed out of sight.
const LONG: usize = 700;

/// A text of others in a sentence: on one line, isolated from the writing direction around it.
pub(super) struct Said<'a>(pub(super) &'a str);

impl Render for Said<'_> {
    fn render(&self) -> Markup {
        html! { bdi { (plain(self.0)) } }
    }
}

/// A name, an id or a hash, to be copied.
pub(super) struct Name<'a>(pub(super) &'a str);

impl Render for Name<'_> {
    fn render(&self) -> Markup {
        html! { code { (plain(self.0)) } }
    }
}

/// A text of others on lines of its own, whatever its length.
pub(super) struct Told<'a>(pub(super) &'a str);

impl Render for Told<'_> {
    fn render(&self) -> Markup {
        let long = self.0.chars().nth(LONG).is_some();
        html! {
            @if long {
                // What scrolls must be reachable without a mouse.
                div.long tabindex="0" role="group" aria-label="A long text, which scrolls" { (Said(self.0)) }
            } @else { (Said(self.0)) }
        }
    }
}

/// A command to be copied, line by line as it is; one click selects the whole.
pub(super) struct Command<'a>(pub(super) &'a str);

impl Render for Command<'_> {
    fn render(&self) -> Markup {
        let lines: Vec<String> = self.0.lines().map(|line| unmasked(&line.replace(is_obeyed, " "))).collect();
        html! { pre tabindex="0" { code { (lines.join("\n")) } } }
    }
}

fn is_obeyed(c: char) -> bool {
    c.is_control() && c != '\t'
}

/// The text on one line, with nothing in it that cannot be seen.
pub(super) fn plain(text: &str) -> String {
    unmasked(&one_line(text))
}

/// The beginning of a text, cut at a word.
pub(super) fn beginning(text: &str, longest: usize) -> String {
    let clean = plain(text);
    let Some((cut, _)) = clean.char_indices().nth(longest) else { return clean };
    let whole = clean[..cut].rfind(' ').filter(|space| *space > cut / 2).unwrap_or(cut);
    format!("{} …", clean[..whole].trim_end())
}

/// Marks that turn the writing direction or take no room are shown by their number: with them a command can look like
/// another (Unicode Technical Report 36, 2.4 and 3.1).
fn unmasked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_masking(c) { shown.push_str(&format!("[U+{:04X}]", u32::from(c))) } else { shown.push(c) }
    }
    shown
}

fn is_masking(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_quotes_lose_their_meaning() {
        let shown = html! { p title=(plain("a\"b")) { (Said("<script>alert('x')</script> & \"y\"")) } }.into_string();
        let expected =
            "<p title=\"a&quot;b\"><bdi>&lt;script&gt;alert('x')&lt;/script&gt; &amp; &quot;y&quot;</bdi></p>";
        assert_eq!(shown, expected);
    }

    #[test]
    fn what_turns_or_hides_text_is_named() {
        assert_eq!(plain("az \u{202e}ptos ska\u{200b}"), "az [U+202E]ptos ska[U+200B]");
        assert_eq!(plain("שלום\u{200f}"), "שלום[U+200F]", "letters of every script stay");
    }

    #[test]
    fn only_long_texts_scroll() {
        assert!(!Told("short").render().into_string().contains("long"));
        assert!(Told(&"word ".repeat(2_000)).render().into_string().starts_with("<div class=\"long\" tabindex=\"0\""));
    }

    #[test]
    fn a_beginning_ends_with_a_word() {
        assert_eq!(beginning("one two three", 9), "one two …");
        assert_eq!(beginning(&"x".repeat(20), 5), "xxxxx …");
        assert_eq!(beginning("short", 9), "short");
    }

    #[test]
    fn a_command_keeps_its_lines() {
        let shown = Command("CREATE TABLE t;\nGRANT\u{7} ALL").render().into_string();
        assert_eq!(shown, "<pre tabindex=\"0\"><code>CREATE TABLE t;\nGRANT  ALL</code></pre>");
    }
}
