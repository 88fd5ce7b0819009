//! Sessions on the wire: simple and extended protocol, through the crate `pgwire`.

use std::fmt::Debug;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::{Sink, stream};
use pgwire::api::portal::{Format, Portal};
use pgwire::api::query::{ExtendedQueryHandler, SimpleQueryHandler};
use pgwire::api::results::{
    DescribePortalResponse, DescribeStatementResponse, FieldFormat, FieldInfo, QueryResponse, Response, Tag,
};
use pgwire::api::stmt::{NoopQueryParser, StoredStatement};
use pgwire::api::store::PortalStore;
use pgwire::api::{ClientInfo, ClientPortalStore, Type};
use pgwire::error::{ErrorInfo, PgWireError, PgWireResult};
use pgwire::messages::PgWireBackendMessage;
use pgwire::messages::data::DataRow;

use super::ast::Statement;
use super::error::SqlError;
use super::parse::statements;
use super::session::{Answer, Session};
use super::types::{Columns, output, parameters};
use super::value::Value;

/// Hears of statements that a real server might have answered otherwise.
pub(super) type Unknown = Arc<dyn Fn(&str, &SqlError) + Send + Sync>;

/// Makes the session of a connection once its user is known.
pub(super) type Open = Arc<dyn Fn(&str, &str) -> Session + Send + Sync>;

/// The query handlers of one server.
pub(super) struct Queries {
    pub(super) open: Open,
    pub(super) unknown: Unknown,
}

type Shared = Arc<Mutex<Session>>;

impl Queries {
    fn session(&self, client: &impl ClientInfo) -> Shared {
        let metadata = client.metadata();
        let name = |key: &str| metadata.get(key).cloned().unwrap_or_default();
        let (user, database) = (name("user"), name("database"));
        let open = || Mutex::new((self.open)(&user, if database.is_empty() { &user } else { &database }));
        client.session_extensions().get_or_insert_with(open)
    }

    /// Works on the session; what goes wrong is worded for the wire and, if unknown, reported.
    fn with<T>(
        &self,
        client: &impl ClientInfo,
        sql: &str,
        work: impl FnOnce(&mut Session) -> Result<T, SqlError>,
    ) -> PgWireResult<T> {
        let session = self.session(client);
        let mut session = session.lock().unwrap_or_else(PoisonError::into_inner);
        work(&mut session).map_err(|error| {
            if error.unknown {
                (self.unknown)(sql, &error);
            }
            PgWireError::UserError(Box::new(info(error)))
        })
    }

    fn fields(&self, client: &impl ClientInfo, sql: &str, format: &Format) -> PgWireResult<Vec<FieldInfo>> {
        let columns = self.with(client, sql, |session| output(&one(sql)?, session))?;
        Ok(field_infos(&columns, format))
    }
}

fn info(error: SqlError) -> ErrorInfo {
    // A server that goes away ends the session.
    let severity = if error.code.starts_with("57P") { "FATAL" } else { "ERROR" };
    let mut info = ErrorInfo::new(severity.to_owned(), error.code.to_owned(), error.message);
    info.hint = error.hint.map(str::to_owned);
    info
}

/// The extended protocol takes one statement at a time.
fn one(sql: &str) -> Result<Statement, SqlError> {
    let mut found = statements(sql)?;
    match (found.pop(), found.is_empty()) {
        (Some(statement), true) => Ok(statement),
        _ => Err(SqlError::several()),
    }
}

