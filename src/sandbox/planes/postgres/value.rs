//! Values, their types and both wire formats.

use chrono::{DateTime, Utc};
use pgwire::api::Type;

use super::error::SqlError;

/// Microseconds between the Unix epoch and PostgreSQL's, 2000-01-01.
const POSTGRES_EPOCH: i64 = 946_684_800_000_000;

/// One value. The wire type comes from the expression, not from the value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Text(String),
    Time(DateTime<Utc>),
    /// A WAL position, `pg_lsn`.
    Lsn(u64),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(self, Self::Bool(true))
    }

    /// The text format; `None` is SQL null.
    pub(super) fn to_text(&self) -> Option<String> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(true) => "t".to_owned(),
            Self::Bool(false) => "f".to_owned(),
            Self::Int(number) => number.to_string(),
            Self::Text(text) => text.clone(),
            Self::Time(time) => time.format("%Y-%m-%d %H:%M:%S%.6f+00").to_string(),
            Self::Lsn(lsn) => lsn_text(*lsn),
        })
    }

    /// The binary format of `wire`; a null has none.
    pub(super) fn to_binary(&self, wire: &Type) -> Option<Vec<u8>> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(flag) => vec![u8::from(*flag)],
            Self::Int(number) => int_binary(*number, wire),
            Self::Text(text) => text_binary(text, wire),
            Self::Time(time) => (time.timestamp_micros() - POSTGRES_EPOCH).to_be_bytes().to_vec(),
            Self::Lsn(lsn) => lsn.to_be_bytes().to_vec(),
        })
    }

    /// A parameter in text format.
    pub(super) fn from_text(text: &str, wire: &Type) -> Result<Self, SqlError> {
        Self::text(text).cast(wire)
    }

    /// A parameter in binary format.
    pub(super) fn from_binary(bytes: &[u8], wire: &Type) -> Result<Self, SqlError> {
        let bad = || SqlError::invalid_text(wire.name(), "binary");
        match *wire {
            Type::BOOL => Ok(Self::Bool(bytes.first() == Some(&1))),
            Type::INT2 | Type::INT4 | Type::INT8 => int_from(bytes).map(Self::Int).ok_or_else(bad),
            Type::TIMESTAMPTZ => int_from(bytes)
                .and_then(|micros| DateTime::from_timestamp_micros(micros + POSTGRES_EPOCH))
                .map(Self::Time)
                .ok_or_else(bad),
            Type::UUID => uuid::Uuid::from_slice(bytes).map(|id| Self::text(id.to_string())).map_err(|_| bad()),
            _ => String::from_utf8(bytes.to_vec()).map(Self::Text).map_err(|_| bad()),
        }
    }

    /// `value::type`.
    pub(super) fn cast(self, wire: &Type) -> Result<Self, SqlError> {
        match (self, wire) {
            (Self::Null, _) => Ok(Self::Null),
            (value @ Self::Bool(_), &Type::BOOL) => Ok(value),
            (value @ Self::Time(_), &Type::TIMESTAMPTZ) => Ok(value),
            (value @ Self::Lsn(_), &Type::PG_LSN) => Ok(value),
            (value @ Self::Int(_), wire) if is_int(wire) => Ok(value),
            (Self::Bool(flag), wire) if is_text(wire) => Ok(Self::text(flag.to_string())),
            (value, wire) if is_text(wire) => Ok(Self::Text(value.to_text().unwrap_or_default())),
            (Self::Text(text), wire) => text_to(&text, wire),
            (value, wire) => Err(SqlError::no_operator(&format!("{value:?}::{wire}"))),
        }
    }
}

fn text_to(text: &str, wire: &Type) -> Result<Value, SqlError> {
    let bad = || SqlError::invalid_text(wire.name(), text);
    match *wire {
        Type::BOOL => match text.to_lowercase().as_str() {
            "t" | "true" | "on" | "yes" | "1" => Ok(Value::Bool(true)),
            "f" | "false" | "off" | "no" | "0" => Ok(Value::Bool(false)),
            _ => Err(bad()),
        },
        Type::TIMESTAMPTZ => DateTime::parse_from_rfc3339(&text.replacen(' ', "T", 1))
            .map(|time| Value::Time(time.to_utc()))
            .map_err(|_| bad()),
        Type::UUID => uuid::Uuid::parse_str(text).map(|id| Value::text(id.to_string())).map_err(|_| bad()),
        Type::PG_LSN => lsn_from(text).map(Value::Lsn).ok_or_else(bad),
        _ if is_int(wire) => text.trim().parse().map(Value::Int).map_err(|_| bad()),
        _ => Err(SqlError::no_object("type", wire.name())),
    }
}

