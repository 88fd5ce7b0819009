//! `alert`: the webhook of Azure Monitor's action group.
//!
//! parse → whom does it concern → admit → ledger → answer, all within three seconds; the rest happens in `run`.

use super::app::App;
use super::day_log::Delivery;
use super::run::Message;
use super::{heartbeat, json, problem, test_alert};
use crate::domain::alert::{self, Alert, Concern};
use crate::domain::causes::with_causes;
use crate::domain::ledger::{self, Cause, Request};
use crate::domain::names::PlanName;
use crate::domain::status::Problem;
use crate::engine::{Taken, WakeUp};
use crate::host::{Answer, HttpRequestData};
use crate::telemetry::metrics::ALERTS;
use serde::Serialize;
use std::sync::Arc;
use tokio::time::{Instant, timeout_at};
use tracing::Instrument;

/// What became of one delivery, for one plan.
#[derive(Debug, Clone, Serialize)]
struct Outcome {
    plan: Option<PlanName>,
    /// `started`, `joined`, `deferred`, `ignored`, `looking`.
    did: &'static str,
    sentence: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    incident: Option<String>,
    #[serde(skip)]
    wake: Option<Message>,
    /// Only counts when no plan knows better.
    #[serde(skip)]
    tentative: bool,
}

/// Answers until `until`; what is not written down by then has to come again.
pub(super) async fn answer(app: Arc<App>, request: HttpRequestData, until: Instant) -> Answer {
    let body = request.body.as_ref().and_then(|body| body.text()).unwrap_or_default().to_owned();
    let has_body = request.body.is_some();
    let alert = if has_body { alert::parse(&body).map(Some) } else { Ok(None) };
    let delivery = Delivery {
        by: request.caller.to_string(),
        status: 0,
        what: String::new(),
        bytes: body.len(),
        alert: alert.as_ref().ok().and_then(|alert| alert.as_ref()?.id.clone()),
        rule: alert.as_ref().ok().and_then(|alert| alert.as_ref()?.rule.clone()),
        plan: None,
        run: None,
    };
    let told = if request.caller.may_act() {
        match alert {
            Ok(Some(alert)) if alert.test.is_some() => test_alert::answer(&app, &alert, &delivery.by, until).await,
            Ok(Some(alert)) => taken(&app, &alert, until).await,
            Ok(None) => look_everywhere(),
            Err(unreadable) => refuse(&bad_body(&unreadable)),
        }
    } else {
        refuse(&anonymous())
    };
    ALERTS.count(&[told.became]);
    app.day_log.record(Delivery { status: told.status, what: told.what, plan: told.plan, run: told.run, ..delivery });
    told.answer
}

/// The answer, and what the day log says of it.
pub(super) struct Told {
    pub(super) answer: Answer,
    pub(super) status: u16,
    pub(super) what: String,
    /// The plan and the run it was about, the first of several.
    pub(super) plan: Option<PlanName>,
    pub(super) run: Option<String>,
    /// In a word: what became of it for the plan that it was about.
    pub(super) became: &'static str,
}

fn refuse(refusal: &Problem) -> Told {
    let (answer, what) = (problem(refusal), refusal.detail.clone());
    let became = if refusal.status == 503 { "failed" } else { "refused" };
    Told { answer, status: refusal.status, what, plan: None, run: None, became }
}

/// The host loses the body of a chunked request. Somebody meant to tell something, so every plan is looked at now.
fn look_everywhere() -> Told {
    let sentence = "the alert came without a body (the Functions host loses chunked ones); every plan is looked at now";
    let outcome = Outcome {
        plan: None,
        did: "looking",
        sentence: sentence.to_owned(),
        run: None,
        incident: None,
        wake: Some(Message::Look { look: true }),
        tentative: false,
    };
    told(202, vec![outcome])
}

