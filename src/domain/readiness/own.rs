//! What Reveille itself needs and is: its identity, names that resolve, its clock, its store, where it sits, and whether
//! alerts reach it. Plain values.

use crate::domain::heartbeat::{Heartbeat, Memory};
use crate::domain::presence::Presence;
use crate::domain::resource::HostPort;
use chrono::{DateTime, TimeDelta, Utc};

#[derive(Debug, Clone, PartialEq)]
pub struct OwnFacts {
    pub access: Access,
    pub names: Vec<NameFacts>,
    /// This machine's clock minus Azure's; `None` while Azure has told no time.
    pub clock: Option<TimeDelta>,
    pub store: StoreFacts,
    /// Who watches from where; what is not written tells of nobody.
    pub presence: Presence,
    /// The region of the app that is looking, in lower case without spaces; none on a laptop.
    pub region: Option<String>,
    pub heartbeat: HeartbeatFacts,
}

/// Whether Azure can be asked at all. Nothing else is asked of it when not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    Open,
    /// Its own name does not resolve.
    Unresolved {
        host: String,
        why: String,
    },
    /// The identity gives no token.
    NoToken {
        why: String,
    },
}

impl Access {
    pub fn is_open(&self) -> bool {
        *self == Self::Open
    }
}

/// A name on the way to the application, looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameFacts {
    pub host: HostPort,
    pub of: NameOf,
    pub resolved: Result<(), String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameOf {
    FrontDoor,
    PrimaryOrigin,
    StandbyOrigin,
}

/// Where the state is kept, and what shows that it can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreFacts {
    /// As the configuration has it, without anything secret.
    pub place: String,
    /// Both logs and documents; why not.
    pub read: Result<(), String>,
    /// When something of Reveille's was last written there.
    pub written: Option<DateTime<Utc>>,
}

/// The heartbeat, as far as it is configured and remembered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct HeartbeatFacts {
    pub expected: Option<Heartbeat>,
    pub memory: Memory,
}