#[async_trait]
impl SimpleQueryHandler for Queries {
    async fn do_query<C>(&self, client: &mut C, query: &str) -> PgWireResult<Vec<Response>>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let parsed = self.with(client, query, |_| statements(query))?;
        let mut responses = Vec::new();
        for statement in &parsed {
            match self.with(client, query, |session| session.run(statement, &[])) {
                Ok(answer) => responses.push(response(answer, &Format::UnifiedText)),
                // Statements before it have been answered; those after it are skipped.
                Err(PgWireError::UserError(error)) if !error.is_fatal() => {
                    responses.push(Response::Error(error));
                    break;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(responses)
    }
}

#[async_trait]
impl ExtendedQueryHandler for Queries {
    type Statement = String;
    type QueryParser = NoopQueryParser;

    fn query_parser(&self) -> Arc<Self::QueryParser> {
        Arc::new(NoopQueryParser::new())
    }

    async fn do_query<C>(&self, client: &mut C, portal: &Portal<String>, _max_rows: usize) -> PgWireResult<Response>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = String>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let sql = &portal.statement.statement;
        let answer = self.with(client, sql, |session| {
            let statement = one(sql)?;
            let types = parameter_types(&portal.statement, parameters(&statement, session)?);
            session.run(&statement, &parameter_values(portal, &types)?)
        })?;
        Ok(response(answer, &portal.result_column_format))
    }

    async fn do_describe_statement<C>(
        &self,
        client: &mut C,
        target: &StoredStatement<String>,
    ) -> PgWireResult<DescribeStatementResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = String>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let sql = &target.statement;
        let known = self.with(client, sql, |session| parameters(&one(sql)?, session))?;
        let fields = self.fields(client, sql, &Format::UnifiedBinary)?;
        Ok(DescribeStatementResponse::new(parameter_types(target, known), fields))
    }

    async fn do_describe_portal<C>(
        &self,
        client: &mut C,
        target: &Portal<String>,
    ) -> PgWireResult<DescribePortalResponse>
    where
        C: ClientInfo + ClientPortalStore + Sink<PgWireBackendMessage> + Unpin + Send + Sync,
        C::PortalStore: PortalStore<Statement = String>,
        C::Error: Debug,
        PgWireError: From<<C as Sink<PgWireBackendMessage>>::Error>,
    {
        let sql = &target.statement.statement;
        Ok(DescribePortalResponse::new(self.fields(client, sql, &target.result_column_format)?))
    }
}

/// The client's word on a parameter's type counts before what the statement suggests.
fn parameter_types(statement: &StoredStatement<String>, known: Vec<Type>) -> Vec<Type> {
    let given = |at: usize| statement.parameter_types.get(at).cloned().flatten();
    known.into_iter().enumerate().map(|(at, wire)| given(at).unwrap_or(wire)).collect()
}

fn parameter_values(portal: &Portal<String>, types: &[Type]) -> Result<Vec<Value>, SqlError> {
    let value = |(at, wire): (usize, &Type)| match portal.parameters.get(at) {
        Some(Some(bytes)) if portal.parameter_format.is_binary(at) => Value::from_binary(bytes, wire),
        Some(Some(bytes)) => Value::from_text(&String::from_utf8_lossy(bytes), wire),
        _ => Ok(Value::Null),
    };
    types.iter().enumerate().map(value).collect()
}

fn field_infos(columns: &Columns, format: &Format) -> Vec<FieldInfo> {
    let field = |(at, (name, wire)): (usize, &(String, Type))| {
        FieldInfo::new(name.clone(), None, None, wire.clone(), format.format_for(at))
    };
    columns.iter().enumerate().map(field).collect()
}

fn response(answer: Answer, format: &Format) -> Response {
    match answer {
        Answer::Rows { columns, rows, tag } => {
            let fields = field_infos(&columns, format);
            let encoded: Vec<PgWireResult<DataRow>> = rows.iter().map(|row| Ok(data_row(row, &fields))).collect();
            let mut response = QueryResponse::new(Arc::new(fields), stream::iter(encoded));
            response.set_command_tag(tag);
            Response::Query(response)
        }
        Answer::Done { tag, rows: Some(rows) } => Response::Execution(Tag::new(tag).with_rows(rows)),
        Answer::Done { tag, rows: None } => Response::Execution(Tag::new(tag)),
        Answer::Started => Response::TransactionStart(Tag::new("BEGIN")),
        Answer::Ended(tag) => Response::TransactionEnd(Tag::new(tag)),
    }
}

fn data_row(row: &[Value], fields: &[FieldInfo]) -> DataRow {
    let mut bytes = Vec::new();
    for (value, field) in row.iter().zip(fields) {
        let encoded = match field.format() {
            FieldFormat::Binary => value.to_binary(field.datatype()),
            FieldFormat::Text => value.to_text().map(String::into_bytes),
        };
        match encoded {
            Some(encoded) => {
                bytes.extend_from_slice(&i32::try_from(encoded.len()).unwrap_or(i32::MAX).to_be_bytes());
                bytes.extend_from_slice(&encoded);
            }
            None => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }
    DataRow::new(bytes.as_slice().into(), i16::try_from(row.len()).unwrap_or(i16::MAX))
}
