//! What an HTTP answer says about an application. Pure: answers in, views out.
//!
//! SonarQube's states are those of `GET /api/system/status` (docs.sonarsource.com, Web API). It answers 200 in every
//! state, and once it is up it does not look at its database again: "UP" is no proof of a writer. Before that interface
//! exists, its web server and the ingress before it answer 503, 404, HTML or nothing at all; that is "starting".

use super::http::{Answer, RouteQuestion};
use super::one_line;
use crate::domain::application::{AppView, IndexState, OriginView, RouteView};
use crate::domain::plan::{AppKind, Site};
use crate::domain::search_index::Indexation;
use serde::Deserialize;
use serde_json::Value;

/// Statuses that an ingress gives while nothing is behind it yet.
const NOTHING_BEHIND_YET: [u16; 4] = [404, 502, 503, 504];

/// Judges an origin: healthy is exactly what counts as serving.
pub fn origin(app_kind: &AppKind, answer: &Answer) -> OriginView {
    match app(app_kind, answer) {
        AppView::Serving { said, .. } => OriginView::Healthy { said },
        AppView::Unreachable { why } => OriginView::Unreachable { why },
        AppView::MigrationRunning { said } => OriginView::Busy { said },
        AppView::Starting { said } if speaks_for_itself(app_kind, answer) => OriginView::Busy { said },
        AppView::Starting { said } | AppView::MigrationNeeded { said } | AppView::Down { said } => {
            OriginView::Unhealthy { said }
        }
    }
}

/// Whether it is the application that answers, and not the gateway before it.
fn speaks_for_itself(kind: &AppKind, answer: &Answer) -> bool {
    matches!(kind, AppKind::Sonarqube) && system_status(answer).is_some()
}

/// Judges the application by its own kind of answer.
pub fn app(kind: &AppKind, answer: &Answer) -> AppView {
    match kind {
        AppKind::Sonarqube => sonarqube(answer),
        AppKind::Http { .. } => match http_mismatch(kind, answer) {
            None => AppView::Serving { said: outline(answer), search_index: IndexState::NotApplicable },
            Some(said) if NOTHING_BEHIND_YET.contains(&answer.status) => AppView::Starting { said },
            Some(said) => AppView::Down { said },
        },
    }
}

/// Judges an answer that came through Front Door. One out of its cache (`X-Cache: TCP_HIT`, `TCP_REMOTE_HIT`;
/// learn.microsoft.com, "Debug HTTP headers") proves nothing: the application did not answer.
pub fn route(question: &RouteQuestion<'_>, answer: &Answer) -> RouteView {
    if let Some(cache) = answer.header("x-cache").filter(|value| value.to_ascii_uppercase().contains("HIT")) {
        let said = format!("{}, out of Front Door's cache (X-Cache: {})", outline(answer), one_line(cache));
        return RouteView::Failing { said };
    }
    match app(&question.app.kind, answer) {
        AppView::Serving { said, .. } => served(question, answer, said),
        AppView::Unreachable { why } => RouteView::Failing { said: why },
        AppView::Starting { said }
        | AppView::MigrationNeeded { said }
        | AppView::MigrationRunning { said }
        | AppView::Down { said } => RouteView::Failing { said },
    }
}

/// Which site served, by the header that each site's ingress sets.
fn served(question: &RouteQuestion<'_>, answer: &Answer, said: String) -> RouteView {
    let Some(name) = question.app.served_by_header.as_deref() else { return RouteView::Served { said } };
    let Some(by) = answer.header(name) else { return RouteView::Unmarked { header: name.to_owned(), said } };
    let said = format!("{said}, {name}: {}", one_line(by));
    let wanted = |site: &&Site| question.expected.is_none_or(|expected| expected == &site.name);
    match question.sites.iter().find(|site| site.served_by.eq_ignore_ascii_case(by)).filter(wanted) {
        Some(site) => RouteView::ServedBy { site: site.name.clone(), said },
        None => RouteView::ServedByOther { by: one_line(by), said },
    }
}

/// The answer of `GET /api/system/status`.
#[derive(Deserialize)]
struct SystemStatus {
    status: String,
    #[serde(default)]
    version: Option<String>,
}

fn system_status(answer: &Answer) -> Option<SystemStatus> {
    serde_json::from_slice(&answer.body).ok().filter(|_| answer.status == 200)
}

