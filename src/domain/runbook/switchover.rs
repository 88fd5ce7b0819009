//! The planned move: everything that can be proven is proven while the primary still serves; only then it is parked.
//!
//! The way back is the same runbook with the roles changed, once AKS has had its rest. The database stays where it is: both
//! sites write through the same endpoint.

use super::StepName::{
    CheckStandby, ParkPrimary, ParkWorkload, ReleaseWorkload, ResetSearchIndex, RestorePrimary, StartReplica,
    StopPrimary, StopReplica, VerifyApp, VerifyIndex, VerifyIngress, VerifyPath, VerifyRoute, VerifyWriter,
};
use super::{Line, StepName, line};

pub(super) const PLAIN: &[Line] = &[
    line(CheckStandby, &[], false),
    line(StartReplica, &[CheckStandby], true),
    line(ParkWorkload, &[StartReplica], true),
    line(VerifyPath, &[ParkWorkload], true),
    line(VerifyIngress, &[VerifyPath], false),
    line(VerifyWriter, &[VerifyIngress], true),
    line(ParkPrimary, &[VerifyWriter], true),
    line(ReleaseWorkload, &[ParkPrimary], true),
    line(VerifyApp, &[ReleaseWorkload], false),
    line(VerifyRoute, &[VerifyApp], false),
    line(StopPrimary, &[VerifyRoute], true),
];

/// An index that slept with its site is older than the database: it is reset before the release, as in a failover.
pub(super) const WITH_RESET: &[Line] = &[
    line(CheckStandby, &[], false),
    line(StartReplica, &[CheckStandby], true),
    line(ParkWorkload, &[StartReplica], true),
    line(VerifyPath, &[ParkWorkload], true),
    line(VerifyIngress, &[VerifyPath], false),
    line(VerifyWriter, &[VerifyIngress], true),
    line(ParkPrimary, &[VerifyWriter], true),
    line(ResetSearchIndex, &[ParkPrimary], true),
    line(ReleaseWorkload, &[ResetSearchIndex], true),
    line(VerifyApp, &[ReleaseWorkload], false),
    line(VerifyRoute, &[VerifyApp], false),
    line(VerifyIndex, &[VerifyApp], false),
    line(StopPrimary, &[VerifyRoute], true),
];

/// What serves comes first, the standby's rest after it.
pub(super) const BACK: [(StepName, StepName); 2] = [(RestorePrimary, ParkPrimary), (StopReplica, StartReplica)];
