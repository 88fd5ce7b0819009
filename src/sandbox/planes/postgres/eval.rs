//! Expressions to values.

use chrono::Utc;
use pgwire::api::Type;

use super::ast::{ColumnDef, Expr, Operator};
use super::error::SqlError;
use super::functions::signature;
use super::session::Session;
use super::value::Value;

/// What names and parameters stand for while an expression is evaluated.
pub(super) struct Scope<'a> {
    pub(super) columns: &'a [ColumnDef],
    pub(super) row: &'a [Value],
    /// The row an `insert … on conflict` wanted to add.
    pub(super) excluded: &'a [Value],
    pub(super) parameters: &'a [Value],
}

impl Session {
    pub(super) fn value(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Value, SqlError> {
        match expr {
            Expr::Literal(value) => Ok(value.clone()),
            Expr::Parameter(number) => Ok(scope.parameters.get(number - 1).cloned().unwrap_or(Value::Null)),
            Expr::Column { table, name } => column(table.as_deref(), name, scope),
            Expr::Call { name, arguments } => self.call(name, arguments, scope),
            Expr::Cast(inner, wire) => self.cast(inner, wire, scope),
            Expr::Binary { operator, left, right } => {
                let (left, right) = (self.value(left, scope)?, self.value(right, scope)?);
                binary(*operator, left, right)
            }
            Expr::Not(inner) => Ok(match self.value(inner, scope)? {
                Value::Bool(flag) => Value::Bool(!flag),
                _ => Value::Null,
            }),
            Expr::IsNull { expr, negated } => Ok(Value::Bool((self.value(expr, scope)? == Value::Null) != *negated)),
            Expr::Case { arms, otherwise } => self.case(arms, otherwise.as_deref(), scope),
            Expr::Exists(select) => Ok(Value::Bool(!self.selected(select, scope.parameters)?.is_empty())),
        }
    }

    /// Only the chosen branch runs: `pg_current_wal_lsn()` in the other one must not fail.
    fn case(&mut self, arms: &[(Expr, Expr)], otherwise: Option<&Expr>, scope: &Scope<'_>) -> Result<Value, SqlError> {
        for (condition, result) in arms {
            if self.value(condition, scope)?.is_true() {
                return self.value(result, scope);
            }
        }
        otherwise.map_or(Ok(Value::Null), |result| self.value(result, scope))
    }

    fn cast(&mut self, inner: &Expr, wire: &Type, scope: &Scope<'_>) -> Result<Value, SqlError> {
        let value = self.value(inner, scope)?;
        match (value, wire) {
            (Value::Text(name), &Type::REGCLASS) => self.table(&name).map(|_| Value::Text(name)),
            (value, wire) => value.cast(wire),
        }
    }

    fn call(&mut self, name: &str, arguments: &[Expr], scope: &Scope<'_>) -> Result<Value, SqlError> {
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.value(argument, scope)?);
        }
        if name == "coalesce" {
            return Ok(values.into_iter().find(|value| *value != Value::Null).unwrap_or(Value::Null));
        }
        let known = signature(name, values.len()).ok_or_else(|| SqlError::no_function(&format!("{name}()")))?;
        for (value, wire) in values.iter_mut().zip(known.arguments) {
            *value = value.clone().cast(wire)?;
        }
        match values.is_empty() {
            true => self.plain_call(name),
            false => self.call_with(name, &values),
        }
    }

    fn plain_call(&mut self, name: &str) -> Result<Value, SqlError> {
        Ok(match name {
            "pg_is_in_recovery" => Value::Bool(self.in_recovery()),
            "version" => Value::text(super::VERSION_TEXT),
            "now" | "current_timestamp" | "transaction_timestamp" => Value::Time(self.now()),
            "clock_timestamp" | "statement_timestamp" => Value::Time(Utc::now()),
            "current_database" | "current_catalog" => Value::text(&self.login.database),
            "current_user" | "session_user" | "user" => Value::text(&self.login.user),
            "pg_backend_pid" => Value::Int(4_711),
            "inet_server_addr" => Value::text(self.login.server.ip().to_string()),
            "inet_server_port" => Value::Int(self.login.server.port().into()),
            "gen_random_uuid" => Value::text(uuid::Uuid::new_v4().to_string()),
            _ => return self.log_call(name),
        })
    }

    /// Functions about the write-ahead log and transaction ids; they differ in recovery.
    fn log_call(&mut self, name: &str) -> Result<Value, SqlError> {
        let recovery = self.in_recovery();
        match name {
            "pg_last_wal_replay_lsn" | "pg_last_wal_receive_lsn" if recovery => Ok(Value::Lsn(self.data().wal())),
            "pg_last_xact_replay_timestamp" if recovery => Ok(Value::Time(self.data().last_commit)),
            "pg_last_wal_replay_lsn" | "pg_last_wal_receive_lsn" => Ok(Value::Null),
            "pg_last_xact_replay_timestamp" => Ok(Value::Null),
            "pg_current_xact_id_if_assigned" | "txid_current_if_assigned" => {
                Ok(self.transaction_id.map_or(Value::Null, |id| Value::Int(id as i64)))
            }
            "txid_current" | "pg_current_xact_id" if recovery => Err(SqlError::during_recovery(&format!("{name}()"))),
            "txid_current" | "pg_current_xact_id" => Ok(Value::Int(self.assign_transaction_id() as i64)),
            _ if recovery => Err(SqlError::recovery_in_progress()),
            _ => Ok(Value::Lsn(self.data().wal())),
        }
    }

    fn call_with(&mut self, name: &str, values: &[Value]) -> Result<Value, SqlError> {
        let text = |at: usize| values.get(at).and_then(Value::to_text).unwrap_or_default();
        match name {
            "current_setting" => match self.setting(&text(0)) {
                Err(_) if values.get(1).is_some_and(Value::is_true) => Ok(Value::Null),
                found => found.map(Value::Text),
            },
            "to_regclass" => {
                let name = text(0).trim_start_matches("public.").to_owned();
                Ok(self.table(&name).map_or(Value::Null, |_| Value::Text(name)))
            }
            "has_table_privilege" => {
                let table = text(values.len() - 2);
                self.table(table.trim_start_matches("public.")).map(|_| Value::Bool(true))
            }
            "pg_logical_emit_message" => self.emit_message(values[0].is_true(), &text(2)),
            "set_config" => Ok(Value::Text(text(1))),
            _ => Err(SqlError::no_function(&format!("{name}(…)"))),
        }
    }

    /// Writes to the log even when `default_transaction_read_only` is on, as a real server does.
    fn emit_message(&mut self, transactional: bool, message: &str) -> Result<Value, SqlError> {
        if self.in_recovery() {
            return Err(SqlError::no_wal_in_recovery(transactional));
        }
        if transactional {
            self.assign_transaction_id();
        }
        Ok(Value::Lsn(self.data().append_wal(message.len() as u64)))
    }
}

