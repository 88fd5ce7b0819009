//! A death at every mutating call of the default failover: before sending, after sending without an answer, and after
//! the answer before the append.

use super::campaign::{count_calls, simulate};
use super::time::{MINUTE, SECOND};
use super::weather::{Clusters, Crash, Drivers, Hosting, Point, Weather};

const DRIVERS: [Drivers; 3] = [Drivers::One, Drivers::TwoInstances, Drivers::TwoOfOneInstance];

/// How long calls are on their way, and when exactly the driver dies, is drawn from these.
const SEEDS: [u64; 2] = [0, 1];

/// Dies at every call of a weather, in every way, with one driver and with two.
fn die_everywhere(weather: &Weather, at_least: usize) {
    let calls = count_calls(weather.clone());
    assert!(calls >= at_least, "only {calls} calls were made");
    for (call, point) in (0..calls).flat_map(|call| Point::ALL.map(|point| (call, point))) {
        for (drivers, seed) in DRIVERS.into_iter().flat_map(|drivers| SEEDS.map(|seed| (drivers, seed))) {
            let hosting = Hosting { drivers, kill_every: None, wrong_clocks: true };
            let crash = Some(Crash { call, point });
            let weather = Weather { seed, hosting, crash, ..weather.clone() };
            simulate(weather).unwrap_or_else(|broken| panic!("{broken}\ncrash {crash:?}, drivers {drivers:?}"));
        }
    }
}

#[test]
fn the_default_failover_survives_a_death_at_each_of_its_calls() {
    die_everywhere(&Weather::calm(), 2);
}

#[test]
fn starts_and_stops_that_fail_survive_a_death_at_each_of_their_calls() {
    let calm = Weather::calm();
    let clusters = Clusters { failing_starts: 2, failing_stops: 1, start_takes: MINUTE, ..calm.clusters };
    die_everywhere(&Weather { clusters, ..calm }, 5);
}

#[test]
fn a_fence_that_is_owed_and_paid_survives_a_death_at_each_of_its_calls() {
    let calm = Weather::calm();
    let arm_dark = vec![(0, 2 * MINUTE, 12 * MINUTE)];
    let fence_unable = reveille::domain::plan::FenceUnable::Continue;
    die_everywhere(&Weather { arm_dark, fence_unable, app_boot: 20 * SECOND, ..calm }, 2);
}
