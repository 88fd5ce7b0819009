//! A simulated cluster: its states as AKS shows them, and how it takes a start or a stop.

use super::weather::Failure;
use reveille::domain::cluster::{ClusterView, PoolView};
use reveille::domain::failure::FailureClass;
use reveille::domain::run::{Sent, Verb};
use reveille::steps::start_replica::StartFailure;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Power {
    Stopped,
    Starting,
    Up,
    Stopping,
    /// A start failed: provisioning Failed, power Running, no node runs.
    StartFailed(Failure),
    /// A stop failed: the nodes still run.
    StopFailed,
}

/// What a cluster does with a call that arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    Accepted,
    AlreadyThere,
    Busy,
    Throttled,
    Forbidden,
}

impl Power {
    /// Whether nodes run, so that an application could write.
    pub fn runs(&self) -> bool {
        matches!(self, Self::Up | Self::Stopping | Self::StopFailed)
    }

    pub fn arrive(&self, verb: Verb) -> Arrival {
        match (verb, self) {
            // Asked of the cluster itself, not of its control plane.
            (Verb::ScaleWorkload | Verb::DeleteClaim | Verb::CreateProbe | Verb::DeleteProbe, _) => Arrival::Accepted,
            (_, Self::Starting | Self::Stopping) => Arrival::Busy,
            (Verb::StartCluster, Self::Stopped | Self::StartFailed(_)) => Arrival::Accepted,
            (Verb::StopCluster, Self::Up | Self::StopFailed | Self::StartFailed(_)) => Arrival::Accepted,
            (Verb::StartCluster, Self::Up | Self::StopFailed) | (Verb::StopCluster, Self::Stopped) => {
                Arrival::AlreadyThere
            }
        }
    }

    /// As a read of the cluster shows it. The desired power flips with the acceptance.
    pub fn view(&self) -> ClusterView {
        let (provisioning, power) = match self {
            Self::Stopped => ("Succeeded", "Stopped"),
            Self::Starting => ("Starting", "Running"),
            Self::Up => ("Succeeded", "Running"),
            Self::Stopping => ("Stopping", "Stopped"),
            Self::StartFailed(_) | Self::StopFailed => ("Failed", "Running"),
        };
        let pool = PoolView { name: "system".into(), provisioning: None, power: Some(power.into()), count: Some(3) };
        ClusterView { provisioning: provisioning.into(), power: Some(power.into()), pools: vec![pool] }
    }

    /// Why the last start failed, as its operation tells.
    pub fn failure(&self) -> Option<StartFailure> {
        let Self::StartFailed(failure) = self else { return None };
        let (class, code) = match failure {
            Failure::Capacity => (FailureClass::Capacity, "AksCapacityHeavyUsage"),
            Failure::Quota => (FailureClass::Quota, "QuotaExceeded"),
        };
        Some(StartFailure { class, code: code.into(), message: "simulated".into() })
    }
}

impl Arrival {
    pub fn answer(self) -> Sent {
        match self {
            Self::Accepted => Sent::Accepted { operation: None, request_ids: vec!["simulated".into()] },
            Self::AlreadyThere => Sent::AlreadyThere { said: "it is so already".into() },
            Self::Busy => Sent::Busy { said: "another operation is in progress".into() },
            Self::Throttled => Sent::Throttled { retry_after: Duration::from_secs(15), held_back: false },
            Self::Forbidden => Sent::Rejected {
                class: FailureClass::Permission,
                code: "AuthorizationFailed".into(),
                message: "simulated".into(),
                request_ids: Vec::new(),
            },
        }
    }
}
