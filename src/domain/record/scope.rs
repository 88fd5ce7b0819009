//! What a run was about, and what it was plainly not about.

use super::{Resource, Scope};
use crate::domain::observation::Observation;
use crate::domain::plan::{Plan, Site};
use crate::domain::report::Report;
use crate::domain::resource::ResourceId;
use crate::domain::run::RunState;
use crate::domain::runbook::{RunKind, StepName};
use std::collections::BTreeSet;

/// Everything that the plan names; a run touches no other resource.
pub(super) fn of(run: &RunState) -> Scope {
    let plan = &run.created.plan;
    let ids = identified(plan);
    let subscriptions: BTreeSet<String> = ids.iter().map(|(_, id)| id.subscription().to_owned()).collect();
    let mut resources: Vec<Resource> =
        ids.into_iter().map(|(what, id)| Resource { what, id: id.to_string() }).collect();
    resources.extend(plan.sites.iter().map(origin));
    resources.push(Resource { what: "writer endpoint".into(), id: plan.database.writer_host.clone() });
    Scope {
        resources,
        sites: plan.sites.iter().map(|site| site.name.clone()).collect(),
        subscriptions: subscriptions.into_iter().collect(),
    }
}

fn identified(plan: &Plan) -> Vec<(String, &ResourceId)> {
    let clusters = plan.sites.iter().map(|site| (format!("cluster of {}", site.name), &site.cluster));
    let servers = plan.database.servers.iter().map(|server| ("database server".to_owned(), server));
    let front_door = ("Front Door profile".to_owned(), &plan.front_door.profile);
    clusters.chain(servers).chain([front_door]).collect()
}

fn origin(site: &Site) -> Resource {
    Resource { what: format!("origin of {}", site.name), id: site.origin.to_string() }
}

/// What was left out. Said of every kind, so that nobody takes a rehearsal for more than it was.
pub(super) fn exclusions(run: &RunState, report: &Report) -> Vec<String> {
    let mut left_out = vec!["No database was promoted by Reveille; promoting one is a person's act".to_owned()];
    left_out.extend(writer(run));
    if moves_nothing(run.created.kind) {
        left_out.push("Production traffic was not moved: Front Door was not changed".to_owned());
    }
    let released = run.step(StepName::ReleaseWorkload).is_some_and(|step| step.proof.is_some());
    if run.created.kind == RunKind::StandbyDrill && !released {
        left_out.push("The application was not started at the standby: its workload stayed scaled to zero".to_owned());
    }
    left_out.extend(report.not_proven.iter().map(|open| format!("Not proven: {open}")));
    left_out
}

/// Kinds whose runbooks hold no step that moves traffic or writes to a database. Of any other nothing is claimed.
fn moves_nothing(kind: RunKind) -> bool {
    matches!(kind, RunKind::Fence | RunKind::Park | RunKind::StandbyDrill | RunKind::ReadinessDrill)
}

/// Whether the writer moved is known only where it was looked at.
fn writer(run: &RunState) -> Option<String> {
    let proof = run.proof(StepName::VerifyWriter).and_then(|proof| match proof {
        Observation::Writer { writer } => writer.value()?.target.as_deref(),
        _ => None,
    });
    match (run.created.writer_target.as_deref(), proof) {
        (Some(before), Some(after)) if before != after => None,
        (Some(before), Some(_)) => Some(format!("The writer did not move: its endpoint points to {before} as before")),
        (None, Some(now)) if run.created.kind == RunKind::SwitchoverDrill => {
            Some(format!("The writer was not moved: its endpoint points to {now}; only the application moved"))
        }
        _ if moves_nothing(run.created.kind) => Some(
            "The writer did not move, and no data was changed: nothing in this run writes to a database".to_owned(),
        ),
        _ => None,
    }
}
