//! Tokens to expressions, by the usual climb through the precedences.

use pgwire::api::Type;

use super::ast::{Expr, Operator};
use super::cursor::Cursor;
use super::error::SqlError;
use super::lex::Token;
use super::parse::select;
use super::value::{Value, type_named};

const COMPARISONS: [(&str, Operator); 7] = [
    ("=", Operator::Equal),
    ("<>", Operator::NotEqual),
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessEqual),
    (">=", Operator::GreaterEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

const SUMS: [(&str, Operator); 3] = [("+", Operator::Plus), ("-", Operator::Minus), ("||", Operator::Concat)];

/// Names that PostgreSQL reads as calls although they have no parentheses.
const BARE_CALLS: [&str; 5] = ["current_user", "session_user", "user", "current_timestamp", "current_catalog"];

pub(super) fn expression(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    let mut left = conjunction(cursor)?;
    while cursor.take_word("or") {
        left = binary(Operator::Or, left, conjunction(cursor)?);
    }
    Ok(left)
}

fn conjunction(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    let mut left = negation(cursor)?;
    while cursor.take_word("and") {
        left = binary(Operator::And, left, negation(cursor)?);
    }
    Ok(left)
}

fn negation(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    if cursor.take_word("not") {
        return negation(cursor).map(|inner| Expr::Not(Box::new(inner)));
    }
    let left = comparison(cursor)?;
    if !cursor.take_word("is") {
        return Ok(left);
    }
    let negated = cursor.take_word("not");
    let expr = Box::new(left);
    if cursor.take_word("null") {
        return Ok(Expr::IsNull { expr, negated });
    }
    truth_test(cursor, *expr, negated)
}

/// `x is [not] true|false`.
fn truth_test(cursor: &mut Cursor, expr: Expr, negated: bool) -> Result<Expr, SqlError> {
    let wanted = cursor.take_word("true");
    if !wanted {
        cursor.expect_word("false")?;
    }
    let test = binary(Operator::Equal, expr, Expr::Literal(Value::Bool(wanted)));
    Ok(if negated { Expr::Not(Box::new(test)) } else { test })
}

fn comparison(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    let left = sum(cursor)?;
    match take_operator(cursor, &COMPARISONS) {
        Some(operator) => Ok(binary(operator, left, sum(cursor)?)),
        None => Ok(left),
    }
}

fn sum(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    let mut left = cast(cursor)?;
    while let Some(operator) = take_operator(cursor, &SUMS) {
        left = binary(operator, left, cast(cursor)?);
    }
    Ok(left)
}

fn take_operator(cursor: &mut Cursor, known: &[(&str, Operator)]) -> Option<Operator> {
    let found = known.iter().find(|(symbol, _)| cursor.take_symbol(symbol));
    found.map(|(_, operator)| *operator)
}

fn binary(operator: Operator, left: Expr, right: Expr) -> Expr {
    Expr::Binary { operator, left: Box::new(left), right: Box::new(right) }
}

fn cast(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    let mut inner = primary(cursor)?;
    while cursor.take_symbol("::") {
        inner = Expr::Cast(Box::new(inner), type_name(cursor)?);
    }
    Ok(inner)
}

/// The name of a type, up to three words long, with an optional length that is dropped.
pub(super) fn type_name(cursor: &mut Cursor) -> Result<Type, SqlError> {
    let mut name = cursor.qualified_name()?;
    if cursor.take_words(&["with", "time", "zone"]) {
        name.push_str(" with time zone");
    } else if cursor.take_word("varying") {
        name.push_str(" varying");
    }
    if cursor.is_symbol("(") {
        cursor.in_parentheses(|inner| inner.advance().ok_or_else(|| SqlError::syntax("")))?;
    }
    type_named(&name)
}

fn primary(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    if cursor.take_symbol("(") {
        let inner = expression(cursor)?;
        cursor.expect_symbol(")")?;
        return Ok(inner);
    }
    if cursor.take_symbol("-") {
        let zero = Expr::Literal(Value::Int(0));
        return Ok(binary(Operator::Minus, zero, cast(cursor)?));
    }
    match cursor.peek().cloned() {
        Some(Token::Text(text)) => literal(cursor, Value::Text(text)),
        Some(Token::Number(digits)) => match digits.parse() {
            Ok(number) => literal(cursor, Value::Int(number)),
            Err(_) => Err(cursor.error()),
        },
        Some(Token::Parameter(number)) => {
            cursor.advance();
            Ok(Expr::Parameter(number))
        }
        Some(Token::Word(word)) => keyword(cursor, &word),
        Some(Token::Quoted(_)) => named(cursor),
        _ => Err(cursor.error()),
    }
}

fn literal(cursor: &mut Cursor, value: Value) -> Result<Expr, SqlError> {
    cursor.advance();
    Ok(Expr::Literal(value))
}

fn keyword(cursor: &mut Cursor, word: &str) -> Result<Expr, SqlError> {
    match word {
        "true" => literal(cursor, Value::Bool(true)),
        "false" => literal(cursor, Value::Bool(false)),
        "null" => literal(cursor, Value::Null),
        "case" => case(cursor),
        "exists" => exists(cursor),
        "cast" => cast_call(cursor),
        "select" | "from" | "where" | "update" | "set" | "values" => Err(cursor.error()),
        bare if BARE_CALLS.contains(&bare) => {
            cursor.advance();
            Ok(Expr::Call { name: bare.to_owned(), arguments: Vec::new() })
        }
        _ => named(cursor),
    }
}

/// A column or a call.
fn named(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    let name = cursor.qualified_name()?;
    if !cursor.is_symbol("(") {
        return Ok(match name.rsplit_once('.') {
            Some((table, name)) => Expr::Column { table: Some(table.to_owned()), name: name.to_owned() },
            None => Expr::Column { table: None, name },
        });
    }
    let arguments = match cursor.next_is_symbol(")") {
        true => {
            cursor.advance();
            cursor.advance();
            Vec::new()
        }
        false => cursor.in_parentheses(expression)?,
    };
    Ok(Expr::Call { name, arguments })
}

fn cast_call(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    cursor.expect_word("cast")?;
    cursor.expect_symbol("(")?;
    let inner = expression(cursor)?;
    cursor.expect_word("as")?;
    let wire = type_name(cursor)?;
    cursor.expect_symbol(")")?;
    Ok(Expr::Cast(Box::new(inner), wire))
}

fn exists(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    cursor.expect_word("exists")?;
    cursor.expect_symbol("(")?;
    let inner = select(cursor)?;
    cursor.expect_symbol(")")?;
    Ok(Expr::Exists(Box::new(inner)))
}

fn case(cursor: &mut Cursor) -> Result<Expr, SqlError> {
    cursor.expect_word("case")?;
    let mut arms = Vec::new();
    while cursor.take_word("when") {
        let condition = expression(cursor)?;
        cursor.expect_word("then")?;
        arms.push((condition, expression(cursor)?));
    }
    let otherwise = match cursor.take_word("else") {
        true => Some(Box::new(expression(cursor)?)),
        false => None,
    };
    cursor.expect_word("end")?;
    Ok(Expr::Case { arms, otherwise })
}

/// The name PostgreSQL gives to an output column without `as`.
pub(super) fn default_name(expr: &Expr) -> String {
    match expr {
        Expr::Column { name, .. } => name.clone(),
        Expr::Call { name, .. } => name.clone(),
        Expr::Cast(inner, wire) => match &**inner {
            Expr::Literal(_) | Expr::Parameter(_) | Expr::Binary { .. } => wire.name().to_owned(),
            inner => default_name(inner),
        },
        Expr::Literal(Value::Bool(_)) => "bool".to_owned(),
        Expr::Case { .. } => "case".to_owned(),
        Expr::Exists(_) => "exists".to_owned(),
        _ => "?column?".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::ast::Statement;
    use super::super::parse::statements;

    #[test]
    fn the_statements_of_a_writer_check_are_understood() {
        for sql in [
            "SELECT pg_is_in_recovery()",
            "select pg_is_in_recovery(), current_setting('transaction_read_only')::bool as ro",
            "BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE",
            "begin; select 1; commit",
            "update reveille_canary set touched_at = clock_timestamp(), run = $1 where id = 1 returning touched_at",
            "create table if not exists public.reveille_canary (id int primary key check (id = 1), at timestamptz not null default now())",
            "insert into reveille_canary (id, at) values (1, now()) on conflict (id) do update set at = excluded.at",
            "select pg_logical_emit_message(true, 'reveille', $1)::text",
            "select case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end",
            "select exists (select 1 from information_schema.tables where table_name = 'reveille_canary')",
            "set local statement_timeout = '5s'",
        ] {
            assert!(statements(sql).is_ok(), "{sql}: {:?}", statements(sql));
        }
    }

    #[test]
    fn nonsense_is_a_syntax_error() {
        for sql in ["selct 1", "select from", "update set x", "delete from t", "select 1 1"] {
            assert_eq!(statements(sql).unwrap_err().code, "42601", "{sql}");
        }
    }

    #[test]
    fn several_statements_keep_their_order() {
        let found = statements("begin; select 1; rollback;").unwrap();
        assert!(matches!(found[0], Statement::Begin(_)));
        assert!(matches!(found[2], Statement::Rollback));
    }
}
