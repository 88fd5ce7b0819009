//! Texts of others inside Markdown: shown as they are, never read as markup.

use super::words::one_line;

/// A text in a sentence, a list or a table cell (GitHub Flavored Markdown, CommonMark 0.31).
pub(super) fn text(text: &str) -> String {
    let clean = one_line(text);
    let mut escaped = String::with_capacity(clean.len() + 8);
    if starts_a_block(&clean) {
        escaped.push('\\');
    }
    for c in clean.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' => escaped.extend(['\\', c]),
            _ => escaped.push(c),
        }
    }
    ordered_list_broken(escaped)
}

/// A cell of a table; empty ones show a dash, so that no column looks forgotten.
pub(super) fn cell(value: &str) -> String {
    let escaped = text(value);
    if escaped.is_empty() { "–".to_owned() } else { escaped }
}

/// A name or id to be copied: a code span, with as many backticks as it takes.
pub(super) fn code(text: &str) -> String {
    let clean = one_line(text).replace('|', "\\|");
    let ticks = "`".repeat(longest_run_of_ticks(&clean) + 1);
    let pad = if clean.starts_with('`') || clean.ends_with('`') { " " } else { "" };
    format!("{ticks}{pad}{clean}{pad}{ticks}")
}

/// A command to be copied, exactly as it is, in a fence that nothing in it can close. Every line begins with `indent`,
/// so that it may stand in a list.
pub(super) fn fenced(command: &str, indent: &str) -> String {
    let fence = "`".repeat((longest_run_of_ticks(command) + 1).max(3));
    let mut block = format!("{indent}{fence}sh\n");
    for line in command.lines() {
        let clean: String = line.chars().filter(|c| !c.is_control() || *c == '\t').collect();
        block.push_str(format!("{indent}{clean}").trim_end());
        block.push('\n');
    }
    block + indent + &fence + "\n"
}

fn longest_run_of_ticks(text: &str) -> usize {
    text.split(|c| c != '`').map(str::len).max().unwrap_or(0)
}

/// A heading, a list or a rule would begin here.
fn starts_a_block(text: &str) -> bool {
    text.starts_with(['#', '-', '+', '='])
}

/// `1. ` at the beginning is a list; `1\. ` is not.
fn ordered_list_broken(text: String) -> String {
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let mark = text[digits..].strip_prefix(['.', ')']);
    let is_list = digits > 0 && mark.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    if !is_list {
        return text;
    }
    format!("{}\\{}", &text[..digits], &text[digits..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_in_texts_loses_its_meaning() {
        assert_eq!(text("a | b\n# c"), "a \\| b # c");
        assert_eq!(text("# no heading"), "\\# no heading");
        assert_eq!(text("12. no list"), "12\\. no list");
        assert_eq!(text("4.0s"), "4.0s");
        assert_eq!(text("<img src=x> & [x](y)"), "&lt;img src=x&gt; &amp; \\[x\\](y)");
    }

    #[test]
    fn a_command_with_a_fence_in_it_stays_inside_its_own() {
        assert_eq!(fenced("echo '```'", ""), "````sh\necho '```'\n````\n");
        assert_eq!(code("a`b"), "``a`b``");
    }

    proptest! {
        #[test]
        fn no_text_ends_a_table_cell_or_line(anything in "\\PC*|[|\\\\`\n\r*_ ]*") {
            let cell = cell(&anything);
            let mut escaped = false;
            for c in cell.chars() {
                prop_assert!(!c.is_control());
                prop_assert!(c != '|' || escaped, "an open pipe in {cell:?}");
                escaped = c == '\\' && !escaped;
            }
            prop_assert!(!escaped, "{cell:?} would escape the end of its own cell");
        }

        #[test]
        fn no_command_closes_its_own_fence(command in "([`~a\n ]|\\PC){0,40}") {
            let block = fenced(&command, "   ");
            let fence = block.trim_start().split("sh\n").next().unwrap_or_default().to_owned();
            let closing = block.lines().skip(1).filter(|line| {
                let line = line.trim();
                line.len() >= fence.len() && line.chars().all(|c| c == '`')
            });
            prop_assert_eq!(closing.count(), 1);
        }
    }
}