/// A heartbeat is taken like any other alert, and noted besides; one that cannot be noted has to come again.
async fn taken(app: &App, alert: &Alert, until: Instant) -> Told {
    let told = take(app, alert, until).await;
    let is_heartbeat = app.config.heartbeat.as_ref().is_some_and(|expected| expected.is(alert));
    if !is_heartbeat || told.status != 200 {
        return told;
    }
    match timeout_at(until, heartbeat::hear(app)).await {
        Ok(Ok(())) => Told { what: format!("the heartbeat is noted; {}", told.what), ..told },
        Ok(Err(error)) => refuse(&unheard(&with_causes(&error))),
        Err(_) => refuse(&unheard("the store did not answer in time")),
    }
}

/// One budget for all plans: the caller waits for the sum. A plan that cannot be asked keeps nobody from theirs.
async fn take(app: &App, alert: &Alert, until: Instant) -> Told {
    let mut outcomes = Vec::new();
    let mut failed = None;
    for name in app.engine.plans.keys() {
        let span = tracing::error_span!("plan", plan = %name);
        match timeout_at(until, for_plan(app, alert, name)).instrument(span).await {
            Ok(Ok(outcome)) => outcomes.extend(outcome),
            Ok(Err(why)) => failed = failed.or(Some(come_again(name, &why))),
            Err(_) => failed = failed.or(Some(come_again(name, "the store did not answer in time"))),
        }
    }
    if let Some(failed) = failed {
        let refused = refuse(&failed);
        return Told { answer: wake_all(refused.answer, &outcomes), ..refused };
    }
    if outcomes.iter().any(|outcome| !outcome.tentative) {
        outcomes.retain(|outcome| !outcome.tentative);
    }
    if outcomes.is_empty() {
        outcomes.push(ignored(None, "it concerns none of the plans".to_owned()));
    }
    let acts = outcomes.iter().any(|outcome| outcome.did != "ignored");
    told(if acts { 202 } else { 200 }, outcomes)
}

fn told(status: u16, outcomes: Vec<Outcome>) -> Told {
    let what = outcomes.iter().map(|outcome| outcome.sentence.as_str()).collect::<Vec<_>>().join("; ");
    let answer = json(status, &serde_json::json!({ "outcomes": &outcomes }));
    let about = outcomes.iter().find(|outcome| outcome.run.is_some()).or(outcomes.first());
    let (plan, run) = about.map_or((None, None), |about| (about.plan.clone(), about.run.clone()));
    let acted = outcomes.iter().find(|outcome| outcome.did != "ignored");
    let became = acted.or(about).map_or("ignored", |outcome| outcome.did);
    Told { answer: wake_all(answer, &outcomes), status, what, plan, run, became }
}

/// Sends what the outcomes ask for, the same message once.
fn wake_all(answer: Answer, outcomes: &[Outcome]) -> Answer {
    let mut wakes: Vec<&Message> = Vec::new();
    for wake in outcomes.iter().filter_map(|outcome| outcome.wake.as_ref()) {
        if !wakes.contains(&wake) {
            wakes.push(wake);
        }
    }
    wakes.iter().fold(answer, |answer, wake| answer.wake(serde_json::to_string(wake).unwrap_or_default()))
}

async fn for_plan(app: &App, alert: &Alert, name: &PlanName) -> Result<Option<Outcome>, String> {
    let Some(configured) = app.engine.plan(name) else { return Ok(None) };
    if !alert.targets.contains(&configured.plan.front_door.profile) {
        return Ok(None);
    }
    let book = app.engine.shelf.take_book(&app.engine.store, name).await.map_err(|error| with_causes(&error))?;
    let primary = ledger::primary(book.state(), &configured.plan);
    app.engine.shelf.put_book(book);
    match alert::concern(alert, &configured.plan, &primary, app.engine.clock.now()) {
        Concern::Unrelated => Ok(None),
        Concern::Nothing { why } => Ok(Some(ignored(Some(name.clone()), why))),
        Concern::LookNow { why } => Ok(Some(look_now(name, &why, false))),
        Concern::OtherOrigin { why } => Ok(Some(look_now(name, &why, true))),
        Concern::Outage(cause) => admit(app, name, cause).await.map(Some),
    }
}

