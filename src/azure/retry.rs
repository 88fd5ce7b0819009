//! How long to wait between attempts: pure arithmetic, no clock.

use super::settings::Settings;
use chrono::{DateTime, Utc};
use std::time::Duration;

/// A wait that Azure asks for is believed up to this.
const RETRY_AFTER_LIMIT: Duration = Duration::from_secs(300);

/// Answers after which a read is attempted again (learn.microsoft.com, Azure Resource Manager throttling).
pub(super) fn is_retryable(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// Azure sometimes asks for a wait of zero, which would turn attempts into a storm.
const SHORTEST_WAIT: Duration = Duration::from_millis(100);

/// Pause after attempt number `attempt` (from 1): doubling, capped, and 20 % up or down by `seed`.
pub(super) fn pause(settings: &Settings, attempt: u32, seed: u128) -> Duration {
    let factor = 1u32 << attempt.saturating_sub(1).min(16);
    let full = settings.retry_pause.saturating_mul(factor).min(settings.retry_pause_limit);
    full.mul_f64(0.8 + 0.4 * fraction(seed))
}

/// The wait that Azure asked for: never less, and up to 20 % more by `seed`, so that callers that were turned away
/// together do not come back together.
pub(super) fn asked_pause(asked: Duration, seed: u128) -> Duration {
    asked.max(SHORTEST_WAIT).mul_f64(1.0 + 0.2 * fraction(seed))
}

/// 0 to 1, both included.
fn fraction(seed: u128) -> f64 {
    (seed % 1000) as f64 / 999.0
}

/// Reads `Retry-After`: seconds, or an HTTP date, which is compared with the answer's own `Date` where it has one
/// (two clocks of one machine), and with ours otherwise.
pub(crate) fn retry_after(header: &str, date: Option<&str>, now: DateTime<Utc>) -> Option<Duration> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(RETRY_AFTER_LIMIT));
    }
    let until = http_date(header)?;
    let from = date.and_then(http_date).unwrap_or(now);
    let wait = (until - from).to_std().unwrap_or(Duration::ZERO);
    Some(wait.min(RETRY_AFTER_LIMIT))
}

pub(super) fn http_date(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(text).ok().map(|date| date.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_comes_in_two_spellings_and_has_a_limit() {
        let now = DateTime::parse_from_rfc2822("Fri, 08 Dec 2023 06:31:07 GMT").unwrap().to_utc();
        let seconds = |header, date| retry_after(header, date, now).map(|wait| wait.as_secs());
        assert_eq!(seconds("17", None), Some(17));
        assert_eq!(seconds(" 0 ", None), Some(0));
        assert_eq!(seconds("86400", None), Some(300));
        assert_eq!(seconds("Fri, 08 Dec 2023 06:31:37 GMT", None), Some(30));
        assert_eq!(seconds("Fri, 08 Dec 2023 06:31:37 GMT", Some("Fri, 08 Dec 2023 06:31:27 GMT")), Some(10));
        assert_eq!(seconds("Fri, 08 Dec 2023 06:00:00 GMT", None), Some(0));
        assert_eq!(seconds("Sat, 09 Dec 2023 06:31:37 GMT", None), Some(300));
        assert_eq!(seconds("soon", None), None);
        assert_eq!(seconds("-5", None), None);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_never_shortened() {
        let ten = Duration::from_secs(10);
        assert_eq!((asked_pause(ten, 0), asked_pause(ten, 999)), (ten, Duration::from_secs(12)));
        assert_eq!(asked_pause(Duration::ZERO, 0), SHORTEST_WAIT);
    }

    #[test]
    fn pauses_double_up_to_their_limit_with_a_fifth_of_jitter() {
        let settings = Settings { retry_pause: Duration::from_secs(1), ..Settings::default() };
        assert_eq!(pause(&settings, 1, 0), Duration::from_millis(800));
        assert_eq!(pause(&settings, 1, 999), Duration::from_millis(1200));
        assert_eq!(pause(&settings, 3, 0), Duration::from_millis(3200));
        assert_eq!(pause(&settings, 40, 999), settings.retry_pause_limit.mul_f64(1.2));
    }
}
