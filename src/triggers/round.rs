//! One round of the watch over all plans: what bounds it, and whose turn is first.
//!
//! A look at the world takes as long as a dark region likes, so nothing that is known already waits for one: what is
//! there when the round's time is over is what the round answers, and the next round begins where this one was cut.

use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

/// What is to be done for one plan.
pub(super) type Work<T> = BoxFuture<'static, Vec<T>>;

/// The bounds of one round.
#[derive(Clone, Copy)]
pub(super) struct Round {
    /// Plans seen to side by side.
    pub(super) at_once: usize,
    /// What was not found by then is left to the next round.
    pub(super) until: Instant,
    /// Longest look at one plan, so that those that hang do not keep the others from their turn.
    pub(super) per_look: Duration,
}

/// What a round's looks came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Looked<T> {
    pub(super) found: Vec<T>,
    /// Plans whose look ended, one way or the other.
    pub(super) over: usize,
}

impl Round {
    /// Does the work of every plan; none of it is cut short on its own.
    pub(super) async fn tend<T: Send + 'static>(self, works: Vec<Work<T>>) -> Vec<T> {
        self.gather(works).await.into_iter().flatten().collect()
    }

    /// Looks at every plan, as far as the time allows.
    pub(super) async fn look<T: Send + 'static>(self, works: Vec<Work<T>>) -> Looked<T> {
        // The time of a look begins with the look, not when it is put in line.
        let bounded = works.into_iter().map(|work| async move { timeout(self.per_look, work).await }.boxed());
        let looks = self.gather(bounded.collect()).await;
        let over = looks.len();
        let cut = looks.iter().filter(|look| look.is_err()).count();
        if cut > 0 {
            tracing::warn!(plans = cut, "plans could not be looked at in time");
        }
        Looked { found: looks.into_iter().flatten().flatten().collect(), over }
    }

    async fn gather<T: Send>(self, works: Vec<BoxFuture<'static, T>>) -> Vec<T> {
        let mut works = futures::stream::iter(works).buffer_unordered(self.at_once);
        let mut done = Vec::new();
        while let Ok(Some(result)) = timeout_at(self.until, works.next()).await {
            done.push(result);
        }
        done
    }
}

/// Which plan is first, and when the last round began.
#[derive(Default)]
pub(super) struct Turns {
    first: AtomicUsize,
    began: Mutex<Option<Instant>>,
}

/// Rounds that are asked for begin no closer together.
const APART: Duration = Duration::from_secs(1);

impl Turns {
    /// The plans, those first that the last round did not come to.
    pub(super) fn in_turn<T>(&self, mut plans: Vec<T>) -> Vec<T> {
        if !plans.is_empty() {
            let first = self.first.load(Ordering::Relaxed) % plans.len();
            plans.rotate_left(first);
        }
        plans
    }

    /// `over` plans had their turn.
    pub(super) fn passed(&self, over: usize) {
        self.first.fetch_add(over, Ordering::Relaxed);
    }

    pub(super) fn begin(&self) {
        *self.began() = Some(Instant::now());
    }

    /// Waits for the time of a round that was asked for now. `false` when another began meanwhile, which then saw
    /// whatever this one was asked for.
    pub(super) async fn is_due(&self) -> bool {
        let asked = Instant::now();
        loop {
            let next = {
                let mut began = self.began();
                let now = Instant::now();
                match *began {
                    Some(last) if last > asked => return false,
                    Some(last) if last + APART > now => last + APART,
                    _ => {
                        *began = Some(now);
                        return true;
                    }
                }
            };
            sleep_until(next).await;
        }
    }

    fn began(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.began.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::future::{join_all, pending, ready};

    const HUNDREDS: usize = 200;

    fn round(seconds: u64) -> Round {
        Round { at_once: 16, until: Instant::now() + Duration::from_secs(seconds), per_look: Duration::from_secs(40) }
    }

    /// Every plan that `hangs` says never answers; the others find their own number.
    fn plans(order: Vec<usize>, hangs: impl Fn(usize) -> bool) -> Vec<Work<usize>> {
        let work = |n| if hangs(n) { pending().boxed() } else { ready(vec![n]).boxed() };
        order.into_iter().map(work).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn plans_that_hang_keep_no_other_from_its_turn() {
        let looked = round(100).look(plans((0..HUNDREDS).collect(), |n| n % 10 == 0)).await;
        assert_eq!(looked.over, HUNDREDS);
        assert_eq!(looked.found.len(), HUNDREDS * 9 / 10);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_found_before_the_time_was_over_is_not_lost() {
        let tended = round(100).tend(plans((0..HUNDREDS).collect(), |n| n == 150)).await;
        assert_eq!(tended.len(), HUNDREDS - 1, "one that hangs costs nobody else's wake-up");
        let mut looked = round(100).look(plans((0..HUNDREDS).collect(), |n| n >= 20)).await;
        looked.found.sort_unstable();
        assert_eq!(looked.found, (0..20).collect::<Vec<_>>());
        assert!(looked.over < HUNDREDS, "the time was over first: {looked:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_had_no_turn_is_first_in_the_next_round() {
        let turns = Turns::default();
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..8 {
            let order = turns.in_turn((0..HUNDREDS).collect());
            let looked = round(100).look(plans(order, |n| n != 190)).await;
            turns.passed(looked.over.max(1));
            seen.extend(looked.found);
        }
        assert_eq!(seen.into_iter().collect::<Vec<_>>(), [190]);
    }

    #[tokio::test(start_paused = true)]
    async fn rounds_asked_for_together_are_one_and_what_is_asked_later_is_not_forgotten() {
        let turns = Turns::default();
        assert!(turns.is_due().await, "the first is at once");
        tokio::time::advance(Duration::from_millis(10)).await;
        let asked = Instant::now();
        let due = join_all((0..5).map(|_| turns.is_due())).await;
        assert_eq!(due.iter().filter(|due| **due).count(), 1, "the round before began before these were asked for");
        assert!(asked.elapsed() < APART);
    }
}
