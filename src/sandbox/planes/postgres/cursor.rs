//! A position in a list of tokens.

use super::error::SqlError;
use super::lex::{Token, tokens};

/// Reads tokens one after the other; every refusal is a syntax error at the current token.
#[derive(Debug)]
pub(super) struct Cursor {
    tokens: Vec<Token>,
    at: usize,
}

impl Cursor {
    pub(super) fn new(sql: &str) -> Result<Self, SqlError> {
        let tokens = tokens(sql)?;
        Ok(Self { tokens, at: 0 })
    }

    pub(super) fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    pub(super) fn advance(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(found)) if found == word)
    }

    pub(super) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Token::Symbol(found)) if *found == symbol)
    }

    /// Whether the token after the current one is this symbol.
    pub(super) fn next_is_symbol(&self, symbol: &str) -> bool {
        matches!(self.tokens.get(self.at + 1), Some(Token::Symbol(found)) if *found == symbol)
    }

    /// Takes the word if it is the next one.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at += usize::from(found);
        found
    }

    /// Takes all the words in a row, or none.
    pub(super) fn take_words(&mut self, words: &[&str]) -> bool {
        let start = self.at;
        let all = words.iter().all(|word| self.take_word(word));
        if !all {
            self.at = start;
        }
        all
    }

    pub(super) fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect_word(&mut self, word: &str) -> Result<(), SqlError> {
        if self.take_word(word) { Ok(()) } else { Err(self.error()) }
    }

    pub(super) fn expect_symbol(&mut self, symbol: &str) -> Result<(), SqlError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.error()) }
    }

    /// An identifier, quoted or not.
    pub(super) fn name(&mut self) -> Result<String, SqlError> {
        match self.peek().cloned() {
            Some(Token::Word(name) | Token::Quoted(name)) => {
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.error()),
        }
    }

    /// A name that may be qualified; the schema `public` or `pg_catalog` says nothing new.
    pub(super) fn qualified_name(&mut self) -> Result<String, SqlError> {
        let mut name = self.name()?;
        while self.take_symbol(".") {
            let last = self.name()?;
            name = match name.as_str() {
                "public" | "pg_catalog" => last,
                schema => format!("{schema}.{last}"),
            };
        }
        Ok(name)
    }

    /// A list separated by commas.
    pub(super) fn list<T>(
        &mut self,
        mut one: impl FnMut(&mut Self) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        let mut found = vec![one(self)?];
        while self.take_symbol(",") {
            found.push(one(self)?);
        }
        Ok(found)
    }

    /// A list in parentheses.
    pub(super) fn in_parentheses<T>(
        &mut self,
        one: impl FnMut(&mut Self) -> Result<T, SqlError>,
    ) -> Result<Vec<T>, SqlError> {
        self.expect_symbol("(")?;
        let found = self.list(one)?;
        self.expect_symbol(")")?;
        Ok(found)
    }

    /// Nothing may follow but semicolons.
    pub(super) fn end(&mut self) -> Result<(), SqlError> {
        while self.take_symbol(";") {}
        if self.peek().is_none() { Ok(()) } else { Err(self.error()) }
    }

    pub(super) fn error(&self) -> SqlError {
        SqlError::syntax(&match self.peek() {
            None => String::new(),
            Some(Token::Word(text) | Token::Quoted(text) | Token::Number(text)) => text.clone(),
            Some(Token::Text(text)) => format!("'{text}'"),
            Some(Token::Parameter(number)) => format!("${number}"),
            Some(Token::Symbol(symbol)) => (*symbol).to_owned(),
        })
    }
}
