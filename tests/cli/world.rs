//! What the stand-in says: plans, and a failover that waits for a promotion and then recovers.

use chrono::{DateTime, Utc};
use reveille::domain::ledger::Cause;
use reveille::domain::ledger::state::Incident;
use reveille::domain::names::{IncidentId, PlanName, RunId, SiteName};
use reveille::domain::plan::Automation;
use reveille::domain::run::StartedBy;
use reveille::domain::runbook::{RunKind, StepName};
use reveille::domain::status::{ActiveLine, AskLine, Done, EventLine, Light, PlanStatus, RunView, StepView};

pub const RUN: &str = "sonarqube.20261104T021405Z.k3f9";
const PROMOTE: &str = "az postgres flexible-server replica promote --subscription s --resource-group rg-sonar-centralus \
                       --name pg-sonar-centralus --promote-mode switchover --promote-option forced";

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-11-04T{time}Z").parse().unwrap()
}

pub fn green(plan: &str) -> PlanStatus {
    PlanStatus {
        plan: PlanName::new(plan),
        light: Light::Green,
        sentence: "eastus2 is primary, nothing is open; recovery-time target 30m".into(),
        automation: Automation::Approve,
        primary: SiteName::new("eastus2"),
        standby: SiteName::new("centralus"),
        incident: None,
        active: None,
        paused: None,
        debts: Vec::new(),
        last_run: None,
        drills: Vec::new(),
        alerts: None,
        cautions: Vec::new(),
        recovery: None,
        ledger_head: "ab".repeat(32),
    }
}

pub fn red() -> PlanStatus {
    let incident = IncidentId::new("sonarqube.i20261104T021405Z.p7c2");
    let headline = "Needs a person: verify-writer: The writer endpoint leads to a replica in recovery.";
    PlanStatus {
        light: Light::Red,
        sentence: format!("{RUN}: {headline}"),
        active: Some(ActiveLine {
            run: RunId::new(RUN),
            incident: incident.clone(),
            kind: RunKind::Failover,
            headline: headline.into(),
            needs_operator: true,
            eta: None,
        }),
        incident: Some(open_incident(incident)),
        ..green("sonarqube")
    }
}

/// One drill that was skipped, one that waits, one that ran.
pub fn rehearsed() -> PlanStatus {
    let drills = serde_json::json!([
        { "drill": "readiness", "kind": "readiness", "next": "2026-11-08T03:00:00Z",
          "last": { "occurrence": "2026-11-01T03:00:00Z", "at": "2026-11-01T03:00:04Z", "how": { "run": "wiki.20261101T030004Z.aaaa" } } },
        { "drill": "monthly", "kind": "standby", "next": "2026-11-04T02:00:00Z", "last": null,
          "refused": ["the plan is paused by ann (moving house); `reveille resume` lifts it"] },
        { "drill": "yearly", "kind": "switchover", "next": null,
          "last": { "occurrence": "2026-11-01T03:00:00Z", "at": "2026-11-01T03:00:04Z", "how": { "skipped": "blocked" } } },
    ]);
    PlanStatus { drills: serde_json::from_value(drills).unwrap(), ..green("wiki") }
}

/// A pause holds an open incident.
pub fn held() -> PlanStatus {
    let paused = serde_json::json!({ "by": "function key ada", "why": "moving house", "at": "2026-11-03T20:00:00Z" });
    PlanStatus {
        light: Light::Red,
        sentence: "an incident waits".into(),
        automation: Automation::Act,
        incident: Some(open_incident(IncidentId::new("sonarqube.i20261104T021405Z.p7c2"))),
        paused: Some(serde_json::from_value(paused).unwrap()),
        ..green("sonarqube")
    }
}

fn open_incident(id: IncidentId) -> Incident {
    let by = StartedBy::Alert { alert: None, rule: Some("afd-primary-origin-health".into()) };
    let sign = "alert afd-primary-origin-health: origin health below 50 %".to_owned();
    let cause = Cause { since: at("02:10:00"), sign, by, key: None };
    let (primary, opened_at) = (SiteName::new("eastus2"), at("02:14:05"));
    Incident { id, primary, opened_at, cause, deferred: None, runs: Vec::new() }
}

fn step(name: StepName, state: &str, from: Option<&str>, to: Option<&str>, note: Option<&str>) -> StepView {
    StepView {
        step: name,
        state: state.into(),
        started_at: from.map(at),
        ended_at: to.map(at),
        note: note.map(Into::into),
        expected: None,
    }
}

fn event(seq: u64, time: &str, kind: &str, step: Option<StepName>, text: &str) -> EventLine {
    EventLine { seq, at: at(time), kind: kind.into(), step, text: text.into() }
}

