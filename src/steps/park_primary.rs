//! `park-primary`: the primary's workload is scaled to zero in a planned move, and no pod of it is left.
//!
//! From the first call on nothing serves, so nobody is waited for: whatever does not go on ends the move, and the primary is
//! put back.
//!
//! Calls: own probe of the primary's origin; read of its Deployments, StatefulSets and pods; `scale` of each.
//! Permissions: as `release-workload`, on the primary's cluster.

use super::workload::{Scaling, Try};
use crate::domain::application::OriginView;
use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::parking::Scale;
use crate::domain::run::Intent;
use crate::domain::workload::WorkloadView;
use crate::engine::ports::StepView;
use chrono::{DateTime, Utc};

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of the primary.
pub struct Seen {
    pub origin: Fact<OriginView>,
    pub workload: Fact<WorkloadView>,
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// Decides what of the primary's workload is to be scaled to zero next.
pub fn decide(view: &StepView, seen: Seen) -> Look {
    let scaling = Scaling::of(view, &view.run.created.primary, seen.workload.clone());
    if !is_begun(view) && !seen.origin.value().is_some_and(OriginView::is_healthy) {
        return untouched(&scaling, &seen.origin);
    }
    let Some(workload) = seen.workload.value() else { return unseen(&scaling) };
    if workload.is_parked() {
        return if is_begun(view) { Look::Done { proof: scaling.saw() } } else { not_its_workload(&scaling) };
    }
    // What serves goes before what keeps the data: the reverse of a release.
    match workload.counts().into_iter().find(|(_, count)| *count > 0) {
        Some((object, _)) => scale(&scaling, &Scale { object, replicas: 0 }),
        None => waited(&scaling),
    }
}

/// Whether anything of the primary may have been taken away.
fn is_begun(view: &StepView) -> bool {
    view.record().intents.iter().any(Intent::may_have_worked)
}

// --- act --------------------------------------------------------------------------------------------------------

fn scale(scaling: &Scaling<'_>, scale: &Scale) -> Look {
    match scaling.newest_try(|call| call.scale.as_ref() == Some(scale)) {
        Try::Refused { class, message } => {
            failed(scaling, class, format!("Kubernetes refused to scale {scale}: {message}"))
        }
        _ if scaling.is_overdue() => waited(scaling),
        _ => scaling.scale(scale),
    }
}

// --- verify -----------------------------------------------------------------------------------------------------

/// A move begins from a primary that serves; anything else is an outage, or about to be one.
fn untouched(scaling: &Scaling<'_>, origin: &Fact<OriginView>) -> Look {
    let timing = &scaling.view.run.created.plan.timing;
    if !scaling.view.has_run_for(timing.confirm_hold) {
        return scaling.pending();
    }
    let said = origin.value().map(OriginView::text);
    let said = said.or_else(|| origin.unknown_reason().map(str::to_owned)).unwrap_or_default();
    let hold = duration::text(timing.confirm_hold);
    let message = format!("nothing of {} was touched: for {hold} it was not seen to serve ({said})", scaling.site);
    failed(scaling, FailureClass::Other, message)
}

/// It serves, and what the selector finds has no replicas: something else serves there, and would go on.
fn not_its_workload(scaling: &Scaling<'_>) -> Look {
    let message = format!(
        "nothing of {} was touched: it serves, and what the plan's selector finds there has no replicas ({})",
        scaling.site,
        scaling.saw().text()
    );
    failed(scaling, FailureClass::Other, message)
}

/// A site that is lost in the middle of the move is a failover's matter: it is not waited for longer than an outage is.
fn unseen(scaling: &Scaling<'_>) -> Look {
    let hold = scaling.view.run.created.plan.timing.confirm_hold;
    let since = unseen_since(scaling.view).unwrap_or(scaling.view.now);
    let lost = (scaling.view.now - since).to_std().is_ok_and(|spent| spent >= hold);
    if !lost && !scaling.is_overdue() {
        return scaling.pending();
    }
    let message = format!("what runs at {} cannot be seen any more: {}", scaling.site, scaling.saw().text());
    failed(scaling, FailureClass::Transient, message)
}

/// When the workload was first not seen, since it was seen the last time.
fn unseen_since(view: &StepView) -> Option<DateTime<Utc>> {
    let seen = &view.record().observations;
    let first = seen.iter().rposition(|saw| !saw.is_unknown()).map_or(0, |last| last + 1);
    seen.get(first).and_then(Observation::seen_at)
}

/// Pods that do not go.
fn waited(scaling: &Scaling<'_>) -> Look {
    if !scaling.is_overdue() {
        return scaling.pending();
    }
    let limit = duration::text(scaling.view.run.created.plan.timing.workload_deadline);
    let message = format!("the workload at {} was not gone within {limit}: {}", scaling.site, scaling.saw().text());
    failed(scaling, FailureClass::Other, message)
}

fn failed(scaling: &Scaling<'_>, class: FailureClass, message: String) -> Look {
    Look::Failed { class, message, saw: Some(scaling.saw()) }
}
