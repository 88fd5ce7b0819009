//! PostgreSQL flexible servers as clients see them: TLS, login, and the SQL that a check of the writer needs.
//!
//! Statements outside that are refused as PostgreSQL refuses what it cannot parse or find, and logged as unknown.

mod ast;
mod auth;
mod cursor;
mod data;
mod error;
mod eval;
mod functions;
mod lex;
mod listener;
mod parse;
mod parse_expr;
mod rows;
mod session;
mod types;
mod value;
mod wire;

pub(super) use listener::Listener;

const VERSION: &str = "16.9";
const VERSION_NUMBER: &str = "160009";
const VERSION_TEXT: &str =
    "PostgreSQL 16.9 on x86_64-pc-linux-gnu, compiled by gcc (Ubuntu 9.4.0-1ubuntu1~20.04.2) 9.4.0, 64-bit";

/// The user that logs in with a password. Any other name is taken for an Entra principal, whose password is a token.
const PASSWORD_USER: &str = "reveille";

/// Reveille's own table, made once by whoever prepares the database, as its documentation asks for.
const CANARY: &str = "\
create table reveille_canary (
    id         integer primary key default 1 check (id = 1),
    counter    bigint not null,
    written_by text,
    written_at timestamptz
);
insert into reveille_canary (counter) values (0);";
