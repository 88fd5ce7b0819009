//! The functions this server has, with the types that the wire needs before anything runs.

use pgwire::api::Type;

/// What a call takes and gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Signature {
    pub(super) arguments: &'static [Type],
    pub(super) result: Type,
}

const TEXT: &[Type] = &[Type::TEXT];

/// The signature of `name` with that many arguments.
pub(super) fn signature(name: &str, count: usize) -> Option<Signature> {
    let (arguments, result): (&'static [Type], Type) = match (name, count) {
        ("pg_is_in_recovery", 0) => (&[], Type::BOOL),
        ("current_setting", 1) => (TEXT, Type::TEXT),
        ("current_setting", 2) => (&[Type::TEXT, Type::BOOL], Type::TEXT),
        ("set_config", 3) => (&[Type::TEXT, Type::TEXT, Type::BOOL], Type::TEXT),
        ("pg_logical_emit_message", 3) => (&[Type::BOOL, Type::TEXT, Type::TEXT], Type::PG_LSN),
        ("to_regclass", 1) => (TEXT, Type::REGCLASS),
        ("has_table_privilege", 2) => (&[Type::TEXT, Type::TEXT], Type::BOOL),
        ("has_table_privilege", 3) => (&[Type::TEXT, Type::TEXT, Type::TEXT], Type::BOOL),
        (_, 0) => (&[], without_arguments(name)?),
        _ => return None,
    };
    Some(Signature { arguments, result })
}

fn without_arguments(name: &str) -> Option<Type> {
    Some(match name {
        "pg_current_wal_lsn" | "pg_current_wal_insert_lsn" | "pg_current_wal_flush_lsn" => Type::PG_LSN,
        "pg_last_wal_replay_lsn" | "pg_last_wal_receive_lsn" => Type::PG_LSN,
        "pg_last_xact_replay_timestamp" => Type::TIMESTAMPTZ,
        "now" | "current_timestamp" | "transaction_timestamp" => Type::TIMESTAMPTZ,
        "clock_timestamp" | "statement_timestamp" => Type::TIMESTAMPTZ,
        "txid_current" | "txid_current_if_assigned" => Type::INT8,
        "pg_current_xact_id" | "pg_current_xact_id_if_assigned" => Type::XID8,
        "version" => Type::TEXT,
        "current_database" | "current_catalog" | "current_user" | "session_user" | "user" => Type::NAME,
        "pg_backend_pid" | "inet_server_port" => Type::INT4,
        "inet_server_addr" => Type::INET,
        "gen_random_uuid" => Type::UUID,
        _ => return None,
    })
}
