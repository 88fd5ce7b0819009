//! What a month of drills has to show: each occurrence once or refused, the standby at rest, no recovery held up.

use super::super::host::Host;
use super::super::time::{Ms, clock_text, ms_of};
use super::super::{peek, steps};
use super::calendar::{HOUR, LENGTH};
use super::{delay, tidy};
use reveille::domain::chain::Entry;
use reveille::domain::drill::DrillDue;
use reveille::domain::ledger::LedgerEvent;
use reveille::domain::outcome::Outcome;
use reveille::domain::run::RunState;
use reveille::domain::runbook::RunKind;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What the months came to, counted.
#[derive(Debug, Default)]
pub struct Tally {
    due: u64,
    ran: u64,
    refused: BTreeMap<&'static str, u64>,
    /// By kind of run and outcome.
    outcomes: BTreeMap<(String, &'static str), u64>,
    measured: u64,
    worst: Ms,
}

impl Tally {
    pub fn text(&self) -> String {
        let outcomes = self.outcomes.iter().map(|((kind, outcome), count)| format!("{kind} {outcome} {count}"));
        let refused = self.refused.iter().map(|(word, count)| format!("{word} {count}"));
        format!(
            "{} drills due, {} ran; refused: {}; runs: {}; {} failovers gave no way to a drill's leftovers, worst {:.1} s",
            self.due,
            self.ran,
            refused.collect::<Vec<_>>().join(", "),
            outcomes.collect::<Vec<_>>().join(", "),
            self.measured,
            self.worst as f64 / 1_000.0
        )
    }

    /// Whether everything that is to be shown happened at all.
    pub fn covers(&self) -> bool {
        let any = |kind: RunKind, outcome| self.outcomes.contains_key(&(kind.to_string(), outcome));
        any(RunKind::StandbyDrill, "rehearsed")
            && any(RunKind::StandbyDrill, "gave-way")
            && any(RunKind::Failover, "recovered")
            && self.refused.len() > 1
            && self.measured > 0
    }
}

/// Judges the month of one plan.
pub async fn judge(host: &Host, tally: &Mutex<Tally>) -> Vec<String> {
    let ledger = peek::ledger(host).await;
    let mut broken = occurrences(host, &ledger, tally);
    broken.extend(at_rest(host).await);
    for run in runs(host, &ledger).await {
        broken.extend(delay::of(host, &run, tally_delay(tally)));
        let word = run.outcome.as_ref().map_or("not over", Outcome::word);
        *tally.lock().unwrap().outcomes.entry((run.created.kind.to_string(), word)).or_default() += 1;
    }
    broken
}

fn tally_delay(tally: &Mutex<Tally>) -> impl FnMut(Ms) {
    |delay| {
        let mut tally = tally.lock().unwrap();
        tally.measured += 1;
        tally.worst = tally.worst.max(delay);
    }
}

async fn runs(host: &Host, ledger: &[Entry<LedgerEvent>]) -> Vec<Arc<RunState>> {
    let mut runs = Vec::new();
    for entry in ledger {
        let LedgerEvent::RunAdmitted { run, .. } = &entry.event else { continue };
        runs.extend(peek::run(host, run).await);
    }
    runs
}

/// Every occurrence was taken by exactly one run, or the ledger says why not.
fn occurrences(host: &Host, ledger: &[Entry<LedgerEvent>], tally: &Mutex<Tally>) -> Vec<String> {
    let Some(month) = &host.world.weather.month else { return Vec::new() };
    let mut broken = Vec::new();
    let mut tally = tally.lock().unwrap();
    for (drill, at) in month.occurrences().filter(|(_, at)| at + 2 * HOUR < LENGTH) {
        let is_it = |due: &DrillDue| due.drill.as_str() == drill && ms_of(due.occurrence) == at;
        let (mut taken, mut told) = (0, 0);
        for entry in ledger {
            match &entry.event {
                LedgerEvent::DrillTaken { due, .. } if is_it(due) => taken += 1,
                LedgerEvent::DrillSkipped { due, .. } if is_it(due) => told += 1,
                LedgerEvent::DrillRefused { due, refusal } if is_it(due) => {
                    told += 1;
                    *tally.refused.entry(refusal.word()).or_default() += 1;
                }
                _ => {}
            }
        }
        (tally.due, tally.ran) = (tally.due + 1, tally.ran + taken);
        if taken > 1 {
            broken.push(format!("{} drill {drill} was begun {taken} times", clock_text(at)));
        }
        if taken + told == 0 {
            broken.push(format!("{} drill {drill} neither ran nor was refused", clock_text(at)));
        }
    }
    broken
}

/// In the end the standby sleeps.
async fn at_rest(host: &Host) -> Option<String> {
    let state = peek::plan(host).await.unwrap_or_default();
    let site = tidy::standby(host, &state);
    let tidy = tidy::is_tidy(host, &state) && !host.world.state().sites[site].workload.is_wanted(host.world.now());
    let name = steps::name(site);
    (!tidy).then(|| format!("{} {name} is not parked and stopped", clock_text(host.world.now())))
}
