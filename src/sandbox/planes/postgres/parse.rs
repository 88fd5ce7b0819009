//! Tokens to statements. Anything outside this grammar is refused as a syntax error.

use super::ast::{Assignment, ColumnDef, Conflict, CreateTable, Insert, Item, Mode, Select, Statement, Update};
use super::cursor::Cursor;
use super::error::SqlError;
use super::lex::Token;
use super::parse_expr::{expression, type_name};

/// Reads the statements of one query string; the simple protocol may send several.
pub(super) fn statements(sql: &str) -> Result<Vec<Statement>, SqlError> {
    let mut cursor = Cursor::new(sql)?;
    let mut found = Vec::new();
    while cursor.peek().is_some() {
        if cursor.take_symbol(";") {
            continue;
        }
        found.push(statement(&mut cursor)?);
        if !cursor.is_symbol(";") {
            cursor.end()?;
        }
    }
    Ok(found)
}

fn statement(cursor: &mut Cursor) -> Result<Statement, SqlError> {
    let Some(Token::Word(first)) = cursor.peek().cloned() else {
        return Err(cursor.error());
    };
    match first.as_str() {
        "begin" | "start" => begin(cursor),
        "commit" | "end" => ending(cursor, Statement::Commit),
        "rollback" | "abort" => ending(cursor, Statement::Rollback),
        "set" => set(cursor),
        "show" => show(cursor),
        "select" => select(cursor).map(Statement::Select),
        "insert" => insert(cursor),
        "update" => update(cursor),
        "create" => create_table(cursor),
        _ => Err(cursor.error()),
    }
}

fn begin(cursor: &mut Cursor) -> Result<Statement, SqlError> {
    if cursor.take_word("start") {
        cursor.expect_word("transaction")?;
    } else {
        cursor.expect_word("begin")?;
        let _ = cursor.take_word("transaction") || cursor.take_word("work");
    }
    modes(cursor).map(Statement::Begin)
}

fn ending(cursor: &mut Cursor, statement: Statement) -> Result<Statement, SqlError> {
    cursor.advance();
    let _ = cursor.take_word("transaction") || cursor.take_word("work");
    Ok(statement)
}

/// `[isolation level …] [read only | read write] [[not] deferrable]`, commas optional.
fn modes(cursor: &mut Cursor) -> Result<Vec<Mode>, SqlError> {
    let mut found = Vec::new();
    loop {
        if cursor.take_words(&["read", "only"]) {
            found.push(Mode::ReadOnly);
        } else if cursor.take_words(&["read", "write"]) {
            found.push(Mode::ReadWrite);
        } else if cursor.take_words(&["isolation", "level"]) {
            isolation_level(cursor)?;
        } else if !(cursor.take_words(&["not", "deferrable"]) || cursor.take_word("deferrable")) {
            return Ok(found);
        }
        cursor.take_symbol(",");
    }
}

fn isolation_level(cursor: &mut Cursor) -> Result<(), SqlError> {
    let known = [&["serializable"][..], &["repeatable", "read"], &["read", "committed"]];
    match known.iter().any(|words| cursor.take_words(words)) {
        true => Ok(()),
        false => Err(cursor.error()),
    }
}

fn set(cursor: &mut Cursor) -> Result<Statement, SqlError> {
    cursor.expect_word("set")?;
    if cursor.take_words(&["session", "characteristics", "as", "transaction"]) {
        let modes = modes(cursor)?;
        return Ok(Statement::SetTransaction { session: true, modes });
    }
    if cursor.take_word("transaction") {
        let modes = modes(cursor)?;
        return Ok(Statement::SetTransaction { session: false, modes });
    }
    let local = cursor.take_word("local");
    let _ = !local && cursor.take_word("session");
    let name = cursor.qualified_name()?;
    if !cursor.take_symbol("=") {
        cursor.expect_word("to")?;
    }
    let value = setting_value(cursor)?;
    Ok(Statement::Set { local, name, value })
}

fn setting_value(cursor: &mut Cursor) -> Result<Option<String>, SqlError> {
    match cursor.advance() {
        Some(Token::Word(word)) if word == "default" => Ok(None),
        Some(Token::Word(text) | Token::Quoted(text) | Token::Text(text) | Token::Number(text)) => Ok(Some(text)),
        _ => Err(cursor.error()),
    }
}

fn show(cursor: &mut Cursor) -> Result<Statement, SqlError> {
    cursor.expect_word("show")?;
    if cursor.take_words(&["transaction", "read", "only"]) {
        return Ok(Statement::Show("transaction_read_only".to_owned()));
    }
    cursor.qualified_name().map(Statement::Show)
}