fn column(table: Option<&str>, name: &str, scope: &Scope<'_>) -> Result<Value, SqlError> {
    let row = if table == Some("excluded") { scope.excluded } else { scope.row };
    let at = scope.columns.iter().position(|column| column.name == name);
    at.and_then(|at| row.get(at)).cloned().ok_or_else(|| SqlError::no_column(name))
}

fn binary(operator: Operator, left: Value, right: Value) -> Result<Value, SqlError> {
    if matches!(operator, Operator::And | Operator::Or) {
        return Ok(logic(operator == Operator::And, &left, &right));
    }
    let (left, right) = match (left, right) {
        (Value::Null, _) | (_, Value::Null) => return Ok(Value::Null),
        (left, right) if operator == Operator::Concat => return Ok(concat(&left, &right)),
        (left, right) => same_kind(left, right)?,
    };
    let order = compare(&left, &right);
    match operator {
        Operator::Plus => arithmetic(left, right, i64::checked_add),
        Operator::Minus => arithmetic(left, right, i64::checked_sub),
        Operator::Equal => Ok(Value::Bool(order.is_eq())),
        Operator::NotEqual => Ok(Value::Bool(order.is_ne())),
        Operator::Less => Ok(Value::Bool(order.is_lt())),
        Operator::LessEqual => Ok(Value::Bool(order.is_le())),
        Operator::Greater => Ok(Value::Bool(order.is_gt())),
        _ => Ok(Value::Bool(order.is_ge())),
    }
}

fn concat(left: &Value, right: &Value) -> Value {
    Value::Text(left.to_text().unwrap_or_default() + &right.to_text().unwrap_or_default())
}

/// Three-valued: a null only decides nothing when the other side has not decided already.
fn logic(and: bool, left: &Value, right: &Value) -> Value {
    let decisive = Value::Bool(!and);
    if *left == decisive || *right == decisive {
        decisive
    } else if *left == Value::Null || *right == Value::Null {
        Value::Null
    } else {
        Value::Bool(and)
    }
}

/// A literal in quotes takes the type of the other side.
fn same_kind(left: Value, right: Value) -> Result<(Value, Value), SqlError> {
    match (&left, &right) {
        (Value::Text(_), Value::Text(_)) => Ok((left, right)),
        (Value::Text(_), other) => Ok((left.clone().cast(&wire(other))?, right)),
        (other, Value::Text(_)) => Ok((left.clone(), right.clone().cast(&wire(other))?)),
        (a, b) if std::mem::discriminant(a) == std::mem::discriminant(b) => Ok((left, right)),
        (a, b) => Err(SqlError::no_operator(&format!("{a:?} and {b:?}"))),
    }
}

fn wire(value: &Value) -> Type {
    match value {
        Value::Bool(_) => Type::BOOL,
        Value::Int(_) => Type::INT8,
        Value::Time(_) => Type::TIMESTAMPTZ,
        Value::Lsn(_) => Type::PG_LSN,
        Value::Text(_) | Value::Null => Type::TEXT,
    }
}

fn compare(left: &Value, right: &Value) -> std::cmp::Ordering {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        (Value::Time(a), Value::Time(b)) => a.cmp(b),
        (Value::Lsn(a), Value::Lsn(b)) => a.cmp(b),
        (a, b) => a.to_text().cmp(&b.to_text()),
    }
}

fn arithmetic(left: Value, right: Value, run: fn(i64, i64) -> Option<i64>) -> Result<Value, SqlError> {
    match (left, right) {
        (Value::Int(a), Value::Int(b)) => Ok(run(a, b).map_or(Value::Null, Value::Int)),
        (a, b) => Err(SqlError::no_operator(&format!("{a:?} + {b:?}"))),
    }
}