fn events() -> Vec<EventLine> {
    use StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyApp, VerifyRoute, VerifyWriter};
    vec![
        event(1, "02:14:05", "run-created", None, "failover from eastus2 to centralus admitted"),
        event(2, "02:14:05", "claimed", None, "held by worker 1"),
        event(3, "02:14:05", "step-started", Some(ConfirmOutage), "started"),
        event(4, "02:14:50", "step-succeeded", Some(ConfirmOutage), "primary down: 5 of 5 own probes failed"),
        event(5, "02:14:50", "step-started", Some(VerifyWriter), "started"),
        event(
            6,
            "02:14:55",
            "needs-operator",
            Some(VerifyWriter),
            "The writer endpoint leads to a replica in recovery.",
        ),
        event(7, "02:20:10", "step-succeeded", Some(VerifyWriter), "takes writes: the canary row was updated"),
        event(8, "02:20:12", "step-succeeded", Some(FencePrimary), "eastus2: cluster Stopped"),
        event(9, "02:25:00", "step-succeeded", Some(StartReplica), "centralus: provisioningState Succeeded"),
        event(10, "02:26:55", "step-succeeded", Some(VerifyApp), "serving (SonarQube 2026.1 UP)"),
        event(11, "02:27:18", "step-succeeded", Some(VerifyRoute), "served by centralus"),
        event(12, "02:27:18", "run-ended", None, "Recovered: centralus serves"),
        event(13, "02:27:20", "closed", None, "closed"),
    ]
}

fn stage(seq: u64, state: &str, headline: &str, steps: Vec<StepView>, asks: Vec<AskLine>) -> RunView {
    RunView {
        run: RunId::new(RUN),
        plan: PlanName::new("sonarqube"),
        kind: RunKind::Failover,
        headline: headline.into(),
        state: state.into(),
        closed: seq == 13,
        seq,
        steps,
        eta: None,
        asks,
        events: events().into_iter().filter(|event| event.seq <= seq).collect(),
    }
}

/// The view as the interface gives it to somebody who knows everything up to `after`.
pub fn behind(view: &RunView, after: u64) -> RunView {
    let events = view.events.iter().filter(|event| event.seq > after).cloned().collect();
    RunView { events, ..view.clone() }
}

pub fn promotion() -> AskLine {
    AskLine {
        about: "verify-writer".into(),
        what: "The writer endpoint leads to a replica in recovery.".into(),
        means: "Nothing is written until somebody promotes it; Reveille keeps looking and goes on by itself then."
            .into(),
        commands: vec![PROMOTE.into()],
        approve_means: None,
    }
}

pub fn approval() -> AskLine {
    AskLine {
        about: "approval".into(),
        what: "The outage of eastus2 is confirmed; the failover to centralus waits for approval.".into(),
        means: "Nothing was touched yet. Without an answer the run ends at 03:14:50 UTC.".into(),
        commands: vec![
            format!("reveille approve {RUN} --why \"…\" --execute"),
            format!("reveille decline {RUN} --why \"…\" --execute"),
        ],
        approve_means: Some("stop the cluster of eastus2, start the one of centralus".into()),
    }
}

/// A failover that confirms, asks for a promotion, and recovers.
pub fn failover() -> Vec<RunView> {
    use StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyApp, VerifyRoute, VerifyWriter};
    let confirmed = step(ConfirmOutage, "succeeded", Some("02:14:05"), Some("02:14:50"), Some("primary down"));
    let rest =
        || [FencePrimary, StartReplica, VerifyApp, VerifyRoute].map(|name| step(name, "pending", None, None, None));
    let mut begun = vec![step(ConfirmOutage, "running", Some("02:14:05"), None, None)];
    begun.push(step(VerifyWriter, "pending", None, None, None));
    begun.extend(rest());
    let mut waiting = vec![confirmed];
    waiting.push(step(VerifyWriter, "needs-operator", Some("02:14:50"), None, Some("is in recovery")));
    waiting.extend(rest());
    let done = vec![step(VerifyRoute, "succeeded", Some("02:26:55"), Some("02:27:18"), Some("served by centralus"))];
    vec![
        stage(3, "running", "failover under way: confirm-outage", begun, vec![]),
        stage(6, "running", "Needs a person: verify-writer", waiting, vec![promotion()]),
        stage(9, "running", "failover under way: verify-app", done.clone(), vec![]),
        stage(12, "recovered", "Recovered: centralus serves", done.clone(), vec![]),
        stage(13, "recovered", "Recovered: centralus serves", done, vec![]),
    ]
}

/// The run while it asks for approval.
pub fn waiting_for_approval() -> RunView {
    let confirmed =
        step(StepName::ConfirmOutage, "succeeded", Some("02:14:05"), Some("02:14:50"), Some("primary down"));
    let fence = step(StepName::FencePrimary, "pending", None, None, None);
    stage(4, "running", "Needs approval until 03:14:50 UTC", vec![confirmed, fence], vec![approval()])
}

pub fn done(did: &str, sentence: &str) -> Done {
    Done {
        did: did.into(),
        sentence: sentence.into(),
        run: None,
        incident: None,
        details: Vec::new(),
        by: "function key night-shift".into(),
    }
}

pub fn started() -> Done {
    Done { run: Some(RunId::new(RUN)), ..done("started", &format!("run {RUN} is started")) }
}
