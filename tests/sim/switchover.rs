//! Switchover drills in the simulated world: there and back, and whatever may come in between.

use super::campaign::{drain, each_seed, in_virtual_time, live, setting, simulate};
use super::host::Host;
use super::oracle::{self, Oracle};
use super::time::{MINUTE, Ms, SECOND};
use super::weather::{Outage, Standby, Weather};
use super::world::{Happening, World};
use super::{peek, people, plan, trace};
use reveille::domain::ledger::PlanState;
use reveille::domain::run::Verb;
use reveille::domain::runbook::RunKind;

/// Nothing goes wrong, and somebody approves.
fn weather() -> Weather {
    Weather { standby: Standby::Parked, drills: true, switchovers: true, outages: Vec::new(), ..Weather::calm() }
}

/// How a plan's ledger stands at the end, the world's own log, and the promises that were broken.
fn lived(weather: &Weather) -> (PlanState, Vec<(Ms, Happening)>, String) {
    in_virtual_time(async {
        let host = Host::start(World::new(weather.clone()), plan::configured(weather));
        people::begin(&host);
        let mut broken = live(&host).await;
        drain(&host).await;
        broken.extend(Oracle::judge(&host).await);
        let story = if broken.is_empty() { String::new() } else { trace::of(&host).await };
        (peek::plan(&host).await.unwrap(), host.world.state().log.clone(), broken.join("\n") + &story)
    })
}

fn outcomes(state: &PlanState, kind: RunKind) -> Vec<String> {
    let runs = state.runs.iter().filter(|line| line.kind == kind);
    runs.filter_map(|line| line.outcome.clone()).collect()
}

/// The longest time in which nobody served, and whether both sites ever wrote at once.
fn interruption(log: &[(Ms, Happening)]) -> (Ms, bool) {
    let (mut writes, mut quiet_since, mut longest) = ([true, false], None::<Ms>, 0);
    let mut both = false;
    for (at, happening) in log {
        let Happening::Writes { site, writes: now } = happening else { continue };
        writes[*site] = *now;
        both |= writes == [true, true];
        match (writes == [false, false], quiet_since) {
            (true, None) => quiet_since = Some(*at),
            (false, Some(since)) => (longest, quiet_since) = (longest.max(at - since), None),
            _ => {}
        }
    }
    (longest, both)
}

#[test]
fn a_switchover_goes_there_and_back_without_two_writers() {
    let (state, log, broken) = lived(&weather());
    assert_eq!(broken, "");
    let moves = outcomes(&state, RunKind::SwitchoverDrill);
    assert!(moves.len() >= 2 && moves.len().is_multiple_of(2), "{moves:?}");
    assert!(moves.iter().all(|outcome| outcome == "switched"), "{moves:?}");
    assert_eq!((&state.away, state.primary.as_ref().map(|site| site.as_str())), (&None, Some("eastus2")));
    assert!(outcomes(&state, RunKind::Failover).is_empty(), "its own alert starts nothing");
    let (longest, both) = interruption(&log);
    assert!(!both && longest > 0, "{longest} ms");
}

#[test]
fn a_standby_that_never_serves_gives_the_primary_back() {
    let (state, log, broken) = lived(&Weather { app_broken: true, ..weather() });
    assert_eq!(broken, "");
    let moves = outcomes(&state, RunKind::SwitchoverDrill);
    assert!(!moves.is_empty() && moves.iter().all(|outcome| outcome == "failed"), "{moves:?}");
    assert_eq!((&state.away, &state.primary), (&None, &None), "it never moved");
    assert!(!interruption(&log).1);
    let parked = state.parking.iter().map(|known| format!("{}: {:?}", known.site, known.state)).collect::<Vec<_>>();
    assert!(parked.iter().any(|it| it.starts_with("centralus: Parked")), "{parked:?}");
    let last_stop = log.iter().rev().find(|(_, it)| matches!(it, Happening::Arrived { verb: Verb::StopCluster, .. }));
    assert!(matches!(last_stop, Some((_, Happening::Arrived { site: 1, .. }))), "the standby rests again");
}

#[test]
fn nobody_who_approves_means_nothing_touched() {
    let mut weather = weather();
    weather.people.answers_after = None;
    let (state, log, broken) = lived(&weather);
    assert_eq!(broken, "");
    let moves = outcomes(&state, RunKind::SwitchoverDrill);
    assert!(!moves.is_empty() && moves.iter().all(|outcome| outcome == "approval-timed-out"), "{moves:?}");
    assert!(!log.iter().any(|(_, it)| matches!(it, Happening::Arrived { .. } | Happening::Scaled { .. })));
}

/// An outage of either site at any moment of a move there and back.
#[test]
fn an_outage_at_any_moment_of_a_switchover_breaks_no_promise() {
    let count = setting("REVEILLE_SIM_SEEDS", 60);
    let failed = each_seed(setting("REVEILLE_SIM_FROM", 0), count, |seed| {
        let outage = Outage {
            site: (seed % 2) as usize,
            at: 3 * MINUTE + seed * 16 * MINUTE / count.max(60),
            back: (seed % 3 == 0).then_some(20 * MINUTE),
            ingress_only: seed % 5 == 0,
        };
        let mut weather = Weather { seed, outages: vec![outage], ..weather() };
        weather.people.answers_after = Some(10 * SECOND);
        simulate(weather)
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// The same with everything else going wrong too.
#[test]
fn no_weather_turns_a_switchover_into_a_broken_promise() {
    let count = setting("REVEILLE_SIM_SEEDS", 120);
    let failed = each_seed(setting("REVEILLE_SIM_FROM", 0), count, |seed| {
        let chaos = Weather::of(seed);
        let late = |outage: &Outage| Outage { at: outage.at + seed % 20 * MINUTE, back: None, ..*outage };
        let outages = if seed % 3 == 0 { Vec::new() } else { chaos.outages.iter().take(1).map(late).collect() };
        let weather = Weather { standby: Standby::Parked, drills: true, switchovers: true, outages, ..chaos };
        simulate(weather)
    });
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

#[test]
fn a_way_back_that_is_never_begun_is_found() {
    in_virtual_time(async {
        let host = Host::start(World::new(weather()), plan::configured(&weather()));
        people::begin(&host);
        let away = async |host: &Host| peek::plan(host).await.is_some_and(|state| state.away.is_some());
        while !away(&host).await || peek::active(&host).await.is_some() {
            super::time::sleep_ms(SECOND).await;
        }
        let broken = oracle::nothing_forgotten(&host).await.join("\n");
        assert!(broken.contains("was never begun"), "{broken}");
    });
}
