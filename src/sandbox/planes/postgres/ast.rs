//! What a parsed statement says.

use pgwire::api::Type;

use super::value::Value;

/// A statement this server understands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Statement {
    Begin(Vec<Mode>),
    Commit,
    Rollback,
    /// `SET TRANSACTION …`: of this transaction. `SET SESSION CHARACTERISTICS …`: of the next ones.
    SetTransaction {
        session: bool,
        modes: Vec<Mode>,
    },
    Set {
        local: bool,
        name: String,
        value: Option<String>,
    },
    Show(String),
    Select(Select),
    Insert(Insert),
    Update(Update),
    CreateTable(CreateTable),
}

/// A transaction mode that matters here. Isolation levels are read and dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    ReadOnly,
    ReadWrite,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Select {
    pub(super) items: Vec<Item>,
    pub(super) from: Option<String>,
    pub(super) filter: Option<Expr>,
}

/// One output column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Star,
    Expr { expr: Expr, name: String },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Insert {
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    pub(super) values: Vec<Expr>,
    pub(super) conflict: Conflict,
    pub(super) returning: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Conflict {
    Error,
    Nothing,
    Update(Vec<Assignment>),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Update {
    pub(super) table: String,
    pub(super) assignments: Vec<Assignment>,
    pub(super) filter: Option<Expr>,
    pub(super) returning: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Assignment {
    pub(super) column: String,
    pub(super) expr: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct CreateTable {
    pub(super) table: String,
    pub(super) if_not_exists: bool,
    pub(super) columns: Vec<ColumnDef>,
}

/// A column of a table, with its default. The first column is taken as the key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ColumnDef {
    pub(super) name: String,
    pub(super) wire: Type,
    pub(super) default: Option<Expr>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Literal(Value),
    Parameter(usize),
    /// `table` is only kept to tell `excluded.x` from `x`.
    Column {
        table: Option<String>,
        name: String,
    },
    Call {
        name: String,
        arguments: Vec<Expr>,
    },
    Cast(Box<Expr>, Type),
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Not(Box<Expr>),
    IsNull {
        expr: Box<Expr>,
        negated: bool,
    },
    Case {
        arms: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Exists(Box<Select>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Concat,
    Plus,
    Minus,
}

impl Operator {
    /// The operator as SQL writes it.
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::And => "and",
            Self::Or => "or",
            Self::Equal => "=",
            Self::NotEqual => "<>",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Concat => "||",
            Self::Plus => "+",
            Self::Minus => "-",
        }
    }
}
