//! `run`: one slice of a run, woken by a queue message.

use super::app::App;
use super::watch;
use crate::azure::{AlertId, AlertState};
use crate::domain::run::StartedBy;
use crate::engine::journal::Journal;
use crate::engine::{Advance, WakeUp};
use crate::host::FunctionError;
use crate::host::{Answer, Invocation, routes};
use serde::{Deserialize, Serialize};
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
    match serde_json::from_str::<Message>(&message.text) {
        Ok(Message::Wake(wake)) => advance(&app, wake).await,
        Ok(Message::Look { .. }) => watch::look_at_all(&app).await,
        Err(error) => {
            // A message nobody here understands would only come back five times and then be poison.
            tracing::error!(%error, "a queue message is no wake-up and is dropped");
            Ok(Answer::done())
        }
    }
}

async fn advance(app: &App, wake: WakeUp) -> Result<Answer, FunctionError> {
    let plan = wake.run.plan().map_or_else(String::new, |plan| plan.to_string());
    let span = tracing::error_span!("slice", run = %wake.run, plan);
    drive(app, wake).instrument(span).await
}

async fn drive(app: &App, wake: WakeUp) -> Result<Answer, FunctionError> {
    tracing::info!(after = wake.after, "slice begins");
    let deadline = Instant::now() + routes::RUN.deadline - MARGIN;
    let (ended, ()) = tokio::join!(app.engine.advance(&wake, deadline), acknowledge_alert(app, &wake));
    let ended = ended.map_err(|error| FunctionError::failed("driving a run", error))?;
    tracing::info!(ended = ?ended, "slice ended");
    Ok(match ended {
        Advance::Continue(next) => Answer::done().wake(serde_json::to_string(&Message::Wake(next)).unwrap_or_default()),
        _ => Answer::done(),
    })
}

/// Tells Azure Monitor that its alert is being seen to. Best effort: nothing depends on it.
async fn acknowledge_alert(app: &App, wake: &WakeUp) {
    if wake.after > 0 {
        return;
    }
    let Ok(Some(journal)) = Journal::open(&app.engine.store, &wake.run).await else { return };
    let StartedBy::Alert { alert: Some(alert), .. } = &journal.state().created.started_by else { return };
    let Some(id) = AlertId::parse(alert) else { return };
    let comment = format!("Reveille run {}", wake.run);
    let send_before = Instant::now() + ACKNOWLEDGE_WITHIN;
    let changed = app.observer.azure.alerts().change_state(&id, AlertState::Acknowledged, &comment, send_before).await;
    if let Err(error) = changed {
        tracing::warn!(error = %error.text(), "the alert could not be acknowledged");
    }
}
