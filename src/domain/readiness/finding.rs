//! One thing that was checked: what was seen, what it means, how it is mended.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Area {
    Clusters,
    Capacity,
    Database,
    Writer,
    FrontDoor,
    Alerting,
    Permissions,
    Secrets,
    Channels,
    Certificates,
    Rehearsal,
    /// How long a recovery would take against its target.
    Time,
    /// Whether names resolve.
    Names,
    /// Whether this machine's clock agrees with Azure's.
    Clock,
    /// Where Reveille keeps its state.
    Store,
    /// The region that Reveille itself sits in.
    Place,
}

/// How grave a finding is; the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// A recovery would fail, or could not go on without a person.
    Blocker,
    /// It could not be looked at. Never a pass.
    Unknown,
    /// A recovery would be slower, weaker or told to nobody.
    Warning,
    /// Worth knowing; nothing is wrong.
    Note,
    Ok,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    pub area: Area,
    pub severity: Severity,
    /// The check's own name, the same in every version: `standby-quota`.
    pub check: String,
    /// The object that was looked at: `aks-sonar-centralus`.
    pub about: String,
    /// What was seen.
    pub saw: String,
    /// What it means for a recovery; empty where nothing is wrong.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub means: String,
    /// How it is mended, in words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fix: String,
    /// The exact commands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
    /// For what is unknown: the worst that may hide behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_hide: Option<Severity>,
}

impl Finding {
    pub fn new(severity: Severity, area: Area, check: &str, about: impl fmt::Display, saw: impl Into<String>) -> Self {
        let (check, about, saw) = (check.to_owned(), about.to_string(), saw.into());
        let (means, fix, commands, may_hide) = Default::default();
        Self { area, severity, check, about, saw, means, fix, commands, may_hide }
    }

    pub fn blocker(area: Area, check: &str, about: impl fmt::Display, saw: impl Into<String>) -> Self {
        Self::new(Severity::Blocker, area, check, about, saw)
    }

    pub fn warning(area: Area, check: &str, about: impl fmt::Display, saw: impl Into<String>) -> Self {
        Self::new(Severity::Warning, area, check, about, saw)
    }

    pub fn note(area: Area, check: &str, about: impl fmt::Display, saw: impl Into<String>) -> Self {
        Self::new(Severity::Note, area, check, about, saw)
    }

    pub fn ok(area: Area, check: &str, about: impl fmt::Display, saw: impl Into<String>) -> Self {
        Self::new(Severity::Ok, area, check, about, saw)
    }

    /// Nobody could look. `worst` is what may hide behind it.
    pub fn unknown(worst: Severity, area: Area, check: &str, about: impl fmt::Display, saw: impl Into<String>) -> Self {
        Self { may_hide: Some(worst), ..Self::new(Severity::Unknown, area, check, about, saw) }
    }

    pub fn means(mut self, means: impl Into<String>) -> Self {
        self.means = means.into();
        self
    }

    pub fn fix(mut self, fix: impl Into<String>, commands: impl IntoIterator<Item = String>) -> Self {
        self.fix = fix.into();
        self.commands = commands.into_iter().collect();
        self
    }

    /// Whether somebody has to do something about it, or find out.
    pub fn is_open(&self) -> bool {
        self.severity < Severity::Note
    }

    /// Whether a recovery may fail for what nobody could see.
    pub fn may_block(&self) -> bool {
        self.may_hide == Some(Severity::Blocker)
    }

    /// The finding in one line: `aks-sonar-centralus: provisioningState Failed`.
    pub fn text(&self) -> String {
        format!("{}: {}", self.about, self.saw)
    }
}

impl Area {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clusters => "clusters",
            Self::Capacity => "capacity",
            Self::Database => "database",
            Self::Writer => "writer",
            Self::FrontDoor => "front door",
            Self::Alerting => "alerting",
            Self::Permissions => "permissions",
            Self::Secrets => "secrets",
            Self::Channels => "channels",
            Self::Certificates => "certificates",
            Self::Rehearsal => "rehearsal",
            Self::Time => "time",
            Self::Names => "names",
            Self::Clock => "clock",
            Self::Store => "store",
            Self::Place => "place",
        }
    }
}

impl Severity {
    pub const ALL: [Self; 5] = [Self::Blocker, Self::Unknown, Self::Warning, Self::Note, Self::Ok];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Blocker => "blocker",
            Self::Unknown => "unknown",
            Self::Warning => "warning",
            Self::Note => "note",
            Self::Ok => "ok",
        }
    }

    /// So many of them: `2 blockers`, `1 warning`, `3 unknown`.
    pub fn count(self, number: usize) -> String {
        let plural = matches!(self, Self::Blocker | Self::Warning | Self::Note) && number != 1;
        format!("{number} {}{}", self.as_str(), if plural { "s" } else { "" })
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
