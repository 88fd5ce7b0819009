//! The failover with a reset of the standby's search index.
//!
//! The order was learned from the product: nothing may hold the volumes, and the application builds its index only when it
//! starts and finds none. So everything is at zero while the claims are deleted, and the release comes after that. How far
//! the new index is is looked at beside the route: serving does not wait for it.

use super::StepName::{
    ConfirmOutage, FencePrimary, ReleaseWorkload, ResetSearchIndex, StartReplica, VerifyApp, VerifyIndex, VerifyRoute,
    VerifyWriter,
};
use super::{Line, line};
use crate::domain::parking::StandbyWorkload;

/// The workload starts with its cluster: the reset scales it to zero first, and the release brings it back.
const STARTED: &[Line] = &[
    line(ConfirmOutage, &[], false),
    line(FencePrimary, &[ConfirmOutage], true),
    line(VerifyWriter, &[ConfirmOutage], true),
    line(StartReplica, &[FencePrimary], true),
    line(ResetSearchIndex, &[StartReplica], true),
    line(ReleaseWorkload, &[ResetSearchIndex, VerifyWriter], true),
    line(VerifyApp, &[ReleaseWorkload], false),
    line(VerifyRoute, &[VerifyApp], false),
    line(VerifyIndex, &[VerifyApp], false),
];

/// Everything is at zero already.
const PARKED: &[Line] = &[
    line(ConfirmOutage, &[], false),
    line(FencePrimary, &[ConfirmOutage], true),
    line(StartReplica, &[ConfirmOutage], true),
    line(VerifyWriter, &[ConfirmOutage], true),
    line(ResetSearchIndex, &[FencePrimary, StartReplica], true),
    line(ReleaseWorkload, &[ResetSearchIndex, VerifyWriter], true),
    line(VerifyApp, &[ReleaseWorkload], false),
    line(VerifyRoute, &[VerifyApp], false),
    line(VerifyIndex, &[VerifyApp], false),
];

pub(super) fn failover(standby: &StandbyWorkload) -> &'static [Line] {
    if standby.is_parked() { PARKED } else { STARTED }
}
