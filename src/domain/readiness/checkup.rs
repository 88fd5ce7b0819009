//! First contact: the same looks and judgements as a readiness drill's, of every plan, without a run.

use super::assess::Assessment;
use super::finding::{Finding, Severity};
use crate::domain::names::PlanName;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What `check` found. `GET /api/v1/check` answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Checkup {
    pub at: DateTime<Utc>,
    /// From where names, certificates and the database were looked at.
    pub from: String,
    /// As whom Azure was asked: the permissions are this identity's.
    pub identity: String,
    pub plans: Vec<PlanCheck>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlanCheck {
    pub plan: PlanName,
    pub assessment: Assessment,
}

/// What a line of the table begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Fine,
    /// Somebody has to do something.
    Broken,
    /// It could not be seen. Never a pass.
    Unknown,
}

impl Finding {
    pub fn mark(&self) -> Mark {
        match self.severity {
            Severity::Ok | Severity::Note => Mark::Fine,
            Severity::Blocker | Severity::Warning => Mark::Broken,
            Severity::Unknown => Mark::Unknown,
        }
    }
}

impl Mark {
    pub fn sign(self) -> &'static str {
        match self {
            Self::Fine => "✔",
            Self::Broken => "✘",
            Self::Unknown => "?",
        }
    }
}

impl Checkup {
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.plans.iter().flat_map(|plan| &plan.assessment.findings)
    }

    pub fn count(&self, mark: Mark) -> usize {
        self.findings().filter(|finding| finding.mark() == mark).count()
    }

    /// Nothing is broken, and nothing unseen may keep a recovery from succeeding. What only a rehearsal shows, such as the
    /// certificate of a standby at rest, is no reason to say no.
    pub fn is_fine(&self) -> bool {
        !self.findings().any(|finding| finding.mark() == Mark::Broken || finding.may_block())
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Area;
    use super::*;

    #[test]
    fn notes_are_no_faults_and_what_was_not_seen_is_no_pass() {
        let of = |severity| Finding::new(severity, Area::Clusters, "c", "a", "s").mark().sign();
        assert_eq!(Severity::ALL.map(of), ["✘", "?", "✘", "✔", "✔"]);
    }
}
