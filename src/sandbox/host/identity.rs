//! Function keys and the identity the host hands over with an HTTP call.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Value, json};

use super::function::AuthLevel;

const CLAIMS: &str = "http://schemas.microsoft.com/2017/07/functions/claims/";

/// Host keys by name, and the master key. Never printed.
#[derive(Clone, Default)]
pub struct Keys {
    pub named: BTreeMap<String, String>,
    pub master: Option<String>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("names", &self.named.keys()).finish_non_exhaustive()
    }
}

/// Who called, by the key that was shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Caller {
    Anonymous,
    /// A key, by its name.
    Key(String),
    Master,
}

impl Keys {
    /// The header wins over the query; a wrong key in the header is not made good by a right one in the query.
    pub fn caller(&self, header: Option<&str>, query: Option<&str>) -> Caller {
        let Some(shown) = header.or(query).filter(|key| !key.is_empty()) else { return Caller::Anonymous };
        if self.master.as_deref() == Some(shown) {
            return Caller::Master;
        }
        let named = self.named.iter().find(|(_, value)| *value == shown);
        named.map_or(Caller::Anonymous, |(name, _)| Caller::Key(name.clone()))
    }
}

impl Caller {
    /// Whether the host lets this caller through to a function of that level.
    pub fn may_call(&self, level: AuthLevel) -> bool {
        let own = match self {
            Self::Anonymous => AuthLevel::Anonymous,
            Self::Key(_) => AuthLevel::Function,
            Self::Master => AuthLevel::Admin,
        };
        own >= level
    }

    /// The one element of `Identities`. (With App Service Authentication another would stand before it; that is not imitated.)
    pub fn identity(&self) -> Value {
        let claims = self.claims();
        let authenticated = !claims.is_empty();
        json!({
            "AuthenticationType": authenticated.then_some("WebJobsAuthLevel"),
            "IsAuthenticated": authenticated,
            "Actor": null,
            "BootstrapContext": null,
            "Claims": claims,
            "Label": null,
            "Name": null,
            "NameClaimType": "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
            "RoleClaimType": "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
        })
    }

    fn claims(&self) -> Vec<Value> {
        match self {
            Self::Anonymous => Vec::new(),
            Self::Key(name) => vec![claim("authlevel", "Function"), claim("invoke", "true"), claim("keyid", name)],
            Self::Master => vec![claim("authlevel", "Admin"), claim("invoke", "true")],
        }
    }
}

fn claim(kind: &str, value: &str) -> Value {
    json!({
        "Issuer": "LOCAL AUTHORITY",
        "OriginalIssuer": "LOCAL AUTHORITY",
        "Properties": {},
        "Type": format!("{CLAIMS}{kind}"),
        "Value": value,
        "ValueType": "http://www.w3.org/2001/XMLSchema#string",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        Keys { named: BTreeMap::from([("alice".into(), "k1".into())]), master: Some("m".into()) }
    }

    #[test]
    fn the_header_wins_even_when_it_is_wrong() {
        assert_eq!(keys().caller(Some("k1"), Some("wrong")), Caller::Key("alice".into()));
        assert_eq!(keys().caller(Some("wrong"), Some("k1")), Caller::Anonymous);
        assert_eq!(keys().caller(None, Some("k1")), Caller::Key("alice".into()));
        assert_eq!(keys().caller(None, None), Caller::Anonymous);
    }

    #[test]
    fn the_master_key_is_admin_without_a_name() {
        let caller = keys().caller(Some("m"), None);
        assert!(caller.may_call(AuthLevel::Admin));
        assert!(!caller.identity().to_string().contains("keyid"));
        assert!(!Caller::Key("alice".into()).may_call(AuthLevel::Admin));
        assert!(!Caller::Anonymous.may_call(AuthLevel::Function));
    }

    #[test]
    fn keys_are_not_printed() {
        assert!(!format!("{:?}", keys()).contains("k1"));
    }
}
