//! The return to normal, and what the standby's time amounts to.

use super::objectives::moment;
use super::{Cost, Proof, ReturnToNormal};
use crate::domain::duration;
use crate::domain::observation::Observation;
use crate::domain::outcome::Outcome;
use crate::domain::run::{Intent, RunState, StartedBy};
use crate::domain::runbook::{RunKind, StepName};
use chrono::{DateTime, Utc};

const SECONDS_AN_HOUR: f64 = 3_600.0;

pub(super) fn of(run: &RunState) -> ReturnToNormal {
    let (proven, statement) = match (&run.outcome, run.created.kind) {
        (None, _) => (None, "the run goes on".to_owned()),
        (Some(Outcome::Rested { .. } | Outcome::Rehearsed { .. }), _) => (Some(true), rested(run)),
        (Some(Outcome::Recovered { .. }), _) => {
            (None, "does not apply: the standby serves, and the way back is a run of its own".to_owned())
        }
        (Some(Outcome::Switched { serving, left }), _) => {
            let (serves, rests) = (serving.site(), left.site());
            let back = matches!(run.created.started_by, StartedBy::WayBack { .. });
            let there = format!("{serves} serves and {rests} rests as the standby; the way back is a run of its own");
            if back {
                (Some(true), format!("{serves} serves again, and {rests} rests as before"))
            } else {
                (None, there)
            }
        }
        (Some(_), RunKind::SwitchoverDrill) if run.proof(StepName::RestorePrimary).is_some() => {
            let rests = if stopped(run).is_some() { "rests again" } else { "was not seen to be stopped" };
            let (primary, standby) = (&run.created.primary, &run.created.standby);
            (Some(stopped(run).is_some()), format!("{primary} serves again, and {standby} {rests}"))
        }
        (Some(Outcome::GaveWay { to }), _) => (None, format!("the run gave way; what became of it stands in {to}")),
        (Some(_), _) if !run.touched_anything() => (Some(true), "nothing was touched".to_owned()),
        (Some(_), RunKind::StandbyDrill | RunKind::Park | RunKind::SwitchoverDrill) => {
            (Some(stopped(run).is_some()), "not everything was seen to be put back".to_owned())
        }
        (Some(_), _) => (None, "does not apply: a run of this kind puts nothing back".to_owned()),
    };
    ReturnToNormal { proven, statement, proofs: proofs(run) }
}

fn rested(run: &RunState) -> String {
    let ran = match (started(run), stopped(run)) {
        (Some(from), Some(to)) => format!("; its cluster ran from {} to {}", moment(from), moment(to)),
        _ => String::new(),
    };
    format!("the standby {} was seen without a pod, then stopped{ran}", run.created.standby)
}

fn proofs(run: &RunState) -> Vec<Proof> {
    let wanted = [
        StepName::RestorePrimary,
        StepName::ParkWorkload,
        StepName::StopReplica,
        StepName::ParkPrimary,
        StepName::StopPrimary,
    ];
    let proven = wanted.into_iter().filter_map(|step| Some((step, run.proof(step)?)));
    let proof = |(step, saw): (StepName, &Observation)| Proof {
        step,
        at: saw.seen_at(),
        saw: saw.text(),
        request_ids: saw.request_ids(),
    };
    proven.map(proof).collect()
}

/// When Azure took the first start of the standby's cluster.
fn started(run: &RunState) -> Option<DateTime<Utc>> {
    let first = run.step(StepName::StartReplica)?.intents.iter().find(|intent| accepted(intent))?;
    Some(first.answered_at.unwrap_or(first.at))
}

fn accepted(intent: &Intent) -> bool {
    intent.outcome.as_ref().is_some_and(crate::domain::run::Sent::is_accepted)
}

/// When its cluster was seen stopped.
fn stopped(run: &RunState) -> Option<DateTime<Utc>> {
    let step = run.step(StepName::StopReplica)?;
    step.proof.as_ref().and_then(Observation::seen_at).or(step.ended_at.filter(|_| step.proof.is_some()))
}

/// Node hours as far as nodes and times are known.
pub(super) fn cost(run: &RunState) -> Cost {
    let (from, nodes) = (started(run), nodes(run));
    let until = stopped(run).or(run.ended_at);
    let standby_seconds = from.zip(until).map(|(from, to)| (to - from).num_milliseconds().max(0) as f64 / 1_000.0);
    let node_seconds = standby_seconds.zip(nodes).map(|(seconds, nodes)| (seconds * f64::from(nodes)).round() as u64);
    let statement = statement(run, standby_seconds, nodes, node_seconds);
    Cost { standby_seconds, nodes, node_seconds, statement }
}

fn statement(run: &RunState, seconds: Option<f64>, nodes: Option<u32>, node_seconds: Option<u64>) -> String {
    let Some(seconds) = seconds else {
        return "this run started no cluster".to_owned();
    };
    let span = duration::text(std::time::Duration::from_secs(seconds.round() as u64));
    let until = if stopped(run).is_some() { "until it was seen stopped" } else { "until the run ended; it runs on" };
    match (nodes, node_seconds) {
        (Some(nodes), Some(node_seconds)) => format!(
            "{nodes} nodes for {span}, {until}: {:.2} node hours; their price is not known to Reveille",
            node_seconds as f64 / SECONDS_AN_HOUR
        ),
        _ => format!("its cluster ran for {span}, {until}; how many nodes it had was not seen, and no price is known"),
    }
}

/// The most nodes that were seen: by the cluster itself, else by the counts of its pools.
fn nodes(run: &RunState) -> Option<u32> {
    let step = run.step(StepName::StartReplica)?;
    step.observations.iter().chain(&step.proof).filter_map(counted).max()
}

fn counted(saw: &Observation) -> Option<u32> {
    let Observation::Cluster { cluster, nodes, .. } = saw else { return None };
    let there = nodes.as_ref().and_then(|nodes| nodes.value()).map(|view| view.nodes.len() as u32);
    let pools = cluster.value().map(|view| view.pools.iter().filter_map(|pool| pool.count).sum::<u32>());
    there.filter(|count| *count > 0).or(pools.filter(|count| *count > 0))
}
