//! The fence by scaling in a world where nothing else goes wrong: how it ends, and that it costs a lost region no time.

use super::campaign::{in_virtual_time, live, simulate};
use super::host::Host;
use super::time::Ms;
use super::weather::{Outage, Standby, Weather};
use super::world::{Happening, World};
use super::{peek, plan, workload};
use reveille::domain::names::SiteName;
use reveille::domain::parking::ParkingState;
use reveille::domain::run::Verb;

/// When the first stop arrived at the primary's cluster, and what the ledger knows of its workload at the end.
fn after(weather: &Weather) -> (Option<Ms>, Option<ParkingState>) {
    in_virtual_time(async {
        let host = Host::start(World::new(weather.clone()), plan::configured(weather));
        live(&host).await;
        let is_stop = |it: &Happening| matches!(it, Happening::Arrived { verb: Verb::StopCluster, site: 0, .. });
        let log = host.world.state().log.clone();
        let stop = log.iter().find(|(_, it)| is_stop(it)).map(|(at, _)| *at);
        let state = peek::plan(&host).await.unwrap();
        (stop, state.parking(&SiteName::new("eastus2")).map(|known| known.state.clone()))
    })
}

#[test]
fn a_primary_that_is_only_cut_off_is_scaled_to_zero_and_its_counts_are_kept() {
    for standby in [Standby::StartsWithCluster, Standby::Parked] {
        let calm = Weather { standby, fence_scales: true, ..Weather::calm() };
        let outages = vec![Outage { ingress_only: true, ..calm.outages[0] }];
        let weather = Weather { outages, ..calm };
        simulate(weather.clone()).unwrap_or_else(|broken| panic!("{broken}"));
        let expected = Some(ParkingState::Parked { counts: workload::counts() });
        assert_eq!(after(&weather), (None, expected), "{standby:?}");
    }
}

#[test]
fn a_region_that_is_lost_is_stopped_as_soon_as_without_it() {
    let stop_only = after(&Weather::calm());
    let scales_first = after(&Weather { fence_scales: true, ..Weather::calm() });
    assert!(stop_only.0.is_some());
    assert_eq!(stop_only, scales_first);
}
