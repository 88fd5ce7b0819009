//! Reveille on itself, at every round of the watch: it notes that it is there, and tells people when heartbeats stay away.

use super::app::App;
use crate::domain::causes::with_causes;
use crate::domain::heartbeat::{self, Heartbeat, Memory, Standing};
use crate::domain::names::ChannelName;
use crate::domain::notice::{Moment, Notice};
use crate::domain::plan::Plan;
use crate::domain::presence::Presence;
use crate::engine::ports::StoreError;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// Longest time for all of it, channels that hang included.
const BUDGET: Duration = Duration::from_secs(60);

/// Notes a heartbeat that has just come.
pub(super) async fn hear(app: &App) -> Result<(), StoreError> {
    let now = app.observer.clock.now();
    app.observer.amend(heartbeat::DOCUMENT, |memory: &mut Memory| memory.beat(now)).await.map(drop)
}

/// One round, beside the watch's own work: what that finds waits for nobody here. Of two that would overlap the later one is
/// left out.
pub(super) fn begin(app: &Arc<App>) {
    let app = app.clone();
    tokio::spawn(async move {
        if let Ok(_alone) = app.listening.try_lock() {
            round(&app).await;
        }
    });
}

async fn round(app: &App) {
    let plans: Vec<&Plan> = app.config.plans.iter().collect();
    let all = async {
        match app.observer.be_present(&plans).await {
            Ok(before) => listen(app, &before).await,
            Err(error) => tracing::warn!(error = with_causes(&error), "that the watch runs could not be noted"),
        }
    };
    if timeout(BUDGET, all).await.is_err() {
        tracing::warn!("the round's look at heartbeats was cut short");
    }
}

async fn listen(app: &App, before: &Presence) {
    let Some(expected) = &app.config.heartbeat else { return };
    let (now, me) = (app.observer.clock.now(), app.engine.driver.instance.as_str());
    let looked = app.observer.amend(heartbeat::DOCUMENT, |memory: &mut Memory| {
        memory.look(expected, before.newest(), now);
        if memory.is_untold(app.engine.channels.keys()) {
            memory.claim(me, now);
        }
    });
    match looked.await {
        Ok(memory) => tell(app, expected, &memory, me).await,
        Err(error) => tracing::warn!(error = with_causes(&error), "heartbeats could not be looked at"),
    }
}

/// A channel that fails is tried again at the next round.
async fn tell(app: &App, expected: &Heartbeat, memory: &Memory, me: &str) {
    let Some(notice) = notice(app, expected, memory) else { return };
    for channel in memory.untold(me, app.engine.channels.keys()) {
        if !delivered(app, channel, &notice).await {
            continue;
        }
        let note = app.observer.amend(heartbeat::DOCUMENT, |memory: &mut Memory| memory.was_told(channel));
        if let Err(error) = note.await {
            tracing::warn!(error = with_causes(&error), "that {channel} was told could not be noted");
        }
    }
}

/// Whether it need not be tried again.
async fn delivered(app: &App, name: &ChannelName, notice: &Notice) -> bool {
    let Some(channel) = app.engine.channels.get(name) else { return true };
    match timeout(app.engine.settings.notify_timeout, channel.deliver(notice)).await {
        Ok(Ok(_)) => true,
        Ok(Err(error)) => {
            tracing::warn!(error = with_causes(&error), "people could not be told of the heartbeat");
            !error.is_retryable()
        }
        Err(_) => false,
    }
}

fn notice(app: &App, expected: &Heartbeat, memory: &Memory) -> Option<Notice> {
    let told = memory.told.as_ref()?;
    let now = app.observer.clock.now();
    let moment = if told.silent { Moment::Silent } else { Moment::Back };
    let standing = expected.standing(memory, now);
    Some(Notice {
        id: format!("alert-path/{moment}/{}", told.since.to_rfc3339()),
        plan: None,
        run: None,
        incident: None,
        moment,
        outcome: None,
        headline: headline(told.silent, expected, standing, now),
        summary_lines: vec![format!("Seen by {}", app.observer.vantage)],
        ask: told.silent.then(|| ASK.to_owned()),
        commands: if told.silent { commands() } else { Vec::new() },
        report: None,
        journal_head: String::new(),
        at: now,
    })
}

const ASK: &str = "See whether the rule is enabled and calls the action group, and whether the receiver's function key is \
                   still right. Outages are still found by the watch's own look at the metric, but later";

fn commands() -> Vec<String> {
    vec!["reveille check".to_owned(), "reveille test-alert".to_owned()]
}

fn headline(silent: bool, expected: &Heartbeat, standing: Standing, now: chrono::DateTime<chrono::Utc>) -> String {
    let text = standing.text(expected, now);
    match silent {
        true => format!("Alerts do not arrive any more: {text}"),
        false => format!("Alerts arrive again: {text}"),
    }
}
