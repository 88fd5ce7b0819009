//! Calls to a store as values, and the harm that a simulation may do to one.

use crate::engine::ports::StoreError;
use std::sync::Arc;
use std::time::Duration;

/// What is asked of a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    Create,
    Append,
    Read,
    List,
    Get,
    Put,
    Remove,
}

impl Operation {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Append => "append",
            Self::Read => "read",
            Self::List => "list",
            Self::Get => "get",
            Self::Put => "put",
            Self::Remove => "remove",
        }
    }

    /// Whether the call changes anything.
    pub fn writes(self) -> bool {
        matches!(self, Self::Create | Self::Append | Self::Put | Self::Remove)
    }

    /// The answer when nobody can say whether it took place.
    pub(crate) fn unavailable(
        self,
        name: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> StoreError {
        StoreError::Unavailable { operation: self.as_str(), name: name.to_owned(), source: source.into() }
    }

    pub(crate) fn illegal(self, name: &str) -> StoreError {
        StoreError::IllegalName { operation: self.as_str(), name: name.to_owned() }
    }
}

/// One call as a fault hook sees it. `bytes` is empty for calls that write nothing.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    pub operation: Operation,
    pub name: &'a str,
    pub bytes: &'a [u8],
}

/// What happens to one call: a wait on the way there, some harm, a wait on the way back.
///
/// A caller that is dropped during `before` has not written; one dropped during `after` has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fault {
    pub before: Duration,
    pub harm: Harm,
    pub after: Duration,
}

/// The ways in which a store can fail its caller.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Harm {
    #[default]
    None,
    /// The call never arrives.
    FailBefore,
    /// The call is carried out; its answer is lost.
    LoseAnswer,
    /// The caller is told of a failure now; the call is carried out later, whether the caller still lives or not.
    LandLate(Duration),
}

/// Decides the fault of each call; called once per call, in the order of the calls.
pub type Faults = Arc<dyn Fn(&Call<'_>) -> Fault + Send + Sync>;

/// The source of the error that an injected fault gives.
#[derive(Debug, thiserror::Error)]
#[error("no answer (injected fault)")]
pub(super) struct Injected;
