//! `watch`: the timer that forgets nothing. It re-drives stalled runs, asks open incidents again, reads the origin
//! metric itself, pays fence debts, and remembers when each witness last saw the primary healthy.

use super::app::App;
use super::run::Message;
use crate::domain::application::OriginView;
use crate::domain::causes::with_causes;
use crate::domain::ledger::{self, Cause, PlanState, Request};
use crate::domain::names::{PlanName, SiteName};
use crate::domain::plan::Plan;
use crate::domain::run::StartedBy;
use crate::domain::witness::Witness;
use crate::engine::book::Book;
use crate::engine::{Taken, WakeUp};
use crate::host::FunctionError;
use crate::host::{Answer, Invocation};
use futures::StreamExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tracing::Instrument;

/// Longest time for one plan, so that one dark region does not hold up the others for long.
const PER_PLAN: Duration = Duration::from_secs(60);

pub(super) async fn answer(app: Arc<App>, _invocation: Invocation) -> Result<Answer, FunctionError> {
    look_at_all(&app).await
}

/// Looks at every plan, side by side within the configured bound.
pub(super) async fn look_at_all(app: &Arc<App>) -> Result<Answer, FunctionError> {
    let at_once = app.config.engine.watch_plans_at_once;
    let plans: Vec<PlanName> = app.engine.plans.keys().cloned().collect();
    let looks = plans.into_iter().map(|plan| {
        let app = app.clone();
        async move {
            let span = tracing::error_span!("plan", plan = %plan);
            match timeout(PER_PLAN, look_at(&app, &plan)).instrument(span).await {
                Ok(wakes) => wakes,
                Err(_) => {
                    tracing::warn!(%plan, "the plan could not be looked at in time");
                    Vec::new()
                }
            }
        }
    });
    let wakes: Vec<Vec<WakeUp>> = futures::stream::iter(looks).buffer_unordered(at_once).collect().await;
    let wakes = wakes.into_iter().flatten().map(Message::Wake);
    Ok(wakes.fold(Answer::done(), |answer, wake| answer.wake(serde_json::to_string(&wake).unwrap_or_default())))
}

/// What is already known comes first; the world is looked at afterwards, since it may be slow.
async fn look_at(app: &App, name: &PlanName) -> Vec<WakeUp> {
    let mut wakes = tend(app, name).await;
    if let Err(error) = look_for_outage(app, name, &mut wakes).await {
        tracing::error!(error, "the plan could not be looked at");
    }
    wakes
}

async fn tend(app: &App, name: &PlanName) -> Vec<WakeUp> {
    match app.engine.tend(name, |site| can_be_read(app, name, site)).await {
        Ok(tended) => {
            for did in &tended.did {
                tracing::info!("{did}");
            }
            for (run, why) in &tended.stuck {
                tracing::error!(%run, "a run waits for a person: {why}");
            }
            tended.wake
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the plan could not be tended");
            Vec::new()
        }
    }
}

/// Reads the witnesses, remembers what is healthy, and opens an incident when both say that the primary is down: a
/// lost alert still leads to a run.
async fn look_for_outage(app: &App, name: &PlanName, wakes: &mut Vec<WakeUp>) -> Result<(), String> {
    let Some(configured) = app.engine.plan(name) else { return Ok(()) };
    let plan = &configured.plan;
    let book = Book::open(&app.engine.store, name).await.map_err(|error| with_causes(&error))?;
    let primary = ledger::primary(book.state(), plan);
    let Some(site) = plan.site(&primary) else { return Ok(()) };
    let sample = app.observer.witness(plan, site, plan.other(&primary)).await;
    app.observer.remember(plan, &primary, &sample).await.map_err(|error| with_causes(&error))?;
    let Some(cause) = outage(plan, book.state(), &sample, &primary) else { return Ok(()) };
    let taken = app.engine.take(name, &Request::Outage(cause)).await.map_err(|error| with_causes(&error))?;
    if let Taken::Started { run, .. } = taken {
        tracing::warn!(%run, "no alert came, but both witnesses say that the primary is down");
        wakes.push(WakeUp { run, after: 0 });
    }
    Ok(())
}

/// Both witnesses have to agree even to begin; the run itself takes more samples before it touches anything.
fn outage(plan: &Plan, state: &PlanState, sample: &Witness, primary: &SiteName) -> Option<Cause> {
    if state.active.is_some() || state.incident.is_some() {
        return None;
    }
    let health = *sample.origin_health.value()?;
    let down = sample.primary.value().is_some_and(|view| !OriginView::is_healthy(view));
    (down && health < plan.timing.metric_threshold).then(|| Cause {
        since: sample.at,
        sign: format!(
            "the watch found {primary} down: own probe failed and Front Door reports {health:.0} % origin health"
        ),
        by: StartedBy::Metric { health },
        key: None,
    })
}

/// First contact with a site whose fence is owed.
async fn can_be_read(app: &App, plan: &PlanName, site: SiteName) -> bool {
    let Some(configured) = app.engine.plan(plan) else { return false };
    let Some(site) = configured.plan.site(&site) else { return false };
    app.observer.cluster(site, configured.plan.timing.arm_timeout).await.value().is_some()
}
