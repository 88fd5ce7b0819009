//! What the ledger remembers of each drill, and what it is still to be told.

use super::{Drill, DrillDue, DrillKind, Due, Refusal, Skip, due, next};
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::names::{DrillName, RunId};
use crate::domain::plan::Plan;
use crate::domain::status::DrillLine;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One drill, folded from the ledger.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillRecord {
    pub kind: DrillKind,
    /// The schedule and its time zone when it was first seen.
    pub schedule: String,
    /// Occurrences before that were never asked for.
    pub since: DateTime<Utc>,
    /// The newest occurrence that was dealt with for good.
    #[serde(default)]
    pub last: Option<Handled>,
    /// What refused the newest occurrence that was refused, each reason once.
    #[serde(default)]
    pub refused: Vec<Refused>,
    #[serde(default)]
    pub last_run: Option<DrillRun>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handled {
    pub occurrence: DateTime<Utc>,
    pub at: DateTime<Utc>,
    pub how: How,
}

/// What became of an occurrence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    Run(RunId),
    Skipped(Skip),
}

/// A refusal, from when it was first met.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    pub occurrence: DateTime<Utc>,
    pub refusal: Refusal,
    pub since: DateTime<Utc>,
}

/// A run that a schedule started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DrillRun {
    pub run: RunId,
    pub admitted_at: DateTime<Utc>,
    pub closed_at: Option<DateTime<Utc>>,
    pub outcome: Option<String>,
}

impl DrillRecord {
    fn first_seen(kind: DrillKind, schedule: &str, at: DateTime<Utc>) -> Self {
        let (last, refused, last_run) = (None, Vec::new(), None);
        Self { kind, schedule: schedule.to_owned(), since: at, last, refused, last_run }
    }

    /// Occurrences up to then are dealt with. A changed schedule begins anew.
    pub fn after(&self) -> DateTime<Utc> {
        self.last.as_ref().map_or(self.since, |last| last.occurrence.max(self.since))
    }

    /// Whether the ledger says already that this occurrence is refused for this reason.
    pub fn knows(&self, occurrence: DateTime<Utc>, refusal: &Refusal) -> bool {
        let same = |known: &Refused| known.occurrence == occurrence && known.refusal.word() == refusal.word();
        self.refused.iter().any(same)
    }

    fn is_of(&self, drill: &Drill) -> bool {
        self.kind == drill.kind && self.schedule == drill.schedule.to_string()
    }
}

impl PlanState {
    /// Folds what concerns drills.
    pub(in crate::domain) fn apply_to_drills(&mut self, event: &LedgerEvent, at: DateTime<Utc>) {
        match event {
            LedgerEvent::DrillScheduled { drill, kind, schedule } => self.schedule(drill, *kind, schedule, at),
            LedgerEvent::DrillTaken { due, run } => {
                let Some(record) = self.drills.get_mut(&due.drill) else { return };
                record.last_run = Some(DrillRun { run: run.clone(), admitted_at: at, closed_at: None, outcome: None });
                record.last = Some(Handled { occurrence: due.occurrence, at, how: How::Run(run.clone()) });
            }
            LedgerEvent::DrillSkipped { due, why } => {
                let Some(record) = self.drills.get_mut(&due.drill) else { return };
                record.last = Some(Handled { occurrence: due.occurrence, at, how: How::Skipped(*why) });
            }
            LedgerEvent::DrillRefused { due, refusal } => {
                let Some(record) = self.drills.get_mut(&due.drill) else { return };
                record.refused.retain(|known| known.occurrence == due.occurrence);
                let (occurrence, refusal) = (due.occurrence, refusal.clone());
                record.refused.push(Refused { occurrence, refusal, since: at });
            }
            LedgerEvent::RunClosed { run, outcome, .. } => {
                let runs = self.drills.values_mut().filter_map(|record| record.last_run.as_mut());
                for of_drill in runs.filter(|of_drill| &of_drill.run == run) {
                    (of_drill.closed_at, of_drill.outcome) = (Some(at), Some(outcome.clone()));
                }
            }
            _ => {}
        }
    }

