//! `GET /api/v1/check`: first contact, seen from where the app runs and with its identity. Reads only.

use super::super::app::App;
use super::super::json;
use super::{Answered, no_such_plan};
use crate::config::Identity;
use crate::domain::names::PlanName;
use crate::domain::plan::Plan;
use crate::host::HttpRequestData;
use std::time::Duration;

/// Longest look; a dark region makes each read take as long as it may.
pub(super) const BUDGET: Duration = Duration::from_secs(45);

/// Whether a request asks for it.
pub(super) fn is(path: &str) -> bool {
    path.trim_end_matches('/').ends_with("/v1/check")
}

/// All plans, or the one that `plan` names.
pub(super) async fn check(app: &App, request: &HttpRequestData) -> Answered {
    let wanted = request.query("plan").map(PlanName::new);
    if let Some(name) = wanted.as_ref().filter(|name| app.engine.plan(name).is_none()) {
        return Err(no_such_plan(app, name));
    }
    let plans: Vec<&Plan> =
        app.config.plans.iter().filter(|plan| wanted.as_ref().is_none_or(|name| *name == plan.name)).collect();
    Ok(json(200, &app.observer.checkup(&plans, &identity(&app.config.identity)).await))
}

fn identity(identity: &Identity) -> String {
    match identity {
        Identity::Managed { client_id: Some(id) } => format!("the managed identity {id} of the function app"),
        Identity::Managed { client_id: None } => "the function app's own managed identity".to_owned(),
        Identity::AzureCli => "the account that the Azure CLI is logged in with".to_owned(),
    }
}
