//! Folding a run and what is around it into its record.

use super::{
    Around, Evidence, Mode, NextDue, PlanVersion, PlannedStep, Record, SCHEMA, Times, Trigger, canonical, compare,
    deviations, given, impact, normal, objectives, scope,
};
use crate::domain::chain::Head;
use crate::domain::plan::Automation;
use crate::domain::report::Report;
use crate::domain::run::RunState;
use crate::domain::runbook::{Line, RunKind, StepName};
use crate::domain::timing::Timing;
use std::time::Duration;

impl Record {
    /// Makes the record of a run as its journal stands. `head` is the journal's end.
    pub fn of(run: &RunState, head: &Head, around: &Around) -> Self {
        let report = Report::of(run, head);
        let created = &run.created;
        let told = given::of(run);
        Self {
            schema: SCHEMA.to_owned(),
            run: created.run.clone(),
            plan: created.plan.name.clone(),
            incident: created.incident.clone(),
            kind: created.kind,
            mode: mode(run),
            plan_version: plan_version(run, &report),
            trigger: trigger(run, &report),
            scope: scope::of(run),
            exclusions: scope::exclusions(run, &report),
            objectives: objectives::of(run, &report),
            preconditions: objectives::preconditions(run, around),
            times: times(run),
            steps: created.lines().iter().filter_map(|line| planned(&report, line, &created.plan.timing)).collect(),
            impact: impact::of(run, &report),
            deviations: deviations::of(run, &report),
            errors: deviations::errors(&report),
            return_to_normal: normal::of(run),
            cost: normal::cost(run),
            comparison: compare::with(&report, &around.previous),
            previous: around.previous.clone(),
            next_due: next_due(run, around),
            not_given: given::missing(run, &told),
            scenario: told.scenario,
            participants: told.participants,
            third_parties: told.third_parties,
            lessons: told.lessons,
            follow_ups: told.follow_ups,
            accepted_risks: told.accepted_risks,
            notes: run.afterwards.notes.clone(),
            evidence: evidence(run, head, around),
            report,
            attestation: run.afterwards.attestation.clone(),
        }
    }

    /// SHA-256 of the canonical JSON of everything but the attestation: what is signed.
    pub fn digest(&self) -> String {
        canonical::digest(&self.json())
    }

    pub fn json(&self) -> serde_json::Value {
        // A record holds nothing that JSON cannot say.
        canonical::rounded(serde_json::to_value(self).unwrap_or_default())
    }
}

fn mode(run: &RunState) -> Mode {
    let kind = run.created.kind;
    let rehearsal = matches!(kind, RunKind::StandbyDrill | RunKind::ReadinessDrill | RunKind::SwitchoverDrill);
    let how = match run.created.plan.automation {
        _ if run.created.is_to_be_approved() => "with a person's approval before the first change",
        _ if run.created.started_by.needs_no_approval() => "started by schedule or by name, so no approval was asked",
        Automation::Observe => "observing only",
        Automation::Approve => "with a person's approval before the first change",
        Automation::Act => "without asking",
    };
    let what = match kind {
        RunKind::SwitchoverDrill => "a rehearsal that moves production",
        _ if rehearsal => "a rehearsal",
        _ => "the real thing, not a rehearsal",
    };
    Mode { rehearsal, automation: run.created.plan.automation, text: format!("{}: {what}, {how}", run.created.kind) }
}

fn plan_version(run: &RunState, report: &Report) -> PlanVersion {
    PlanVersion {
        plan_digest: canonical::digest(&serde_json::to_value(&run.created.plan).unwrap_or_default()),
        config_digest: run.created.config_digest.clone(),
        runbook_version: run.created.runbook,
        tool_version: report.integrity.tool_version.clone(),
    }
}

fn trigger(run: &RunState, report: &Report) -> Trigger {
    Trigger {
        by: report.started_by.clone(),
        first_sign: report.first_sign.clone(),
        admitted_at: run.created_at,
        decisions: report.people.clone(),
    }
}

fn times(run: &RunState) -> Times {
    let clock = "UTC, by the clock of the machine that wrote each event; the order of the events is the journal's own";
    Times { started_at: run.created_at, ended_at: run.ended_at, clock: clock.to_owned() }
}

fn planned(report: &Report, line: &Line, timing: &Timing) -> Option<PlannedStep> {
    let step = report.steps.iter().find(|step| step.step == line.step)?;
    Some(PlannedStep {
        step: line.step,
        planned: line.step.promise().split_once(": ").map_or(line.step.promise(), |(_, promise)| promise).to_owned(),
        after: line.after.to_vec(),
        limit_seconds: limit(line.step, timing).map(|limit| limit.as_secs()),
        state: step.state.clone(),
        started_at: step.started_at,
        ended_at: step.ended_at,
        seconds: step.seconds,
    })
}

/// The time that the plan gives a step before it asks or fails.
fn limit(step: StepName, timing: &Timing) -> Option<Duration> {
    match step {
        StepName::ConfirmOutage => Some(timing.confirm_deadline),
        StepName::FencePrimary | StepName::StopReplica => Some(timing.fence_deadline),
        StepName::StartReplica => Some(timing.start_deadline),
        StepName::VerifyWriter => Some(timing.writer_deadline),
        StepName::ParkWorkload | StepName::ReleaseWorkload => Some(timing.workload_deadline),
        StepName::VerifyPath | StepName::VerifyIngress => Some(timing.workload_deadline),
        StepName::VerifyApp => Some(timing.app_deadline),
        StepName::VerifyRoute => Some(timing.route_deadline),
        _ => None,
    }
}

fn next_due(run: &RunState, around: &Around) -> NextDue {
    match &around.next {
        Some((drill, kind, at)) => NextDue {
            drill: Some(drill.clone()),
            kind: Some(*kind),
            at: Some(*at),
            statement: format!("{} by the schedule of drill {drill} ({kind})", at.format("%Y-%m-%d %H:%M:%S UTC")),
        },
        None => NextDue {
            drill: None,
            kind: None,
            at: None,
            statement: format!(
                "nothing is scheduled for {}; [[plan.drill]] in reveille.toml does",
                run.created.plan.name
            ),
        },
    }
}

fn evidence(run: &RunState, head: &Head, around: &Around) -> Evidence {
    let store = match around.immutable {
        Some(true) => "what was written cannot be changed there",
        Some(false) => "nothing but the hash chain keeps what was written from being changed there",
        None => "not known whether it keeps what was written from being changed; the hash chain shows a change",
    };
    Evidence {
        journal_events: head.seq,
        journal_head: head.hash.clone(),
        report_digest: run.report_digest.clone(),
        store: store.to_owned(),
    }
}
