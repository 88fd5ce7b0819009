//! Acting: manual failover, words to runs and plans. Each is recorded with who called, as the host verified it.

use super::super::app::App;
use super::super::json;
use super::super::run::Message;
use super::{Answered, drill, is_possible, no_such_plan, no_such_run, store_failed, words};
use crate::domain::ledger::standby_workload;
use crate::domain::ledger::{self, Cause, Decision, Guard, Request};
use crate::domain::names::{PlanName, RunId};
use crate::domain::run::StartedBy;
use crate::domain::runbook::{self, RunKind};
use crate::domain::status::{Done, Problem, Start, Words};
use crate::engine::book::Book;
use crate::engine::journal::Journal;
use crate::engine::{Configured, IntakeError, Taken, WakeUp, WordError};
use crate::host::{Answer, HttpRequestData};

/// Who calls, and what they say of themselves.
struct Speaker {
    by: String,
    said: Option<String>,
    why: String,
}

/// Acting needs a known caller, whatever is asked: nobody else learns even what there is.
pub(super) fn known(request: &HttpRequestData) -> Result<(), Problem> {
    if request.caller.may_act() {
        return Ok(());
    }
    let next = "Call with a function key of your own in x-functions-key; its name is what is recorded.";
    Err(Problem::new(403, "Who calls is not known", "anonymous callers may only read", next))
}

/// And a reason.
fn speaker(request: &HttpRequestData, words: &Words) -> Result<Speaker, Problem> {
    let why = words.why.as_deref().map(str::trim).filter(|why| !why.is_empty());
    let Some(why) = why else {
        let next = "Send {\"why\": \"…\"}: one sentence that the report will quote.";
        return Err(Problem::new(400, "The reason is missing", "whoever acts says why", next));
    };
    Ok(Speaker { by: request.caller.to_string(), said: words.who.clone(), why: why.to_owned() })
}

pub(super) async fn on_plan(app: &App, plan: &PlanName, verb: &str, request: &HttpRequestData) -> Answered {
    known(request)?;
    let configured = app.engine.plan(plan).ok_or_else(|| no_such_plan(app, plan))?;
    let words = words(request)?;
    let speaker = speaker(request, &words)?;
    let (by, said, why) = (speaker.by.as_str(), speaker.said.as_deref(), speaker.why.as_str());
    let (did, sentence, spoken) = match verb {
        "runs" if words.dry_run => return would_start(app, configured, &words, &speaker).await,
        "runs" => return start(app, configured, &words, &speaker).await,
        "pause" => ("paused", "automatic starts are held", app.engine.pause(plan, by, said, why).await),
        "resume" => ("resumed", "what waits is asked again now", app.engine.resume(plan, by, said, why).await),
        "acknowledge" => ("acknowledged", "the cool-down is over", app.engine.acknowledge(plan, by, said, why).await),
        _ => return Err(no_such_verb(verb, "runs, pause, resume and acknowledge")),
    };
    spoken.map_err(|error| word_refused(&error))?;
    tracing::info!("{did} by {by}");
    let done = done(did, format!("{plan}: {sentence}"), by);
    // What waited is looked at now, not only at the next tick.
    Ok(wake(json(200, &done), &Message::Look { look: true }))
}

pub(super) async fn on_run(app: &App, run: &RunId, verb: &str, request: &HttpRequestData) -> Answered {
    known(request)?;
    if !is_possible(run) {
        return Err(no_such_run(run));
    }
    let words = words(request)?;
    let speaker = speaker(request, &words)?;
    let (by, said, why) = (speaker.by.as_str(), speaker.said.as_deref(), speaker.why.as_str());
    let (did, sentence, spoken) = match verb {
        "approve" => ("approved", "it goes on", app.engine.approve(run, by, said, why).await),
        "decline" => ("declined", "it ends without touching anything", app.engine.decline(run, by, said, why).await),
        "abort" => ("abort-requested", "it ends", app.engine.abort(run, by, said, why).await),
        _ => return Err(no_such_verb(verb, "approve, decline, abort, notes and attestation")),
    };
    let wake_up = spoken.map_err(|error| word_refused(&error))?;
    tracing::info!("{run}: {did} by {by}");
    let mut done = done(did, format!("{run}: {sentence}"), by);
    done.run = Some(run.clone());
    if verb == "abort" {
        let (left, details) = left(app, run).await;
        done.sentence = format!("{}; {left}", done.sentence);
        done.details = details;
    }
    Ok(wake(json(200, &done), &Message::Wake(wake_up)))
}

/// What Azure accepted and nobody takes back; a drill's own last step does.
async fn left(app: &App, run: &RunId) -> (&'static str, Vec<String>) {
    const NOTHING: &str = "nothing is undone";
    let Ok(Some(journal)) = Journal::open(&app.engine.store, run).await else { return (NOTHING, Vec::new()) };
    match journal.state().created.kind.puts_back() {
        [] => {}
        [_] => return ("the standby is put back to rest first", Vec::new()),
        _ => return ("unless the standby serves already, the primary is put back first", Vec::new()),
    }
    let calls = journal.state().accepted_calls().into_iter();
    (NOTHING, calls.map(|intent| format!("left as it is: {}", intent.call.text())).collect())
}

