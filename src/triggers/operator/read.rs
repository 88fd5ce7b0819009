//! Reading: plans, runs, live events, reports.

use super::super::app::App;
use super::super::json;
use super::form::Form;
use super::{Answered, is_possible, no_such_plan, no_such_run, status, store_failed};
use crate::domain::causes::with_causes;
use crate::domain::chain::Entry;
use crate::domain::names::{PlanName, RunId};
use crate::domain::report::Report;
use crate::domain::run::RunEvent;
use crate::domain::status::Problem;
use crate::engine::book::Book;
use crate::engine::journal::{Journal, JournalError};
use crate::host::{Answer, HttpAnswer, HttpRequestData};
use crate::render::{html, markdown};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Longest long poll, below every time-out on the way (front ends of Azure give up after 230 s).
const LONGEST_WAIT: Duration = Duration::from_secs(25);
/// How often a long poll reads the journal. No process knows of another's events, the journal does.
const POLL: Duration = Duration::from_millis(1_000);

pub(super) async fn plans(app: &App) -> Answered {
    let (mut plans, mut broken) = (Vec::new(), None);
    for configured in app.engine.plans.values() {
        plans.push(status::of_plan(app, configured).await.unwrap_or_else(|problem| {
            let line = status::of_unreadable(configured, &problem);
            broken = Some(problem);
            line
        }));
    }
    // When no plan at all can be read it is the store that is down.
    if let Some(problem) = broken.filter(|_| plans.iter().all(|plan| plan.ledger_head.is_empty())) {
        return Err(problem);
    }
    Ok(json(200, &serde_json::json!({ "plans": plans })))
}

pub(super) async fn plan(app: &App, name: &PlanName) -> Answered {
    let configured = app.engine.plan(name).ok_or_else(|| no_such_plan(app, name))?;
    Ok(json(200, &status::of_plan(app, configured).await?))
}

pub(super) async fn runs(app: &App, name: &PlanName) -> Answered {
    app.engine.plan(name).ok_or_else(|| no_such_plan(app, name))?;
    let book = Book::open(&app.engine.store, name).await.map_err(|error| store_failed(&error))?;
    let newest_first: Vec<_> = book.state().runs.iter().rev().collect();
    Ok(json(200, &serde_json::json!({ "runs": newest_first })))
}

/// Answers as soon as there is news behind `after`, at the latest after `wait` seconds.
pub(super) async fn run(app: &App, run: &RunId, request: &HttpRequestData) -> Answered {
    let after = number(request, "after")?.unwrap_or(0);
    number(request, "wait")?;
    let until = Instant::now() + wait(request);
    let (mut journal, mut entries) = open(app, run).await?;
    while !has_news(&entries, after) && !journal.state().closed && Instant::now() < until {
        sleep(POLL.min(until - Instant::now())).await;
        entries.extend(journal.catch_up().await.map_err(|error| store_failed(&error))?);
    }
    Ok(json(200, &status::of_run(&journal, &entries, after, app.engine.clock.now())))
}

/// How long a caller wants to wait for news.
pub(super) fn wait(request: &HttpRequestData) -> Duration {
    let seconds = number(request, "wait").ok().flatten().unwrap_or(0);
    Duration::from_secs(seconds).min(LONGEST_WAIT)
}

fn has_news(entries: &[Entry<RunEvent>], after: u64) -> bool {
    entries.iter().any(|entry| entry.seq > after && entry.event.is_progress())
}

/// JSON, or the form that the caller prefers.
pub(super) async fn report(app: &App, run: &RunId, request: &HttpRequestData) -> Answered {
    let (journal, _) = open(app, run).await?;
    let report = Report::of(journal.state(), journal.head());
    Ok(match preferred(request) {
        Form::Json => json(200, &report),
        Form::Markdown => {
            Answer::http(HttpAnswer::text(200, "text/markdown; charset=utf-8", markdown::report(&report)))
        }
        Form::Html => Answer::http(page(html::report(&report))),
    })
}

pub(super) fn preferred(request: &HttpRequestData) -> Form {
    request.header("accept").map_or(Form::Json, Form::preferred)
}

/// The page, which a browser must neither guess another kind from nor put into a frame.
pub(super) fn page(text: String) -> HttpAnswer {
    HttpAnswer::text(200, "text/html; charset=utf-8", text)
        .header("Content-Security-Policy", html::CONTENT_POLICY)
        .header("X-Content-Type-Options", "nosniff")
        .header("Referrer-Policy", "no-referrer")
        .header("Cache-Control", "no-store")
}

async fn open(app: &App, run: &RunId) -> Result<(Journal, Vec<Entry<RunEvent>>), Problem> {
    // A name that no run can have is not looked for in the store.
    if !is_possible(run) {
        return Err(no_such_run(run));
    }
    match Journal::open_with_entries(&app.engine.store, run).await {
        Ok(Some(opened)) => Ok(opened),
        Ok(None) => Err(no_such_run(run)),
        Err(error) if error.is_unreadable() => Err(unreadable(&error)),
        Err(error) => Err(store_failed(&error)),
    }
}

pub(super) fn unreadable(error: &JournalError) -> Problem {
    let next = "Read it with the version that wrote it, or check it with `reveille verify`.";
    Problem::new(409, "The journal cannot be read by this version", with_causes(error), next)
}

fn number(request: &HttpRequestData, name: &str) -> Result<Option<u64>, Problem> {
    let Some(text) = request.query(name) else { return Ok(None) };
    let parsed = text.parse().map(Some);
    parsed.map_err(|_| {
        Problem::new(400, "Not a number", format!("{name} is {text:?}"), format!("Give {name} as a whole number."))
    })
}
