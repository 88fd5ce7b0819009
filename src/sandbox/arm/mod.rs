//! Azure Resource Manager at the socket: TLS, bearer tokens, api-versions, throttling, errors and long-running
//! operations as recorded traffic shows them.
//!
//! A request goes through stages in order: authentication, faults, addressing, access, throttling, and then the one handler of
//! its route. Everything that is not known is answered as ARM answers an unknown thing, and logged as such.

mod access;
mod addressing;
mod aks;
mod aks_access;
mod aks_json;
mod aks_refusal;
mod alerts;
mod answer;
mod call;
mod compute;
mod front_door;
mod insights;
mod iso_duration;
mod lro;
mod metric_filter;
mod metric_query;
mod metrics;
mod origin_patch;
mod permissions;
mod postgres;
mod postgres_json;
mod route;
mod subscription;
mod throttle;
mod versions;

pub(in crate::sandbox) use aks_json::KUBERNETES;

use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;

use crate::sandbox::tls::{Peer, Switch, TlsListener};
use crate::sandbox::world::{Event, FaultAction, World};

use answer::{Answer, Dress};
use call::Call;
use throttle::Throttle;

/// ARM takes bodies of up to 4 MB.
const BODY_LIMIT: usize = 4 << 20;

/// Serves ARM on a listener until the task is dropped. Several listeners of one world share their throttling.
pub async fn serve(world: World, listener: TlsListener) {
    let service = router(world).into_make_service_with_connect_info::<Peer>();
    // Serving only ends with its task: the listener never fails.
    let _ = axum::serve(listener, service).await;
}

fn router(world: World) -> Router {
    Router::new().fallback(handle).with_state(world)
}

async fn handle(State(world): State<World>, ConnectInfo(peer): ConnectInfo<Peer>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Answer::error(413, "RequestEntityTooLarge", "The request body is too large.")
            .into_response(&Dress::default());
    };
    let call = Call::new(world, &parts, &body);
    let (answer, ending) = answer(&call).await;
    // Before any waiting: a client that gives up meanwhile takes this task with it.
    log(&call, answer.status, ending);
    end(ending, &peer.switch).await;
    let mut response = answer.into_response(&call.dress());
    date(&call.world, &mut response);
    response
}

/// The time that Azure believes it is.
fn date(world: &World, response: &mut Response) {
    let now = world.now() + chrono::TimeDelta::seconds(world.knobs().clock_ahead);
    if let Ok(value) = now.format("%a, %d %b %Y %H:%M:%S GMT").to_string().parse() {
        response.headers_mut().insert(axum::http::header::DATE, value);
    }
}

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Sent,
    /// The connection is cut instead.
    Cut,
    /// It is sent after a while.
    Late(Duration),
}

async fn end(ending: Ending, switch: &Switch) {
    match ending {
        Ending::Sent => {}
        Ending::Cut => switch.cut(),
        Ending::Late(wait) => tokio::time::sleep(wait).await,
    }
}

async fn answer(call: &Call) -> (Answer, Ending) {
    if call.is_public() {
        return (subscription::metadata(call), Ending::Sent);
    }
    match call.authenticate() {
        Ok(()) => faulty(call).await,
        Err(refused) => (refused, Ending::Sent),
    }
}

async fn faulty(call: &Call) -> (Answer, Ending) {
    match call.world.take_fault(call.method.as_str(), &call.path) {
        Some(FaultAction::Answer { status, body, retry_after }) => {
            (Answer::prepared(status, body, retry_after), Ending::Sent)
        }
        Some(FaultAction::Reset) => (Answer::empty(500), Ending::Cut),
        Some(FaultAction::AcceptAndReset) => (routed(call, None).await, Ending::Cut),
        Some(FaultAction::Slow { delay_ms }) => {
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            (routed(call, None).await, Ending::Sent)
        }
        Some(FaultAction::SlowAnswer { delay_ms }) => {
            (routed(call, None).await, Ending::Late(Duration::from_millis(delay_ms)))
        }
        effect => (routed(call, effect).await, Ending::Sent),
    }
}

async fn routed(call: &Call, effect: Option<FaultAction>) -> Answer {
    let route = match addressing::resolve(call) {
        Ok(route) => route,
        Err(refused) => return refused,
    };
    if let Some(refused) = access::refuse(call, &route) {
        return refused;
    }
    if let Some(refused) = call.world.plane::<Throttle>().refuse(call, &route) {
        return refused;
    }
    if let Some(wait) = addressing::unreachable(call, &route) {
        tokio::time::sleep(wait).await;
        return addressing::gateway_timeout(&route);
    }
    route::dispatch(call, &route, effect.as_ref())
}

fn log(call: &Call, status: u16, ending: Ending) {
    let status = (ending != Ending::Cut).then_some(status);
    let (path, version) = (call.path.clone(), call.param("api-version").map(str::to_owned));
    let caller = call.caller_name();
    let told = status.map_or("connection cut".to_owned(), |it| it.to_string());
    let text = format!("ARM {} {path}: {told}", call.method);
    let event = if call.method == axum::http::Method::GET {
        Event::ArmRead { path, version, caller, status }
    } else {
        Event::ArmCall {
            method: call.method.to_string(),
            path,
            version,
            caller,
            body: call.body_json(),
            status,
            client_request_id: call.client_request_id(),
        }
    };
    call.world.log(event, text);
}
