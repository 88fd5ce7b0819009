//! Status of plans and live views of runs, folded from ledger and journal.

use super::super::app::App;
use super::{own, store_failed};
use crate::domain::causes::with_causes;
use crate::domain::chain::Entry;
use crate::domain::drill::Refusal;
use crate::domain::duration;
use crate::domain::history;
use crate::domain::ledger::{self, Away, GuardKind, PlanState};
use crate::domain::names::SiteName;
use crate::domain::parking::StandbyWorkload;
use crate::domain::plan::{Automation, Plan};
use crate::domain::report::{Report, advice};
use crate::domain::run::{Approval, RunEvent, RunState};
use crate::domain::runbook::{self, RunKind};
use crate::domain::status::{
    ActiveLine, AskLine, EventLine, Light, PlanStatus, Problem, RecoveryEstimate, RunView, StageOutlook, StepView,
};
use crate::engine::Configured;
use crate::engine::book::Book;
use crate::engine::journal::Journal;
use chrono::{DateTime, Utc};

/// One plan, as it stands.
pub(super) async fn of_plan(app: &App, configured: &Configured) -> Result<PlanStatus, Problem> {
    let plan = &configured.plan;
    let book = Book::open(&app.engine.store, &plan.name).await.map_err(|error| store_failed(&error))?;
    let state = book.state();
    let active = active(app, state).await;
    let primary = ledger::primary(state, plan);
    let own = own::look(app, plan, &primary).await;
    let (light, sentence) = own.colour(sentence(plan, state, active.as_ref()));
    Ok(PlanStatus {
        plan: plan.name.clone(),
        light,
        sentence,
        automation: plan.automation,
        standby: plan.other(&primary).name.clone(),
        primary: primary.clone(),
        incident: state.incident.clone(),
        active,
        paused: state.paused.clone(),
        debts: state.debts.clone(),
        last_run: state.runs.iter().rev().find(|line| line.closed_at.is_some()).cloned(),
        drills: plan.drills.iter().map(|drill| state.drill_line(drill, app.engine.clock.now())).collect(),
        alerts: own.alerts,
        cautions: own.cautions,
        recovery: Some(recovery(plan, state, &primary)),
        ledger_head: book.head().hash.clone(),
    })
}

/// How long a failover would take that begins now.
fn recovery(plan: &Plan, state: &PlanState, primary: &SiteName) -> RecoveryEstimate {
    let kind = RunKind::Failover;
    let lines = runbook::of_plan(plan, kind, &ledger::standby_workload(state, plan, &plan.other(primary).name));
    let outlook = |step| StageOutlook {
        step,
        expected: state.history.expected(kind, step),
        trend: history::trend(state.history.samples(kind, step)),
    };
    RecoveryEstimate {
        target_seconds: plan.rto.as_secs(),
        estimate: history::estimate(lines, |step| state.history.expected(kind, step)),
        stages: lines.iter().map(|line| outlook(line.step)).collect(),
    }
}

/// A plan whose ledger cannot be read now: it hides no other plan. What it would say of sites is what is configured.
pub(super) fn of_unreadable(configured: &Configured, problem: &Problem) -> PlanStatus {
    let plan = &configured.plan;
    let primary = plan.preferred().name.clone();
    PlanStatus {
        plan: plan.name.clone(),
        light: Light::Red,
        sentence: format!("its ledger cannot be read, so nothing is known of it: {}", problem.detail),
        automation: plan.automation,
        standby: plan.other(&primary).name.clone(),
        primary,
        incident: None,
        active: None,
        paused: None,
        debts: Vec::new(),
        last_run: None,
        drills: Vec::new(),
        alerts: None,
        cautions: Vec::new(),
        recovery: None,
        ledger_head: String::new(),
    }
}

/// A journal that cannot be read shows as what it is: a run that waits for a person.
async fn active(app: &App, state: &PlanState) -> Option<ActiveLine> {
    let active = state.active.as_ref()?;
    let now = app.engine.clock.now();
    let (headline, needs_operator, eta) = match Journal::open(&app.engine.store, &active.run).await {
        Ok(Some(journal)) => {
            let run = journal.state();
            (Report::of(run, journal.head()).headline, needs_person(run), history::eta(run, now))
        }
        Ok(None) => ("admitted; its journal is about to begin".to_owned(), false, None),
        Err(error) => (format!("its journal cannot be read: {}", with_causes(&error)), true, None),
    };
    Some(ActiveLine {
        run: active.run.clone(),
        incident: active.incident.clone(),
        kind: active.kind,
        headline,
        needs_operator,
        eta,
    })
}

fn needs_person(run: &RunState) -> bool {
    run.asking().next().is_some() || matches!(run.approval, Approval::Asked { .. })
}

fn sentence(plan: &Plan, state: &PlanState, active: Option<&ActiveLine>) -> (Light, String) {
    let (light, standing) = at_rest(plan, state);
    match active {
        // A rehearsal or a parking that needs nobody is no trouble: what else stands gives the colour.
        Some(active) if is_orderly(active) => (light, format!("{}: {}", active.run, active.headline)),
        // A move that was planned takes production along, but nobody is in trouble yet.
        Some(active) if is_planned(active, state) && light != Light::Red => {
            (Light::Yellow, format!("{}: {}", active.run, active.headline))
        }
        Some(active) => (Light::Red, format!("{}: {}", active.run, active.headline)),
        None => (light, standing),
    }
}

/// Started by a schedule or a person for its own sake, and waiting for nobody.
fn is_orderly(active: &ActiveLine) -> bool {
    let moves_nothing = matches!(active.kind, RunKind::StandbyDrill | RunKind::ReadinessDrill | RunKind::Park);
    moves_nothing && !active.needs_operator
}

