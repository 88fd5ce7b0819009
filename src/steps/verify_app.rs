//! `verify-app`: the application at the standby must serve, asked at its own origin, past Front Door.
//!
//! Calls: HTTPS to the standby's origin. No Azure permission.

use crate::domain::application::AppView;
use crate::domain::duration;
use crate::domain::fact::Fact;
use crate::domain::failure::FailureClass;
use crate::domain::look::Look;
use crate::domain::observation::Observation;
use crate::domain::run::Ask;
use crate::engine::ports::StepView;
use chrono::{DateTime, Utc};

// --- inputs: what the application said of itself ------------------------------------------------------------------

// --- precheck and act: nothing; this step only looks --------------------------------------------------------------

// --- verify -----------------------------------------------------------------------------------------------------

/// Decides on what the application said.
pub fn decide(view: &StepView, app: Fact<AppView>) -> Look {
    let timing = &view.run.created.plan.timing;
    let again_in = timing.app_poll;
    let said = app.value().cloned();
    let saw = Observation::App { app };
    match said {
        Some(AppView::Serving { .. }) => Look::Done { proof: saw },
        Some(AppView::MigrationNeeded { .. }) => Look::Ask { ask: migration(view), saw: Some(saw), again_in },
        // How long a migration takes depends on the data; a person watches it.
        Some(AppView::MigrationRunning { .. }) => Look::Pending { saw: Some(saw), again_in },
        _ if is_overdue(view) => {
            let limit = duration::text(timing.app_deadline);
            let message = format!("the application did not serve within {limit}: {}", saw.text());
            Look::Failed { class: FailureClass::Other, message, saw: Some(saw) }
        }
        _ => Look::Pending { saw: Some(saw), again_in },
    }
}

/// When the time to come up began: with the step, or when the application was first seen behind a migration, for which
/// a person may have been awaited for hours. Nothing seen behind it yet: it begins now.
fn coming_up_since(view: &StepView) -> DateTime<Utc> {
    let seen = &view.record().observations;
    match seen.iter().rposition(is_migration) {
        Some(last) => seen.get(last + 1).and_then(Observation::seen_at).unwrap_or(view.now),
        None => view.record().started_at.unwrap_or(view.now),
    }
}

fn is_migration(saw: &Observation) -> bool {
    let Observation::App { app } = saw else { return false };
    matches!(app.value(), Some(AppView::MigrationNeeded { .. } | AppView::MigrationRunning { .. }))
}

fn is_overdue(view: &StepView) -> bool {
    let since = coming_up_since(view);
    (view.now - since).to_std().is_ok_and(|spent| spent >= view.run.created.plan.timing.app_deadline)
}

/// A migration is never started by Reveille: it cannot be undone, and the other site's version would be locked out.
fn migration(view: &StepView) -> Ask {
    let created = &view.run.created;
    let origin = created.plan.site(&created.standby).map(|site| site.origin.https()).unwrap_or_default();
    Ask {
        what: format!("The application at {} waits for a database migration.", created.standby),
        means: "The two sites run different versions. Start the migration (it cannot be undone) or deploy the version \
                that the database belongs to; Reveille keeps looking and goes on by itself."
            .into(),
        commands: vec![format!("{origin}/setup")],
        approve_means: None,
    }
}
