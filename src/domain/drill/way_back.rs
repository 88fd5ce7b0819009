//! May the way back of a switchover drill begin? It is never dropped, and never hurried: what holds any other drill holds
//! it too, and so do the windows of the schedule that ordered it.

use super::{DrillKind, Facts, Refusal, may_begin};
use crate::domain::ledger::{Away, PlanState};
use crate::domain::plan::Plan;
use chrono::{DateTime, Utc};

/// Whether it may begin by itself now. A way back that failed has interrupted what serves: a person orders the next one.
pub fn may_go_back(
    away: &Away,
    state: &PlanState,
    plan: &Plan,
    facts: &Facts,
    now: DateTime<Utc>,
) -> Result<(), Refusal> {
    if let Some(run) = &away.failed {
        return Err(Refusal::WayBackFailed { run: run.clone() });
    }
    let ordered_by = away.drill.as_ref().and_then(|name| plan.drills.iter().find(|drill| &drill.name == name));
    ordered_by.map_or(Ok(()), |drill| drill.may_begin_at(now))?;
    may_begin(DrillKind::Switchover, state, plan, facts, now)
}
