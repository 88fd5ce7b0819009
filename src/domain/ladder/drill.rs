//! What drills and planned moves have to prove.

use super::{NoProof, NotProven, is_down, no_proof, parked_proof};
use crate::domain::application::OriginView;
use crate::domain::names::SiteName;
use crate::domain::observation::Observation;
use crate::domain::path::PathView;
use crate::domain::runbook::StepName;
use serde::{Deserialize, Serialize};

/// The standby sleeps: no pod of its workload is left, and its cluster is stopped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rested {
    site: SiteName,
}

impl Rested {
    pub fn from(parked: &Observation, stopped: &Observation) -> Result<Self, NoProof> {
        let site = parked_proof(parked)?;
        match stopped {
            Observation::Cluster { site: stopped, cluster, .. } if *stopped == site && is_down(cluster) => {
                Ok(Self { site })
            }
            other => Err(no_proof(StepName::StopReplica, other)),
        }
    }

    /// The same of the site that a planned move has left.
    pub fn left(parked: &Observation, stopped: &Observation) -> Result<Self, NoProof> {
        let at = |step| move |gap: NoProof| NoProof { step, ..gap };
        let site = parked_proof(parked).map_err(at(StepName::ParkPrimary))?;
        match Self::from(parked, stopped) {
            Ok(rested) if rested.site == site => Ok(rested),
            Ok(_) => Err(no_proof(StepName::StopPrimary, stopped)),
            Err(gap) => Err(at(StepName::StopPrimary)(gap)),
        }
    }

    pub fn site(&self) -> &SiteName {
        &self.site
    }
}

pub(super) fn standby_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Standby { primary, cluster, .. }
            if primary.value().is_some_and(OriginView::is_healthy) && is_down(cluster) =>
        {
            Ok(Vec::new())
        }
        other => Err(no_proof(StepName::CheckStandby, other)),
    }
}

pub(super) fn stop_proof(saw: &Observation) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Cluster { cluster, .. } if is_down(cluster) => Ok(Vec::new()),
        other => Err(no_proof(StepName::StopReplica, other)),
    }
}

pub(super) fn stopped_site(saw: &Observation) -> Option<SiteName> {
    match saw {
        Observation::Cluster { site, cluster, .. } if is_down(cluster) => Some(site.clone()),
        _ => None,
    }
}

/// What is shown of the site that a planned move leaves is not to be mistaken for the other.
pub(super) fn at_primary(
    saw: &Observation,
    step: StepName,
    standby: &SiteName,
    shown: Option<SiteName>,
) -> Result<Vec<NotProven>, NoProof> {
    shown.filter(|site| site != standby).map(|_| Vec::new()).ok_or_else(|| no_proof(step, saw))
}

/// The primary serves again, and nothing of the standby's workload is left beside it, unless a person answers for that.
pub(super) fn restored_proof(saw: &Observation, standby: &SiteName) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Restored { site, origin, standby: beside, by, .. }
            if site != standby && origin.value().is_some_and(OriginView::is_healthy) =>
        {
            match (beside.value(), by) {
                (Some(beside), _) if beside.is_parked() => Ok(Vec::new()),
                (None, Some(_)) => Ok(vec![format!("that nothing runs at {standby}: its fence is owed")]),
                _ => Err(no_proof(StepName::RestorePrimary, saw)),
            }
        }
        other => Err(no_proof(StepName::RestorePrimary, other)),
    }
}

pub(super) fn path_proof(saw: &Observation, standby: &SiteName) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Path { site, path } if site == standby => match path.value() {
            Some(PathView::Reached) => Ok(Vec::new()),
            Some(PathView::NotLookedFor) => Ok(vec!["the path from inside the cluster to the writer".to_owned()]),
            _ => Err(no_proof(StepName::VerifyPath, saw)),
        },
        other => Err(no_proof(StepName::VerifyPath, other)),
    }
}

pub(super) fn ingress_proof(saw: &Observation, standby: &SiteName) -> Result<Vec<NotProven>, NoProof> {
    match saw {
        Observation::Ingress { site, origin, .. }
            if site == standby && origin.value().is_some_and(|origin| !origin.is_silent()) =>
        {
            Ok(Vec::new())
        }
        other => Err(no_proof(StepName::VerifyIngress, other)),
    }
}
