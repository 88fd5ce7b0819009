//! An occurrence is asked for: may it begin now, and what is the ledger to be told?

use super::{Drill, DrillDue, DrillKind, Facts, Refusal, may_begin, pending};
use crate::domain::ledger::{LedgerEvent, PlanState};
use crate::domain::plan::Plan;
use chrono::{DateTime, Utc};

/// What becomes of an occurrence that was due when somebody looked.
#[derive(Debug, Clone, PartialEq)]
pub enum Asked {
    /// Nothing keeps it from beginning.
    MayBegin,
    /// It cannot begin now; `known` when the ledger says so already.
    Refused { refusal: Refusal, known: bool },
    /// It is no longer due: a run took it, a newer one took its place, or it is too late.
    Over,
}

/// Decides at the version of the ledger that was read; pure, so that it is decided anew on a conflict.
pub fn ask(state: &PlanState, plan: &Plan, due: &DrillDue, facts: &Facts, now: DateTime<Utc>) -> Asked {
    let waiting = pending(state, plan, now).into_iter().find(|(_, waiting)| waiting == due);
    let Some((drill, _)) = waiting else { return Asked::Over };
    match may_begin_as(drill, state, plan, facts, now) {
        Ok(()) => Asked::MayBegin,
        Err(refusal) => {
            let record = state.drills.get(&due.drill);
            let known = record.is_some_and(|record| record.knows(due.occurrence, &refusal));
            Asked::Refused { refusal, known }
        }
    }
}

/// The calendar, then everything else.
fn may_begin_as(
    drill: &Drill,
    state: &PlanState,
    plan: &Plan,
    facts: &Facts,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    drill.may_begin_at(now)?;
    // A schedule's switchover moves away from home; the way back is asked for by itself.
    if let Some(away) = state.away.as_ref().filter(|_| drill.kind == DrillKind::Switchover) {
        return Err(Refusal::SwitchedOver { home: away.home.clone(), run: away.run.clone() });
    }
    may_begin(drill.kind, state, plan, facts, now)
}

impl Asked {
    /// What is new in it.
    pub fn news(&self, due: &DrillDue) -> Option<LedgerEvent> {
        match self {
            Self::Refused { refusal, known: false } => {
                Some(LedgerEvent::DrillRefused { due: due.clone(), refusal: refusal.clone() })
            }
            _ => None,
        }
    }
}