pub(super) fn select(cursor: &mut Cursor) -> Result<Select, SqlError> {
    cursor.expect_word("select")?;
    let items = cursor.list(item)?;
    let from = match cursor.take_word("from") {
        true => Some(source(cursor)?),
        false => None,
    };
    let filter = filter(cursor)?;
    tail(cursor)?;
    Ok(Select { items, from, filter })
}

/// A table or a function that returns rows; an alias is read and dropped.
fn source(cursor: &mut Cursor) -> Result<String, SqlError> {
    let mut name = cursor.qualified_name()?;
    if cursor.take_symbol("(") {
        cursor.expect_symbol(")")?;
        name.push_str("()");
    }
    if cursor.take_word("as") {
        cursor.name()?;
    }
    Ok(name)
}

/// `limit n` and `for update` change nothing for tables of one row.
fn tail(cursor: &mut Cursor) -> Result<(), SqlError> {
    if cursor.take_word("limit") && !matches!(cursor.advance(), Some(Token::Number(_))) {
        return Err(cursor.error());
    }
    let _ = cursor.take_words(&["for", "update"]);
    Ok(())
}

fn filter(cursor: &mut Cursor) -> Result<Option<super::ast::Expr>, SqlError> {
    match cursor.take_word("where") {
        true => expression(cursor).map(Some),
        false => Ok(None),
    }
}

fn item(cursor: &mut Cursor) -> Result<Item, SqlError> {
    if cursor.take_symbol("*") {
        return Ok(Item::Star);
    }
    let expr = expression(cursor)?;
    let name = match cursor.take_word("as") {
        true => cursor.name()?,
        false => super::parse_expr::default_name(&expr),
    };
    Ok(Item::Expr { expr, name })
}

fn returning(cursor: &mut Cursor) -> Result<Vec<Item>, SqlError> {
    match cursor.take_word("returning") {
        true => cursor.list(item),
        false => Ok(Vec::new()),
    }
}

fn insert(cursor: &mut Cursor) -> Result<Statement, SqlError> {
    cursor.expect_word("insert")?;
    cursor.expect_word("into")?;
    let table = cursor.qualified_name()?;
    let columns = match cursor.is_symbol("(") {
        true => cursor.in_parentheses(Cursor::name)?,
        false => Vec::new(),
    };
    cursor.expect_word("values")?;
    let values = cursor.in_parentheses(expression)?;
    let conflict = conflict(cursor)?;
    let returning = returning(cursor)?;
    Ok(Statement::Insert(Insert { table, columns, values, conflict, returning }))
}

fn conflict(cursor: &mut Cursor) -> Result<Conflict, SqlError> {
    if !cursor.take_words(&["on", "conflict"]) {
        return Ok(Conflict::Error);
    }
    if cursor.is_symbol("(") {
        cursor.in_parentheses(Cursor::name)?;
    }
    cursor.expect_word("do")?;
    if cursor.take_word("nothing") {
        return Ok(Conflict::Nothing);
    }
    cursor.expect_word("update")?;
    cursor.expect_word("set")?;
    cursor.list(assignment).map(Conflict::Update)
}

fn update(cursor: &mut Cursor) -> Result<Statement, SqlError> {
    cursor.expect_word("update")?;
    let table = cursor.qualified_name()?;
    cursor.expect_word("set")?;
    let assignments = cursor.list(assignment)?;
    let filter = filter(cursor)?;
    let returning = returning(cursor)?;
    Ok(Statement::Update(Update { table, assignments, filter, returning }))
}

fn assignment(cursor: &mut Cursor) -> Result<Assignment, SqlError> {
    let column = cursor.name()?;
    cursor.expect_symbol("=")?;
    let expr = expression(cursor)?;
    Ok(Assignment { column, expr })
}

fn create_table(cursor: &mut Cursor) -> Result<Statement, SqlError> {
    cursor.expect_word("create")?;
    cursor.expect_word("table")?;
    let if_not_exists = cursor.take_words(&["if", "not", "exists"]);
    let table = cursor.qualified_name()?;
    let columns = cursor.in_parentheses(column_def)?;
    Ok(Statement::CreateTable(CreateTable { table, if_not_exists, columns }))
}

fn column_def(cursor: &mut Cursor) -> Result<ColumnDef, SqlError> {
    let name = cursor.name()?;
    let wire = type_name(cursor)?;
    let mut default = None;
    loop {
        if cursor.take_word("default") {
            default = Some(expression(cursor)?);
        } else if cursor.take_word("check") {
            cursor.in_parentheses(expression)?;
        } else if !constraint(cursor) {
            return Ok(ColumnDef { name, wire, default });
        }
    }
}

fn constraint(cursor: &mut Cursor) -> bool {
    cursor.take_words(&["primary", "key"])
        || cursor.take_words(&["not", "null"])
        || cursor.take_word("unique")
        || cursor.take_word("null")
}
