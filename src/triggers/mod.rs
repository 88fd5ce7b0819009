//! What the Functions host calls: one file per function. Each reads its invocation, lets the engine or the pure core
//! decide, and answers.

mod alert;
mod app;
mod day_log;
mod operator;
mod run;
mod watch;

pub use app::{App, BuildError, Ready, pending};

use crate::domain::status::Problem;
use crate::host::{Answer, HttpAnswer, Invocation, routes};
use crate::host::{FunctionError, Functions};
use serde::Serialize;
use std::sync::Arc;

/// All functions, on one screen. Each waits until the app is built, then answers; with a wrong configuration each
/// gives the same clear error.
pub fn functions(ready: Ready) -> Functions {
    let (alert, run, watch, operator) = (ready.clone(), ready.clone(), ready.clone(), ready);
    Functions::new()
        .with(routes::ALERT, move |invocation| http(alert.clone(), invocation, routes::ALERT.input, alert::answer))
        .with(routes::RUN, move |invocation| work(run.clone(), invocation, run::answer))
        .with(routes::WATCH, move |invocation| work(watch.clone(), invocation, watch::answer))
        .with(routes::OPERATOR, move |invocation| {
            http(operator.clone(), invocation, routes::OPERATOR.input, operator::answer)
        })
}

/// A function whose caller waits for an answer: whatever goes wrong, the caller must see it as an http output.
async fn http<F>(
    ready: Ready,
    invocation: Invocation,
    input: &'static str,
    answer: impl Fn(Arc<App>, crate::host::HttpRequestData) -> F,
) -> Result<Answer, FunctionError>
where
    F: Future<Output = Answer>,
{
    let request = invocation.http(input)?;
    Ok(match ready.await {
        Ok(app) => answer(app, request).await,
        Err(unready) => problem(&not_ready(&unready)),
    })
}

/// A function that nobody waits for: what goes wrong is the host's to retry.
async fn work<F>(
    ready: Ready,
    invocation: Invocation,
    answer: impl Fn(Arc<App>, Invocation) -> F,
) -> Result<Answer, FunctionError>
where
    F: Future<Output = Result<Answer, FunctionError>>,
{
    match ready.await {
        Ok(app) => answer(app, invocation).await,
        Err(unready) => Err(FunctionError::failed("starting up", unready)),
    }
}

/// 503 makes Azure Monitor deliver an alert again, while the configuration may be mended.
fn not_ready(unready: &BuildError) -> Problem {
    let next =
        "Correct the configuration and restart the function app; `reveille check --offline` shows every mistake.";
    Problem::new(503, "Reveille is not ready", unready.to_string(), next)
}

fn problem(problem: &Problem) -> Answer {
    let answer = HttpAnswer::problem(problem);
    Answer::http(match problem.status {
        503 => answer.header("Retry-After", "5"),
        _ => answer,
    })
}

fn json(status: u16, body: &impl Serialize) -> Answer {
    match HttpAnswer::json(status, body) {
        Ok(answer) => Answer::http(answer.header("Cache-Control", "no-store")),
        Err(error) => {
            problem(&Problem::new(500, "The answer cannot be written as JSON", error.to_string(), "Report it."))
        }
    }
}
