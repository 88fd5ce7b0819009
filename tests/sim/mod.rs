//! The simulated world: the real engine and the real decisions of the steps, in virtual time, under bad weather.
//!
//! Each seed draws its weather: what fails, for how long, who dies when. Its outcome is judged by the world's own log.
//! The same seed always gives the same simulation.
//!
//! ```text
//! cargo test --test all sim::                                          what CI runs
//! REVEILLE_SIM_SEEDS=50000 cargo test --test all sim::campaign         more seeds
//! REVEILLE_SIM_FROM=1234 REVEILLE_SIM_SEEDS=1 cargo test --test all sim::campaign -- --nocapture   one again
//! ```

mod admitting;
mod biting;
mod campaign;
mod claims;
mod cluster;
mod crash_points;
mod drills;
mod duplicates;
mod host;
mod hosting;
mod month;
mod oracle;
mod peek;
mod people;
pub mod plan;
mod probes;
mod process;
mod reindex;
mod scaled_fence;
mod segments;
mod slices;
mod steps;
mod switchover;
mod tampering;
mod tending;
mod time;
mod trace;
mod two_writers;
pub mod weather;
mod workload;
mod world;