pub(super) fn is_text(wire: &Type) -> bool {
    matches!(*wire, Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN | Type::UUID)
}

pub(super) fn is_int(wire: &Type) -> bool {
    matches!(*wire, Type::INT2 | Type::INT4 | Type::INT8 | Type::XID8 | Type::OID | Type::REGCLASS)
}

fn text_binary(text: &str, wire: &Type) -> Vec<u8> {
    match uuid::Uuid::parse_str(text) {
        Ok(id) if *wire == Type::UUID => id.as_bytes().to_vec(),
        _ => text.as_bytes().to_vec(),
    }
}

fn int_binary(number: i64, wire: &Type) -> Vec<u8> {
    match *wire {
        Type::INT2 => (number as i16).to_be_bytes().to_vec(),
        Type::INT4 | Type::OID | Type::REGCLASS => (number as i32).to_be_bytes().to_vec(),
        _ => number.to_be_bytes().to_vec(),
    }
}

fn int_from(bytes: &[u8]) -> Option<i64> {
    match bytes.len() {
        2 => Some(i16::from_be_bytes(bytes.try_into().ok()?).into()),
        4 => Some(i32::from_be_bytes(bytes.try_into().ok()?).into()),
        8 => Some(i64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

/// `16/B374D848`, the two halves in hexadecimal.
pub(super) fn lsn_text(lsn: u64) -> String {
    format!("{:X}/{:X}", lsn >> 32, lsn & 0xFFFF_FFFF)
}

fn lsn_from(text: &str) -> Option<u64> {
    let (high, low) = text.split_once('/')?;
    let high = u64::from(u32::from_str_radix(high, 16).ok()?);
    Some(high << 32 | u64::from(u32::from_str_radix(low, 16).ok()?))
}

/// The type a name in a cast or a column definition stands for.
pub(super) fn type_named(name: &str) -> Result<Type, SqlError> {
    Ok(match name {
        "bool" | "boolean" => Type::BOOL,
        "smallint" | "int2" => Type::INT2,
        "int" | "int4" | "integer" => Type::INT4,
        "bigint" | "int8" => Type::INT8,
        "text" => Type::TEXT,
        "varchar" | "character varying" => Type::VARCHAR,
        "name" => Type::NAME,
        "timestamptz" | "timestamp with time zone" => Type::TIMESTAMPTZ,
        "pg_lsn" => Type::PG_LSN,
        "xid8" => Type::XID8,
        "uuid" => Type::UUID,
        "regclass" => Type::REGCLASS,
        _ => return Err(SqlError::no_object("type", name)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wal_positions_read_back() {
        assert_eq!(lsn_text(0x16_B374_D848), "16/B374D848");
        assert_eq!(lsn_from("16/B374D848"), Some(0x16_B374_D848));
        assert_eq!(lsn_from("16"), None);
    }

    #[test]
    fn casts_follow_postgresql() {
        assert_eq!(Value::Bool(true).cast(&Type::TEXT).unwrap(), Value::text("true"));
        assert_eq!(Value::text("off").cast(&Type::BOOL).unwrap(), Value::Bool(false));
        assert_eq!(Value::text("x").cast(&Type::INT4).unwrap_err().code, "22P02");
    }

    #[test]
    fn binary_values_read_back() {
        let time = DateTime::from_timestamp_micros(1_700_000_000_123_456).unwrap();
        for (value, wire) in [
            (Value::Int(-7), Type::INT4),
            (Value::Int(1 << 40), Type::INT8),
            (Value::Time(time), Type::TIMESTAMPTZ),
            (Value::Bool(true), Type::BOOL),
            (Value::text("abc"), Type::TEXT),
        ] {
            let bytes = value.to_binary(&wire).unwrap();
            assert_eq!(Value::from_binary(&bytes, &wire).unwrap(), value);
        }
    }
}
