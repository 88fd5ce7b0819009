//! The looks that would be taken, without taking them: addresses and statements as the looks themselves make them.

use super::{http, statements};
use crate::domain::names::ChannelName;
use crate::domain::outlook::{PlannedCall, Wire};
use crate::domain::plan::{App, Database};
use crate::domain::resource::HostPort;

/// Without the canary's table, or without a row in it.
const NO_CANARY: &str = "if there is no table reveille_canary";

/// Every application of a plan, asked at one host.
pub fn apps(host: &HostPort, apps: &[App]) -> Vec<PlannedCall> {
    let get = |app: &App| Wire::Https { method: "GET".into(), url: http::address(host, &app.kind) };
    apps.iter().map(|app| PlannedCall::new("ask the application at", get(app), false).of(&host.host)).collect()
}

/// How far the search index is, asked of a host with a user's token.
pub fn indexation(host: &HostPort) -> PlannedCall {
    let wire = Wire::Https { method: "GET".into(), url: http::indexation_address(host) };
    PlannedCall::new("ask for the search index of", wire, false).of(&host.host)
}

/// Whether a host takes connections at all.
pub fn connection(host: &HostPort) -> PlannedCall {
    PlannedCall::new("connect to", Wire::Connection { host: host.to_string() }, false).of(&host.host)
}

/// Where the writer's name points.
pub fn writer_name(database: &Database) -> PlannedCall {
    let wire = Wire::Dns { name: database.writer_host.clone() };
    PlannedCall::new("resolve the writer's name", wire, false)
}

/// The write that proves a writer, statement by statement.
pub fn writer(database: &Database) -> Vec<PlannedCall> {
    let always = [
        (statements::IN_RECOVERY.to_owned(), false),
        (statements::BEGIN.to_owned(), false),
        (statements::lock_timeout("{limit}"), false),
        (statements::statement_timeout("{limit}"), false),
        (statements::READ_ONLY.to_owned(), false),
        (statements::update("{run}"), true),
        (statements::COMMIT.to_owned(), true),
    ];
    let mut calls = vec![writer_name(database)];
    calls.extend(always.into_iter().map(|(statement, mutates)| sql(database, statement, mutates)));
    calls.push(sql(database, statements::ROLLBACK.to_owned(), false).only(NO_CANARY));
    calls.push(sql(database, statements::message("{run}"), true).only(NO_CANARY));
    calls
}

/// The same way without the write.
pub fn writer_sight(database: &Database) -> Vec<PlannedCall> {
    let looks = [statements::IN_RECOVERY, statements::READ_ONLY, statements::CANARY];
    let looks = looks.map(|statement| sql(database, statement.to_owned(), false));
    [writer_name(database)].into_iter().chain(looks).collect()
}

/// Whether a channel takes connections; where it is, is a secret.
pub fn channel(name: &ChannelName) -> PlannedCall {
    PlannedCall::new("connect to channel", Wire::Connection { host: format!("{{{name}}}") }, false).of(name.as_str())
}

fn sql(database: &Database, statement: String, mutates: bool) -> PlannedCall {
    let server = format!("{}:{}/{}", database.writer_host, database.port, database.database);
    PlannedCall::new("write through the writer endpoint", Wire::Sql { server, statement }, mutates)
}
