//! Whether a stage takes longer than it used to.

use super::Sample;
use super::expected::median;
use serde::{Deserialize, Serialize};

/// The newest measurements that are compared with those before them.
const NEWEST: usize = 5;
/// Fewer than so many on either side say nothing.
const ENOUGH: usize = 3;
/// The median has moved when it did by a quarter …
const PART: f64 = 0.25;
/// … and by so many seconds.
const AT_LEAST: f64 = 5.0;

/// How the newest measurements of a stage compare with those before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// Too little was measured to tell.
    TooFew,
    Steady,
    Slower,
    Faster,
}

impl Trend {
    pub fn as_str(self) -> &'static str {
        match self {
            Trend::TooFew => "too few to tell",
            Trend::Steady => "steady",
            Trend::Slower => "slower than it used to be",
            Trend::Faster => "faster than it used to be",
        }
    }
}

/// Compares the medians of the newest five, or the newer half of fewer, and of those before. Samples are oldest first.
pub fn trend(samples: &[Sample]) -> Trend {
    let newest = NEWEST.min(samples.len() / 2);
    let (before, newer) = samples.split_at(samples.len() - newest);
    let (Some(before), Some(newer)) = (middle(before), middle(newer)) else { return Trend::TooFew };
    let moved = newer - before;
    match moved.abs() > (before * PART).max(AT_LEAST) {
        false => Trend::Steady,
        true if moved > 0.0 => Trend::Slower,
        true => Trend::Faster,
    }
}

fn middle(samples: &[Sample]) -> Option<f64> {
    let mut seconds: Vec<f64> = samples.iter().map(|sample| sample.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    median(&seconds).filter(|_| seconds.len() >= ENOUGH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[f64]) -> Trend {
        let at = chrono::DateTime::UNIX_EPOCH;
        trend(&seconds.iter().map(|seconds| Sample { at, seconds: *seconds }).collect::<Vec<_>>())
    }

    #[test]
    fn the_newest_are_compared_with_those_before() {
        assert_eq!(of(&[200.0, 210.0, 190.0, 300.0, 290.0, 310.0]), Trend::Slower);
        assert_eq!(of(&[300.0, 290.0, 310.0, 200.0, 210.0, 190.0]), Trend::Faster);
        assert_eq!(of(&[200.0, 210.0, 190.0, 220.0, 215.0, 205.0]), Trend::Steady);
    }

    #[test]
    fn few_measurements_and_one_wild_one_show_no_trend() {
        assert_eq!(of(&[]), Trend::TooFew);
        assert_eq!(of(&[1.0, 900.0, 900.0, 900.0]), Trend::TooFew);
        assert_eq!(of(&[200.0, 200.0, 200.0, 200.0, 900.0, 200.0]), Trend::Steady);
        assert_eq!(of(&[0.2, 0.2, 0.2, 0.9, 0.9, 0.9]), Trend::Steady, "seconds below five are noise");
    }
}
