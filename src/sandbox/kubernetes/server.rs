//! An API server at the socket: TLS, callers, faults, log.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

use super::ask::Ask;
use super::fault::{KubeFaultAction, forbidden, throttled};
use super::reply::{Content, Reply};
use super::{api, table, watch};
use crate::sandbox::tls::Peer;
use crate::sandbox::world::{Event, World};

/// API servers take bodies of up to 3 MB.
const BODY_LIMIT: usize = 3 << 20;

#[derive(Clone)]
struct Server {
    world: World,
    cluster: String,
}

/// The API server of a cluster.
pub(super) fn router(world: World, cluster: String) -> Router {
    Router::new().fallback(handle).with_state(Server { world, cluster })
}

async fn handle(State(server): State<Server>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        let message = "Request entity too large: limit is 3145728";
        return dressed(Reply::refusal(413, "RequestEntityTooLarge", message, Value::Null));
    };
    let ask = Ask {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map(|it| it.0).unwrap_or_default(),
        content_type: content_type(&parts.headers),
        accept: text(&parts.headers, header::ACCEPT).to_owned(),
        body: body.to_vec(),
    };
    let authorization = Some(text(&parts.headers, header::AUTHORIZATION)).filter(|it| !it.is_empty());
    let caller = match server.world.kube_caller(authorization, peer.certified) {
        Ok(caller) => caller,
        Err(why) => return server.stranger(&ask, &why),
    };
    match answered(&server, &ask, &caller).await {
        Some(Ok(reply)) => reply,
        Some(Err(reply)) => {
            log(&server.world, &server.cluster, &ask, &caller, None);
            peer.switch.cut();
            dressed(reply)
        }
        None => std::future::pending().await,
    }
}

/// The answer; an error is one whose connection is cut, and nothing is one that never comes.
async fn answered(server: &Server, ask: &Ask, caller: &str) -> Option<Result<Response, Reply>> {
    let (world, cluster) = (&server.world, server.cluster.as_str());
    let fault = if is_denied(world, cluster, ask) {
        Some(KubeFaultAction::Forbidden)
    } else {
        world.take_kube_fault(cluster, ask)
    };
    let reply = match fault {
        Some(KubeFaultAction::Hang) => return None,
        Some(KubeFaultAction::Reset) => return Some(Err(Reply::text(""))),
        Some(KubeFaultAction::AcceptAndReset) => return Some(Err(api::answer(world, cluster, ask))),
        Some(fault) => refusal(&fault, ask, caller),
        None if ask.wants_watch() => match watch::start(world, cluster, ask) {
            Ok(stream) => {
                log(world, cluster, ask, caller, Some(200));
                return Some(Ok(streamed(stream)));
            }
            Err(reply) => reply,
        },
        None => table::shown(ask, api::answer(world, cluster, ask), world.now()),
    };
    log(world, cluster, ask, caller, Some(reply.status));
    Some(Ok(dressed(reply)))
}

/// No access rule allows it. What is no resource is open to whoever is known.
fn is_denied(world: &World, cluster: &str, ask: &Ask) -> bool {
    let Some((resource, named, place)) = ask.resource() else { return false };
    let denied = !world.kube_is_granted(ask.verb(), resource.group, &named, &place.namespace);
    if denied {
        let action = format!("{} {named}", ask.verb());
        world.log(
            Event::Denied { action: action.clone(), scope: cluster.to_owned() },
            format!("{action} is not allowed"),
        );
    }
    denied
}

/// What a fault answers that answers something.
pub(super) fn refusal(fault: &KubeFaultAction, ask: &Ask, caller: &str) -> Reply {
    match fault {
        KubeFaultAction::Forbidden => forbidden(ask, caller),
        KubeFaultAction::Throttled { retry_after } => throttled(*retry_after),
        KubeFaultAction::Answer { status, reason, message } => {
            Reply::refusal(*status, reason, message.as_str(), Value::Null)
        }
        _ => Reply::refusal(500, "InternalError", "Internal error occurred", Value::Null),
    }
}

impl Server {
    fn stranger(&self, ask: &Ask, why: &str) -> Response {
        let event = Event::Unauthorized { path: format!("{} {}", self.cluster, ask.path), code: why.to_owned() };
        self.world.log(event, format!("caller of {} on {} refused: {why}", ask.path, self.cluster));
        dressed(Reply::unauthorized())
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
}

fn content_type(headers: &HeaderMap) -> String {
    text(headers, header::CONTENT_TYPE).split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Enters a call in the world's log. `status` is `None` when the connection was cut instead of an answer.
pub(super) fn log(world: &World, cluster: &str, ask: &Ask, caller: &str, status: Option<u16>) {
    let told = status.map_or("connection cut".to_owned(), |it| it.to_string());
    let text = format!("Kubernetes of {cluster}: {} {}: {told}", ask.method, ask.path);
    let (cluster, path, caller) = (cluster.to_owned(), ask.path.clone(), caller.to_owned());
    let event = if ask.is_read() {
        Event::KubeRead { cluster, path, caller, status }
    } else {
        let body = serde_json::from_slice(&ask.body).unwrap_or(Value::Null);
        Event::KubeCall { cluster, method: ask.method.clone(), path, caller, body, status }
    };
    world.log(event, text);
}

fn dressed(reply: Reply) -> Response {
    let (kind, body) = match reply.body {
        Content::Json(body) => ("application/json", body.to_string()),
        Content::Text(body) => ("text/plain; charset=utf-8", body),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, private"));
    if let Ok(id) = HeaderValue::from_str(&uuid::Uuid::new_v4().to_string()) {
        headers.insert("audit-id", id);
    }
    if let Some(seconds) = reply.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn streamed(body: Body) -> Response {
    let mut response = Response::new(body);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
