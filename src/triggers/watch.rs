//! `watch`: the timer that forgets nothing. It re-drives stalled runs, asks open incidents again, reads the origin
//! metric itself, pays fence debts, and remembers when each witness last saw the primary healthy.

use super::app::App;
use super::heartbeat;
use super::round::Round;
use super::run::Message;
use crate::domain::application::OriginView;
use crate::domain::causes::with_causes;
use crate::domain::ledger::{self, Cause, PlanState, Request};
use crate::domain::names::{PlanName, RunId, SiteName};
use crate::domain::plan::Plan;
use crate::domain::run::StartedBy;
use crate::domain::runbook::RunKind;
use crate::domain::witness::Witness;
use crate::engine::book::Book;
use crate::engine::{Taken, WakeUp};
use crate::host::FunctionError;
use crate::host::{Answer, Invocation};
use crate::telemetry::metrics::WATCH_TICKS;
use futures::FutureExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

/// Longest look at one plan: more than a call to Azure may take, so that what it says is not lost.
const PER_LOOK: Duration = Duration::from_secs(40);
/// Longest round. Well below the function's deadline, at which everything that was found would be lost.
const ROUND: Duration = Duration::from_secs(120);

/// The timer. What tending found leaves at once, and the looks follow in an invocation of their own.
pub(super) async fn answer(app: Arc<App>, _invocation: Invocation) -> Result<Answer, FunctionError> {
    app.turns.begin();
    heartbeat::begin(&app);
    WATCH_TICKS.count(&[]);
    let round = round(&app);
    let found = tend_all(&app, round).await;
    if found.is_empty() {
        let found = look_at_all(&app, round).await;
        let_go_of_the_old(&app, round.until).await;
        return Ok(woken(found));
    }
    let look = serde_json::to_string(&Message::Look { look: true }).unwrap_or_default();
    Ok(woken(found).wake(look))
}

/// Last and least: after everything that somebody may wait for, within the round's time.
async fn let_go_of_the_old(app: &App, until: Instant) {
    match timeout_at(until, app.retention.tick(app.engine.clock.now())).await {
        Ok(Ok(told)) => told.and_then(|told| told.text()).into_iter().for_each(|told| tracing::info!("{told}")),
        Ok(Err(error)) => tracing::warn!(error = with_causes(&error), "retention cannot go on now"),
        Err(_) => tracing::warn!("retention was cut short; it goes on with the next round"),
    }
}

/// Somebody asked for a look. Of several that come together one is enough.
pub(super) async fn on_request(app: &Arc<App>) -> Answer {
    if !app.turns.is_due().await {
        return Answer::done();
    }
    let round = round(app);
    let mut found = tend_all(app, round).await;
    found.extend(look_at_all(app, round).await);
    woken(found)
}

fn round(app: &App) -> Round {
    Round { at_once: app.config.engine.watch_plans_at_once, until: Instant::now() + ROUND, per_look: PER_LOOK }
}

fn woken(found: Vec<WakeUp>) -> Answer {
    let messages = found.into_iter().map(Message::Wake);
    messages.fold(Answer::done(), |answer, wake| answer.wake(serde_json::to_string(&wake).unwrap_or_default()))
}

fn plans(app: &App) -> Vec<PlanName> {
    app.engine.plans.keys().cloned().collect()
}

/// What is known already: no call leaves the store.
async fn tend_all(app: &Arc<App>, round: Round) -> Vec<WakeUp> {
    let tends = plans(app).into_iter().map(|plan| {
        let (app, span) = (app.clone(), tracing::error_span!("plan", plan = %plan));
        async move { tend(&app, &plan).await }.instrument(span).boxed()
    });
    round.tend(tends.collect()).await
}

/// What the world says, which may be slow.
async fn look_at_all(app: &Arc<App>, round: Round) -> Vec<WakeUp> {
    let looks = app.turns.in_turn(plans(app)).into_iter().map(|plan| {
        let (app, span) = (app.clone(), tracing::error_span!("plan", plan = %plan));
        async move { look_at(&app, &plan).await }.instrument(span).boxed()
    });
    let looked = round.look(looks.collect()).await;
    app.turns.passed(looked.over.max(1));
    looked.found
}

async fn look_at(app: &App, name: &PlanName) -> Vec<WakeUp> {
    let mut wakes = Vec::new();
    let (debts, outage) = tokio::join!(pay_debts(app, name), look_for_outage(app, name));
    for started in [debts, outage] {
        match started {
            Ok(run) => wakes.extend(run.map(|run| WakeUp { run, after: 0 })),
            Err(error) => tracing::error!(error, "the plan could not be looked at"),
        }
    }
    wakes
}

