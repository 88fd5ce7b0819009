//! Lines for a terminal: wrapped to its width, coloured where it shows colours, readable without.

use super::words::{one_line, with_short_ids};
use unicode_width::UnicodeWidthStr;

/// What the text is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// Columns. Commands are never wrapped, whatever this says: they are there to be copied.
    pub width: usize,
    pub colour: bool,
}

impl Screen {
    /// For files, pipes and tests.
    pub fn plain(width: usize) -> Self {
        Self { width, colour: false }
    }
}

/// How a piece of text looks where colours are shown. Nothing is said by colour alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Bold,
    Faint,
    Good,
    Careful,
    Bad,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Ink::Plain => "",
            Ink::Bold => "1",
            Ink::Faint => "2",
            Ink::Good => "1;32",
            Ink::Careful => "1;33",
            Ink::Bad => "1;31",
        }
    }
}

/// The narrowest text column: below it a line is rather too long than torn to pieces.
const NARROWEST: usize = 24;

/// A page in the making.
pub(super) struct Page {
    screen: Screen,
    text: String,
}

impl Page {
    pub(super) fn new(screen: Screen) -> Self {
        Self { screen, text: String::new() }
    }

    pub(super) fn finish(self) -> String {
        self.text
    }

    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        self.say("", text, Ink::Bold);
    }

    /// A text in front of which `lead` stands; further lines are indented by the lead's width. Resource ids are
    /// shortened to names; commands, which need them, are not said but given.
    pub(super) fn say(&mut self, lead: &str, text: &str, ink: Ink) {
        let indent = lead.width();
        let room = self.screen.width.saturating_sub(indent).max(NARROWEST);
        let lines = wrap(&with_short_ids(&one_line(text)), room);
        for (index, line) in lines.iter().enumerate() {
            let before = if index == 0 { lead.to_owned() } else { " ".repeat(indent) };
            self.text.push_str(&before);
            self.ink(line, ink);
            self.text.push('\n');
        }
    }

    /// A command, exactly as it is.
    pub(super) fn command(&mut self, indent: usize, command: &str) {
        for line in command.lines() {
            let clean: String = line.chars().filter(|c| !c.is_control()).collect();
            self.text.push_str(&" ".repeat(indent));
            self.text.push_str(&clean);
            self.text.push('\n');
        }
    }

    /// Parts in a row on one line, each with its own ink; never wrapped.
    pub(super) fn row(&mut self, parts: &[(&str, Ink)]) {
        for (part, ink) in parts {
            self.ink(part, *ink);
        }
        self.text.truncate(self.text.trim_end_matches(' ').len());
        self.text.push('\n');
    }

    fn ink(&mut self, text: &str, ink: Ink) {
        if self.screen.colour && ink != Ink::Plain && !text.trim().is_empty() {
            self.text.push_str(&format!("\u{1b}[{}m{text}\u{1b}[0m", ink.code()));
        } else {
            self.text.push_str(text);
        }
    }
}

/// Breaks a text at spaces into lines no wider than `room`; a word wider than that stands alone on its line. A number
/// keeps its percent sign.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let text = text.replace(" %", "\u{a0}%");
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map(|line| (line.width(), line));
        match line {
            Some((0, line)) => line.push_str(word),
            Some((width, line)) if width + 1 + word.width() <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.iter().map(|line| line.replace('\u{a0}', " ")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_under_its_lead() {
        let mut page = Page::new(Screen::plain(30));
        page.say("  from  ", "the quick brown fox jumps over the lazy dog", Ink::Bold);
        assert_eq!(page.finish(), "  from  the quick brown fox\n        jumps over the lazy dog\n");
    }

    #[test]
    fn commands_are_never_wrapped() {
        let command = "az aks stop --subscription s --resource-group rg --name a-very-long-cluster-name";
        let mut page = Page::new(Screen { width: 20, colour: true });
        page.command(4, command);
        assert_eq!(page.finish(), format!("    {command}\n"));
    }

    #[test]
    fn colours_go_around_the_words_and_come_back_to_normal() {
        let mut page = Page::new(Screen { width: 80, colour: true });
        page.say("", "failed", Ink::Bad);
        assert_eq!(page.finish(), "\u{1b}[1;31mfailed\u{1b}[0m\n");
    }

    #[test]
    fn wide_characters_count_as_wide() {
        assert_eq!(wrap("日本 日本", 4), ["日本", "日本"]);
        assert_eq!(wrap("at 50 % now", 6), ["at", "50 %", "now"]);
    }
}
