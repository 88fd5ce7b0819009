//! Names of plans, sites, runs and incidents, as types so that they cannot be mixed up.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// Takes the name as it is; validation belongs to whoever reads it from the outside.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name!(
    /// A protected workload, as `reveille.toml` names it: lower-case letters, digits and dashes.
    PlanName
);
name!(
    /// A site of a plan, usually its region. A site never moves; the roles primary and standby do.
    SiteName
);
name!(
    /// One execution of a runbook: `{plan}.{UTC time}.{random}`, so that it sorts by time and tells its plan.
    RunId
);
name!(
    /// What is wrong, from the first alert that matched to its closing: `{plan}.i{UTC time}.{random}`.
    IncidentId
);
name!(
    /// One schedule of drills of a plan, as `reveille.toml` names it.
    DrillName
);
name!(
    /// A notification channel as `reveille.toml` names it.
    ChannelName
);

impl PlanName {
    /// Whether the text is a legal plan name: 1 to 40 of `a-z`, `0-9`, `-`, starting with a letter.
    pub fn is_legal(text: &str) -> bool {
        text.len() <= 40
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    }
}

impl RunId {
    /// The plan a run belongs to, when the id has the shape that Reveille gives it.
    pub fn plan(&self) -> Option<PlanName> {
        let (plan, _) = self.0.split_once('.')?;
        PlanName::is_legal(plan).then(|| PlanName::new(plan))
    }
}
