//! Statements that read or change rows.

use super::ast::{Assignment, ColumnDef, Conflict, CreateTable, Expr, Insert, Item, Select, Update};
use super::data::Table;
use super::error::SqlError;
use super::eval::Scope;
use super::session::{Answer, Session};
use super::types::{Catalog, item_columns, source_columns};
use super::value::Value;

impl Catalog for Session {
    fn columns(&self, table: &str) -> Result<Vec<ColumnDef>, SqlError> {
        self.table(table).map(|table| table.columns)
    }
}

impl Session {
    /// A table of the database or one of the few views on the server itself.
    pub(super) fn table(&self, name: &str) -> Result<Table, SqlError> {
        match name {
            "information_schema.tables" => Ok(self.tables_view("table_schema", "table_name")),
            "pg_tables" => Ok(self.tables_view("schemaname", "tablename")),
            "pg_control_checkpoint()" => Ok(control_checkpoint()),
            _ => self.data().tables.get(name).cloned().ok_or_else(|| SqlError::no_table(name)),
        }
    }

    fn tables_view(&self, schema: &str, table: &str) -> Table {
        let rows = self.data().tables.keys().map(|name| vec![Value::text("public"), Value::text(name)]).collect();
        Table { columns: vec![text_column(schema), text_column(table)], rows }
    }

    pub(super) fn select(&mut self, select: &Select, parameters: &[Value]) -> Result<Answer, SqlError> {
        let columns = item_columns(&select.items, &source_columns(select, self)?)?;
        let rows = self.selected(select, parameters)?;
        Ok(Answer::Rows { columns, rows, tag: "SELECT" })
    }

    /// The rows of a query; without a table there is one.
    pub(super) fn selected(&mut self, select: &Select, parameters: &[Value]) -> Result<Vec<Vec<Value>>, SqlError> {
        let table = match &select.from {
            Some(name) => self.table(name)?,
            None => Table { columns: Vec::new(), rows: vec![Vec::new()] },
        };
        let mut found = Vec::new();
        for row in &table.rows {
            let scope = Scope { columns: &table.columns, row, excluded: &[], parameters };
            if self.passes(select.filter.as_ref(), &scope)? {
                found.push(self.project(&select.items, &scope)?);
            }
        }
        Ok(found)
    }

    fn passes(&mut self, filter: Option<&Expr>, scope: &Scope<'_>) -> Result<bool, SqlError> {
        match filter {
            Some(filter) => Ok(self.value(filter, scope)?.is_true()),
            None => Ok(true),
        }
    }

    fn project(&mut self, items: &[Item], scope: &Scope<'_>) -> Result<Vec<Value>, SqlError> {
        let mut found = Vec::new();
        for item in items {
            match item {
                Item::Star => found.extend(scope.row.iter().cloned()),
                Item::Expr { expr, .. } => found.push(self.value(expr, scope)?),
            }
        }
        Ok(found)
    }

    pub(super) fn update(&mut self, update: &Update, parameters: &[Value]) -> Result<Answer, SqlError> {
        let mut table = self.table(&update.table)?;
        self.about_to_write("UPDATE")?;
        let mut changed = Vec::new();
        for at in 0..table.rows.len() {
            let old = table.rows[at].clone();
            let scope = Scope { columns: &table.columns, row: &old, excluded: &[], parameters };
            if self.passes(update.filter.as_ref(), &scope)? {
                table.rows[at] = self.assigned(&update.assignments, &scope)?;
                changed.push(table.rows[at].clone());
            }
        }
        self.store(&update.table, table.clone());
        self.returned(&update.returning, &table.columns, &changed, parameters, "UPDATE")
    }

    fn assigned(&mut self, assignments: &[Assignment], scope: &Scope<'_>) -> Result<Vec<Value>, SqlError> {
        let mut row = scope.row.to_vec();
        for assignment in assignments {
            let at = position(scope.columns, &assignment.column)?;
            row[at] = self.value(&assignment.expr, scope)?.cast(&scope.columns[at].wire)?;
        }
        Ok(row)
    }

