//! `reset-search-index`: no search index from before the outage is left at the standby, so that the application builds a new
//! one when it is released.
//!
//! With the whole workload at zero the volume claims of the search nodes are deleted. Only those made before the outage:
//! an index that is being built already is never deleted again, by whichever run. What does not look like SonarQube's
//! search nodes is left alone, and so is an application that may be serving.
//!
//! Calls: read of the standby's Deployments, StatefulSets, pods and volume claims; own probe of its origin; `scale` of each
//! object that is not at zero; deletion of each old claim.
//! Permissions: as `release-workload`, and inside the cluster to list and delete volume claims.

use super::workload::{Scaling, Try};
use crate::domain::application::OriginView;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::parking::Scale;
use crate::domain::run::{Ask, Call, ClaimRef, Intent, Sent, StepState, Verb};
use crate::domain::runbook::StepName;
use crate::domain::search_index::{IndexView, OnVolumes};
use crate::domain::workload::{ClaimView, WorkloadView};
use crate::engine::ports::StepView;

// --- inputs -----------------------------------------------------------------------------------------------------

/// What was seen of the standby.
pub struct Seen {
    pub index: Fact<IndexView>,
    /// Its origin: what answers there may be serving.
    pub origin: Fact<OriginView>,
}

// --- precheck ---------------------------------------------------------------------------------------------------

/// Decides what is to be scaled or deleted next.
pub fn decide(view: &StepView, seen: Seen) -> Look {
    let Seen { index, origin } = seen;
    let (site, since) = (&view.run.created.standby, view.run.created.outage_since);
    let saw = Observation::SearchIndex { site: site.clone(), since, index: index.clone() };
    let scaling = Scaling { view, site, saw };
    match index.value().map(|seen| (seen, seen.on_volumes(since))) {
        Some((_, OnVolumes::New | OnVolumes::Nothing)) => Look::Done { proof: scaling.saw() },
        _ if view.record().approved.is_some() => kept_by_person(&scaling),
        None => overdue(&scaling, "what runs in its cluster cannot be seen"),
        Some((_, OnVolumes::Unlike(why))) => unlike(&scaling, &why),
        Some((seen, OnVolumes::Old(claims))) => match may_serve(view, &origin) {
            None => scaling.pending(),
            Some(true) => kept(&scaling),
            Some(false) if seen.workload.is_parked() => delete(&scaling, &claims),
            Some(false) => scale_down(&scaling, &seen.workload),
        },
    }
}

/// Whether users may be served there: it answers, in a cluster that ran before this run. Nothing when that was not seen.
fn may_serve(view: &StepView, origin: &Fact<OriginView>) -> Option<bool> {
    let sent = |step: &StepState| step.intents.iter().any(has_changed);
    let touched = sent(view.record()) || view.run.step(StepName::StartReplica).is_some_and(sent);
    if touched { Some(false) } else { origin.value().map(OriginView::is_healthy) }
}

fn has_changed(intent: &Intent) -> bool {
    intent.may_have_worked() && !matches!(intent.outcome, Some(Sent::AlreadyThere { .. }))
}

// --- act --------------------------------------------------------------------------------------------------------

/// What uses the index goes before what keeps it.
fn scale_down(scaling: &Scaling<'_>, seen: &WorkloadView) -> Look {
    match seen.counts().into_iter().find(|(_, count)| *count > 0) {
        Some((object, _)) => scaling.scale(&Scale { object, replicas: 0 }),
        None => overdue(scaling, "its pods do not go"),
    }
}

/// Claims go one after the other. Whether they are gone only the next look tells.
fn delete(scaling: &Scaling<'_>, claims: &[&ClaimView]) -> Look {
    let Some(claim) = claims.iter().find(|claim| !claim.ending) else {
        return overdue(scaling, "claims that were deleted do not go");
    };
    let claim = ClaimRef::from(*claim);
    match scaling.newest_try(|call| call.claim.as_ref() == Some(&claim)) {
        Try::Now => {
            let call = Call { claim: Some(claim), ..scaling.in_cluster(Verb::DeleteClaim) };
            Look::Call { call, saw: Some(scaling.saw()) }
        }
        Try::Later(wait) => scaling.later(wait),
        Try::Refused { class, message } => refused(scaling, claims, class, &message),
    }
}

// --- verify -----------------------------------------------------------------------------------------------------

fn kept(scaling: &Scaling<'_>) -> Look {
    let why = "its application answers already and may be serving".to_owned();
    Look::Done { proof: Observation::IndexKept { site: scaling.site.clone(), why, by: None } }
}

/// Recovery before search: whoever approves wants the application with the index that is there.
fn kept_by_person(scaling: &Scaling<'_>) -> Look {
    let Some(word) = &scaling.view.record().approved else { return scaling.pending() };
    let (why, by) = (word.why.clone(), Some(word.by.clone()));
    Look::Done { proof: Observation::IndexKept { site: scaling.site.clone(), why, by } }
}

fn overdue(scaling: &Scaling<'_>, why: &str) -> Look {
    if !scaling.is_overdue() {
        return scaling.pending();
    }
    asks(scaling, format!("The search index at {} is not reset: {why}.", scaling.site), Vec::new())
}

/// Nothing is deleted of what is not recognised.
fn unlike(scaling: &Scaling<'_>, why: &str) -> Look {
    asks(scaling, format!("The search index at {} is not reset, nothing was deleted: {why}.", scaling.site), Vec::new())
}

fn refused(scaling: &Scaling<'_>, claims: &[&ClaimView], class: FailureClass, message: &str) -> Look {
    let delete = |claim: &&ClaimView| format!("kubectl delete pvc {} --namespace {}", claim.name, claim.namespace);
    let what = format!("Kubernetes refused to delete a volume claim of the search nodes: {message}");
    asks(scaling, format!("{what} {}", class.advice()), claims.iter().map(delete).collect())
}

fn asks(scaling: &Scaling<'_>, what: String, by_hand: Vec<String>) -> Look {
    let mut commands = scaling.by_hand(by_hand);
    commands.push(format!("reveille approve {} --why \"…\" --execute", scaling.view.run.created.run));
    let means = "Until it is reset the application is not released: with an old index it would serve, and find only what \
                 was there when the standby fell asleep. Reveille keeps looking and goes on by itself when no claim of \
                 before the outage is left.";
    let approve_means = Some("go on with the search index that is there; it may be old".to_owned());
    let ask = Ask { what, means: means.into(), commands, approve_means };
    Look::Ask { ask, saw: Some(scaling.saw()), again_in: scaling.poll() }
}
