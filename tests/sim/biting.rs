//! The oracle itself: worlds in which a promise is broken on purpose must be found out.

use super::campaign::{in_virtual_time, live};
use super::host::Host;
use super::oracle::Oracle;
use super::time::{MINUTE, SimClock, sleep_ms};
use super::weather::{Alert, Weather};
use super::world::World;
use super::{peek, plan, two_writers};
use reveille::domain::chain::{Entry, Head};
use reveille::domain::ledger::{LedgerEvent, PlanState};
use reveille::domain::names::{RunId, SiteName};
use reveille::domain::plan::FenceUnable;
use reveille::domain::run::Verb;
use std::sync::Arc;

fn host(weather: Weather) -> Arc<Host> {
    Host::start(World::new(weather.clone()), plan::configured(&weather))
}

#[test]
fn a_standby_started_beside_the_primary_is_a_split_brain() {
    in_virtual_time(async {
        let host = host(Weather { outages: Vec::new(), ..Weather::calm() });
        host.world.arrive(&RunId::new("rogue"), Verb::StartCluster, 1);
        sleep_ms(10 * MINUTE).await;
        let broken = Oracle::judge(&host).await;
        assert!(broken.iter().any(|line| line.contains("both sites write")), "{broken:?}");
    });
}

#[test]
fn a_debt_that_nobody_pays_excuses_two_writers_for_a_bounded_time_only() {
    let (moved, site) = (Some(SiteName::new("centralus")), SiteName::new("eastus2"));
    let state = Box::new(PlanState { primary: moved, ..PlanState::default() });
    let (run, why) = (RunId::new("sonar.gone"), "test".to_owned());
    let events = [LedgerEvent::Snapshot { state, after: Head::default() }, LedgerEvent::FenceOwed { site, run, why }];
    let entry = |event| Entry { format: 1, seq: 1, at: SimClock::at(0), nonce: "".into(), prev: "".into(), event };
    let entries: Vec<Entry<LedgerEvent>> = events.map(entry).into();
    for (lasts, found) in [(15 * MINUTE, false), (30 * MINUTE, true)] {
        let broken = in_virtual_time(async {
            let host = host(Weather { outages: Vec::new(), ..Weather::calm() });
            host.world.arrive(&RunId::new("rogue"), Verb::StartCluster, 1);
            sleep_ms(lasts).await;
            two_writers::unforgiven(&host, &entries)
        });
        assert_eq!(broken.iter().any(|(_, what)| what.contains("stopped long ago")), found, "{broken:?}");
    }
}

#[test]
fn a_run_that_goes_on_without_the_fence_pays_its_debt_itself_at_first_contact() {
    in_virtual_time(async {
        let arm_dark = vec![(0, 2 * MINUTE, 9 * MINUTE)];
        let host = host(Weather { arm_dark, fence_unable: FenceUnable::Continue, ..Weather::calm() });
        live(&host).await;
        let ledger: Vec<LedgerEvent> = peek::ledger(&host).await.into_iter().map(|entry| entry.event).collect();
        let at = |wanted: fn(&LedgerEvent) -> bool| ledger.iter().position(wanted).unwrap_or(usize::MAX);
        let owed = at(|event| matches!(event, LedgerEvent::FenceOwed { .. }));
        let paid = at(|event| matches!(event, LedgerEvent::FencePaid { .. }));
        let closed = at(|event| matches!(event, LedgerEvent::RunClosed { outcome, .. } if outcome == "recovered"));
        assert!(owed < paid && paid < closed && closed < usize::MAX, "{ledger:#?}");
    });
}

#[test]
fn a_call_that_is_sent_twice_is_found() {
    in_virtual_time(async {
        let host = host(Weather { outages: Vec::new(), ..Weather::calm() });
        for _ in 0..2 {
            host.world.arrive(&RunId::new("rogue"), Verb::StopCluster, 0);
            sleep_ms(MINUTE / 2).await;
        }
        let broken = Oracle::judge(&host).await;
        assert!(broken.iter().any(|line| line.contains("arrives while it is Stopping")), "{broken:?}");
    });
}

#[test]
fn runs_that_act_in_turns_are_found() {
    in_virtual_time(async {
        let host = host(Weather { outages: Vec::new(), ..Weather::calm() });
        for (name, verb) in [("a", Verb::StopCluster), ("b", Verb::StartCluster), ("a", Verb::StopCluster)] {
            host.world.arrive(&RunId::new(name), verb, 0);
            sleep_ms(10 * MINUTE).await;
        }
        let broken = Oracle::judge(&host).await;
        assert!(broken.iter().any(|line| line.contains("acts again after another run")), "{broken:?}");
    });
}

#[test]
fn an_outage_that_nobody_hears_of_is_found() {
    in_virtual_time(async {
        let calm = Weather::calm();
        let alert = Alert { lost: true, ..calm.alert };
        let host = host(Weather { alert, metric_gaps: vec![(0, u64::MAX)], ..calm });
        let broken = live(&host).await;
        assert!(broken.iter().any(|line| line.contains("no incident is open")), "{broken:?}");
    });
}
