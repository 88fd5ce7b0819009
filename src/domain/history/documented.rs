//! Expectations of stages that were never measured here: published figures where there are any, assumptions that say so
//! where there are none. The first run of a plan replaces them by its own.

use super::expected::{Basis, Expected};
use super::measured::acts;
use crate::domain::runbook::{RunKind, StepName};

/// A figure for a stage, with where it comes from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Documented {
    /// Seconds.
    pub low: f64,
    pub seconds: f64,
    pub high: f64,
    pub source: &'static str,
}

impl Documented {
    pub fn expected(self) -> Expected {
        let Self { low, seconds, high, .. } = self;
        Expected { seconds, low, high, basis: Basis::Documented }
    }
}

const fn says(low: f64, seconds: f64, high: f64, source: &'static str) -> Documented {
    Documented { low, seconds, high, source }
}

/// What is known of a stage before anything was measured.
pub fn documented(kind: RunKind, step: StepName) -> Documented {
    let looks_only = step == StepName::ParkWorkload && !acts(kind, step);
    if looks_only { says(1.0, 5.0, 30.0, "assumed: a look at the cluster's API server") } else { of_step(step) }
}

fn of_step(step: StepName) -> Documented {
    match step {
        StepName::ConfirmOutage => says(
            60.0,
            120.0,
            360.0,
            "learn.microsoft.com, Front Door health probes (every 30 s, 3 of 4 samples: about 60 s), and metric alerts \
             (1 to 5 min)",
        ),
        StepName::FencePrimary | StepName::StopReplica | StepName::StopPrimary => {
            says(300.0, 600.0, 900.0, "docs.rafay.co: stopping an AKS cluster takes about 10 min; Azure publishes none")
        }
        StepName::CheckStandby => says(1.0, 5.0, 30.0, "assumed: a few reads of Azure"),
        StepName::StartReplica => says(
            300.0,
            360.0,
            600.0,
            "assumed: Azure publishes no figure for starting a stopped AKS cluster; creating one takes about 6 min \
             (github.com/cilium/cilium, issue 48924)",
        ),
        StepName::VerifyWriter => says(
            5.0,
            60.0,
            120.0,
            "learn.microsoft.com, PostgreSQL flexible server: a failover to the zone's standby takes 60 to 120 s",
        ),
        StepName::ParkWorkload | StepName::ParkPrimary => {
            says(10.0, 30.0, 120.0, "kubernetes.io: pods are given 30 s to end unless they say otherwise")
        }
        StepName::ResetSearchIndex => says(10.0, 30.0, 120.0, "assumed: scaling to zero and deleting volume claims"),
        StepName::VerifyIndex => says(1.0, 5.0, 30.0, "assumed: a look; how long a rebuild takes depends on the data"),
        StepName::AssessReadiness => says(2.0, 10.0, 60.0, "assumed: some thirty reads, four at a time"),
        StepName::ReleaseWorkload => says(5.0, 30.0, 120.0, "assumed: scaling and scheduling of the workload's pods"),
        StepName::VerifyPath => {
            says(10.0, 30.0, 120.0, "assumed: one pod is scheduled, pulls a small image, connects once and is deleted")
        }
        StepName::VerifyIngress => says(5.0, 30.0, 120.0, "assumed: the ingress starts with the cluster's nodes"),
        StepName::VerifyApp | StepName::RestorePrimary => {
            says(180.0, 300.0, 900.0, "assumed: SonarQube's search nodes start first, then its application nodes")
        }
        StepName::VerifyRoute => says(
            30.0,
            60.0,
            120.0,
            "learn.microsoft.com, Front Door health probes: about 60 s for each point of presence",
        ),
    }
}
