//! The same call again, within limits, and what became of one whose answer was lost.

use super::error::BlobError;
use super::place::Place;
use crate::telemetry::metrics::STORE_RETRIES;
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// How long the storage may take. Whoever waits for less, as the sender of an alert does, gives up on its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// The longest time of each attempt, one after the other. The first two fit into the time of an alert; the last
    /// has room for a large log over a slow line.
    pub attempts: Vec<Duration>,
    /// Pause before the second attempt; it doubles with each further one.
    pub pause: Duration,
    /// A wait that the storage asks for and that is longer than this is not waited for.
    pub longest_pause: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let millis = Duration::from_millis;
        Self {
            attempts: vec![millis(900), millis(1_400), millis(5_000)],
            pause: millis(40),
            longest_pause: millis(1_000),
        }
    }
}

impl Patience {
    /// The pause after attempt number `attempt` (from 0), or `None` when the storage asks for more than there is.
    fn pause(&self, attempt: usize, asked: Option<Duration>) -> Option<Duration> {
        let own = self.pause.saturating_mul(1 << attempt.min(8));
        let pause = asked.map_or(own, |asked| asked.max(own));
        (pause <= self.longest_pause).then_some(pause)
    }
}

/// Asks until there is an answer that another attempt would not change.
pub(super) async fn ask<T, F>(place: &Place, call: impl Fn() -> F) -> Result<T, BlobError>
where
    F: Future<Output = azure_core::Result<T>>,
{
    write(place, call, || async { Ok(None) }).await
}

/// The same for what may only be carried out once. When it is unknown what became of an attempt, `landed` looks: its
/// answer is the call's own. A refusal after such an attempt may be due to it, so `landed` is asked then too.
pub(super) async fn write<T, F, G>(place: &Place, call: impl Fn() -> F, landed: impl Fn() -> G) -> Result<T, BlobError>
where
    F: Future<Output = azure_core::Result<T>>,
    G: Future<Output = Result<Option<T>, BlobError>>,
{
    place.token().await?;
    let mut uncertain = false;
    let mut attempt = 0;
    loop {
        let error = match once(place, attempt, call()).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        uncertain |= error.is_uncertain();
        if uncertain && let Ok(Some(answer)) = landed().await {
            return Ok(answer);
        }
        let pause = place.patience.pause(attempt, error.retry_after());
        attempt += 1;
        match pause {
            Some(pause) if error.may_pass() && attempt < place.patience.attempts.len() => {
                STORE_RETRIES.count(&["storage"]);
                sleep(pause).await;
            }
            _ => return Err(error),
        }
    }
}

async fn once<T>(
    place: &Place,
    attempt: usize,
    call: impl Future<Output = azure_core::Result<T>>,
) -> Result<T, BlobError> {
    let limit = place.patience.attempts.get(attempt).copied().unwrap_or(Duration::from_secs(1));
    match timeout(limit, call).await {
        Ok(answer) => answer.map_err(|error| place.error(error)),
        Err(_) => Err(BlobError::TimedOut { place: place.url.clone(), limit }),
    }
}

/// One attempt and no more: how `landed` looks, which is asked anew after the next attempt anyway.
pub(super) async fn look<T>(place: &Place, call: impl Future<Output = azure_core::Result<T>>) -> Result<T, BlobError> {
    once(place, 0, call).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_two_attempts_leave_room_in_the_time_of_an_alert() {
        let patience = Patience::default();
        let spent: Duration = patience.attempts[..2].iter().sum::<Duration>() + patience.pause;
        assert!(spent < Duration::from_millis(2_500), "{spent:?}");
    }

    #[test]
    fn pauses_grow_and_what_the_storage_asks_for_is_kept_or_not_waited_for() {
        let patience = Patience::default();
        assert_eq!(patience.pause(0, None), Some(patience.pause));
        assert_eq!(patience.pause(1, None), Some(patience.pause * 2));
        assert_eq!(patience.pause(0, Some(Duration::from_millis(700))), Some(Duration::from_millis(700)));
        assert_eq!(patience.pause(0, Some(Duration::ZERO)), Some(patience.pause));
        assert_eq!(patience.pause(0, Some(Duration::from_secs(30))), None);
    }
}