async fn tend(app: &App, name: &PlanName) -> Vec<WakeUp> {
    // Whether a site can be read again is asked in a look: the call may hang.
    match app.engine.tend(name, |_| std::future::ready(false)).await {
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
            tracing::error!(error = with_causes(&error), "the plan could not be tended");
            Vec::new()
        }
    }
}

/// A debt is taken up at first contact with its site, not before.
async fn pay_debts(app: &App, name: &PlanName) -> Result<Option<RunId>, String> {
    let book = Book::open(&app.engine.store, name).await.map_err(|error| with_causes(&error))?;
    if book.state().active.is_some() {
        return Ok(None);
    }
    for site in book.state().debts.iter().map(|debt| debt.site.clone()) {
        if !can_be_read(app, name, &site).await {
            continue;
        }
        let taken = app.engine.take(name, &Request::PayDebt { site }).await.map_err(|error| with_causes(&error))?;
        if let Taken::Started { run, .. } = taken {
            tracing::info!(%run, "a fence that is owed can be paid now");
            return Ok(Some(run));
        }
    }
    Ok(None)
}

/// Reads the witnesses, remembers what is healthy, and opens an incident when both say that the primary is down: a
/// lost alert still leads to a run.
async fn look_for_outage(app: &App, name: &PlanName) -> Result<Option<RunId>, String> {
    let Some(configured) = app.engine.plan(name) else { return Ok(None) };
    let plan = &configured.plan;
    let book = Book::open(&app.engine.store, name).await.map_err(|error| with_causes(&error))?;
    let primary = ledger::primary(book.state(), plan);
    let Some(site) = plan.site(&primary) else { return Ok(None) };
    let sample = app.observer.witness(plan, site, plan.other(&primary)).await;
    app.observer.remember(plan, &primary, &sample).await.map_err(|error| with_causes(&error))?;
    let Some(cause) = outage(plan, book.state(), &sample, &primary) else { return Ok(None) };
    let taken = app.engine.take(name, &Request::Outage(cause)).await.map_err(|error| with_causes(&error))?;
    let Taken::Started { run, .. } = taken else { return Ok(None) };
    tracing::warn!(%run, "no alert came, but both witnesses say that the primary is down");
    Ok(Some(run))
}

/// Both witnesses have to agree even to begin; the run itself takes more samples before it touches anything.
fn outage(plan: &Plan, state: &PlanState, sample: &Witness, primary: &SiteName) -> Option<Cause> {
    // A lesser run, such as one that pays a fence debt, is no reason to overlook an outage: it gives way.
    let failing_over = state.active.as_ref().is_some_and(|active| active.kind == RunKind::Failover);
    if failing_over || state.incident.is_some() {
        return None;
    }
    let health = *sample.origin_health.value()?;
    let down = sample.primary.value().is_some_and(OriginView::is_failed);
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
async fn can_be_read(app: &App, plan: &PlanName, site: &SiteName) -> bool {
    let Some(configured) = app.engine.plan(plan) else { return false };
    let Some(site) = configured.plan.site(site) else { return false };
    app.observer.cluster(site, configured.plan.timing.arm_timeout).await.value().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::domain::fact::Fact;
    use crate::domain::ledger::state::ActiveRun;
    use crate::domain::names::IncidentId;
    use chrono::{DateTime, Utc};

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    fn plan() -> Plan {
        let text = include_str!("../../tests/fixtures/config/minimal.toml");
        config::parse(text, "reveille.toml", &|_| None).unwrap().plans.remove(0)
    }

    fn dark() -> Witness {
        Witness {
            at: NOW,
            primary: Fact::known(OriginView::Unreachable { why: "refused".into() }, NOW, "test"),
            standby: Fact::unknown("not asked", NOW, "test"),
            origin_health: Fact::known(0.0, NOW, "test"),
            front_door_answers: true,
        }
    }

    /// The ledger while a run of that kind is active.
    fn running(kind: RunKind, leave: &SiteName) -> PlanState {
        let active = ActiveRun {
            run: RunId::new("sonarqube.run"),
            incident: IncidentId::new("sonarqube.incident"),
            kind,
            leave: leave.clone(),
            by: StartedBy::Debt { of_run: RunId::new("sonarqube.before") },
            admitted_at: NOW,
            moving_since: None,
        };
        PlanState { active: Some(active), ..PlanState::default() }
    }

    #[test]
    fn a_run_that_pays_a_debt_blinds_nobody_for_an_outage_of_the_site_that_serves() {
        let plan = plan();
        let (serves, owed) = (plan.preferred().name.clone(), plan.other(&plan.preferred().name).name.clone());
        let seen = |state: &PlanState| outage(&plan, state, &dark(), &serves).is_some();
        assert!(seen(&PlanState::default()));
        assert!(seen(&running(RunKind::Fence, &owed)));
        assert!(!seen(&running(RunKind::Failover, &serves)), "it is seen to already");
    }
}
