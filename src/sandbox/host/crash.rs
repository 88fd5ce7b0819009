//! What the host does when its handler ends.
//!
//! Rules: github.com/Azure/azure-functions-host, HttpFunctionInvocationDispatcher and WorkerProcess.

use std::time::Duration;

use tokio::time::Instant;

/// Crashes further apart than this do not add up.
const FORGET_AFTER: Duration = Duration::from_secs(30 * 60);
const LAST_STRAW: usize = 3;
/// The exit code by which a handler asks for a restart.
const RESTART_PLEASE: i32 = 200;

/// What happens next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Restart,
    /// Exit code 0: nobody starts it again, and every later call fails.
    StayDown,
    StopHost,
}

/// The crashes that still count.
#[derive(Debug, Default)]
pub struct Crashes(Vec<Instant>);

impl Crashes {
    /// Judges an end by its exit code; a signal has none.
    pub fn exited(&mut self, code: Option<i32>, now: Instant) -> Verdict {
        match code {
            Some(0) => Verdict::StayDown,
            Some(RESTART_PLEASE) => Verdict::Restart,
            Some(_) | None => self.failed(now),
        }
    }

    /// Counts a crash, or a start that never became ready.
    pub fn failed(&mut self, now: Instant) -> Verdict {
        if self.0.last().is_some_and(|last| now.duration_since(*last) > FORGET_AFTER) {
            self.0.clear();
        }
        self.0.push(now);
        if self.0.len() < LAST_STRAW { Verdict::Restart } else { Verdict::StopHost }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_third_crash_stops_the_host() {
        let (mut crashes, now) = (Crashes::default(), Instant::now());
        assert_eq!(crashes.exited(Some(1), now), Verdict::Restart);
        assert_eq!(crashes.exited(None, now), Verdict::Restart);
        assert_eq!(crashes.exited(Some(101), now), Verdict::StopHost);
    }

    #[test]
    fn half_an_hour_without_a_crash_forgets_the_old_ones() {
        let (mut crashes, now) = (Crashes::default(), Instant::now());
        crashes.failed(now);
        crashes.failed(now);
        assert_eq!(crashes.failed(now + FORGET_AFTER + Duration::from_secs(1)), Verdict::Restart);
    }

    #[test]
    fn zero_stays_down_and_two_hundred_is_free() {
        let (mut crashes, now) = (Crashes::default(), Instant::now());
        assert_eq!(crashes.exited(Some(0), now), Verdict::StayDown);
        (0..9).for_each(|_| assert_eq!(crashes.exited(Some(200), now), Verdict::Restart));
        assert_eq!(crashes.failed(now), Verdict::Restart);
    }
}
