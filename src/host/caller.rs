//! Who called, as the host has verified it.

use serde_json::Value;
use std::fmt;

/// The authentication scheme of function keys in the Functions host (its class `AuthLevelAuthenticationDefaults`).
const KEY_SCHEME: &str = "WebJobsAuthLevel";
const KEY_ID: &str = "http://schemas.microsoft.com/2017/07/functions/claims/keyid";
const LEVEL: &str = "http://schemas.microsoft.com/2017/07/functions/claims/authlevel";

/// Who called. Nothing a caller can write, no header and no body, has a part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// The name of the function key that was used: one key per person or team tells them apart.
    Key(String),
    /// The host's administrator without a key, as under Core Tools, which check none.
    HostAdmin,
    /// Whoever is logged in to Azure where there is no host between the caller and this program.
    Direct(String),
    /// Nobody known. May only read.
    Anonymous,
}

impl Caller {
    /// Reads `Data.{request}.Identities`.
    ///
    /// Only an authenticated identity of the key scheme counts: App Service Authentication puts its own before it,
    /// and on older hosts that one may carry a claim of the same name.
    pub fn of(identities: Option<&Value>) -> Self {
        let verified: Vec<&Value> = identities
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|identity| is_verified(identity))
            .collect();
        if let Some(name) = verified.iter().find_map(|identity| claim(identity, KEY_ID)) {
            return Self::Key(name.to_owned());
        }
        let admin = verified.iter().filter_map(|identity| claim(identity, LEVEL)).any(|level| level == "Admin");
        if admin { Self::HostAdmin } else { Self::Anonymous }
    }

    /// Whether this caller may do more than read.
    pub fn may_act(&self) -> bool {
        !matches!(self, Self::Anonymous)
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => write!(f, "key {name}"),
            Self::HostAdmin => f.write_str("host admin"),
            Self::Direct(name) => write!(f, "{name}, directly"),
            Self::Anonymous => f.write_str("anonymous"),
        }
    }
}

fn is_verified(identity: &Value) -> bool {
    identity["AuthenticationType"] == KEY_SCHEME && identity["IsAuthenticated"] == true
}

fn claim<'a>(identity: &'a Value, kind: &str) -> Option<&'a str> {
    let claims = identity["Claims"].as_array()?;
    let found = claims.iter().find(|claim| claim["Type"] == kind)?;
    found["Value"].as_str().filter(|value| !value.is_empty())
}
