//! `operator`: people, by HTTP and from the command line. Reading is for every caller, acting for known ones.

mod act;
mod check;
mod drill;
mod form;
mod own;
mod read;
mod record;
mod status;

use super::app::App;
use super::problem;
use crate::domain::causes::with_causes;
use crate::domain::names::{PlanName, RunId};
use crate::domain::status::{Problem, Words};
use crate::host::{Answer, HttpRequestData};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tracing::Instrument;

/// Longest time for anything but waiting for news. A store that hangs must not end as an invocation that failed, of
/// which the host shows its caller nothing.
const BUDGET: Duration = Duration::from_secs(15);

pub(super) async fn answer(app: Arc<App>, request: HttpRequestData) -> Answer {
    let span = span(&request.path);
    let budget = if check::is(&request.path) { check::BUDGET } else { BUDGET + read::wait(&request) };
    let answered = timeout(budget, route(&app, &request)).instrument(span).await;
    answered.unwrap_or_else(|_| Err(too_slow(budget))).unwrap_or_else(|refusal| problem(&refusal))
}

/// Whom a call is about, for the lines that are logged on its behalf.
fn span(path: &str) -> tracing::Span {
    let span = tracing::error_span!("operator", plan = tracing::field::Empty, run = tracing::field::Empty);
    match segments(path).as_slice() {
        [kind, plan, ..] if kind == "plans" => drop(span.record("plan", plan.as_str())),
        [kind, run, ..] if kind == "runs" => {
            let run = RunId::new(run.as_str());
            span.record("run", run.as_str());
            span.record("plan", run.plan().as_ref().map(PlanName::as_str));
        }
        _ => {}
    }
    span
}

/// Every path below `/api/v1`, on one screen.
async fn route(app: &App, request: &HttpRequestData) -> Answered {
    let path = segments(&request.path);
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    match (request.method.as_str(), path.as_slice()) {
        ("GET", ["check"]) => check::check(app, request).await,
        ("GET", ["plans"]) => read::plans(app).await,
        ("GET", ["plans", plan]) => read::plan(app, &PlanName::new(*plan)).await,
        ("GET", ["plans", plan, "runs"]) => read::runs(app, &PlanName::new(*plan)).await,
        ("GET", ["runs", run]) => read::run(app, &RunId::new(*run), request).await,
        ("GET", ["runs", run, "report"]) => read::report(app, &RunId::new(*run), request).await,
        ("GET", ["runs", run, "record"]) => record::read(app, &RunId::new(*run), request).await,
        ("POST", ["runs", run, "notes"]) => record::note(app, &RunId::new(*run), request).await,
        ("POST", ["runs", run, "attestation"]) => record::attest(app, &RunId::new(*run), request).await,
        ("POST", ["plans", plan, verb]) => act::on_plan(app, &PlanName::new(*plan), verb, request).await,
        ("POST", ["runs", run, verb]) => act::on_run(app, &RunId::new(*run), verb, request).await,
        (method, _) => Err(Problem::new(
            404,
            "No such path",
            format!("{method} {} is nothing here", request.path),
            "GET /api/v1/plans lists the plans; the README lists every path.",
        )),
    }
}

/// What an answer is, or the problem to be told instead.
type Answered = Result<Answer, Problem>;

/// The path behind `/v1`, decoded as far as names need it (they hold no character that needs an escape).
fn segments(path: &str) -> Vec<String> {
    let mut parts = path.split('/').filter(|part| !part.is_empty()).map(str::to_owned);
    parts.by_ref().find(|part| part == "v1");
    parts.collect()
}

/// The body of a `POST`: empty or JSON. Unknown members are refused, since a misspelt `force` must not pass unseen.
fn words(request: &HttpRequestData) -> Result<Words, Problem> {
    let Some(text) = request.body.as_ref().and_then(|body| body.text()).filter(|text| !text.trim().is_empty()) else {
        return Ok(Words::default());
    };
    serde_json::from_slice(text.as_bytes()).map_err(|error| {
        let next = "Send {\"who\": …, \"why\": …}; what is started also takes kind, drill, idempotency_key, force and dry_run.";
        Problem::new(400, "The body cannot be read", error.to_string(), next)
    })
}

/// The body of a `POST` that has to say something. `example` shows how.
fn body<T: serde::de::DeserializeOwned>(request: &HttpRequestData, example: &str) -> Result<T, Problem> {
    let text = request.body.as_ref().and_then(|body| body.text()).unwrap_or_default();
    serde_json::from_slice(text.as_bytes())
        .map_err(|error| Problem::new(400, "The body cannot be read", error.to_string(), format!("Send {example}.")))
}

/// Longest id that is looked for: a plan's name, a time and a random part are much shorter.
const LONGEST_ID: usize = 100;

/// Whether a run can have this id at all. The store is not asked for any other.
fn is_possible(run: &RunId) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-');
    run.plan().is_some() && run.as_str().len() <= LONGEST_ID && run.as_str().chars().all(legal)
}

fn no_such_plan(app: &App, plan: &PlanName) -> Problem {
    let known: Vec<&str> = app.engine.plans.keys().map(PlanName::as_str).collect();
    Problem::new(
        404,
        "No such plan",
        format!("there is no plan {plan}"),
        format!("The plans are: {}.", known.join(", ")),
    )
}

fn no_such_run(run: &RunId) -> Problem {
    Problem::new(404, "No such run", format!("there is no run {run}"), "GET /api/v1/plans/{plan}/runs lists them.")
}

fn too_slow(budget: Duration) -> Problem {
    let detail = format!("nothing was answered within {} s; whether it was written is not known", budget.as_secs());
    Problem::new(
        503,
        "The store did not answer",
        detail,
        "Look at the status, then ask again; check the store that [store] names.",
    )
}

/// The store failed: 503, so that whoever asked asks again.
fn store_failed(error: &(dyn std::error::Error + 'static)) -> Problem {
    let why = with_causes(error);
    tracing::error!(error = why, "the store failed while a person was asking");
    Problem::new(503, "The store did not answer", why, "Ask again; check the store that [store] names.")
}