fn look_now(plan: &PlanName, why: &str, tentative: bool) -> Outcome {
    Outcome {
        plan: Some(plan.clone()),
        did: "looking",
        sentence: format!("{why}; the plan is looked at now"),
        run: None,
        incident: None,
        wake: Some(Message::Look { look: true }),
        tentative,
    }
}

async fn admit(app: &App, name: &PlanName, cause: Cause) -> Result<Outcome, String> {
    let taken = app.engine.take(name, &Request::Outage(cause)).await.map_err(|error| with_causes(&error))?;
    if let Taken::Started { run, .. } = &taken {
        tracing::info!(%run, "an alert started a run");
    }
    let plan = Some(name.clone());
    Ok(match taken {
        Taken::Started { run, incident } => Outcome {
            plan,
            did: "started",
            sentence: format!("run {run} is started"),
            run: Some(run.to_string()),
            incident: Some(incident.to_string()),
            wake: Some(Message::Wake(WakeUp { run, after: 0 })),
            tentative: false,
        },
        Taken::Joined { run } => Outcome {
            plan,
            did: "joined",
            sentence: format!("run {run} was started for it already"),
            run: Some(run.to_string()),
            incident: None,
            wake: None,
            tentative: false,
        },
        Taken::Deferred { incident, guard } => Outcome {
            plan,
            did: "deferred",
            sentence: format!("the incident is open and waits: {}", guard.text),
            run: None,
            incident: incident.map(|incident| incident.to_string()),
            wake: None,
            tentative: false,
        },
        // Only a person's drill is refused.
        Taken::Refused { refusal } => ignored(plan, refusal.text()),
        Taken::Nothing { why } => ignored(plan, why),
    })
}

fn ignored(plan: Option<PlanName>, why: String) -> Outcome {
    Outcome {
        plan,
        did: "ignored",
        sentence: format!("nothing was done: {why}"),
        run: None,
        incident: None,
        wake: None,
        tentative: false,
    }
}

fn bad_body(unreadable: &alert::Unreadable) -> Problem {
    let next = "Nothing was started. Point an action group of Azure Monitor at this URL, with the common alert schema.";
    Problem::new(400, "The body is no alert", unreadable.to_string(), next)
}

fn anonymous() -> Problem {
    let next = "Call with a function key: header x-functions-key, or code= in the action group's URL.";
    Problem::new(401, "Who calls is not known", "an alert is only taken from a caller with a function key", next)
}

fn unheard(why: &str) -> Problem {
    let next = "Deliver it again. If this stays: check the store that [store] names and the permissions on it.";
    Problem::new(503, "The heartbeat could not be written down", why, next)
}

/// 503 and not 500: Azure Monitor delivers again after 503 and gives up after 500.
fn come_again(plan: &PlanName, why: &str) -> Problem {
    let next = "Deliver it again. If this stays: check the store that [store] names and the permissions on it.";
    Problem::new(503, "The alert could not be written down", format!("plan {plan}: {why}"), next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::names::RunId;

    #[test]
    fn what_several_plans_ask_for_is_sent_once() {
        let plans = ["wiki", "sonarqube"].map(PlanName::new);
        let mut outcomes = plans.each_ref().map(|plan| look_now(plan, "why", false)).to_vec();
        let wake = Message::Wake(WakeUp { run: RunId::new("wiki.1"), after: 0 });
        outcomes.push(Outcome { wake: Some(wake), ..ignored(None, String::new()) });
        let told = told(202, outcomes);
        assert_eq!(told.answer.messages(), [r#"{"look":true}"#, r#"{"run":"wiki.1","after":0}"#]);
    }
}
