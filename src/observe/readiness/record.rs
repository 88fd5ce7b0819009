//! What the plan's own ledger and journals remember. What cannot be read remembers nothing.

use super::Observer;
use crate::domain::drill::DrillKind;
use crate::domain::ledger::PlanState;
use crate::domain::names::RunId;
use crate::domain::observation::Observation;
use crate::domain::parking::StandbyWorkload;
use crate::domain::plan::{Plan, Site};
use crate::domain::readiness::{CertificateSeen, RecordFacts};
use crate::domain::run::RunState;
use crate::domain::runbook::{RunKind, StepName};
use crate::engine::book::Book;
use crate::engine::journal::Journal;
use chrono::{DateTime, Utc};

/// How many rehearsals are asked for what they saw: the newest may have given way before it saw anything.
const REHEARSALS: usize = 5;

impl Observer {
    pub(super) async fn record(&self, plan: &Plan, standby: &Site, workload: &StandbyWorkload) -> RecordFacts {
        let workload = workload.clone();
        match Book::look(&self.store, &plan.name).await {
            Ok(Some(book)) => {
                let standby_certificate = self.certificate_of(standby, book.state()).await;
                RecordFacts { standby_certificate, ..remembered(book.state(), workload) }
            }
            Ok(None) | Err(_) => RecordFacts { workload, ..RecordFacts::default() },
        }
    }

    /// What the newest rehearsal that came so far saw of a site's certificate.
    async fn certificate_of(&self, site: &Site, state: &PlanState) -> Option<CertificateSeen> {
        for run in rehearsals(state).take(REHEARSALS) {
            if let Ok(Some(journal)) = Journal::open(&self.store, run).await
                && let Some(seen) = certificate(journal.state(), site)
            {
                return Some(seen);
            }
        }
        None
    }
}

/// Rehearsals of the standby, newest first; a schedule's own is remembered for longer than the newest runs are.
fn rehearsals(state: &PlanState) -> impl Iterator<Item = &RunId> {
    let newest = state.runs.iter().rev().filter(|line| line.kind == RunKind::StandbyDrill).map(|line| &line.run);
    newest.chain(state.last_drill_run(DrillKind::Standby).map(|run| &run.run))
}

fn certificate(run: &RunState, of: &Site) -> Option<CertificateSeen> {
    match run.step(StepName::VerifyIngress)?.proof.as_ref()? {
        Observation::Ingress { site, certificate: Some(fact), .. } if *site == of.name => {
            fact.value().map(|expires| CertificateSeen { expires: *expires, at: fact.at })
        }
        _ => None,
    }
}

fn remembered(state: &PlanState, workload: StandbyWorkload) -> RecordFacts {
    let ended = |outcomes: &[&str]| -> Option<DateTime<Utc>> {
        let fits = |outcome: &Option<String>| outcome.as_deref().is_some_and(|it| outcomes.contains(&it));
        let by_runs = state.runs.iter().filter(|line| fits(&line.outcome)).filter_map(|line| line.closed_at);
        let by_drills =
            state.last_drill_run(DrillKind::Standby).filter(|run| fits(&run.outcome)).and_then(|run| run.closed_at);
        by_runs.chain(by_drills).max()
    };
    let released = state.runs.iter().rev().find(|line| line.kind == RunKind::Failover).and_then(|line| line.closed_at);
    // What a failover left behind is no longer what the rehearsal before it saw.
    let since = |at: Option<DateTime<Utc>>| at.filter(|at| released.is_none_or(|released| released < *at));
    RecordFacts {
        workload,
        stopped_since: since(ended(&["rested", "rehearsed", "switched"])),
        rehearsed_at: since(ended(&["rehearsed", "switched"])),
        history: state.history.clone(),
        standby_certificate: None,
    }
}
