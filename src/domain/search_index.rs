//! SonarQube's search index: on which volumes it is kept, whether one is left from before an outage, how far a new one is.
//!
//! Source: docs.sonarsource.com, disaster recovery and Web API; chart `sonarqube-dce`. The index is a copy of what is in the
//! database. Volumes that slept with a standby keep the copy of the day on which it fell asleep; the product opens it and
//! calls it complete. It builds a new one only when it starts and finds none, and one volume that is left brings the old
//! one back to all search nodes.

use super::workload::{ClaimView, SONARQUBE_PART, WorkloadKind, WorkloadPart, WorkloadView};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The value of [`SONARQUBE_PART`] on the search nodes.
const SEARCH: &str = "search";

/// A volume claim that bears a name of the search nodes' claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchClaim {
    #[serde(flatten)]
    pub claim: ClaimView,
    /// Why it is not theirs all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<String>,
}

/// A workload with the volumes of its search nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexView {
    pub workload: WorkloadView,
    pub claims: Vec<SearchClaim>,
}

/// What is on the volumes, judged by when their claims were made.
#[derive(Debug, PartialEq, Eq)]
pub enum OnVolumes<'a> {
    /// The search nodes keep nothing: their index is empty whenever they start.
    Nothing,
    /// It does not look like SonarQube's search nodes and their claims (what is wrong): nothing may be deleted.
    Unlike(String),
    /// These claims are from before.
    Old(Vec<&'a ClaimView>),
    /// None is left from before.
    New,
}

impl IndexView {
    /// What is on the volumes; `since` tells an index from before from one that is being built.
    pub fn on_volumes(&self, since: DateTime<Utc>) -> OnVolumes<'_> {
        let set = match search_nodes(&self.workload) {
            Ok(set) => set,
            Err(why) => return OnVolumes::Unlike(why),
        };
        if !set.has_claims() {
            return OnVolumes::Nothing;
        }
        if let Some(why) = self.claims.iter().find_map(SearchClaim::unlike) {
            return OnVolumes::Unlike(why);
        }
        // Kubernetes tells whole seconds.
        let is_old = |claim: &&ClaimView| claim.created.is_some_and(|made| made.timestamp() < since.timestamp());
        let old: Vec<&ClaimView> = self.claims.iter().map(|it| &it.claim).filter(is_old).collect();
        if old.is_empty() { OnVolumes::New } else { OnVolumes::Old(old) }
    }

    /// `2 old claims left; Deployment/…`.
    pub fn text(&self, since: DateTime<Utc>) -> String {
        let claims = match self.on_volumes(since) {
            OnVolumes::Nothing => "the search nodes keep nothing on volumes".to_owned(),
            OnVolumes::Unlike(why) => why,
            OnVolumes::Old(claims) => format!("{} claims with an old search index", claims.len()),
            OnVolumes::New if self.claims.is_empty() => "no claim of the search nodes is left".to_owned(),
            OnVolumes::New => format!("{} new claims of the search nodes, none from before", self.claims.len()),
        };
        format!("{claims}; {}", self.workload.text())
    }
}

impl SearchClaim {
    /// Why nothing may be deleted, if it is this claim's fault.
    fn unlike(&self) -> Option<String> {
        let name = &self.claim.name;
        match (&self.foreign, self.claim.created) {
            (Some(why), _) => Some(format!("claim {name} is not that of a search node: {why}")),
            (None, None) => Some(format!("claim {name} does not tell when it was made")),
            (None, Some(_)) => None,
        }
    }
}

/// SonarQube's search nodes in a workload, or why they are not recognised.
fn search_nodes(workload: &WorkloadView) -> Result<&WorkloadPart, String> {
    let named = |part: &&WorkloadPart| part.part.as_deref() == Some(SEARCH);
    let found: Vec<&WorkloadPart> = workload.parts.iter().filter(named).collect();
    let [set] = found[..] else {
        return Err(format!("{} objects are labelled {SONARQUBE_PART}={SEARCH}, expected one", found.len()));
    };
    if set.object.kind != WorkloadKind::StatefulSet {
        return Err(format!("{} is no StatefulSet", set.object));
    }
    if set.claim_templates.len() > 1 {
        return Err(format!("{} has {} claim templates, expected one", set.object, set.claim_templates.len()));
    }
    if workload.parts.len() < 2 {
        return Err(format!("nothing but {} is selected: the application that uses it is missing", set.object));
    }
    Ok(set)
}

/// How far the index is, as the product tells (`GET /api/ce/indexation_status`, since SonarQube 8.4).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Indexation {
    pub complete: bool,
    /// Something could not be indexed.
    pub failures: bool,
    /// Percent.
    pub percent: u8,
}

impl Indexation {
    /// Everything is indexed.
    pub fn is_whole(&self) -> bool {
        self.complete && !self.failures
    }

    pub fn text(&self) -> String {
        let failures = if self.failures { ", with failures" } else { "" };
        match self.complete {
            true => format!("complete{failures}"),
            false => format!("{} % built{failures}", self.percent),
        }
    }
}

#[cfg(test)]
#[path = "search_index_tests.rs"]
mod tests;
