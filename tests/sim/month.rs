//! A month: three plans of one app, each with its drills, outages at random, processes that die at random.
//!
//! Time is only spent where something happens: while nothing goes on and nothing is due, everybody sleeps until the next
//! event of the month.
//!
//! ```text
//! REVEILLE_MONTHS=500 cargo test --test all sim::month -- --nocapture          as many seeds
//! REVEILLE_MONTHS_FROM=17 REVEILLE_MONTHS=1 cargo test --test all sim::month   one of them again
//! ```

mod calendar;
mod delay;
mod judge;
mod tidy;

use super::campaign::{drain, each_seed, in_virtual_time, setting};
use super::host::{Host, Tenant};
use super::time::{MINUTE, Ms, SECOND, sleep_ms};
use super::weather::{Alert, Clusters, Dice, Drivers, Failure, Hosting, Noise, Outage, People, Standby, Weather};
use super::world::World;
use super::{oracle, peek, people, trace};
pub use calendar::Month;
use calendar::{DAY, HOUR};
use judge::Tally;
use rand::SeedableRng;
use rand::rngs::StdRng;
use reveille::domain::drill;
use reveille::domain::plan::FenceUnable;
use reveille::engine::ports::Clock;
use std::sync::{Arc, Mutex};

/// Months that CI runs.
const SEEDS: u64 = 12;
/// After the month's last outage, for everything to come to its end.
const EVENING: Ms = 12 * HOUR;

const PLANS: [&str; 3] = ["alpha", "beta", "gamma"];

/// Whether nothing goes on for a plan: no run, no incident, no drill that waits, and a world that stands still.
pub async fn is_quiet(host: &Host) -> bool {
    let Some(state) = peek::plan(host).await else { return false };
    let waits = || !drill::pending(&state, &host.plan.plan, host.world.clock.now()).is_empty();
    let busy = state.active.is_some()
        || state.away.is_some()
        || state.incident.is_some()
        || !state.debts.is_empty()
        || state.paused.is_some();
    let serves = host.world.serves(host.world.now()).is_some();
    let awake = host.world.weather.month.as_ref().is_some_and(|month| month.is_awake(host.world.now()));
    !busy && !awake && serves && host.world.stands_still(5 * MINUTE) && !waits() && tidy::is_tidy(host, &state)
}

/// The weather of one plan's month.
fn weather(seed: u64, number: usize) -> Weather {
    let mut dice = Dice(StdRng::seed_from_u64(seed.wrapping_mul(31).wrapping_add(number as u64)));
    let mut month = Month::of(number);
    let outages = outages(&mut dice, &month);
    month.also(outages.iter().flat_map(|outage| [Some(outage.at), outage.back]).flatten());
    let level = dice.pick(&[0.0, 0.2, 0.6]);
    Weather {
        seed,
        plan: PLANS[number],
        fence_unable: dice.pick(&[FenceUnable::Ask, FenceUnable::Continue]),
        outages,
        clusters: Clusters {
            start_takes: dice.between(60 * SECOND, 4 * MINUTE),
            stop_takes: dice.between(40 * SECOND, 4 * MINUTE),
            failing_starts: dice.pick(&[0, 0, 0, 1, 2]),
            failure: Failure::Capacity,
            failing_stops: dice.pick(&[0, 0, 0, 1]),
            stop_forbidden: false,
        },
        alert: Alert { lost: dice.chance(0.2), copies: 1, after: dice.between(MINUTE, 4 * MINUTE), false_one: None },
        noise: Noise {
            unknown: 0.05 * level,
            throttled: 0.1 * level,
            answer_lost: 0.1 * level,
            store_fails: 0.005 * level,
            store_loses_answer: 0.01 * level,
            store_lands_late: 0.002 * level,
            store_slow: 0.01 * level,
            wake_lost: 0.1 * level,
            wake_doubled: 0.1 * level,
            wake_late: 0.1 * level,
        },
        hosting: Hosting {
            drivers: dice.pick(&[Drivers::One, Drivers::TwoInstances]),
            kill_every: dice.chance(0.7).then(|| dice.between(30 * SECOND, 8 * MINUTE)),
            wrong_clocks: dice.chance(0.4),
        },
        people: People { answers_after: Some(2 * MINUTE), meddles: false },
        standby: Standby::Parked,
        drills: true,
        switchovers: true,
        calm: month.end(),
        month: Some(month),
        ..Weather::calm()
    }
}

/// Up to two, the second at the site that the first one moved to; half of them about the time of a drill.
fn outages(dice: &mut Dice, month: &Month) -> Vec<Outage> {
    let mut at = dice.between(DAY, 20 * DAY);
    let mut outages = Vec::new();
    for site in 0..dice.pick(&[0, 1, 2, 2]) {
        let drill = month.occurrences().map(|(_, at)| at).find(|occurrence| *occurrence > at);
        let begins =
            drill.filter(|_| dice.chance(0.5)).map_or(at, |drill| drill + dice.between(0, 17 * MINUTE) - 10 * MINUTE);
        let back = begins + dice.between(20 * MINUTE, 5 * HOUR);
        outages.push(Outage { site, at: begins, back: Some(back), ingress_only: dice.chance(0.3) });
        at = back + dice.between(2 * DAY, 6 * DAY);
    }
    outages
}

/// Lives through a month; what was broken in it.
fn live(seed: u64, tally: &Mutex<Tally>) -> Result<(), String> {
    in_virtual_time(async {
        let tenant = |number| Tenant::of(&World::new(weather(seed, number)));
        let hosts = Host::house((0..PLANS.len()).map(tenant).collect());
        for host in &hosts {
            people::begin(host);
            tokio::spawn(tidy::up(Arc::clone(host)));
        }
        sleep_ms(calendar::LENGTH + EVENING).await;
        let mut broken = Vec::new();
        for host in &hosts {
            broken.extend(told_of(host, oracle::nothing_forgotten(host).await));
            drain(host).await;
            let judged = judge::judge(host, tally).await.into_iter().chain(oracle::Oracle::judge(host).await);
            broken.extend(told_of(host, judged.collect()));
        }
        if broken.is_empty() {
            return Ok(());
        }
        let first = hosts.iter().find(|host| broken[0].starts_with(host.name().as_str()));
        let trace = trace::of(first.unwrap_or(&hosts[0])).await;
        Err(format!("{trace}\nseed {seed}:\n{}", broken.join("\n")))
    })
}

fn told_of(host: &Host, broken: Vec<String>) -> Vec<String> {
    broken.into_iter().map(|broken| format!("{}: {broken}", host.name())).collect()
}

#[test]
fn a_month_of_drills_and_outages_breaks_no_promise() {
    let (first, count) = (setting("REVEILLE_MONTHS_FROM", 0), setting("REVEILLE_MONTHS", SEEDS));
    let tally = Mutex::new(Tally::default());
    let failed = each_seed(first, count, |seed| live(seed, &tally));
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
    let tally = tally.into_inner().unwrap();
    println!("{count} months from seed {first}: {}", tally.text());
    assert!(count < SEEDS || tally.covers(), "these months show too little: {}", tally.text());
}
