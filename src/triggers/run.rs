//! `run`: one slice of a run, woken by a queue message.

use super::app::App;
use super::watch;
use crate::azure::{AlertId, AlertState};
use crate::domain::names::RunId;
use crate::domain::plan::Automation;
use crate::domain::run::{RunState, StartedBy};
use crate::engine::journal::Journal;
use crate::engine::{Advance, WakeUp};
use crate::host::FunctionError;
use crate::host::{Answer, Invocation, routes};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use tracing::Instrument;

/// What the queue `reveille-runs` carries. Messages are only wake-ups: losing one costs a tick of the watch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Message {
    Wake(WakeUp),
    /// Look at every plan now.
    Look {
        look: bool,
    },
}

/// Longest time until an alert's acknowledgement is sent.
const ACKNOWLEDGE_WITHIN: Duration = Duration::from_secs(20);

/// Time kept back from the function's deadline for ending the slice in order.
const MARGIN: Duration = Duration::from_secs(60);

pub(super) async fn answer(app: Arc<App>, invocation: Invocation) -> Result<Answer, FunctionError> {
    let message = invocation.message(routes::RUN.input)?;
    let read = message.object().and_then(|object| serde_json::from_value(Value::Object(object)).ok());
    match read {
        Some(Message::Wake(wake)) => advance(&app, wake).await,
        Some(Message::Look { .. }) => Ok(watch::on_request(&app).await),
        None => {
            // A message nobody here understands would only come back five times and then be poison.
            tracing::error!(bytes = message.text.len(), "a queue message is no wake-up and is dropped");
            Ok(Answer::done())
        }
    }
}

async fn advance(app: &Arc<App>, wake: WakeUp) -> Result<Answer, FunctionError> {
    let plan = wake.run.plan().map_or_else(String::new, |plan| plan.to_string());
    let span = tracing::error_span!("slice", run = %wake.run, plan);
    drive(app, wake).instrument(span).await
}

async fn drive(app: &Arc<App>, wake: WakeUp) -> Result<Answer, FunctionError> {
    tracing::info!(after = wake.after, "slice begins");
    let deadline = Instant::now() + routes::RUN.deadline - MARGIN;
    if wake.after == 0 {
        let acknowledging = acknowledge_alert(app.clone(), wake.run.clone());
        if let Some(acknowledging) = acknowledging.await {
            tokio::spawn(acknowledging.in_current_span());
        }
    }
    let ended = app.engine.advance(&wake, deadline).await;
    let ended = ended.map_err(|error| FunctionError::failed("driving a run", error))?;
    tracing::info!(ended = ?ended, "slice ended");
    Ok(match ended {
        Advance::Continue(next) => Answer::done().wake(serde_json::to_string(&Message::Wake(next)).unwrap_or_default()),
        _ => Answer::done(),
    })
}

/// Tells Azure Monitor that its alert is being seen to, once: when nobody has driven the run yet, and not for a plan
/// that sees to nothing. Best effort; nothing depends on it and nobody waits for it.
async fn acknowledge_alert(app: Arc<App>, run: RunId) -> Option<impl Future<Output = ()> + Send + 'static> {
    let journal = Journal::open(&app.engine.store, &run).await.ok()??;
    let id = to_acknowledge(journal.state())?;
    Some(async move {
        let comment = format!("Reveille run {run}");
        let send_before = Instant::now() + ACKNOWLEDGE_WITHIN;
        let alerts = app.observer.azure.alerts();
        if let Err(error) = alerts.change_state(&id, AlertState::Acknowledged, &comment, send_before).await {
            tracing::warn!(error = %error.text(), "the alert could not be acknowledged");
        }
    })
}

fn to_acknowledge(run: &RunState) -> Option<AlertId> {
    let untouched = run.claim.slice == 0 && run.outcome.is_none() && !run.closed;
    if !untouched || run.created.plan.automation == Automation::Observe {
        return None;
    }
    match &run.created.started_by {
        StartedBy::Alert { alert: Some(alert), .. } => AlertId::parse(alert),
        _ => None,
    }
}
