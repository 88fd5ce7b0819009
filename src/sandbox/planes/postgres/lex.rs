//! Text to tokens, for the little SQL the imitated server knows.

use super::error::SqlError;

/// One token. Unquoted words are folded to lower case, as PostgreSQL does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Quoted(String),
    Text(String),
    Number(String),
    Parameter(usize),
    Symbol(&'static str),
}

/// Longest first, so that `::` is not read as two colons.
const SYMBOLS: [&str; 19] =
    ["::", "<>", "!=", "<=", ">=", "||", "(", ")", ",", ".", ";", "=", "<", ">", "+", "-", "*", "/", ":"];

/// Splits a statement into tokens; comments and whitespace are dropped.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token>, SqlError> {
    let mut rest = skip_blank(sql);
    let mut found = Vec::new();
    while !rest.is_empty() {
        let (token, after) = next_token(rest)?;
        found.push(token);
        rest = skip_blank(after);
    }
    Ok(found)
}

fn next_token(text: &str) -> Result<(Token, &str), SqlError> {
    let first = text.chars().next().unwrap_or(' ');
    match first {
        '\'' => quoted(text, '\'').map(|(inner, rest)| (Token::Text(inner), rest)),
        '"' => quoted(text, '"').map(|(inner, rest)| (Token::Quoted(inner), rest)),
        '$' => parameter(text),
        '0'..='9' => {
            let (number, rest) = split_while(text, |c| c.is_ascii_digit() || c == '.');
            Ok((Token::Number(number.to_owned()), rest))
        }
        c if c.is_alphabetic() || c == '_' => Ok(word(text)),
        _ => symbol(text),
    }
}

fn word(text: &str) -> (Token, &str) {
    let (word, rest) = split_while(text, |c| c.is_alphanumeric() || c == '_');
    (Token::Word(word.to_lowercase()), rest)
}

fn parameter(text: &str) -> Result<(Token, &str), SqlError> {
    let (digits, rest) = split_while(&text[1..], |c| c.is_ascii_digit());
    match digits.parse() {
        Ok(number) if number > 0 => Ok((Token::Parameter(number), rest)),
        _ => Err(SqlError::syntax(text)),
    }
}

fn symbol(text: &str) -> Result<(Token, &str), SqlError> {
    SYMBOLS
        .iter()
        .find_map(|symbol| {
            let rest = text.strip_prefix(symbol)?;
            Some((Token::Symbol(symbol), rest))
        })
        .ok_or_else(|| SqlError::syntax(text))
}

/// Reads a quoted run; the quote character doubled stands for itself.
fn quoted(text: &str, quote: char) -> Result<(String, &str), SqlError> {
    let mut inner = String::new();
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if character != quote {
            inner.push(character);
        } else if characters.next_if(|(_, next)| *next == quote).is_some() {
            inner.push(quote);
        } else {
            return Ok((inner, &text[at + 1..]));
        }
    }
    Err(SqlError::syntax(text))
}

fn split_while(text: &str, keep: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !keep(c)).unwrap_or(text.len());
    text.split_at(end)
}

fn skip_blank(text: &str) -> &str {
    let mut rest = text.trim_start();
    loop {
        let after = if let Some(comment) = rest.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, after)| after)
        } else if let Some(comment) = rest.strip_prefix("/*") {
            comment.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest;
        };
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_folded_and_comments_dropped() {
        let found = tokens("SELECT /* why */ Now() -- end\n;").unwrap();
        assert_eq!(
            found,
            [
                Token::Word("select".into()),
                Token::Word("now".into()),
                Token::Symbol("("),
                Token::Symbol(")"),
                Token::Symbol(";")
            ]
        );
    }

    #[test]
    fn doubled_quotes_and_casts_are_read() {
        let found = tokens("'it''s'::text").unwrap();
        assert_eq!(found[0], Token::Text("it's".into()));
        assert_eq!(found[1], Token::Symbol("::"));
    }

    #[test]
    fn an_open_string_is_a_syntax_error() {
        assert_eq!(tokens("select 'x").unwrap_err().code, "42601");
        assert_eq!(tokens("select #").unwrap_err().code, "42601");
    }
}
