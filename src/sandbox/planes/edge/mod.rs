//! A Front Door edge: probes the origins, routes by priority, falls open when all fail.

mod health;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use self::health::Health;
use super::client::Client;
use crate::sandbox::world::{Origin, Profile, Workload, World};

/// Bodies above this are cut; nothing here sends that much.
const LARGEST_BODY: usize = 4 << 20;

/// The edge in front of one workload.
#[derive(Clone)]
pub(super) struct Edge {
    world: World,
    workload: Arc<Workload>,
    client: Client,
}

/// What all edges of a world remember.
#[derive(Default)]
struct Memory {
    /// Health by profile name.
    health: Mutex<BTreeMap<String, Health>>,
    /// Which region answered, by `X-Azure-Ref`.
    answered: Mutex<BTreeMap<String, String>>,
}

impl World {
    /// The region whose origin answered the request with this `X-Azure-Ref`.
    pub fn answered_by(&self, reference: &str) -> Option<String> {
        lock(&self.plane::<Memory>().answered).get(reference).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Edge {
    pub(super) fn new(world: World, workload: Arc<Workload>, client: Client) -> Self {
        Self { world, workload, client }
    }

    pub(super) fn router(self) -> Router {
        Router::new().fallback(forward).with_state(self)
    }

    fn profile(&self) -> Option<Profile> {
        self.world.profile(&self.workload.profile())
    }

    fn with_health<T>(&self, profile: &Profile, work: impl FnOnce(&mut Health) -> T) -> T {
        let memory = self.world.plane::<Memory>();
        let mut health = lock(&memory.health);
        work(health.entry(profile.name.clone()).or_default())
    }

    /// Probes the enabled origins for as long as the task lives.
    pub(super) async fn probe_forever(self) {
        self.seed();
        loop {
            if let Some(profile) = self.profile() {
                self.probe_all(&profile).await;
            }
            tokio::time::sleep(self.world.settings().probe_interval).await;
        }
    }

    /// The edge has been probing for long when the world begins.
    fn seed(&self) {
        let Some(profile) = self.profile() else { return };
        let running = self.workload.sites.iter().filter(|site| self.world.origin_reachable(site));
        let hosts: Vec<&str> = running.map(|site| site.origin.as_str()).collect();
        let health = Health::seeded(&profile, |origin| hosts.contains(&origin.host.as_str()));
        lock(&self.world.plane::<Memory>().health).insert(profile.name.clone(), health);
    }

    /// Probes do not wait for each other: one that hangs must not slow the others down.
    async fn probe_all(&self, profile: &Profile) {
        let enabled = profile.origins.iter().filter(|origin| origin.enabled);
        futures::future::join_all(enabled.map(|origin| self.probe(profile, origin))).await;
    }

    async fn probe(&self, profile: &Profile, origin: &Origin) {
        let settings = self.world.settings();
        let (method, path) = (profile.probe_method, &profile.probe_path);
        let answer = self.client.probe(method, &origin.host, path, settings.edge_timeout).await;
        // Only 200 is healthy: no 204, no redirect.
        let good = answer == Some(StatusCode::OK) && !settings.edge_blind.contains(&origin.host);
        self.world.record_origin_probe(&origin.host, good);
        self.with_health(profile, |health| health.record(profile, &origin.host, good));
    }
}

async fn forward(State(edge): State<Edge>, request: Request) -> Response {
    let reference = azure_reference();
    let mut response = match edge.forward(request, &reference).await {
        Ok(response) => response,
        Err(status) => error_page(status, &reference),
    };
    if let Ok(value) = HeaderValue::from_str(&reference) {
        response.headers_mut().insert("x-azure-ref", value);
    }
    response
}

impl Edge {
    async fn forward(&self, request: Request, reference: &str) -> Result<Response, StatusCode> {
        let profile = self.profile().ok_or(StatusCode::NOT_FOUND)?;
        let origin = self.with_health(&profile, |health| health.choose(&profile));
        let origin = origin.ok_or(StatusCode::SERVICE_UNAVAILABLE)?;
        let answer = self.send(&origin, request).await?;
        lock(&self.world.plane::<Memory>().answered).insert(reference.to_owned(), origin.region);
        Ok(answer)
    }

    async fn send(&self, origin: &Origin, request: Request) -> Result<Response, StatusCode> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LARGEST_BODY).await.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE)?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let outgoing = self
            .client
            .request(parts.method, &origin.host, path)
            .headers(passed_on(&parts.headers))
            .body(body)
            .timeout(self.world.settings().edge_timeout);
        let answer = outgoing.send().await.map_err(|error| failure(&error))?;
        let (status, headers) = (answer.status(), passed_on(answer.headers()));
        let body = answer.bytes().await.map_err(|error| failure(&error))?;
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

fn failure(error: &reqwest::Error) -> StatusCode {
    if error.is_timeout() { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::BAD_GATEWAY }
}

/// Headers without those that belong to one connection.
fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    for name in [header::CONNECTION, header::TRANSFER_ENCODING, header::CONTENT_LENGTH, header::HOST] {
        headers.remove(name);
    }
    headers
}

fn error_page(status: StatusCode, reference: &str) -> Response {
    let page = format!(
        "<!DOCTYPE html><html><head><title>Service unavailable</title></head><body>\
         <h2>Our services aren't available right now</h2>\
         <p>We're working to restore all services as soon as possible. Please check back soon.</p>\
         <p>{reference}</p></body></html>"
    );
    (status, Html(page)).into_response()
}

/// `20260714T083012Z-` and an opaque part, as Front Door writes it.
fn azure_reference() -> String {
    let time = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
    format!("{time}-{}", uuid::Uuid::new_v4().simple())
}
