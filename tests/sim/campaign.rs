//! Many seeds, side by side.

use super::host::Host;
use super::time::{MINUTE, Ms, sleep_ms};
use super::weather::{CALM, Weather};
use super::world::World;
use super::{oracle, peek, people, plan, trace};
use std::sync::atomic::{AtomicU64, Ordering};

/// Time after the chaos in which everything has to come to its end.
const HORIZON: Ms = CALM + 60 * MINUTE;
/// Longest time that a run may still take once the plan is paused.
const DRAIN: Ms = 45 * MINUTE;

/// Seeds that CI runs.
const SEEDS: u64 = 1_000;

/// Simulates one weather to its end; the broken promises, and the trace if there are any.
pub fn simulate(weather: Weather) -> Result<(), String> {
    in_virtual_time(async {
        let host = Host::start(World::new(weather.clone()), plan::configured(&weather));
        people::begin(&host);
        let mut broken = live(&host).await;
        drain(&host).await;
        broken.extend(oracle::Oracle::judge(&host).await);
        if std::env::var_os("REVEILLE_SIM_TRACE").is_some() {
            println!("{}", trace::of(&host).await);
        }
        match broken.is_empty() {
            true => Ok(()),
            false => Err(format!("{}\nseed {}:\n{}", trace::of(&host).await, weather.seed, broken.join("\n"))),
        }
    })
}

/// How many mutating calls a weather leads to.
pub fn count_calls(weather: Weather) -> usize {
    in_virtual_time(async {
        let host = Host::start(World::new(weather.clone()), plan::configured(&weather));
        people::begin(&host);
        live(&host).await;
        host.world.state().calls
    })
}

pub fn in_virtual_time<T>(simulation: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(simulation)
}

/// Lets the world go on until nothing more can happen.
pub async fn live(host: &Host) -> Vec<String> {
    sleep_ms(CALM).await;
    // What is hopeless stays as it is: a few more rounds of it tell nothing new.
    let horizon = if host.world.weather.is_hopeless() { CALM + 15 * MINUTE } else { HORIZON };
    loop {
        sleep_ms(MINUTE).await;
        let over = match peek::plan(host).await {
            Some(plan) => plan.active.is_none() && plan.incident.is_none() && !oracle::may_go_back(host, &plan),
            None => true,
        };
        if host.world.now() >= horizon
            || (over && host.world.is_settled() && host.world.serves(host.world.now()).is_some())
        {
            return oracle::nothing_forgotten(host).await;
        }
    }
}

/// Holds new starts, and waits until every run is closed.
pub async fn drain(host: &Host) {
    let until = host.world.now() + DRAIN;
    loop {
        let paused = host.invoke({
            let plan = host.name().clone();
            move |engine| async move { engine.pause(&plan, "ann", None, "the end").await }
        });
        paused.await;
        let runs = peek::plan(host).await.map(|plan| plan.runs).unwrap_or_default();
        let mut open = 0;
        for line in runs {
            open += u32::from(!peek::run(host, &line.run).await.is_some_and(|run| run.closed));
        }
        if open == 0 || host.world.now() >= until {
            return;
        }
        sleep_ms(MINUTE).await;
    }
}

pub fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is not a number")))
}

#[test]
fn no_weather_breaks_a_promise() {
    let first = setting("REVEILLE_SIM_FROM", 0);
    let count = setting("REVEILLE_SIM_SEEDS", SEEDS);
    let failed = each_seed(first, count, |seed| simulate(Weather::of(seed)));
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}

/// Does something for so many seeds, side by side; what failed. Stops early when that is much.
pub fn each_seed(first: u64, count: u64, simulate: impl Fn(u64) -> Result<(), String> + Sync) -> Vec<String> {
    let next = AtomicU64::new(first);
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        let worker = || {
            let mut failed = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::Relaxed);
                if seed >= first + count || failed.len() > 2 {
                    return failed;
                }
                failed.extend(simulate(seed).err());
            }
        };
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    })
}

#[test]
fn a_plain_outage_is_recovered() {
    simulate(Weather::calm()).unwrap_or_else(|broken| panic!("{broken}"));
}
