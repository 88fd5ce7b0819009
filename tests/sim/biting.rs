//! The oracle itself: worlds in which a promise is broken on purpose must be found out.

use super::campaign::{in_virtual_time, live};
use super::host::Host;
use super::oracle::Oracle;
use super::plan;
use super::time::{MINUTE, sleep_ms};
use super::weather::{Alert, Weather};
use super::world::World;
use reveille::domain::names::RunId;
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