fn sonarqube(answer: &Answer) -> AppView {
    let Some(SystemStatus { status, version }) = system_status(answer) else {
        return AppView::Starting { said: outline(answer) };
    };
    let version = version.map(|version| format!(", version {}", one_line(&version))).unwrap_or_default();
    let said = format!("{}{version}", one_line(&status));
    match status.as_str() {
        "UP" => AppView::Serving { said, search_index: IndexState::NotVerified },
        "DOWN" => AppView::Down { said },
        "DB_MIGRATION_NEEDED" => AppView::MigrationNeeded { said },
        "DB_MIGRATION_RUNNING" => AppView::MigrationRunning { said },
        // STARTING, RESTARTING, and whatever a later version adds: not serving yet, not broken either.
        _ => AppView::Starting { said },
    }
}

/// The answer of `GET /api/ce/indexation_status`; older versions give percent where newer ones count.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IndexationStatus {
    is_completed: bool,
    #[serde(default)]
    has_failures: bool,
    percent_completed: Option<u64>,
    completed_count: Option<u64>,
    total: Option<u64>,
}

/// How far the search index is, or why the answer does not tell.
pub fn indexation(answer: &Answer) -> Result<Indexation, String> {
    match answer.status {
        200 => {}
        401 | 403 => return Err(format!("SonarQube does not take the token: {}", outline(answer))),
        _ => return Err(outline(answer)),
    }
    let Ok(status) = serde_json::from_slice::<IndexationStatus>(&answer.body) else {
        return Err(format!("{}, which does not tell the state of the index", outline(answer)));
    };
    let counted = status.completed_count.zip(status.total).filter(|(_, total)| *total > 0);
    let percent = status.percent_completed.or(counted.map(|(done, total)| done.saturating_mul(100) / total));
    let percent = percent.unwrap_or(if status.is_completed { 100 } else { 0 }).min(100);
    let percent = u8::try_from(percent).unwrap_or(100);
    Ok(Indexation { complete: status.is_completed, failures: status.has_failures, percent })
}

/// What is not as the plan asks of a generic application; `None` when all is.
fn http_mismatch(kind: &AppKind, answer: &Answer) -> Option<String> {
    let AppKind::Http { status, header, json, .. } = kind else { return None };
    if answer.status != *status {
        return Some(format!("{}, expected {status}", outline(answer)));
    }
    if let Some((name, value)) = header
        && answer.header(name) != Some(value.as_str())
    {
        let got = answer.header(name).map_or("none".into(), one_line);
        return Some(format!("{}, header {name} is {got}, expected {value}", answer.status));
    }
    let (pointer, expected) = json.as_ref()?;
    json_mismatch(answer, pointer, expected)
}

fn json_mismatch(answer: &Answer, pointer: &str, expected: &Value) -> Option<String> {
    let Ok(body) = serde_json::from_slice::<Value>(&answer.body) else {
        let cut = if answer.cut { " (too long, cut)" } else { "" };
        return Some(format!("{}, which is not JSON{cut}", outline(answer)));
    };
    let got = body.pointer(pointer);
    // The plan may write a number or a boolean as text; it means the same.
    let as_written = expected.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let same = |got: &Value| got == expected || Some(got) == as_written.as_ref();
    match got {
        Some(got) if same(got) => None,
        Some(got) => {
            Some(format!("{}, {pointer} is {}, expected {expected}", answer.status, one_line(&got.to_string())))
        }
        None => Some(format!("{}, nothing at {pointer}, expected {expected}", answer.status)),
    }
}

/// Status, where a redirect leads, and the kind and size of the body: enough for a person to recognise the page.
fn outline(answer: &Answer) -> String {
    let reason = reqwest::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let mut text = format!("{} {}", answer.status, reason.unwrap_or_default()).trim_end().to_owned();
    if let Some(location) = answer.header("location") {
        text.push_str(&format!(" to {}", one_line(location.split('?').next().unwrap_or_default())));
    }
    if answer.body.is_empty() {
        text.push_str(", empty body");
    } else if let Some(kind) = answer.header("content-type") {
        text.push_str(&format!(", {}", one_line(kind)));
    }
    text
}

#[cfg(test)]
#[path = "health_tests.rs"]
mod tests;
