//! The volume claims of simulated search nodes: made when the nodes start, gone when they are deleted and unused.

use super::time::{MINUTE, Ms, SimClock};
use super::world::{Happening, World};
use chrono::TimeDelta;
use reveille::domain::names::RunId;
use reveille::domain::run::ClaimRef;
use reveille::domain::search_index::{IndexView, SearchClaim};
use reveille::domain::workload::ClaimView;

/// A claim, and when it was made; nothing for one that slept with its site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    ordinal: usize,
    made: Option<Ms>,
    ending: bool,
}

impl Claim {
    /// Those of a site that has been there for long.
    pub fn old(count: u32) -> Vec<Self> {
        (0..count as usize).map(|ordinal| Self { ordinal, made: None, ending: false }).collect()
    }

    pub fn made(&self) -> Option<Ms> {
        self.made
    }

    fn name(&self) -> String {
        format!("data-search-{}", self.ordinal)
    }

    fn uid(&self) -> String {
        format!("{}-{:?}", self.ordinal, self.made)
    }

    /// As the API server shows it.
    pub fn view(&self) -> SearchClaim {
        let created = match self.made {
            Some(made) => SimClock::at(made),
            None => SimClock::at(0) - TimeDelta::days(7),
        };
        let claim = ClaimView {
            namespace: "sonarqube".into(),
            name: self.name(),
            uid: self.uid(),
            phase: "Bound".into(),
            created: Some(created),
            ending: self.ending,
        };
        SearchClaim { claim, foreign: None }
    }
}

/// Deletes the claim that is meant, if it is still there; an unused one goes at once.
pub fn delete(claims: &mut Vec<Claim>, wanted: &ClaimRef, used: bool) -> Option<Claim> {
    let place = claims.iter().position(|claim| claim.name() == wanted.name && claim.uid() == wanted.uid)?;
    if used {
        claims[place].ending = true;
        return None;
    }
    Some(claims.remove(place))
}

/// The search nodes start: claims that are missing are made.
pub fn make_missing(claims: &mut Vec<Claim>, count: u32, now: Ms) {
    for ordinal in 0..count as usize {
        if !claims.iter().any(|claim| claim.ordinal == ordinal) {
            claims.push(Claim { ordinal, made: Some(now), ending: false });
        }
    }
}

/// Time in which an application that is up has built its index anew.
const REINDEX: Ms = MINUTE;

impl World {
    /// The deletion of a claim arrives at a cluster's API server, if that answers.
    pub fn delete_claim(&self, run: &RunId, site: usize, claim: &ClaimRef) -> bool {
        let now = self.now();
        let mut state = self.state();
        if !state.sites[site].api_answers() {
            return false;
        }
        let gone = state.sites[site].workload.delete(now, claim);
        let gone = gone.map(|gone| Happening::ClaimDeleted { run: run.clone(), site, made: gone.made() });
        state.log.extend(gone.map(|happening| (now, happening)));
        true
    }

    /// The same of the volumes of its search nodes.
    pub fn index(&self, site: usize) -> Option<IndexView> {
        let now = self.now();
        let state = self.state();
        let site = &state.sites[site];
        site.api_answers().then(|| site.workload.index(now))
    }

    /// Whether the application at a site had built its index anew by then.
    pub fn is_indexed(&self, site: usize, at: Ms) -> bool {
        let state = self.state();
        !state.sites[site].origin.ever(at.saturating_sub(REINDEX), at, |answers| !answers)
    }
}
