//! The HTTP server that the host talks to: plain HTTP on IPv4 loopback, `GET /` and `POST /{function}`.

use super::answer::{Answer, HttpAnswer};
use super::envelope::{EnvelopeError, Invocation, is_trace_parent};
use super::functions::{Function, Functions, Outcome};
use crate::domain::causes::with_causes;
use crate::domain::status::Problem;
use crate::telemetry;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinError;
use tracing::Instrument;

/// Where the host tells its handler the port to listen on.
pub const PORT_VARIABLE: &str = "FUNCTIONS_CUSTOMHANDLER_PORT";
/// The host's id of this handler process; another one after every restart.
pub const WORKER_ID_VARIABLE: &str = "FUNCTIONS_CUSTOMHANDLER_WORKER_ID";

/// An alert of 1 MB arrives escaped into JSON text, with a copy of its members in `Metadata`.
const BODY_LIMIT: usize = 16 * 1024 * 1024;
const BACKLOG: u32 = 1024;

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    #[error("{PORT_VARIABLE} is not set; the Functions host sets it when it starts its handler")]
    NoPort,
    #[error("{PORT_VARIABLE} is {0:?}, not a port number")]
    NotAPort(String),
    #[error("cannot listen on 127.0.0.1:{port}")]
    Listen {
        port: u16,
        #[source]
        source: io::Error,
    },
}

/// Listens where the host asks for. Call it before anything slow: the host polls until somebody answers, and the
/// kernel takes its connections from now on.
pub fn bind(env: &dyn Fn(&str) -> Option<String>) -> Result<TcpListener, BindError> {
    let text = env(PORT_VARIABLE).ok_or(BindError::NoPort)?;
    let port = text.trim().parse().map_err(|_| BindError::NotAPort(text))?;
    listen(port).map_err(|source| BindError::Listen { port, source })
}

/// The port stays the same when the host restarts its handler, hence SO_REUSEADDR.
fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

/// Serves the functions for as long as the process lives. Should it ever return, the process has to end with a status
/// other than 0: the host never restarts a handler that ended with 0.
pub async fn serve(listener: TcpListener, functions: Functions) -> io::Result<()> {
    axum::serve(listener, router(functions)).await
}

/// The routes as a value, so that tests can call them without a port.
pub fn router(functions: Functions) -> Router {
    Router::new()
        .route("/", get(ready))
        .route("/{function}", post(invoke))
        .fallback(unknown_path)
        .with_state(Arc::new(functions))
}

/// The host takes any answer for "ready" and measures its latency later.
async fn ready() -> &'static str {
    "reveille"
}

async fn unknown_path() -> Response {
    failure(StatusCode::NOT_FOUND, "no such path; functions are called as POST /{function}")
}

async fn invoke(
    State(functions): State<Arc<Functions>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let Some(function) = functions.find(&name) else {
        tracing::error!(function = name, "the host called a function that this handler does not have");
        return failure(StatusCode::NOT_FOUND, "no such function");
    };
    let bytes = match axum::body::to_bytes(body, BODY_LIMIT).await {
        Ok(bytes) => bytes,
        Err(error) => return unreadable(function, StatusCode::PAYLOAD_TOO_LARGE, &error),
    };
    match decode(function, &headers, &bytes) {
        Ok(invocation) => call(function, invocation).await,
        Err(error) => unreadable(function, StatusCode::BAD_REQUEST, &error),
    }
}

fn decode(function: &Function, headers: &HeaderMap, body: &Bytes) -> Result<Invocation, EnvelopeError> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let trace_parent = header("traceparent").filter(|text| is_trace_parent(text));
    Invocation::decode(function.route.name, header("x-azure-functions-invocationid"), trace_parent, body)
}