    fn schedule(&mut self, drill: &DrillName, kind: DrillKind, schedule: &str, at: DateTime<Utc>) {
        let fresh = DrillRecord::first_seen(kind, schedule, at);
        let record = self.drills.entry(drill.clone()).or_insert_with(|| fresh.clone());
        // What ran before still ran: only the occurrences begin anew.
        let (last_run, last) = (record.last_run.take().filter(|_| record.kind == kind), record.last.take());
        *record = DrillRecord { last_run, last, ..fresh };
    }

    /// The newest occurrence of a drill that was taken by a run or skipped.
    pub fn last_occurrence(&self, drill: &DrillName) -> Option<&Handled> {
        self.drills.get(drill)?.last.as_ref()
    }

    /// The newest run of that kind that a schedule started.
    pub fn last_drill_run(&self, kind: DrillKind) -> Option<&DrillRun> {
        let records = self.drills.values().filter(|record| record.kind == kind);
        records.filter_map(|record| record.last_run.as_ref()).max_by_key(|run| run.admitted_at)
    }

    /// The occurrence that waits to begin now, else the next one.
    pub fn next_due(&self, drill: &Drill, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let waits = self.drills.get(&drill.name).filter(|record| record.is_of(drill));
        match waits.map(|record| due(drill, record.after(), now)) {
            Some(Due::Begin(occurrence)) => Some(occurrence),
            _ => next(drill, now),
        }
    }
}

impl PlanState {
    /// A drill at a glance.
    pub fn drill_line(&self, drill: &Drill, now: DateTime<Utc>) -> DrillLine {
        let (record, next) = (self.drills.get(&drill.name), self.next_due(drill, now));
        let refused = record.into_iter().flat_map(|record| &record.refused);
        let refused: Vec<&Refusal> =
            refused.filter(|refused| Some(refused.occurrence) == next).map(|refused| &refused.refusal).collect();
        let reasons = refused.iter().map(|refusal| refusal.word().to_owned()).collect();
        let refused = refused.iter().map(|refusal| refusal.text()).collect();
        let last = record.and_then(|record| record.last.clone());
        DrillLine { drill: drill.name.clone(), kind: drill.kind, next, refused, reasons, last }
    }
}

/// What the ledger does not say yet: schedules it never saw, and occurrences that will not begin.
pub fn news(state: &PlanState, plan: &Plan, now: DateTime<Utc>) -> Vec<LedgerEvent> {
    plan.drills.iter().filter_map(|drill| news_of(state, drill, now)).collect()
}

fn news_of(state: &PlanState, drill: &Drill, now: DateTime<Utc>) -> Option<LedgerEvent> {
    let (name, kind) = (drill.name.clone(), drill.kind);
    let Some(record) = state.drills.get(&name).filter(|record| record.is_of(drill)) else {
        return Some(LedgerEvent::DrillScheduled { drill: name, kind, schedule: drill.schedule.to_string() });
    };
    let Due::Skip(occurrence, why) = due(drill, record.after(), now) else { return None };
    let known = record.last.as_ref().is_some_and(|last| says_so_today(last, why, now));
    (!known).then_some(LedgerEvent::DrillSkipped { due: DrillDue { drill: name, occurrence }, why })
}

/// A schedule that meets its windows only now and then would fill the ledger with the rest of its days: one line a day
/// for each reason is enough. Forgetting the others costs nothing, they are skipped again whenever they are asked for.
fn says_so_today(last: &Handled, why: Skip, now: DateTime<Utc>) -> bool {
    why != Skip::TooLate && last.how == How::Skipped(why) && last.at.date_naive() == now.date_naive()
}

/// The occurrences that are to begin, as far as the calendar goes; in the order of the file.
pub fn pending<'p>(state: &PlanState, plan: &'p Plan, now: DateTime<Utc>) -> Vec<(&'p Drill, DrillDue)> {
    let due_of = |drill: &'p Drill| {
        let record = state.drills.get(&drill.name).filter(|record| record.is_of(drill))?;
        match due(drill, record.after(), now) {
            Due::Begin(occurrence) => Some((drill, DrillDue { drill: drill.name.clone(), occurrence })),
            _ => None,
        }
    };
    plan.drills.iter().filter_map(due_of).collect()
}