/// A planned move asks for its approval, or is under way and asks nothing.
fn is_planned(active: &ActiveLine, state: &PlanState) -> bool {
    let moving = state.active.as_ref().is_some_and(|active| active.moving_since.is_some());
    active.kind == RunKind::SwitchoverDrill && !(active.needs_operator && moving)
}

fn guard(kind: GuardKind) -> &'static str {
    match kind {
        GuardKind::Paused => "the pause",
        GuardKind::Cooldown => "the cool-down",
        GuardKind::Moving => "the planned move",
    }
}

/// How the plan stands beside whatever runs.
fn at_rest(plan: &Plan, state: &PlanState) -> (Light, String) {
    if let Some(incident) = &state.incident {
        let held =
            incident.deferred.as_ref().map(|held| format!("; {} holds it", guard(held.guard))).unwrap_or_default();
        return (Light::Red, format!("incident {} is open{held}: {}", incident.id, incident.cause.sign));
    }
    if let Some(debt) = state.debts.first() {
        return (Light::Yellow, format!("the fence of {} is owed: {}", debt.site, debt.why));
    }
    if let Some(paused) = &state.paused {
        return (Light::Yellow, format!("paused by {}: {}", paused.by, paused.why));
    }
    if let Some(away) = &state.away {
        return (Light::Yellow, away_sentence(plan, away));
    }
    let primary = ledger::primary(state, plan);
    if primary != plan.preferred().name {
        return (Light::Yellow, format!("{primary} serves; {} is the preferred site", plan.preferred().name));
    }
    let standby = &plan.other(&primary).name;
    if ledger::standby_workload(state, plan, standby) == StandbyWorkload::NotKnown {
        let said = format!(
            "{standby} is not known to be parked, so a failover starts it only behind the fence; `reveille park {}` parks it",
            plan.name
        );
        return (Light::Yellow, said);
    }
    let rto = duration::text(plan.rto);
    match plan.automation {
        Automation::Observe => {
            (Light::Yellow, format!("{primary} is primary; observing only, nothing would be started"))
        }
        _ => (Light::Green, format!("{primary} is primary, nothing is open; recovery-time target {rto}")),
    }
}

fn away_sentence(plan: &Plan, away: &Away) -> String {
    let held = match (&away.failed, away.held.last()) {
        (Some(run), _) => Refusal::WayBackFailed { run: run.clone() }.text().replace("PLAN", plan.name.as_str()),
        (None, Some(refusal)) => refusal.text(),
        (None, None) => "it begins as soon as nothing holds it".to_owned(),
    };
    let serves = &plan.other(&away.home).name;
    format!("{serves} serves since {} moved it there; the way back to {} is still to come: {held}", away.run, away.home)
}

/// A run, live, with its events behind `after`.
pub(super) fn of_run(journal: &Journal, entries: &[Entry<RunEvent>], after: u64, now: DateTime<Utc>) -> RunView {
    let run = journal.state();
    let report = Report::of(run, journal.head());
    RunView {
        run: report.run,
        plan: report.plan,
        kind: report.kind,
        headline: report.headline,
        state: report.state,
        closed: run.closed,
        seq: journal.head().seq,
        steps: steps(run),
        eta: history::eta(run, now),
        asks: asks(run),
        events: events(entries, after),
    }
}

fn steps(run: &RunState) -> Vec<StepView> {
    let view = |step| {
        let state = run.step(step)?;
        let saw = state.proof.as_ref().or(state.observations.last()).map(|saw| saw.text());
        Some(StepView {
            step,
            state: state.phase.as_str().to_owned(),
            started_at: state.started_at,
            ended_at: state.ended_at,
            expected: Some(run.created.expected(step)),
            note: state.failure.as_ref().map(|(_, message)| message.clone()).or(saw),
        })
    };
    run.shown_steps().into_iter().filter_map(view).collect()
}

fn asks(run: &RunState) -> Vec<AskLine> {
    if run.outcome.is_some() {
        return Vec::new();
    }
    let mut asks: Vec<AskLine> = run
        .asking()
        .map(|(step, asked)| AskLine {
            about: step.to_string(),
            what: asked.ask.what.clone(),
            means: asked.ask.means.clone(),
            commands: asked.ask.commands.clone(),
            approve_means: asked.ask.approve_means.clone(),
        })
        .collect();
    if let Approval::Asked { until, .. } = &run.approval {
        let id = &run.created.run;
        let (what, approve_means) = advice::to_be_approved(&run.created);
        asks.push(AskLine {
            about: "approval".to_owned(),
            what: format!("{what}."),
            means: format!(
                "Nothing was touched yet. Without an answer the run ends at {}.",
                until.format("%H:%M:%S UTC")
            ),
            commands: vec![
                format!("reveille approve {id} --why \"…\" --execute"),
                format!("reveille decline {id} --why \"…\" --execute"),
            ],
            approve_means: Some(approve_means),
        });
    }
    asks
}

/// Repeats of the same words are told once.
fn events(entries: &[Entry<RunEvent>], after: u64) -> Vec<EventLine> {
    let mut lines: Vec<EventLine> = entries.iter().filter_map(event).collect();
    lines.dedup_by(|later, earlier| later.kind == earlier.kind && later.text == earlier.text);
    lines.retain(|line| line.seq > after);
    lines
}

/// Renewals of a claim are no news to people.
fn event(entry: &Entry<RunEvent>) -> Option<EventLine> {
    if matches!(entry.event, RunEvent::Claimed { .. }) {
        return None;
    }
    Some(EventLine {
        seq: entry.seq,
        at: entry.at,
        kind: entry.event.kind().to_owned(),
        step: entry.event.step(),
        text: entry.event.text(),
    })
}