/// Calls the handler in a task of its own, so that a panic ends this invocation only and a host that hangs up does
/// not stop it halfway; the deadline is inside, so that it holds even then.
async fn call(function: &Function, invocation: Invocation) -> Response {
    // At the highest level, so that its fields stand in whatever lines are let through.
    let span = tracing::error_span!(
        "invocation",
        function = invocation.function,
        invocation_id = invocation.invocation_id,
        trace_parent = invocation.trace_parent,
        failed = tracing::field::Empty,
    );
    let (deadline, handler) = (function.route.deadline, function.handler.clone());
    let limited = tokio::time::timeout(deadline, async move { handler(invocation).await });
    let ended = tokio::spawn(limited.instrument(span.clone())).await;
    let goes_on = matches!(&ended, Ok(Ok(Ok(answer))) if !answer.messages().is_empty());
    let response = span.in_scope(|| match ended {
        Ok(Ok(outcome)) => respond(function, outcome),
        Ok(Err(_)) => overdue(function, deadline),
        Err(error) => broken(function, &error),
    });
    span.record("failed", !response.status().is_success());
    drop(span);
    if function.route.http_output.is_none() && !goes_on {
        telemetry::flush(telemetry::FLUSH_LIMIT).await;
    }
    response
}

fn respond(function: &Function, outcome: Outcome) -> Response {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(error) => {
            tracing::error!(error = with_causes(&error), "the function failed");
            return failure(StatusCode::INTERNAL_SERVER_ERROR, "the function failed; its log says why");
        }
    };
    match answer.render(&function.route) {
        Ok(body) => {
            let status = answer.http_answer().map(|http| http.status);
            tracing::info!(status, wake_ups = answer.messages().len(), "the function answered");
            json_response(StatusCode::OK, &body)
        }
        Err(error) => {
            tracing::error!(error = with_causes(&error), "the answer does not fit the function");
            failure(StatusCode::INTERNAL_SERVER_ERROR, "the answer does not fit the function")
        }
    }
}

fn overdue(function: &Function, deadline: Duration) -> Response {
    tracing::error!(deadline_seconds = deadline.as_secs_f64(), "the function did not end before its deadline");
    unfinished(function, StatusCode::GATEWAY_TIMEOUT, "the function did not end before its deadline")
}

fn broken(function: &Function, error: &JoinError) -> Response {
    let how = if error.is_panic() { "panicked" } else { "was cancelled" };
    tracing::error!(how, "the function did not end by itself");
    unfinished(function, StatusCode::INTERNAL_SERVER_ERROR, "the function broke; its log says how")
}

/// Of an invocation that failed the host shows its caller an empty 500, at which Azure Monitor gives up. Whoever waits
/// is told to come again instead.
fn unfinished(function: &Function, status: StatusCode, reason: &str) -> Response {
    if function.route.http_output.is_none() {
        return failure(status, reason);
    }
    let next = "Send it again: whatever was taken is not taken twice.";
    let problem = Problem::new(503, "There is no answer", reason, next);
    respond(function, Ok(Answer::http(HttpAnswer::problem(&problem).header("Retry-After", "5"))))
}

/// An invocation that cannot be read. Whoever waits for an HTTP answer must see why, and the host shows a caller
/// nothing of a failed invocation: hence a success with an http output that is none.
fn unreadable(function: &Function, status: StatusCode, error: &(dyn std::error::Error + 'static)) -> Response {
    let reason = with_causes(error);
    tracing::error!(function = function.route.name, error = reason, "the host's request cannot be read");
    if function.route.http_output.is_none() {
        return failure(status, "the request cannot be read");
    }
    let next = "Send it again, with its length.";
    let problem = Problem::new(status.as_u16(), "The request cannot be read", reason, next);
    respond(function, Ok(Answer::http(HttpAnswer::problem(&problem))))
}

/// A failed invocation: the host throws the body away, but a person with curl reads it.
fn failure(status: StatusCode, message: &str) -> Response {
    json_response(status, &json!({ "error": message }))
}

fn json_response(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
