//! What a plan's status says of Reveille itself: whether alerts reach it, and whether it would fall with what it protects.

use super::super::app::App;
use crate::domain::heartbeat::{self, Memory};
use crate::domain::names::SiteName;
use crate::domain::plan::Plan;
use crate::domain::status::Light;

pub(super) struct Own {
    pub(super) alerts: Option<String>,
    pub(super) cautions: Vec<String>,
}

/// From small documents; what cannot be read says nothing, and a plan's status does without it.
pub(super) async fn look(app: &App, plan: &Plan, primary: &SiteName) -> Own {
    let (beats, place) = tokio::join!(alerts(app), falls_with(app, plan, primary));
    let (alerts, silent) = beats.map_or((None, false), |(text, silent)| (Some(text), silent));
    let caution = alerts.as_ref().filter(|_| silent).map(|text| format!("alerts do not arrive: {text}"));
    Own { cautions: caution.into_iter().chain(place).collect(), alerts }
}

async fn alerts(app: &App) -> Option<(String, bool)> {
    let expected = app.config.heartbeat.as_ref()?;
    let (memory, _): (Memory, _) = app.observer.remembered(heartbeat::DOCUMENT).await.ok()?;
    let now = app.engine.clock.now();
    let standing = expected.standing(&memory, now);
    Some((standing.text(expected, now), standing.is_silent()))
}

async fn falls_with(app: &App, plan: &Plan, primary: &SiteName) -> Option<String> {
    let (presence, _) = app.observer.presence().await.ok()?;
    let region = presence.region_of(&plan.site(primary)?.cluster)?;
    let falls = presence.falls_with(region, app.engine.clock.now());
    falls.then(|| format!("Reveille sits in {region}, the region that it protects against"))
}

impl Own {
    /// A caution makes green yellow, and is the sentence then.
    pub(super) fn colour(&self, (light, sentence): (Light, String)) -> (Light, String) {
        match (light, self.cautions.first()) {
            (Light::Green, Some(caution)) => (Light::Yellow, caution.clone()),
            _ => (light, sentence),
        }
    }
}
