//! Types before values: what a statement returns and what its parameters are.

use std::collections::BTreeMap;

use pgwire::api::Type;

use super::ast::{Assignment, ColumnDef, Conflict, Expr, Item, Operator, Select, Statement};
use super::error::SqlError;
use super::functions::signature;
use super::value::Value;

/// Output columns: name and wire type.
pub(super) type Columns = Vec<(String, Type)>;

/// Finds the columns of a table by its name.
pub(super) trait Catalog {
    fn columns(&self, table: &str) -> Result<Vec<ColumnDef>, SqlError>;
}

/// The output columns of a statement; empty for one that returns no rows.
pub(super) fn output(statement: &Statement, catalog: &dyn Catalog) -> Result<Columns, SqlError> {
    match statement {
        Statement::Select(select) => {
            let columns = source_columns(select, catalog)?;
            item_columns(&select.items, &columns)
        }
        Statement::Insert(insert) => item_columns(&insert.returning, &catalog.columns(&insert.table)?),
        Statement::Update(update) => item_columns(&update.returning, &catalog.columns(&update.table)?),
        Statement::Show(name) => Ok(vec![(name.clone(), Type::TEXT)]),
        _ => Ok(Vec::new()),
    }
}

pub(super) fn source_columns(select: &Select, catalog: &dyn Catalog) -> Result<Vec<ColumnDef>, SqlError> {
    select.from.as_deref().map_or(Ok(Vec::new()), |table| catalog.columns(table))
}

pub(super) fn item_columns(items: &[Item], columns: &[ColumnDef]) -> Result<Columns, SqlError> {
    let mut found = Columns::new();
    for item in items {
        match item {
            Item::Star => found.extend(columns.iter().map(|column| (column.name.clone(), column.wire.clone()))),
            Item::Expr { expr, name } => found.push((name.clone(), type_of(expr, columns)?)),
        }
    }
    Ok(found)
}

/// The wire type of an expression's value.
pub(super) fn type_of(expr: &Expr, columns: &[ColumnDef]) -> Result<Type, SqlError> {
    Ok(match expr {
        Expr::Literal(Value::Bool(_)) => Type::BOOL,
        Expr::Literal(Value::Int(_)) => Type::INT4,
        Expr::Literal(_) | Expr::Parameter(_) => Type::TEXT,
        Expr::Column { name, .. } => column_type(name, columns)?,
        Expr::Call { name, arguments } => call_type(name, arguments, columns)?,
        Expr::Cast(inner, wire) => {
            type_of(inner, columns)?;
            wire.clone()
        }
        Expr::Binary { operator, left, right } => binary_type(*operator, left, right, columns)?,
        Expr::Case { arms, otherwise } => case_type(arms, otherwise.as_deref(), columns)?,
        Expr::Not(_) | Expr::IsNull { .. } | Expr::Exists(_) => Type::BOOL,
    })
}

fn column_type(name: &str, columns: &[ColumnDef]) -> Result<Type, SqlError> {
    let found = columns.iter().find(|column| column.name == name);
    found.map(|column| column.wire.clone()).ok_or_else(|| SqlError::no_column(name))
}

fn call_type(name: &str, arguments: &[Expr], columns: &[ColumnDef]) -> Result<Type, SqlError> {
    if name == "coalesce" {
        return arguments.first().map_or(Err(SqlError::syntax(")")), |first| type_of(first, columns));
    }
    match signature(name, arguments.len()) {
        Some(signature) => Ok(signature.result),
        None => Err(SqlError::no_function(&call_text(name, arguments, columns))),
    }
}

fn call_text(name: &str, arguments: &[Expr], columns: &[ColumnDef]) -> String {
    let kind = |argument| type_of(argument, columns).map_or("unknown".to_owned(), |wire| wire.name().to_owned());
    let kinds: Vec<String> = arguments.iter().map(kind).collect();
    format!("{name}({})", kinds.join(", "))
}

fn binary_type(operator: Operator, left: &Expr, right: &Expr, columns: &[ColumnDef]) -> Result<Type, SqlError> {
    let (left, right) = (type_of(left, columns)?, type_of(right, columns)?);
    Ok(match operator {
        Operator::Concat => Type::TEXT,
        Operator::Plus | Operator::Minus => match (left, right) {
            (Type::INT8, _) | (_, Type::INT8) => Type::INT8,
            (Type::INT4 | Type::INT2 | Type::TEXT, Type::INT4 | Type::INT2 | Type::TEXT) => Type::INT4,
            (left, right) => {
                return Err(SqlError::no_operator(&format!("{left} {} {right}", operator.sign())));
            }
        },
        _ => Type::BOOL,
    })
}

