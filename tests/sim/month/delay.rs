//! A drill must not hold up a recovery: once the outage is confirmed and what was in flight is settled, the start of the
//! standby is sent with the next poll.

use super::super::cluster::{Arrival, Power};
use super::super::host::Host;
use super::super::steps::index;
use super::super::time::{Ms, SECOND, clock_text, ms_of};
use super::super::world::Happening;
use reveille::domain::run::{RunState, Verb};
use reveille::domain::runbook::{RunKind, StepName};

/// Beside the poll: a call on its way that is waited out, the way of our own, a slow look, a slow store.
const WAYS: Ms = (10 + 5 + 4 + 12) * SECOND;

/// Measures a failover that a drill had to give way to; says what was too slow. Where a process died meanwhile, or a look
/// failed, another promise counts.
pub fn of(host: &Host, run: &RunState, mut measured: impl FnMut(Ms)) -> Option<String> {
    if run.created.kind != RunKind::Failover || run.created.preempts.is_none() || host.world.weather.noise.unknown > 0.0
    {
        return None;
    }
    let confirmed = ms_of(run.step(StepName::ConfirmOutage)?.ended_at?);
    let standby = index(&run.created.standby);
    let arrived = first_start(host, run, standby);
    let settled = settled(host, standby, confirmed)?;
    let sent = arrived?;
    let delay = sent.saturating_sub(settled);
    if somebody_died(host, ms_of(run.created_at), sent) {
        return None;
    }
    measured(delay);
    let poll = u64::try_from(run.created.plan.timing.cluster_poll.as_millis()).unwrap_or(Ms::MAX);
    let allowed = poll + poll / 10 + WAYS;
    (delay > allowed).then(|| {
        let (id, seconds) = (&run.created.run, delay / SECOND);
        format!("{} {id} started its standby only after {seconds} s", clock_text(settled))
    })
}

fn first_start(host: &Host, run: &RunState, site: usize) -> Option<Ms> {
    host.world.state().log.iter().find_map(|(at, happening)| match happening {
        Happening::Arrived { run: of, verb: Verb::StartCluster, site: there, arrival: Arrival::Accepted, .. }
            if *of == run.created.run && *there == site =>
        {
            Some(*at)
        }
        _ => None,
    })
}

/// When nothing that the drill began is under way any more. Nothing to be measured where the cluster starts already.
fn settled(host: &Host, site: usize, confirmed: Ms) -> Option<Ms> {
    let state = host.world.state();
    let power = &state.sites[site].power;
    match power.at(confirmed) {
        Power::Starting | Power::Up => None,
        Power::Stopping => power.first_after(confirmed, |power| *power != Power::Stopping),
        Power::Stopped | Power::StartFailed(_) | Power::StopFailed => Some(confirmed),
    }
}

fn somebody_died(host: &Host, from: Ms, to: Ms) -> bool {
    let died = |what: &str| what.contains("is killed") || what.contains("dies");
    host.hears(|at, happening| {
        (from..=to).contains(&at) && matches!(happening, Happening::Process { what } if died(what))
    })
}