async fn start(app: &App, configured: &Configured, words: &Words, speaker: &Speaker) -> Answered {
    let plan = &configured.plan.name;
    let request = request(app, configured, words, speaker).await?;
    let taken = app.engine.take(plan, &request).await.map_err(|error| intake_failed(app, &error))?;
    let by = speaker.by.as_str();
    Ok(match taken {
        Taken::Started { run, incident } => {
            tracing::Span::current().record("run", run.as_str());
            tracing::info!("run {run} is started by {by}");
            let mut done = done("started", format!("run {run} is started"), by);
            done.run = Some(run.clone());
            done.incident = Some(incident);
            wake(json(202, &done), &Message::Wake(WakeUp { run, after: 0 }))
        }
        Taken::Joined { run } => {
            let mut done = done("joined", format!("run {run} is under way already"), by);
            done.run = Some(run);
            json(202, &done)
        }
        Taken::Deferred { guard, .. } => return Err(held(plan, &guard)),
        Taken::Refused { refusal } => return Err(drill::refused(plan, &refusal)),
        Taken::Nothing { why } => json(200, &done("nothing", why, by)),
    })
}

async fn request(app: &App, configured: &Configured, words: &Words, speaker: &Speaker) -> Result<Request, Problem> {
    let Speaker { by, said, why } = speaker;
    let key = words.idempotency_key.as_ref().map(|key| format!("person:{key}"));
    let person = StartedBy::Person { by: by.clone(), said: said.clone(), why: why.clone(), force: words.force };
    match words.kind.unwrap_or(Start::Failover) {
        Start::Failover => {
            let sign = format!("started by {by}: {why}");
            let cause = Cause { since: app.engine.clock.now(), sign, by: person, key };
            Ok(Request::Failover { cause, force: words.force })
        }
        Start::Park => Ok(Request::Park { by: person, key }),
        Start::Drill => drill::request(app, configured, words, person, key).await,
    }
}

/// The same decision, with nothing written.
async fn would_start(app: &App, configured: &Configured, words: &Words, speaker: &Speaker) -> Answered {
    let plan = &configured.plan;
    let book = Book::open(&app.engine.store, &plan.name).await.map_err(|error| store_failed(&error))?;
    let request = request(app, configured, words, speaker).await?;
    let by = speaker.by.as_str();
    let (kind, mut would) = match ledger::admit(book.state(), plan, &request, app.engine.clock.now()) {
        Decision::Admit(admission) => {
            let to = plan.other(&admission.leave).name.clone();
            let sentence = match admission.kind {
                RunKind::Failover => {
                    format!("a failover of {} from {} to {to} would be started", plan.name, admission.leave)
                }
                kind => format!("a run of kind {kind} of {} would be started, at {to}", plan.name),
            };
            (admission.kind, done("would-start", sentence, by))
        }
        Decision::Join { run } => {
            let mut joined =
                done("would-join", format!("run {run} is under way already; nothing would be started"), by);
            joined.run = Some(run);
            return Ok(json(200, &joined));
        }
        Decision::Defer { guard, .. } => return Err(held(&plan.name, &guard)),
        Decision::Refuse { refusal } => return Err(drill::refused(&plan.name, &refusal)),
        Decision::Nothing { why } => return Ok(json(200, &done("nothing", why, by))),
    };
    let known = standby_workload(book.state(), plan, &plan.other(&ledger::primary(book.state(), plan)).name);
    would.details = runbook::of_plan(plan, kind, &known).iter().map(|line| line.step.promise().to_owned()).collect();
    if words.force {
        would.details.insert(0, "by force: the outage is not proven first, and a pause does not hold it".to_owned());
    }
    Ok(json(200, &would))
}

pub(super) fn done(did: &str, sentence: String, by: &str) -> Done {
    Done { did: did.to_owned(), sentence, run: None, incident: None, details: Vec::new(), by: by.to_owned() }
}

fn wake(answer: Answer, message: &Message) -> Answer {
    answer.wake(serde_json::to_string(message).unwrap_or_default())
}

fn held(plan: &PlanName, guard: &Guard) -> Problem {
    let next = "Lift what holds it, or name what you override with force.";
    Problem::new(409, "A guard holds the plan", format!("{plan}: {}", guard.text), next)
}

fn no_such_verb(verb: &str, verbs: &str) -> Problem {
    Problem::new(
        404,
        "No such verb",
        format!("{verb:?} is nothing that can be done here"),
        format!("There are {verbs}."),
    )
}

fn word_refused(error: &WordError) -> Problem {
    match error {
        WordError::NoSuchRun { run } => no_such_run(run),
        WordError::Refused(refusal) => Problem::new(409, "Not now", refusal.to_string(), refusal.advice()),
        other => store_failed(other),
    }
}

fn intake_failed(app: &App, error: &IntakeError) -> Problem {
    match error {
        IntakeError::NoSuchPlan { plan } => no_such_plan(app, plan),
        other => store_failed(other),
    }
}
