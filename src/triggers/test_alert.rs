//! A test alert, once its sender is known: goes the whole way of a real one up to the decision, and stops there. Nothing is
//! written but the day log's line.

use super::alert::Told;
use super::app::App;
use super::json;
use crate::domain::alert::{Alert, Concern, concern};
use crate::domain::causes::with_causes;
use crate::domain::ledger::{self, Cause, Decision, PlanState, Request};
use crate::domain::plan::{Automation, Plan};
use crate::domain::status::{Tried, TriedPlan};
use crate::engine::book::Book;
use tokio::time::{Instant, timeout_at};

/// Why no test ever starts anything.
const ONLY_A_TEST: &str = "nothing was started, since it is a test";

pub(super) async fn answer(app: &App, alert: &Alert, by: &str, until: Instant) -> Told {
    let mut plans = Vec::new();
    for configured in app.engine.plans.values() {
        let tried = timeout_at(until, try_out(app, alert, &configured.plan)).await;
        plans.push(
            tried.unwrap_or_else(|_| line(&configured.plan, "cannot-be-told", "the store did not answer in time")),
        );
    }
    let about = plans.iter().find(|plan| plan.would != "unrelated").map(|plan| plan.plan.clone());
    let what = plans.iter().map(|plan| format!("{}: {}", plan.plan, plan.sentence)).collect::<Vec<_>>().join("; ");
    let tried = Tried {
        number: alert.test.clone().unwrap_or_default(),
        received_at: app.engine.clock.now(),
        by: by.to_owned(),
        at: app.observer.vantage.trim_start_matches("own probe from ").to_owned(),
        plans,
    };
    let answer = json(200, &serde_json::json!({ "test": tried }));
    Told {
        answer,
        status: 200,
        what: format!("a test alert: {what}; {ONLY_A_TEST}"),
        plan: about,
        run: None,
        became: "test",
    }
}

/// The reserved name of its rule is in no plan's list, so it is taken as one of the plan's own rules.
async fn try_out(app: &App, alert: &Alert, plan: &Plan) -> TriedPlan {
    let as_real = Alert { rule: plan.alert_rules.first().cloned(), ..alert.clone() };
    let book = match Book::look(&app.engine.store, &plan.name).await {
        Ok(book) => book,
        Err(error) => return line(plan, "cannot-be-told", &with_causes(&error)),
    };
    let (empty, now) = (PlanState::default(), app.engine.clock.now());
    let state = book.as_ref().map_or(&empty, Book::state);
    match concern(&as_real, plan, &ledger::primary(state, plan), now) {
        Concern::Outage(cause) => decision(state, plan, cause, now),
        Concern::Unrelated => line(plan, "unrelated", "it is about another Front Door profile"),
        Concern::Nothing { why } => line(plan, "would-do-nothing", &why),
        Concern::LookNow { why } | Concern::OtherOrigin { why } => {
            line(plan, "would-do-nothing", &format!("{why}; the plan would be looked at"))
        }
    }
}

fn decision(state: &PlanState, plan: &Plan, cause: Cause, now: chrono::DateTime<chrono::Utc>) -> TriedPlan {
    match ledger::admit(state, plan, &Request::Outage(cause), now) {
        Decision::Admit(admission) => {
            let (from, to) = (&admission.leave, &plan.other(&admission.leave).name);
            let would = format!("a real one would open an incident and start a failover from {from} to {to}");
            line(plan, "would-start", &format!("{would}, which {}", then(plan.automation)))
        }
        Decision::Join { run } => line(plan, "would-join", &format!("run {run} is under way already")),
        Decision::Defer { guard, .. } => {
            line(plan, "would-wait", &format!("a real one would open an incident, which waits: {}", guard.text))
        }
        Decision::Refuse { refusal } => line(plan, "would-do-nothing", &refusal.text()),
        Decision::Nothing { why } => line(plan, "would-do-nothing", &why),
    }
}

fn then(automation: Automation) -> &'static str {
    match automation {
        Automation::Observe => "looks whether the outage is real, says what it would do, and touches nothing",
        Automation::Approve => "looks whether the outage is real, then asks a person",
        Automation::Act => "looks whether the outage is real, then acts",
    }
}

fn line(plan: &Plan, would: &str, sentence: &str) -> TriedPlan {
    TriedPlan { plan: plan.name.clone(), would: would.to_owned(), sentence: sentence.to_owned() }
}