fn case_type(arms: &[(Expr, Expr)], otherwise: Option<&Expr>, columns: &[ColumnDef]) -> Result<Type, SqlError> {
    let results = arms.iter().map(|(_, result)| result).chain(otherwise);
    let known = results.filter(|result| !matches!(result, Expr::Literal(Value::Null) | Expr::Parameter(_)));
    known.map(|result| type_of(result, columns)).next().unwrap_or(Ok(Type::TEXT))
}

/// The types of `$1`, `$2`, … in their order.
pub(super) fn parameters(statement: &Statement, catalog: &dyn Catalog) -> Result<Vec<Type>, SqlError> {
    let mut found = BTreeMap::new();
    match statement {
        Statement::Select(select) => from_select(select, catalog, &mut found)?,
        Statement::Update(update) => {
            let columns = catalog.columns(&update.table)?;
            from_assignments(&update.assignments, &columns, &mut found);
            update.filter.iter().for_each(|filter| gather(filter, None, &columns, &mut found));
            from_items(&update.returning, &columns, &mut found);
        }
        Statement::Insert(insert) => {
            let columns = catalog.columns(&insert.table)?;
            from_values(insert, &columns, &mut found);
            if let Conflict::Update(assignments) = &insert.conflict {
                from_assignments(assignments, &columns, &mut found);
            }
            from_items(&insert.returning, &columns, &mut found);
        }
        _ => {}
    }
    let count = found.keys().max().copied().unwrap_or(0);
    Ok((1..=count).map(|number| found.get(&number).cloned().unwrap_or(Type::TEXT)).collect())
}

type Found = BTreeMap<usize, Type>;

fn from_select(select: &Select, catalog: &dyn Catalog, found: &mut Found) -> Result<(), SqlError> {
    let columns = source_columns(select, catalog)?;
    from_items(&select.items, &columns, found);
    select.filter.iter().for_each(|filter| gather(filter, None, &columns, found));
    Ok(())
}

fn from_items(items: &[Item], columns: &[ColumnDef], found: &mut Found) {
    for item in items {
        if let Item::Expr { expr, .. } = item {
            gather(expr, None, columns, found);
        }
    }
}

fn from_assignments(assignments: &[Assignment], columns: &[ColumnDef], found: &mut Found) {
    for assignment in assignments {
        gather(&assignment.expr, column_type(&assignment.column, columns).ok(), columns, found);
    }
}

fn from_values(insert: &super::ast::Insert, columns: &[ColumnDef], found: &mut Found) {
    for (at, value) in insert.values.iter().enumerate() {
        let wire = match insert.columns.get(at) {
            Some(name) => column_type(name, columns).ok(),
            None => columns.get(at).map(|column| column.wire.clone()),
        };
        gather(value, wire, columns, found);
    }
}

/// Walks an expression; `expected` is the type its place asks for.
fn gather(expr: &Expr, expected: Option<Type>, columns: &[ColumnDef], found: &mut Found) {
    match expr {
        Expr::Parameter(number) => {
            let entry = found.entry(*number).or_insert(Type::TEXT);
            if let Some(wire) = expected {
                *entry = wire;
            }
        }
        Expr::Cast(inner, wire) => gather(inner, Some(wire.clone()), columns, found),
        Expr::Call { name, arguments } => {
            let known = signature(name, arguments.len());
            for (at, argument) in arguments.iter().enumerate() {
                let wire = known.as_ref().map(|known| known.arguments[at].clone());
                gather(argument, wire, columns, found);
            }
        }
        Expr::Binary { left, right, .. } => {
            gather(left, type_of(right, columns).ok(), columns, found);
            gather(right, type_of(left, columns).ok(), columns, found);
        }
        Expr::Not(inner) | Expr::IsNull { expr: inner, .. } => gather(inner, None, columns, found),
        Expr::Case { arms, otherwise } => {
            for (condition, result) in arms {
                gather(condition, Some(Type::BOOL), columns, found);
                gather(result, expected.clone(), columns, found);
            }
            otherwise.iter().for_each(|result| gather(result, expected.clone(), columns, found));
        }
        Expr::Exists(select) => {
            from_items(&select.items, columns, found);
            select.filter.iter().for_each(|filter| gather(filter, None, columns, found));
        }
        Expr::Literal(_) | Expr::Column { .. } => {}
    }
}
