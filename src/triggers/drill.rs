//! `drill`: the timer of rehearsals. It finds the occurrences that are due, looks at what may refuse them, and writes
//! down what does; the ledger sees to it that none begins twice.

use super::app::App;
use super::round::Round;
use super::run::Message;
use crate::domain::causes::with_causes;
use crate::domain::drill::{Asked, Drill, DrillDue, DrillKind, Facts, held_by_ledger};
use crate::domain::ledger::PlanState;
use crate::domain::names::{PlanName, RunId};
use crate::domain::plan::Plan;
use crate::engine::{Configured, WakeUp, WayBack};
use crate::host::{Answer, FunctionError, Invocation};
use futures::FutureExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// Longest look at one plan: more than a call to Azure may take.
const PER_PLAN: Duration = Duration::from_secs(60);
/// Longest round, well below the function's deadline.
const ROUND: Duration = Duration::from_secs(150);

pub(super) async fn answer(app: Arc<App>, _invocation: Invocation) -> Result<Answer, FunctionError> {
    let at_once = app.config.engine.watch_plans_at_once;
    let round = Round { at_once, until: Instant::now() + ROUND, per_look: PER_PLAN };
    let asked = app.drill_turns.in_turn(with_drills(&app)).into_iter().map(|plan| {
        let (app, span) = (app.clone(), tracing::error_span!("plan", plan = %plan));
        async move { see_to(&app, &plan).await }.instrument(span).boxed()
    });
    let looked = round.look(asked.collect()).await;
    app.drill_turns.passed(looked.over.max(1));
    let wakes = looked.found.into_iter().map(|run| Message::Wake(WakeUp { run, after: 0 }));
    Ok(wakes.fold(Answer::done(), |answer, wake| answer.wake(serde_json::to_string(&wake).unwrap_or_default())))
}

/// Where nothing is rehearsed, not even the ledger is read.
fn with_drills(app: &App) -> Vec<PlanName> {
    let plans = app.engine.plans.iter().filter(|(_, configured)| !configured.plan.drills.is_empty());
    plans.map(|(name, _)| name.clone()).collect()
}

async fn see_to(app: &App, plan: &PlanName) -> Vec<RunId> {
    let due = match app.engine.drills_due(plan).await {
        Ok(due) => due,
        Err(error) => {
            tracing::error!(error = with_causes(&error), "the plan's drills could not be looked up");
            return Vec::new();
        }
    };
    let mut started = Vec::new();
    for (drill, due) in due {
        match begin(app, plan, &drill, &due).await {
            Ok(run) => started.extend(run),
            Err(error) => tracing::error!(drill = %due.drill, error, "the drill could not be begun"),
        }
    }
    match way_back(app, plan).await {
        Ok(run) => started.extend(run),
        Err(error) => tracing::error!(error, "the way back of a switchover drill could not be begun"),
    }
    started
}

/// A drill that has moved the plan is over only when it has moved it back.
async fn way_back(app: &App, plan: &PlanName) -> Result<Option<RunId>, String> {
    let Some(configured) = app.engine.plan(plan) else { return Ok(None) };
    let state = app.engine.plan_state(plan).await.map_err(|error| with_causes(&error))?;
    if state.away.is_none() {
        return Ok(None);
    }
    let facts = facts_for(app, &configured.plan, DrillKind::Switchover, &state).await;
    match app.engine.go_back(plan, facts).await.map_err(|error| with_causes(&error))? {
        WayBack::Begun(run) => {
            tracing::info!(%run, "the way back of a switchover drill has begun");
            Ok(Some(run))
        }
        WayBack::Held(refusal) => {
            tracing::warn!(reason = refusal.word(), "the way back does not begin: {}", refusal.text());
            Ok(None)
        }
        WayBack::NoNews => Ok(None),
    }
}

async fn begin(app: &App, plan: &PlanName, drill: &Drill, due: &DrillDue) -> Result<Option<RunId>, String> {
    let Some(configured) = app.engine.plan(plan) else { return Ok(None) };
    let facts = facts(app, configured, drill).await?;
    let asked = app.engine.ask_drill(plan, due, &facts).await.map_err(|error| with_causes(&error))?;
    match asked {
        Asked::Refused { refusal, known: false } => {
            let (drill, occurrence, reason) = (&due.drill, due.occurrence, refusal.word());
            tracing::warn!(%drill, %occurrence, reason, "the drill does not begin: {}", refusal.text());
            Ok(None)
        }
        Asked::Refused { known: true, .. } | Asked::Over => Ok(None),
        Asked::MayBegin => {
            let started =
                app.engine.admit_drill(plan, due.clone(), facts).await.map_err(|error| with_causes(&error))?;
            if let Some(run) = &started {
                tracing::info!(%run, drill = %due.drill, "the schedule started a run");
            }
            Ok(started)
        }
    }
}

/// Nobody is asked when the answer is known: what the ledger and the calendar refuse needs no look at the world.
async fn facts(app: &App, configured: &Configured, drill: &Drill) -> Result<Facts, String> {
    let plan = &configured.plan;
    if drill.may_begin_at(app.engine.clock.now()).is_err() {
        return Ok(Facts::default());
    }
    let state = app.engine.plan_state(&plan.name).await.map_err(|error| with_causes(&error))?;
    Ok(facts_for(app, plan, drill.kind, &state).await)
}

/// The same whoever asks for the drill.
pub(super) async fn facts_for(app: &App, plan: &Plan, kind: DrillKind, state: &PlanState) -> Facts {
    if held_by_ledger(kind, state, plan).is_err() || !kind.acts() {
        return Facts::default();
    }
    app.observer.drill_facts(plan, state).await
}
