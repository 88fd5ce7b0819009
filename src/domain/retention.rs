//! How long stored things are kept, and what is never let go: pure decisions over the ledger and a run's journal.
//!
//! Ledgers are small by construction and kept for ever. A signed record stays at least as long as its journal, which names
//! it: else a journal would look as if somebody had taken its record away.

use super::ledger::PlanState;
use super::names::RunId;
use super::run::RunState;
use super::runbook::RunKind;
use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// Days for which each kind of thing is kept since it was written to last; `None` is for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Journals of runs that are closed, with their reports.
    pub journals: Option<u32>,
    /// Logs of the alerts of one day.
    pub day_logs: Option<u32>,
    /// Records as they were signed.
    pub records: Option<u32>,
}

impl Retention {
    /// Whether anything is ever let go.
    pub fn is_for_ever(&self) -> bool {
        *self == Self::default()
    }
}

/// A span of whole days.
pub fn span(days: u32) -> TimeDelta {
    TimeDelta::days(days.into())
}

/// When a run was admitted, by its id: `{plan}.{UTC time}.{random}`.
pub fn admitted_at(run: &str) -> Option<DateTime<Utc>> {
    let time = run.split('.').nth(1)?.trim_end_matches('Z');
    NaiveDateTime::parse_from_str(time, "%Y%m%dT%H%M%S").ok().map(|time| time.and_utc())
}

/// The end of the day that a day log is of, by its name.
pub fn end_of_day(day: &str) -> Option<DateTime<Utc>> {
    let next = NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()?.succ_opt()?;
    Some(next.and_hms_opt(0, 0, 0)?.and_utc())
}

/// Whether a run's journal tells of something that is over: nothing more is to follow that decides anything.
pub fn is_over(run: &RunState) -> bool {
    run.closed && run.settled
}

/// Runs whose journals stay whatever their age: those of an open incident, of what is under way or owed, the last one,
/// and the newest of each kind.
pub fn kept(state: &PlanState) -> BTreeSet<RunId> {
    let incident = state.incident.iter().flat_map(|incident| incident.runs.iter());
    let active = state.active.iter().map(|active| &active.run);
    let away = state.away.iter().map(|away| &away.run);
    let debts = state.debts.iter().map(|debt| &debt.run);
    let last = state.last_closed.iter().map(|closed| &closed.run);
    let open = state.runs.iter().filter(|line| line.closed_at.is_none()).map(|line| &line.run);
    let parking = state.parking.iter().map(|parking| &parking.run);
    let drills = state.drills.values().filter_map(|drill| Some(&drill.last_run.as_ref()?.run));
    let newest: BTreeMap<String, &RunId> = state.runs.iter().map(|line| (kind(line.kind), &line.run)).collect();
    let all = incident.chain(active).chain(away).chain(debts).chain(last).chain(open).chain(parking).chain(drills);
    all.chain(newest.into_values()).cloned().collect()
}

fn kind(kind: RunKind) -> String {
    kind.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ledger::state::{Debt, RunLine};
    use crate::domain::names::SiteName;

    fn line(run: &str, kind: RunKind) -> RunLine {
        let at = DateTime::UNIX_EPOCH;
        RunLine { run: RunId::new(run), kind, admitted_at: at, closed_at: Some(at), outcome: None }
    }

    #[test]
    fn the_newest_run_of_each_kind_stays_and_what_is_owed() {
        let runs = vec![
            line("p.1", RunKind::StandbyDrill),
            line("p.2", RunKind::Failover),
            line("p.3", RunKind::StandbyDrill),
            line("p.4", RunKind::Failover),
            line("p.5", RunKind::Failover),
        ];
        let mut state = PlanState { runs, ..PlanState::default() };
        let ids = |state: &PlanState| kept(state).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(ids(&state), ["p.3", "p.5"]);
        let (site, run, why) = (SiteName::new("east"), RunId::new("p.2"), "unreachable".to_owned());
        state.debts.push(Debt { site, run, why, since: DateTime::UNIX_EPOCH });
        state.runs[0].closed_at = None;
        assert_eq!(ids(&state), ["p.1", "p.2", "p.3", "p.5"]);
    }

    #[test]
    fn ages_are_read_from_names_and_names_without_one_have_none() {
        assert_eq!(admitted_at("sonarqube.20261123T180625.bcb139").unwrap().to_rfc3339(), "2026-11-23T18:06:25+00:00");
        assert_eq!(end_of_day("2026-12-31").unwrap().to_rfc3339(), "2027-01-01T00:00:00+00:00");
        for odd in ["sonarqube", "sonarqube.later.x", ""] {
            assert_eq!((admitted_at(odd), end_of_day(odd)), (None, None), "{odd}");
        }
    }
}
