//! Whether a sequence of events tells a possible story: pure. Folding is tolerant, since a run must go on; verification
//! is not.

use crate::domain::chain::Entry;
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::record::Final;
use crate::domain::run::{Phase, RunEvent, RunState, StepState};
use crate::domain::runbook::RunKind;

/// Line numbers of a journal with what is impossible there.
pub(super) fn of_run(entries: &[Entry<RunEvent>]) -> Vec<(u64, String)> {
    let mut wrong = Vec::new();
    let Ok(mut run) = RunState::fold(entries.first()) else { return wrong };
    for entry in &entries[1..] {
        wrong.extend(impossible(&run, &entry.event).map(|what| (entry.seq, what.to_owned())));
        run.apply(entry);
    }
    wrong
}

fn impossible(run: &RunState, event: &RunEvent) -> Option<&'static str> {
    if let Err(last) = run.admits(event) {
        return Some(match last {
            Final::Closed { .. } => "an event follows the closing of the run",
            Final::Attested { .. } => "an event follows the attestation of the record",
        });
    }
    match event {
        RunEvent::Noted { .. } if run.outcome.is_none() => Some("people add to the record of a run that goes on"),
        RunEvent::Attested { .. } if !run.closed => Some("a record is attested before its run is closed"),
        RunEvent::RunCreated(_) => Some("a run is created a second time"),
        RunEvent::RunEnded { .. } if run.outcome.is_some() => Some("a run ends a second time"),
        RunEvent::Reported { .. } if run.outcome.is_none() => Some("a report is stored before the run has ended"),
        RunEvent::Settled if run.report_digest.is_none() => {
            Some("the ledger knows of the end before the report is stored")
        }
        RunEvent::Closed if !run.settled => Some("a run is closed before the ledger knows that it is over"),
        RunEvent::Claimed { slice, .. } if *slice < run.claim.slice => Some("an older claim comes after a newer one"),
        _ => impossible_for_step(run, event),
    }
}

fn impossible_for_step(run: &RunState, event: &RunEvent) -> Option<&'static str> {
    let step = run.step(event.step()?);
    if let RunEvent::Sent { .. } = event {
        let waits = step.and_then(StepState::last_intent).is_some_and(|intent| intent.outcome.is_none());
        return (!waits).then_some("an answer comes without an intent that waits for it");
    }
    if run.outcome.is_some() {
        return Some("a step does something after the run has ended");
    }
    let phase = step.map(|state| state.phase);
    match event {
        // A proven step may start again: its proof has grown too old to end with. One that puts something back is none of
        // the runbook's lines before it is needed.
        RunEvent::StepStarted { step } => {
            let puts_back = run.created.kind.puts_back().iter().any(|(back, _)| back == step);
            let may = matches!(phase, Some(Phase::Pending | Phase::Succeeded)) || phase.is_none() && puts_back;
            (!may).then_some("a step starts a second time")
        }
        _ => (!step.is_some_and(StepState::is_active)).then_some("a step does something while it is not going on"),
    }
}

/// Line numbers of one segment with what is impossible there; `state` is folded on.
pub(super) fn of_plan(entries: &[Entry<LedgerEvent>], state: &mut PlanState) -> Vec<(u64, String)> {
    let mut wrong = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        let what = impossible_in_ledger(state, &entry.event, index, entries.len());
        wrong.extend(what.map(|what| (entry.seq, what.to_owned())));
        state.apply(&entry.event, entry.at);
    }
    wrong
}

fn impossible_in_ledger(state: &PlanState, event: &LedgerEvent, index: usize, len: usize) -> Option<&'static str> {
    let active = state.active.as_ref();
    match event {
        LedgerEvent::Snapshot { .. } if index > 0 => Some("a snapshot stands in the middle of a segment"),
        LedgerEvent::Sealed if index + 1 < len => Some("an event follows the seal of its segment"),
        LedgerEvent::IncidentOpened { .. } if state.incident.is_some() => {
            Some("a second incident is opened beside one")
        }
        LedgerEvent::RunAdmitted { kind, .. } => {
            let beside = active.is_some_and(|active| active.kind == RunKind::Failover || kind.gives_way());
            beside.then_some("a run is admitted beside another")
        }
        LedgerEvent::DrillTaken { due, .. } => {
            let last = state.last_occurrence(&due.drill);
            last.is_some_and(|last| last.occurrence >= due.occurrence).then_some("an occurrence is taken a second time")
        }
        LedgerEvent::RunClosed { run, .. } => {
            let open = state.runs.iter().any(|line| &line.run == run && line.closed_at.is_none());
            (!open).then_some("a run is closed that is not open")
        }
        LedgerEvent::StagesMeasured { run, .. } => {
            let over = state.runs.iter().any(|line| &line.run == run && line.closed_at.is_some());
            (!over).then_some("stages are measured of a run that is not over")
        }
        _ => None,
    }
}
