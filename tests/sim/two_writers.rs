//! Two sites that write: forgiven only while a fence is owed, and then only for a bounded time in which somebody could
//! have stopped the debtor.

use super::host::Host;
use super::steps::index;
use super::time::{MINUTE, Ms, SECOND, ms_of};
use super::world::SITES;
use reveille::domain::chain::Entry;
use reveille::domain::ledger::{self, LedgerEvent, PlanState};
use reveille::domain::runbook::RunKind;

/// How exactly the world is looked at.
const TICK: Ms = 5 * SECOND;

/// How long a debtor may go on writing once it can be stopped: deaths of drivers, refusals and lost answers included.
const GRACE: Ms = 12 * MINUTE;

/// Every moment at which two sites wrote and should not have; one for each stretch of time.
pub fn unforgiven(host: &Host, entries: &[Entry<LedgerEvent>]) -> Vec<(Ms, &'static str)> {
    let clusters = host.world.weather.clusters;
    let stops = clusters.stop_takes * (Ms::from(clusters.failing_stops) + 1);
    let (mut state, mut entries) = (PlanState::default(), entries.iter().peekable());
    let (mut ever_owed, mut contact, mut told) = (false, 0, false);
    let mut found = Vec::new();
    for now in (0..=host.world.now()).step_by(TICK as usize) {
        while let Some(entry) = entries.next_if(|entry| ms_of(entry.at) <= now) {
            ever_owed |= matches!(entry.event, LedgerEvent::FenceOwed { .. });
            state.apply(&entry.event, entry.at);
        }
        if !both_write(host, now) {
            (contact, told) = (0, false);
            continue;
        }
        contact += if can_be_paid(host, &state, now) { TICK } else { 0 };
        let what = match (ever_owed, contact > GRACE + stops) {
            (false, _) => "both sites write, and nobody decided to go on without the fence",
            (true, true) => "both sites write, and the site whose fence is owed could have been stopped long ago",
            (true, false) => continue,
        };
        if !told {
            found.push((now, what));
        }
        told = true;
    }
    found
}

fn both_write(host: &Host, now: Ms) -> bool {
    host.world.state().sites.iter().all(|site| *site.writes.at(now))
}

/// Whether the fence that is owed could be paid now: the debtor's cluster can be read and stopped, and the debt is that of
/// the run under way, or of a site that was left for one that serves.
fn can_be_paid(host: &Host, state: &PlanState, now: Ms) -> bool {
    let weather = &host.world.weather;
    let dark = |site: usize| weather.arm_dark.iter().any(|(of, from, to)| *of == site && (*from..*to).contains(&now));
    let primary = ledger::primary(state, &host.plan.plan);
    state.debts.iter().any(|debt| {
        let site = index(&debt.site);
        let other_serves = *host.world.state().sites[SITES.len() - 1 - site].origin.at(now);
        let open = match &state.active {
            Some(active) if active.kind == RunKind::Failover => active.run == debt.run,
            _ => debt.site != primary && state.paused.is_none() && other_serves,
        };
        open && !dark(site) && !weather.clusters.stop_forbidden
    })
}
