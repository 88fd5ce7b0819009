//! An origin: SonarQube behind an ingress. Answers follow the web API of SonarQube 2026.4 (docs.sonarsource.com).

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use super::application::Phase;
use super::settings::{PASSCODE, TOKEN};
use crate::sandbox::kubernetes::Indexation;
use crate::sandbox::world::{Site, Workload, World};

/// The server id is stored in the database, so it is the same in both regions and tells nothing.
const SERVER_ID: &str = "243B8A4D-AY6wTTcBTpWvTzVqmXgQ";
/// Projects in the database.
const PROJECTS: u32 = 38;
const VERSION: &str = "2026.4.0.118432";

/// One application at one site.
#[derive(Clone)]
pub(super) struct Origin {
    pub(super) world: World,
    pub(super) workload: Arc<Workload>,
    pub(super) site: Arc<Site>,
}

impl Origin {
    fn phase(&self) -> Phase {
        self.world.application(&self.workload, &self.site)
    }
}

/// Everything this origin answers.
pub(super) fn router(origin: Origin) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/api/system/status", get(status))
        .route("/api/system/health", get(health))
        .route("/api/system/liveness", get(liveness))
        .route("/api/ce/indexation_status", get(indexation))
        .route("/api/server/version", get(VERSION))
        .fallback(unknown)
        .layer(middleware::from_fn_with_state(origin.clone(), ingress))
        .with_state(origin)
}

/// The ingress controller: answers for pods that do not listen yet, and marks who served.
async fn ingress(State(origin): State<Origin>, request: Request, next: Next) -> Response {
    let mut response = match origin.phase() {
        Phase::Gone | Phase::Booting => unavailable(),
        _ => next.run(request).await,
    };
    if origin.world.settings().served_by_header
        && let Ok(region) = HeaderValue::from_str(&origin.site.region)
    {
        response.headers_mut().insert("x-served-by", region);
    }
    response
}

fn unavailable() -> Response {
    let page = "<html>\r\n<head><title>503 Service Temporarily Unavailable</title></head>\r\n<body>\r\n\
                <center><h1>503 Service Temporarily Unavailable</h1></center>\r\n<hr><center>nginx</center>\r\n\
                </body>\r\n</html>\r\n";
    (StatusCode::SERVICE_UNAVAILABLE, Html(page)).into_response()
}

/// The page is 200 whenever the web server listens, even while it starts or migrates.
async fn page() -> Html<&'static str> {
    Html(
        "<!DOCTYPE html><html lang=\"en\"><head><title>SonarQube</title></head><body><div id=\"content\"></div></body></html>",
    )
}

async fn status(State(origin): State<Origin>) -> Response {
    let status = match origin.phase() {
        Phase::Up => "UP",
        Phase::MigrationNeeded => "DB_MIGRATION_NEEDED",
        Phase::Down => "DOWN",
        _ => "STARTING",
    };
    axum::Json(json!({"id": SERVER_ID, "version": VERSION, "status": status})).into_response()
}

async fn health(State(origin): State<Origin>, headers: HeaderMap) -> Response {
    if !has_passcode(&headers) {
        return forbidden();
    }
    let searches = origin.world.indexation(&origin.site) != Indexation::Missing;
    let (health, causes) = match origin.phase() {
        Phase::Up if !searches => ("RED", json!([{"message": "Elasticsearch status is RED"}])),
        Phase::Up => ("GREEN", json!([])),
        _ => ("RED", json!([{"message": "No active node"}])),
    };
    axum::Json(json!({"health": health, "causes": causes, "nodes": []})).into_response()
}

/// How far the search index is: not for the passcode, only for users (SonarQube's web API; internal since 8.4). A stale
/// index is complete: the product does not know better.
async fn indexation(State(origin): State<Origin>, headers: HeaderMap) -> Response {
    let token = headers.get(header::AUTHORIZATION).and_then(|it| it.to_str().ok()?.strip_prefix("Bearer "));
    if token != Some(TOKEN) {
        return (StatusCode::UNAUTHORIZED, "").into_response();
    }
    let (completed, failed) = match origin.world.indexation(&origin.site) {
        Indexation::Complete => (PROJECTS, false),
        // The last one is not done before the whole is.
        Indexation::Going(part) => ((f64::from(PROJECTS) * part).min(f64::from(PROJECTS - 1)) as u32, false),
        Indexation::Missing => (0, true),
    };
    let done = completed == PROJECTS;
    let mut body = json!({"isCompleted": done, "hasFailures": failed, "completedCount": completed, "total": PROJECTS});
    if !done {
        body["statusMessage"] = "Results are temporarily unavailable. Indexing of issues is in progress.".into();
    }
    axum::Json(body).into_response()
}

async fn liveness(State(origin): State<Origin>, headers: HeaderMap) -> Response {
    if !has_passcode(&headers) {
        return forbidden();
    }
    let alive = origin.world.writable_database(&origin.workload).is_some();
    if alive { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE }.into_response()
}

fn has_passcode(headers: &HeaderMap) -> bool {
    headers.get("x-sonar-passcode").is_some_and(|value| value == PASSCODE)
}

fn forbidden() -> Response {
    (StatusCode::FORBIDDEN, errors("Insufficient privileges")).into_response()
}

async fn unknown(State(origin): State<Origin>, request: Request) -> Response {
    let (method, path) = (request.method().to_string(), request.uri().path().to_owned());
    let text = format!("{} was asked for {method} {path}", origin.site.origin);
    let event = crate::sandbox::world::Event::Unknown { method, path: path.clone() };
    origin.world.log(event, text);
    (StatusCode::NOT_FOUND, errors(&format!("Unknown url : {path}"))).into_response()
}

fn errors(message: &str) -> impl IntoResponse + use<> {
    let body: Value = json!({"errors": [{"msg": message}]});
    ([(header::CONTENT_TYPE, "application/json")], body.to_string())
}
