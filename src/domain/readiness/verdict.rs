//! The one answer: could we recover now?

use super::finding::{Finding, Severity};
use serde::{Deserialize, Serialize};

/// Could we recover now? Reasons are the findings in one line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ready")]
pub enum Verdict {
    Yes,
    No {
        because: Vec<String>,
    },
    /// Something that may keep a recovery from succeeding could not be seen.
    CannotBeTold {
        because: Vec<String>,
    },
}

impl Verdict {
    /// A blocker means no, whatever else is unknown. Something unknown that may hide a blocker is no yes.
    pub(super) fn of(findings: &[Finding]) -> Self {
        let told = |wanted: &dyn Fn(&&Finding) -> bool| findings.iter().filter(wanted).map(Finding::text).collect();
        let blockers: Vec<String> = told(&|finding| finding.severity == Severity::Blocker);
        let hidden: Vec<String> = told(&|finding| finding.may_block());
        match (blockers.is_empty(), hidden.is_empty()) {
            (false, _) => Self::No { because: blockers },
            (true, false) => Self::CannotBeTold { because: hidden },
            (true, true) => Self::Yes,
        }
    }

    /// `ready`, `not-ready`, `not-known`.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Yes => "ready",
            Self::No { .. } => "not-ready",
            Self::CannotBeTold { .. } => "not-known",
        }
    }

    /// The answer in one sentence.
    pub fn text(&self) -> String {
        match self {
            Self::Yes => "Ready: a recovery could begin now".to_owned(),
            Self::No { because } => format!("Not ready: {}", shortened(because)),
            Self::CannotBeTold { because } => format!("Cannot be told: {}", shortened(because)),
        }
    }
}

/// The first says most; the findings name all.
fn shortened(because: &[String]) -> String {
    match because {
        [] => String::new(),
        [one] => one.clone(),
        [first, rest @ ..] => format!("{first}, and {} more", rest.len()),
    }
}
