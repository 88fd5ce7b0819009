//! What can happen to a wake-up on its way: a seeded choice for every message that a function puts.

use std::time::Duration;

use rand::RngExt;
use rand::rngs::StdRng;

/// Chances (0 to 1) of each fate. Whoever sets it prints the seed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Chaos {
    pub seed: u64,
    /// The message is stored twice.
    pub double: f64,
    /// The message is lost.
    pub drop: f64,
    /// The message is seen only later, by up to `max_delay`.
    pub delay: f64,
    pub max_delay: Duration,
    /// Visible messages are handed out in any order.
    pub reorder: bool,
}

impl Chaos {
    /// One entry for each copy to store: how long it stays invisible.
    pub(super) fn fates(&self, random: &mut StdRng) -> Vec<Duration> {
        if random.random_bool(self.drop.clamp(0.0, 1.0)) {
            return Vec::new();
        }
        let copies = if random.random_bool(self.double.clamp(0.0, 1.0)) { 2 } else { 1 };
        (0..copies).map(|_| self.wait(random)).collect()
    }

    fn wait(&self, random: &mut StdRng) -> Duration {
        if random.random_bool(self.delay.clamp(0.0, 1.0)) {
            self.max_delay.mul_f64(random.random_range(0.0..=1.0))
        } else {
            Duration::ZERO
        }
    }
}
