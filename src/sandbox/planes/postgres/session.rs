//! One connection: its transaction, its settings, and how a statement runs in it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use pgwire::api::Type;

use super::ast::{Mode, Statement};
use super::data::{Data, Table};
use super::error::SqlError;
use super::types::Columns;
use super::value::Value;

/// What the world says about the server at this moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ServerView {
    pub(super) in_recovery: bool,
    /// `default_transaction_read_only` of the server.
    pub(super) default_read_only: bool,
}

/// Asks the world about the server; `None` when it has gone away.
pub(super) type Look = Arc<dyn Fn() -> Option<ServerView> + Send + Sync>;

/// Who is connected to what.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) database: String,
    pub(super) server: SocketAddr,
}

/// The answer to one statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Rows { columns: Columns, rows: Vec<Vec<Value>>, tag: &'static str },
    Done { tag: &'static str, rows: Option<usize> },
    Started,
    Ended(&'static str),
}

/// An open transaction block.
#[derive(Debug)]
struct Transaction {
    started: DateTime<Utc>,
    read_only: Option<bool>,
    failed: bool,
    /// The tables as they were before the first write.
    undo: Option<BTreeMap<String, Table>>,
}

/// The state of one connection.
pub(super) struct Session {
    pub(super) login: Login,
    look: Look,
    data: Arc<Mutex<Data>>,
    settings: BTreeMap<String, String>,
    transaction: Option<Transaction>,
    /// The transaction id, once one was assigned.
    pub(super) transaction_id: Option<u64>,
    view: ServerView,
    statement_started: DateTime<Utc>,
}

impl Session {
    pub(super) fn new(login: Login, look: Look, data: Arc<Mutex<Data>>) -> Self {
        let view = ServerView { in_recovery: false, default_read_only: false };
        Self {
            login,
            look,
            data,
            settings: BTreeMap::new(),
            transaction: None,
            transaction_id: None,
            view,
            statement_started: Utc::now(),
        }
    }

    pub(super) fn data(&self) -> MutexGuard<'_, Data> {
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn in_recovery(&self) -> bool {
        self.view.in_recovery
    }

    /// `transaction_read_only` as the current transaction has it.
    pub(super) fn read_only(&self) -> bool {
        let chosen = self.transaction.as_ref().and_then(|transaction| transaction.read_only);
        self.view.in_recovery || chosen.unwrap_or_else(|| self.default_read_only())
    }

    fn default_read_only(&self) -> bool {
        match self.settings.get("default_transaction_read_only") {
            Some(value) => value == "on",
            None => self.view.default_read_only,
        }
    }

    /// `now()`: when the transaction began.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.transaction.as_ref().map_or(self.statement_started, |transaction| transaction.started)
    }

    /// Runs one statement. A failure inside a transaction block spoils the block.
    pub(super) fn run(&mut self, statement: &Statement, parameters: &[Value]) -> Result<Answer, SqlError> {
        self.view = (self.look)().ok_or_else(SqlError::shutting_down)?;
        self.statement_started = Utc::now();
        let result = self.dispatch(statement, parameters);
        match &mut self.transaction {
            Some(transaction) => transaction.failed |= result.is_err(),
            None => self.transaction_id = None,
        }
        result
    }

    fn dispatch(&mut self, statement: &Statement, parameters: &[Value]) -> Result<Answer, SqlError> {
        let ends = matches!(statement, Statement::Commit | Statement::Rollback);
        if self.transaction.as_ref().is_some_and(|transaction| transaction.failed) && !ends {
            return Err(SqlError::aborted());
        }
        match statement {
            Statement::Begin(modes) => self.begin(modes),
            Statement::Commit => Ok(self.commit()),
            Statement::Rollback => Ok(self.rollback()),
            Statement::SetTransaction { session, modes } => self.set_transaction(*session, modes),
            Statement::Set { local: _, name, value } => self.set(name, value.as_deref()),
            Statement::Show(name) => self.show(name),
            Statement::Select(select) => self.select(select, parameters),
            Statement::Insert(insert) => self.insert(insert, parameters),
            Statement::Update(update) => self.update(update, parameters),
            Statement::CreateTable(create) => self.create_table(create),
        }
    }

    fn begin(&mut self, modes: &[Mode]) -> Result<Answer, SqlError> {
        // A second BEGIN is only a warning.
        if self.transaction.is_none() {
            let started = self.statement_started;
            self.transaction = Some(Transaction { started, read_only: None, failed: false, undo: None });
        }
        let result = self.set_transaction(false, modes).map(|_| Answer::Started);
        if result.is_err() {
            self.transaction = None;
        }
        result
    }

    fn commit(&mut self) -> Answer {
        if self.transaction.as_ref().is_some_and(|transaction| transaction.failed) {
            return self.rollback();
        }
        if self.transaction.take().is_some_and(|transaction| transaction.undo.is_some()) {
            self.data().last_commit = Utc::now();
        }
        self.transaction_id = None;
        Answer::Ended("COMMIT")
    }

    fn rollback(&mut self) -> Answer {
        if let Some(tables) = self.transaction.take().and_then(|transaction| transaction.undo) {
            self.data().tables = tables;
        }
        self.transaction_id = None;
        Answer::Ended("ROLLBACK")
    }

    fn set_transaction(&mut self, session: bool, modes: &[Mode]) -> Result<Answer, SqlError> {
        for mode in modes {
            if *mode == Mode::ReadWrite && self.view.in_recovery {
                return Err(SqlError::no_read_write_in_recovery());
            }
            let read_only = *mode == Mode::ReadOnly;
            if session {
                let value = if read_only { "on" } else { "off" };
                self.settings.insert("default_transaction_read_only".to_owned(), value.to_owned());
            } else if let Some(transaction) = &mut self.transaction {
                transaction.read_only = Some(read_only);
            }
        }
        Ok(Answer::Done { tag: "SET", rows: None })
    }

    /// Notes that rows are about to change; refuses where PostgreSQL does.
    pub(super) fn about_to_write(&mut self, command: &'static str) -> Result<(), SqlError> {
        if self.read_only() {
            return Err(SqlError::read_only(command));
        }
        let tables = self.data().tables.clone();
        if let Some(transaction) = &mut self.transaction {
            transaction.undo.get_or_insert(tables);
        }
        self.assign_transaction_id();
        self.data().append_wal(96);
        Ok(())
    }

    pub(super) fn assign_transaction_id(&mut self) -> u64 {
        match self.transaction_id {
            Some(id) => id,
            None => {
                let id = self.data().next_transaction();
                *self.transaction_id.insert(id)
            }
        }
    }

    fn set(&mut self, name: &str, value: Option<&str>) -> Result<Answer, SqlError> {
        let known = self.setting(name)?;
        if name == "transaction_read_only" {
            let mode = if value == Some("on") { Mode::ReadOnly } else { Mode::ReadWrite };
            return self.set_transaction(false, &[mode]);
        }
        let value = value.map_or(known, str::to_owned);
        self.settings.insert(name.to_owned(), value);
        Ok(Answer::Done { tag: "SET", rows: None })
    }

    fn show(&self, name: &str) -> Result<Answer, SqlError> {
        let value = self.setting(name)?;
        let columns = vec![(name.to_owned(), Type::TEXT)];
        Ok(Answer::Rows { columns, rows: vec![vec![Value::Text(value)]], tag: "SHOW" })
    }

    /// The value of a run-time setting.
    pub(super) fn setting(&self, name: &str) -> Result<String, SqlError> {
        let switch = |on: bool| if on { "on" } else { "off" }.to_owned();
        if name == "transaction_read_only" {
            return Ok(switch(self.read_only()));
        }
        if let Some(value) = self.settings.get(name) {
            return Ok(value.clone());
        }
        Ok(match name {
            "default_transaction_read_only" => switch(self.view.default_read_only),
            "in_hot_standby" => switch(self.view.in_recovery),
            "server_version" => super::VERSION.to_owned(),
            "server_version_num" => super::VERSION_NUMBER.to_owned(),
            "timezone" => "UTC".to_owned(),
            "application_name" => String::new(),
            "search_path" => "\"$user\", public".to_owned(),
            "client_encoding" | "server_encoding" => "UTF8".to_owned(),
            "transaction_isolation" => "read committed".to_owned(),
            "statement_timeout" | "lock_timeout" => "0".to_owned(),
            "idle_in_transaction_session_timeout" => "0".to_owned(),
            "ssl" | "synchronous_commit" => "on".to_owned(),
            _ => return Err(SqlError::no_object("configuration parameter", name)),
        })
    }
}

impl Drop for Session {
    /// A connection that ends takes its open transaction back.
    fn drop(&mut self) {
        self.rollback();
    }
}
