//! `park-workload`: the standby's workload is scaled to zero, and no pod of it is left.
//!
//! Calls: read of its Deployments, StatefulSets and pods; `scale` of each.
//! Permissions: as `release-workload`.

use super::workload::{Scaling, at_one};
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::parking::Scale;
use crate::domain::report::advice::aks_command;
use crate::domain::run::parking::counts;
use crate::domain::runbook::RunKind;
use crate::domain::workload::WorkloadView;
use crate::engine::ports::StepView;

/// Decides what is to be scaled to zero next.
pub fn decide(view: &StepView, workload: Fact<WorkloadView>) -> Look {
    let scaling = Scaling::of(view, &view.run.created.standby, workload.clone());
    let Some(seen) = workload.value() else { return overdue(&scaling) };
    if seen.is_parked() {
        return parked(&scaling, seen);
    }
    // What serves goes before what keeps the data: the reverse of a release.
    match seen.counts().into_iter().find(|(_, count)| *count > 0) {
        Some((object, _)) => scaling.scale(&Scale { object, replicas: 0 }),
        None => overdue(&scaling),
    }
}

/// A workload without counts could never be released again.
fn parked(scaling: &Scaling<'_>, seen: &WorkloadView) -> Look {
    if scaling.view.run.created.kind != RunKind::Park || counts(&scaling.view.run).is_some() {
        return Look::Done { proof: scaling.saw() };
    }
    let what = format!("The workload at {} has no replicas, and how many it had was never written down.", scaling.site);
    let means = "Scale it to what it needs to serve, with its way to the database closed if the other site serves; it is \
                 scaled to zero again, and the counts are remembered.";
    scaling.asks(what, means, scaling.commands(at_one(seen)))
}

/// A person who wants it parked can open the way; a stopped cluster cannot be edited.
fn unseen(scaling: &Scaling<'_>) -> Look {
    let what = format!("The workload at {} is not seen parked: {}.", scaling.site, scaling.saw().text());
    let means = "A cluster that is stopped cannot be edited: start it with its way to the database closed, since its \
                 workload starts with it. If it runs, see what keeps its pods, or the way to its API server.";
    let start = scaling.cluster().map(|cluster| aks_command("start", cluster));
    scaling.asks(what, means, start.into_iter().collect())
}

/// Pods that do not go, or a workload that cannot be seen.
fn overdue(scaling: &Scaling<'_>) -> Look {
    if !scaling.is_overdue() {
        return scaling.pending();
    }
    if scaling.view.run.created.kind == RunKind::Park {
        return unseen(scaling);
    }
    let message = format!("the workload at {} was not seen parked in time: {}", scaling.site, scaling.saw().text());
    Look::Failed { class: FailureClass::Other, message, saw: Some(scaling.saw()) }
}
