//! `release-workload`: the standby's workload gets back the replicas it had before it was parked.
//!
//! Calls: read of its Deployments, StatefulSets and pods; `scale` of each. Own probe of the old site's origin while its
//! fence is owed.
//! Permissions: `Microsoft.ContainerService/managedClusters/listClusterUserCredential/action` on the standby's cluster, and
//! inside it to list Deployments, StatefulSets and pods and to patch their `scale`.

use super::unfenced::{self, Held};
use super::workload::{Scaling, at_one};
use crate::domain::application::OriginView;
use crate::domain::fact::Fact;
use crate::domain::look::Look;
use crate::domain::parking::Scale;
use crate::domain::run::parking::counts;
use crate::domain::workload::{Counts, WorkloadRef, WorkloadView};
use crate::engine::ports::StepView;

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of the standby's workload.
pub struct Seen {
    pub workload: Fact<WorkloadView>,
    /// The old site's origin, while its fence is owed.
    pub unfenced: Option<Fact<OriginView>>,
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// Decides what is to be scaled next.
pub fn decide(view: &StepView, seen: Seen) -> Look {
    let Seen { workload, unfenced } = seen;
    let created = &view.run.created;
    let scaling = Scaling::of(view, &created.standby, workload.clone());
    let Some(seen) = workload.value().filter(|seen| !seen.parts.is_empty()) else { return not_seen(&scaling) };
    match counts(&view.run) {
        Some(counts) => release(&scaling, &counts, seen, unfenced),
        None => released_by_others(&scaling, seen),
    }
}

// --- act --------------------------------------------------------------------------------------------------------

/// Brings the objects up one after the other, those that keep data before those that serve from it.
fn release(scaling: &Scaling<'_>, counts: &Counts, seen: &WorkloadView, unfenced: Option<Fact<OriginView>>) -> Look {
    if let Some((object, count)) = counts.iter().find(|(object, _)| seen.part(object).is_none()) {
        return missing(scaling, &Scale { object: object.clone(), replicas: *count });
    }
    // More than remembered is as good: somebody, or an autoscaler, may have scaled it up since.
    let lacks = |(object, count): &(&WorkloadRef, &u32)| seen.part(object).is_some_and(|part| part.wanted < **count);
    match counts.iter().rev().find(lacks) {
        None if scaling.view.run.created.standby_counts().is_none() => released_by_others(scaling, seen),
        None => Look::Done { proof: scaling.saw() },
        Some((object, count)) => match unfenced::holds(scaling.view, "released", unfenced.as_ref()) {
            None => scaling.scale(&Scale { object: object.clone(), replicas: *count }),
            Some(Held::NotSeen) => scaling.pending(),
            Some(Held::Answers(ask)) => Look::Ask { ask, saw: Some(scaling.saw()), again_in: scaling.poll() },
        },
    }
}

// --- verify -----------------------------------------------------------------------------------------------------

/// Nobody wrote down the counts. What has replicas was released with its cluster; what has none needs a person.
fn released_by_others(scaling: &Scaling<'_>, seen: &WorkloadView) -> Look {
    let parked = at_one(seen);
    let Some(first) = parked.first() else { return Look::Done { proof: scaling.saw() } };
    let what = format!("{} has no replicas, and how many it had was never written down.", first.object);
    scaling.asks(what, "Scale it to what this workload needs.", scaling.commands(parked))
}

fn missing(scaling: &Scaling<'_>, scale: &Scale) -> Look {
    if !scaling.is_overdue() {
        return scaling.pending();
    }
    let what = format!("{} is not there; it is to have {} replicas.", scale.object, scale.replicas);
    let means = "Deploy it again under this name: the run waits for it.";
    scaling.asks(what, means, scaling.commands([scale.clone()]))
}

fn not_seen(scaling: &Scaling<'_>) -> Look {
    if !scaling.is_overdue() {
        return scaling.pending();
    }
    let scales =
        counts(&scaling.view.run).unwrap_or_default().into_iter().map(|(object, replicas)| Scale { object, replicas });
    let what = format!("The workload at {} cannot be released: {}.", scaling.site, scaling.saw().text());
    scaling.asks(what, "Its cluster is up, and what runs in it cannot be seen.", scaling.commands(scales))
}
