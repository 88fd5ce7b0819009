//! What the Functions host calls: one file per function. Each reads its invocation, lets the engine or the pure core
//! decide, and answers.

mod alert;
mod app;
mod day_log;
mod direct;
mod drill;
mod eyes;
mod heartbeat;
mod operator;
mod ready;
mod round;
mod run;
mod test_alert;
mod watch;

pub use app::{App, BuildError};
pub use direct::{Direct, DirectError};
pub use eyes::Eyes;
pub use ready::{Ready, pending};

use crate::domain::status::Problem;
use crate::host::{Answer, HttpAnswer, Invocation, routes};
use crate::host::{FunctionError, Functions};
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, timeout};

/// The longest that the caller of an alert waits, start-up included. Azure Monitor gives up a little later.
const ALERT_BUDGET: Duration = Duration::from_millis(2_800);
/// Kept back for the answer itself when the store is slow.
const ALERT_MARGIN: Duration = Duration::from_millis(300);
/// The longest that a person waits, start-up and the longest poll included.
const OPERATOR_BUDGET: Duration = Duration::from_secs(50);

/// All functions, on one screen. Each waits until the app is built, then answers; with a wrong configuration each
/// gives the same clear error.
pub fn functions(ready: Ready) -> Functions {
    let (alert, run, watch, drill, operator) = (ready.clone(), ready.clone(), ready.clone(), ready.clone(), ready);
    Functions::new()
        .with(routes::ALERT, move |invocation| {
            let until = Instant::now() + ALERT_BUDGET - ALERT_MARGIN;
            let answer = move |app, request| alert::answer(app, request, until);
            http(alert.clone(), invocation, routes::ALERT.input, ALERT_BUDGET, answer)
        })
        .with(routes::RUN, move |invocation| work(run.clone(), invocation, run::answer))
        .with(routes::WATCH, move |invocation| work(watch.clone(), invocation, watch::answer))
        .with(routes::DRILL, move |invocation| work(drill.clone(), invocation, drill::answer))
        .with(routes::OPERATOR, move |invocation| {
            http(operator.clone(), invocation, routes::OPERATOR.input, OPERATOR_BUDGET, operator::answer)
        })
}

/// A function whose caller waits for an answer: whatever goes wrong, the caller must see it as an http output, and
/// soon enough.
async fn http<F>(
    ready: Ready,
    invocation: Invocation,
    input: &'static str,
    budget: Duration,
    answer: impl Fn(Arc<App>, crate::host::HttpRequestData) -> F,
) -> Result<Answer, FunctionError>
where
    F: Future<Output = Answer>,
{
    let request = invocation.http(input)?;
    let answered = timeout(budget, async {
        match ready.app().await {
            Ok(app) => answer(app, request).await,
            Err(unready) => problem(&not_ready(&unready)),
        }
    });
    Ok(answered.await.unwrap_or_else(|_| problem(&too_late(budget))))
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
    match ready.app().await {
        Ok(app) => answer(app, invocation).await,
        Err(unready) => Err(FunctionError::failed("starting up", unready)),
    }
}

/// 503 makes Azure Monitor deliver an alert again, while the configuration may be mended.
fn not_ready(unready: &BuildError) -> Problem {
    let next = match unready {
        BuildError::Config(_) => {
            "Correct the configuration and restart the function app; `reveille check --offline` shows every mistake."
        }
        BuildError::Part { .. } => {
            "Send it again: it is tried anew every few seconds, without a restart. If this stays, look at what is named."
        }
    };
    Problem::new(503, "Reveille is not ready", unready.to_string(), next)
}

fn too_late(budget: Duration) -> Problem {
    let detail = format!("nothing was answered within {:.1} s", budget.as_secs_f64());
    tracing::error!("{detail}");
    Problem::new(
        503,
        "Reveille did not answer in time",
        detail,
        "Send it again: whatever was taken is not taken twice.",
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_start_that_hangs_is_told_within_the_callers_patience() {
        let ready = Ready::new(Arc::new(|| {
            std::thread::sleep(Duration::from_millis(400));
            Err(BuildError::Part { what: "the store", why: "slow".to_owned() })
        }));
        let call = Invocation::decode("alert", None, None, br#"{"Data":{"req":{}}}"#).unwrap();
        let budget = Duration::from_millis(20);
        let answer = http(ready, call, "req", budget, |_, _| async { Answer::done() }).await.unwrap();
        let told = answer.http_answer().unwrap();
        assert_eq!(told.status, 503);
        assert!(told.body().contains("in time"), "{}", told.body());
    }

    #[test]
    fn only_a_wrong_configuration_asks_for_a_restart() {
        let wrong = crate::config::parse("rto = 1", "reveille.toml", &|_| None).unwrap_err();
        assert!(not_ready(&BuildError::Config(Arc::new(wrong))).next.contains("restart the function app"));
        let passing = BuildError::Part { what: "the store", why: "not mounted".to_owned() };
        assert!(not_ready(&passing).next.contains("without a restart"));
    }
}
