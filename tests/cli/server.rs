//! A stand-in for a function app: the host's key check, and an operator interface that says what it was given.

use super::world;
use axum::body::Body;
use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use reveille::domain::record::{AttestWords, NoteWords};
use reveille::domain::status::{Done, PlanStatus, Problem, RunView, Words};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};

/// Shaped like a function key; nothing else in the tests contains it.
pub const KEY: &str = "Zk3-test-only_key/0aXh4Yg==";

/// What goes wrong before the next answer about a run.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// The handler was killed: the host answers 500 with an empty body.
    Killed,
    /// The connection breaks in the middle of the answer.
    Cut,
    /// The host is coming up and knows no functions yet.
    NotThereYet,
}

#[derive(Default)]
pub struct World {
    pub plans: Vec<PlanStatus>,
    /// The run at growing `seq`; a poll gets the first that is newer than its `after`.
    pub stages: Vec<RunView>,
    pub faults: VecDeque<(u64, Fault)>,
    /// The answer to the next `POST`; taken.
    pub answers: VecDeque<Answered>,
    /// Every `POST`: path and body.
    pub posted: Vec<(String, Value)>,
    pub report: Option<Value>,
    pub record: Option<Value>,
}

pub enum Answered {
    Done(Done),
    Problem(Problem),
    Fault(Fault),
}

#[derive(Clone, Default)]
pub struct Server {
    world: Arc<Mutex<World>>,
}

impl Server {
    pub fn with(change: impl FnOnce(&mut World)) -> Self {
        let server = Self::default();
        change(&mut server.world.lock().unwrap());
        server
    }

    pub fn posted(&self) -> Vec<(String, Value)> {
        self.world.lock().unwrap().posted.clone()
    }

    /// Starts it; gives its base address.
    pub async fn start(&self) -> String {
        let app = Router::new()
            .route("/api/v1/plans", get(plans))
            .route("/api/v1/plans/{plan}", get(plan))
            .route("/api/v1/plans/{plan}/{verb}", post(act))
            .route("/api/v1/runs/{run}", get(run))
            .route("/api/v1/runs/{run}/report", get(report))
            .route("/api/v1/runs/{run}/record", get(record))
            .route("/api/v1/runs/{run}/{verb}", post(act))
            .layer(from_fn_with_state(self.clone(), host));
        let app = app.with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        format!("http://{address}/api")
    }
}

/// The host refuses wrong keys itself, with nothing in the body.
async fn host(State(_): State<Server>, request: Request, next: Next) -> Response {
    let key = request.headers().get("x-functions-key").and_then(|key| key.to_str().ok());
    if key != Some(KEY) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    next.run(request).await
}

fn problem(problem: &Problem) -> Response {
    let status = StatusCode::from_u16(problem.status).unwrap();
    let body = serde_json::to_string(problem).unwrap();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}

fn fault(fault: Fault) -> Response {
    match fault {
        Fault::Killed => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Fault::NotThereYet => StatusCode::NOT_FOUND.into_response(),
        Fault::Cut => {
            let parts = [Ok("{\"run\":"), Err(std::io::Error::other("the handler is gone"))];
            Body::from_stream(futures::stream::iter(parts)).into_response()
        }
    }
}

async fn plans(State(server): State<Server>) -> Response {
    Json(json!({ "plans": server.world.lock().unwrap().plans })).into_response()
}

async fn plan(State(server): State<Server>, Path(plan): Path<String>) -> Response {
    let world = server.world.lock().unwrap();
    match world.plans.iter().find(|status| status.plan.as_str() == plan) {
        Some(status) => Json(status).into_response(),
        None => problem(&Problem::new(404, "No such plan", format!("there is no plan {plan}"), "The plans are: wiki.")),
    }
}

async fn run(State(server): State<Server>, Query(query): Query<HashMap<String, u64>>) -> Response {
    let mut world = server.world.lock().unwrap();
    let after = query.get("after").copied().unwrap_or(0);
    if world.faults.front().is_some_and(|(at, _)| *at == after) {
        let (_, what) = world.faults.pop_front().unwrap();
        return fault(what);
    }
    let newer = world.stages.iter().find(|stage| stage.seq > after).or(world.stages.last());
    match newer {
        Some(stage) => Json(world::behind(stage, after)).into_response(),
        None => problem(&Problem::new(503, "The store did not answer", "the container is being deleted", "Ask again.")),
    }
}

async fn report(State(server): State<Server>) -> Response {
    let world = server.world.lock().unwrap();
    Json(world.report.clone().unwrap_or_else(|| panic!("this test has no report"))).into_response()
}

async fn record(State(server): State<Server>) -> Response {
    let world = server.world.lock().unwrap();
    Json(world.record.clone().unwrap_or_else(|| panic!("this test has no record"))).into_response()
}

/// What the interface itself would read.
fn understood(path: &str, body: &[u8]) -> Result<(), serde_json::Error> {
    match path.rsplit('/').next() {
        Some("notes") => serde_json::from_slice::<NoteWords>(body).map(drop),
        Some("attestation") => serde_json::from_slice::<AttestWords>(body).map(drop),
        _ => serde_json::from_slice::<Words>(body).map(drop),
    }
}

async fn act(State(server): State<Server>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let body = axum::body::to_bytes(request.into_body(), 100_000).await.unwrap();
    understood(&path, &body).expect("the interface's own words");
    let mut world = server.world.lock().unwrap();
    world.posted.push((path, serde_json::from_slice(&body).unwrap()));
    match world.answers.pop_front().expect("one answer for each word") {
        Answered::Done(done) => Json(done).into_response(),
        Answered::Problem(refusal) => problem(&refusal),
        Answered::Fault(what) => fault(what),
    }
}
