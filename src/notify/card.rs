//! A notice as an Adaptive Card 1.4 in the envelope that a Teams Workflows URL takes. Pure: a notice in, bytes out.
//!
//! Texts that others wrote (error messages, resource names, commands) go into `RichTextBlock`s, which know no
//! Markdown: Teams' clients disagree about escapes in `TextBlock`s (AdaptiveCards issues 5590, 4677), and a command
//! must be copied exactly as it is. Only the headline and the facts, whose elements always read Markdown, are escaped.

use crate::domain::notice::{Moment, Notice};
use chrono::SecondsFormat;
use serde_json::{Value, json};

/// Bytes of one message. Teams documents about 28 KB and has been seen to refuse 21.
pub const LARGEST_MESSAGE: usize = 20_000;

const LONGEST_HEADLINE: usize = 200;
const LONGEST_FACT: usize = 150;
const LONGEST_LINE: usize = 500;
const LONGEST_ASK: usize = 1500;
const LONGEST_COMMAND: usize = 2000;

/// The message, never larger than [`LARGEST_MESSAGE`]. What is left out is counted in it.
///
/// Summary lines give way first, from the last; then commands, each as a whole, because half a command is dangerous.
pub fn workflow_message(notice: &Notice) -> Vec<u8> {
    let mut shown = Shown::most_of(notice);
    loop {
        let message = envelope(&shown).to_string();
        let excess = message.len().saturating_sub(LARGEST_MESSAGE);
        if excess == 0 || !shown.give_way(excess) {
            return message.into_bytes();
        }
    }
}

/// The part of a notice for which there is room.
struct Shown<'a> {
    notice: &'a Notice,
    lines: Vec<&'a str>,
    commands: Vec<&'a str>,
}

impl<'a> Shown<'a> {
    fn most_of(notice: &'a Notice) -> Self {
        let fits = |command: &&str| command.chars().count() <= LONGEST_COMMAND;
        // A line takes over a hundred bytes of the card's own words, so more of them never fit.
        let lines = notice.summary_lines.iter().map(String::as_str).take(LARGEST_MESSAGE / 100).collect();
        Self { notice, lines, commands: notice.commands.iter().map(String::as_str).filter(fits).collect() }
    }

    /// Makes the card smaller by about `excess` bytes; false when nothing is left to leave out.
    fn give_way(&mut self, excess: usize) -> bool {
        let mut freed = 0;
        while freed < excess {
            let Some(element) = self.drop_last() else { break };
            freed += element.to_string().len();
        }
        freed > 0
    }

    fn drop_last(&mut self) -> Option<Value> {
        self.lines.pop().map(summary_line).or_else(|| self.commands.pop().map(monospace))
    }
}

fn envelope(shown: &Shown<'_>) -> Value {
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full" },
                "body": body(shown),
            },
        }],
    })
}

fn body(shown: &Shown<'_>) -> Vec<Value> {
    let notice = shown.notice;
    let mut body = vec![headline(notice), facts(notice)];
    body.extend(shown.lines.iter().copied().map(summary_line));
    body.extend(lines_left_out(shown).map(|text| plain(&text, "Default")));
    body.extend(notice.ask.iter().map(|ask| plain(&clipped(ask, LONGEST_ASK), "Attention")));
    body.extend(shown.commands.iter().copied().map(monospace));
    body.extend(commands_left_out(shown).map(|text| plain(&text, "Attention")));
    body
}

fn headline(notice: &Notice) -> Value {
    let color = if matches!(notice.moment, Moment::NeedsOperator | Moment::Silent) { "Attention" } else { "Default" };
    let text = escaped(&clipped(&notice.headline, LONGEST_HEADLINE));
    json!({ "type": "TextBlock", "size": "Large", "weight": "Bolder", "color": color, "text": text, "wrap": true })
}

fn facts(notice: &Notice) -> Value {
    let named = [
        ("Plan", notice.plan.as_ref().map(ToString::to_string)),
        ("Run", notice.run.as_ref().map(ToString::to_string)),
        ("Incident", notice.incident.as_ref().map(ToString::to_string)),
        ("State", Some(notice.moment.as_str().replace('-', " "))),
        ("Outcome", notice.outcome.clone()),
        ("Time", Some(notice.at.to_rfc3339_opts(SecondsFormat::Secs, true))),
        ("Journal head", Some(notice.journal_head.clone()).filter(|head| !head.is_empty())),
    ];
    let facts: Vec<Value> = named.into_iter().filter_map(|(title, value)| Some(fact(title, &value?))).collect();
    json!({ "type": "FactSet", "facts": facts })
}

fn fact(title: &str, value: &str) -> Value {
    json!({ "title": title, "value": escaped(&clipped(value, LONGEST_FACT)) })
}

fn summary_line(line: &str) -> Value {
    plain(&clipped(line, LONGEST_LINE), "Default")
}

fn plain(text: &str, color: &str) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": text, "color": color }] })
}

fn monospace(command: &str) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": command, "fontType": "Monospace" }] })
}

fn lines_left_out(shown: &Shown<'_>) -> Option<String> {
    left_out(shown, "lines", shown.lines.len(), shown.notice.summary_lines.len())
}

fn commands_left_out(shown: &Shown<'_>) -> Option<String> {
    left_out(shown, "commands", shown.commands.len(), shown.notice.commands.len())
}

fn left_out(shown: &Shown<'_>, what: &str, room: usize, all: usize) -> Option<String> {
    let run = shown.notice.run.as_ref();
    let more = run.map(|run| format!(" All of them: reveille report {run}")).unwrap_or_default();
    (room < all).then(|| format!("… left out here: {} of {all} {what}.{more}", all - room))
}

/// At most `longest` characters on one line, with an ellipsis where something was cut off.
fn clipped(text: &str, longest: usize) -> String {
    let mut clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut clipped: String = clean.by_ref().take(longest).collect();
    if clean.next().is_some() {
        clipped.pop();
        clipped.push('…');
    }
    clipped
}

/// Takes the meaning from what the cards' subset of Markdown would read: emphasis, links, and a list at the start.
fn escaped(text: &str) -> String {
    let list = starts_a_list(text);
    let mut escaped = String::with_capacity(text.len());
    for (position, c) in text.char_indices() {
        if matches!(c, '\\' | '*' | '_' | '[' | ']' | '`' | '~') || list == Some(position) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// Position of the mark that would make the text a list: `- `, `+ ` or `12. `.
fn starts_a_list(text: &str) -> Option<usize> {
    let rest = text.trim_start();
    let mark = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = mark.len() < rest.len();
    let marks: &[char] = if numbered { &['.', ')'] } else { &['-', '+'] };
    let is_list = mark.starts_with(marks) && mark[1..].starts_with(' ');
    is_list.then_some(text.len() - mark.len())
}

#[cfg(test)]
#[path = "card_tests.rs"]
mod tests;
