//! One of Azure's token buckets as its callers see it: who may go now, and who when.

use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// Who does not come back for its place within this time loses it.
const PLACE_KEPT: Duration = Duration::from_secs(30);
/// A wait after a refusal doubles with each further one in a row, up to this factor: other processes that draw from the
/// same bucket have to find their turns too.
const MOST_DOUBLINGS: u32 = 5;

/// So many calls at once, so many more a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rate {
    pub burst: u32,
    pub per_second: f64,
}

#[derive(Debug)]
pub(super) struct Lane {
    rate: Rate,
    /// When the bucket would be full again if nobody called (generic cell rate algorithm).
    full_at: Instant,
    /// Turns that were given for later.
    places: HashMap<String, Instant>,
    refusals: u32,
}

impl Lane {
    pub fn new(rate: Rate, now: Instant) -> Self {
        Self { rate, full_at: now, places: HashMap::new(), refusals: 0 }
    }

    /// How long until this caller's turn; zero when it is its turn. It keeps its place until it [takes](Self::take) it.
    pub fn place(&mut self, caller: &str, now: Instant) -> Duration {
        self.places.retain(|_, at| now < *at + PLACE_KEPT);
        let at = match self.places.get(caller) {
            Some(at) => *at,
            None => self.give_place(caller, now),
        };
        at.saturating_duration_since(now)
    }

    fn give_place(&mut self, caller: &str, now: Instant) -> Instant {
        let one = Duration::from_secs_f64(1.0 / self.rate.per_second);
        let depth = one * (self.rate.burst - 1);
        self.full_at = self.full_at.max(now) + one;
        let at = (self.full_at - one).checked_sub(depth).map_or(now, |at| at.max(now));
        self.places.insert(caller.to_owned(), at);
        at
    }

    /// The caller goes.
    pub fn take(&mut self, caller: &str) {
        self.places.remove(caller);
    }

    /// The bucket is emptier than thought: it is empty, and stays so for that time.
    pub fn close(&mut self, wait: Duration, now: Instant) {
        let wait = wait * 2u32.pow(self.refusals.min(MOST_DOUBLINGS));
        self.refusals += 1;
        let one = Duration::from_secs_f64(1.0 / self.rate.per_second);
        let until = now + wait;
        let first = self.places.values().min().copied().unwrap_or(until);
        let later = until.saturating_duration_since(first);
        self.places.values_mut().for_each(|at| *at += later);
        self.full_at = (self.full_at + later).max(until + one * (self.rate.burst - 1));
    }

    /// A call was let in.
    pub fn reopen(&mut self) {
        self.refusals = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::{Lane, Rate};
    use std::time::Duration;
    use tokio::time::Instant;

    const SLOW: Rate = Rate { burst: 3, per_second: 0.5 };

    fn go(lane: &mut Lane, caller: &str, now: Instant) -> u64 {
        let wait = lane.place(caller, now);
        if wait.is_zero() {
            lane.take(caller);
        }
        wait.as_secs()
    }

    #[test]
    fn a_burst_goes_at_once_and_the_rest_one_after_the_other() {
        let start = Instant::now();
        let mut lane = Lane::new(SLOW, start);
        let waits: Vec<u64> = ["a", "b", "c", "d", "e", "f"].iter().map(|it| go(&mut lane, it, start)).collect();
        assert_eq!(waits, [0, 0, 0, 2, 4, 6]);
    }

    #[test]
    fn who_comes_back_finds_its_place_and_who_does_not_loses_it() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut lane = Lane::new(SLOW, start);
        for caller in ["a", "b", "c", "d", "e"] {
            go(&mut lane, caller, start);
        }
        assert_eq!(go(&mut lane, "e", after(1)), 3);
        assert_eq!(go(&mut lane, "d", after(2)), 0);
        assert_eq!(go(&mut lane, "e", after(4)), 0);
        assert_eq!(go(&mut lane, "e", after(4)), 2, "a second turn is a turn of its own");
        assert_eq!(go(&mut lane, "e", after(60)), 0);
    }

    #[test]
    fn after_a_refusal_everybody_waits_and_then_goes_in_the_old_order() {
        let start = Instant::now();
        let mut lane = Lane::new(SLOW, start);
        for caller in ["a", "b", "c", "d", "e"] {
            go(&mut lane, caller, start);
        }
        lane.close(Duration::from_secs(20), start);
        let waits: Vec<u64> = ["d", "e", "a"].iter().map(|it| go(&mut lane, it, start)).collect();
        assert_eq!(waits, [20, 22, 24]);
    }

    #[test]
    fn refusals_in_a_row_double_the_wait_until_a_call_is_let_in() {
        let start = Instant::now();
        let mut lane = Lane::new(SLOW, start);
        let closed = |lane: &mut Lane| {
            lane.close(Duration::from_secs(10), start);
            let wait = lane.place("a", start).as_secs();
            lane.take("a");
            wait
        };
        assert_eq!(closed(&mut lane), 10);
        assert_eq!(closed(&mut lane), 20);
        lane.reopen();
        assert_eq!(closed(&mut lane), 22, "after the turn that was given last");
    }
}
