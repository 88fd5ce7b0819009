//! Durations as people write them (`90s`, `30m`, `1h 30m`), in configuration, journals and reports alike.

use serde::{Deserialize, Deserializer, Serializer};
use std::time::Duration;

/// Renders a duration the way it is written in configuration. Sub-second parts are kept only below ten seconds,
/// where they still tell something.
pub fn text(duration: Duration) -> String {
    let whole = if duration >= Duration::from_secs(10) {
        Duration::from_secs(duration.as_secs())
    } else {
        Duration::from_millis(duration.as_millis() as u64)
    };
    humantime::format_duration(whole).to_string()
}

/// A span in seconds as people read it: `3.2s`, `14m 3s`.
pub fn of_seconds(seconds: f64) -> String {
    let seconds = if seconds.is_finite() { seconds.max(0.0) } else { 0.0 };
    if seconds == 0.0 {
        return "0s".to_owned();
    }
    if seconds < 0.05 {
        return "<0.1s".to_owned();
    }
    if seconds < 9.95 {
        return format!("{seconds:.1}s");
    }
    text(Duration::from_secs(seconds.round() as u64))
}

/// Reads a duration such as `45s` or `1h 30m`.
pub fn parse(text: &str) -> Result<Duration, humantime::DurationError> {
    humantime::parse_duration(text)
}

/// `serde(with = …)` entry point.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&humantime::format_duration(*duration))
}

/// `serde(with = …)` entry point.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).map_err(serde::de::Error::custom)
}