    pub(super) fn insert(&mut self, insert: &Insert, parameters: &[Value]) -> Result<Answer, SqlError> {
        let mut table = self.table(&insert.table)?;
        self.about_to_write("INSERT")?;
        let new = self.new_row(insert, &table, parameters)?;
        let twin = table.rows.iter().position(|row| row.first() == new.first());
        let changed = match (twin, &insert.conflict) {
            (None, _) => {
                table.rows.push(new.clone());
                vec![new]
            }
            (Some(_), Conflict::Error) => return Err(SqlError::duplicate_key(&insert.table)),
            (Some(_), Conflict::Nothing) => Vec::new(),
            (Some(at), Conflict::Update(assignments)) => {
                let old = table.rows[at].clone();
                let scope = Scope { columns: &table.columns, row: &old, excluded: &new, parameters };
                table.rows[at] = self.assigned(assignments, &scope)?;
                vec![table.rows[at].clone()]
            }
        };
        self.store(&insert.table, table.clone());
        self.returned(&insert.returning, &table.columns, &changed, parameters, "INSERT 0")
    }

    fn new_row(&mut self, insert: &Insert, table: &Table, parameters: &[Value]) -> Result<Vec<Value>, SqlError> {
        let scope = Scope { columns: &[], row: &[], excluded: &[], parameters };
        let mut row = Vec::new();
        for column in &table.columns {
            row.push(match &column.default {
                Some(default) => self.value(default, &scope)?.cast(&column.wire)?,
                None => Value::Null,
            });
        }
        for (number, value) in insert.values.iter().enumerate() {
            let at = match insert.columns.get(number) {
                Some(name) => position(&table.columns, name)?,
                None if number < table.columns.len() => number,
                None => return Err(SqlError::syntax("values")),
            };
            row[at] = self.value(value, &scope)?.cast(&table.columns[at].wire)?;
        }
        Ok(row)
    }

    fn returned(
        &mut self,
        items: &[Item],
        columns: &[ColumnDef],
        changed: &[Vec<Value>],
        parameters: &[Value],
        tag: &'static str,
    ) -> Result<Answer, SqlError> {
        if items.is_empty() {
            return Ok(Answer::Done { tag, rows: Some(changed.len()) });
        }
        let mut rows = Vec::new();
        for row in changed {
            rows.push(self.project(items, &Scope { columns, row, excluded: &[], parameters })?);
        }
        Ok(Answer::Rows { columns: item_columns(items, columns)?, rows, tag })
    }

    fn store(&mut self, name: &str, table: Table) {
        self.data().tables.insert(name.to_owned(), table);
    }

    pub(super) fn create_table(&mut self, create: &CreateTable) -> Result<Answer, SqlError> {
        let done = Answer::Done { tag: "CREATE TABLE", rows: None };
        // PostgreSQL refuses the command in a read-only transaction before it looks for the table.
        self.about_to_write("CREATE TABLE")?;
        let exists = self.data().tables.contains_key(&create.table);
        match (exists, create.if_not_exists) {
            (true, true) => Ok(done),
            (true, false) => Err(SqlError::table_exists(&create.table)),
            (false, _) => {
                self.store(&create.table, Table { columns: create.columns.clone(), rows: Vec::new() });
                Ok(done)
            }
        }
    }
}

fn position(columns: &[ColumnDef], name: &str) -> Result<usize, SqlError> {
    columns.iter().position(|column| column.name == name).ok_or_else(|| SqlError::no_column(name))
}

fn text_column(name: &str) -> ColumnDef {
    ColumnDef { name: name.to_owned(), wire: pgwire::api::Type::TEXT, default: None }
}

fn control_checkpoint() -> Table {
    let wire = pgwire::api::Type::INT4;
    let columns = vec![ColumnDef { name: "timeline_id".to_owned(), wire, default: None }];
    Table { columns, rows: vec![vec![Value::Int(1)]] }
}
