//! The volume claims of simulated search nodes: made when the nodes start, gone when they are deleted and unused.

use super::time::{MINUTE, Ms, SimClock};
use chrono::TimeDelta;
use reveille::domain::run::ClaimRef;
use reveille::domain::search_index::SearchClaim;
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
pub const REINDEX: Ms = MINUTE;
