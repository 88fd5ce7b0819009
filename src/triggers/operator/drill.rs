//! A person's drill: the same question as a schedule's, without a calendar.

use super::super::app::App;
use super::super::drill::facts_for;
use super::store_failed;
use crate::domain::drill::Refusal;
use crate::domain::ledger::Request;
use crate::domain::names::PlanName;
use crate::domain::run::StartedBy;
use crate::domain::status::{Problem, Words};
use crate::engine::Configured;

/// What is asked, with everything that may refuse it looked at.
pub(super) async fn request(
    app: &App,
    configured: &Configured,
    words: &Words,
    by: StartedBy,
    key: Option<String>,
) -> Result<Request, Problem> {
    let kind = words.drill.ok_or_else(which)?;
    let state = app.engine.plan_state(&configured.plan.name).await.map_err(|error| store_failed(&error))?;
    let facts = facts_for(app, &configured.plan, kind, &state).await;
    Ok(Request::DrillByHand { kind, by, key, facts: Box::new(facts) })
}

fn which() -> Problem {
    let next = "Send {\"kind\": \"drill\", \"drill\": \"readiness\"}, \"standby\" or \"switchover\".";
    Problem::new(400, "Which drill?", "a drill of no kind cannot be started", next)
}

/// The reason is typed, and its sentence says what lifts it.
pub(super) fn refused(plan: &PlanName, refusal: &Refusal) -> Problem {
    let next = match refusal.until() {
        Some(until) => format!("It lifts by itself at {}; ask again then.", until.format("%Y-%m-%d %H:%M:%S UTC")),
        None => "Do what lifts it, then ask again; nothing overrides it.".to_owned(),
    };
    let problem = Problem::new(409, "The drill does not begin", format!("{plan}: {}", refusal.text()), next);
    Problem { reason: Some(refusal.word().into()), ..problem }
}
