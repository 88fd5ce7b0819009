//! What to expect of a stage, and when it was slower than that.

use crate::domain::runbook::StepName;
use serde::{Deserialize, Serialize};

/// Measurements it takes before a stage can be slower than its history. With drills once a quarter that is most of a year,
/// so it must not be more.
const ENOUGH: usize = 3;
/// A stage is slow when it took longer than this many times what nine in ten took …
const FACTOR: f64 = 1.5;
/// … and by at least so many seconds: half a second instead of a third means nothing.
const AT_LEAST: f64 = 5.0;

/// How long a stage is expected to take, in seconds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// The median.
    pub seconds: f64,
    /// One in ten was faster than this; with fewer than ten measurements the fastest.
    pub low: f64,
    /// Nine in ten took at most this (p90); with fewer than ten measurements the slowest.
    pub high: f64,
    #[serde(flatten)]
    pub basis: Basis,
}

/// Where an expectation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "basis")]
pub enum Basis {
    /// This plan's own runs.
    History {
        /// How many measurements.
        n: usize,
    },
    /// Never measured here: a figure from documentation or a stated assumption, see [`super::documented()`].
    Documented,
}

/// The expectation of one step, as a run takes it along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Expectation {
    pub step: StepName,
    #[serde(flatten)]
    pub expected: Expected,
}

/// A stage that took longer than its own history lets expect.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Slower {
    /// Seconds above which it counts as slow.
    pub than: f64,
    /// How many times the median it took.
    pub times: f64,
}

impl Expected {
    /// By measurements in any order; none without any.
    pub(super) fn of(seconds: &[f64]) -> Option<Self> {
        let mut sorted: Vec<f64> = seconds.iter().copied().filter(|seconds| seconds.is_finite()).collect();
        sorted.sort_by(f64::total_cmp);
        let basis = Basis::History { n: sorted.len() };
        Some(Self { seconds: median(&sorted)?, low: rank(&sorted, 0.1)?, high: rank(&sorted, 0.9)?, basis })
    }

    /// Whether a stage that took that many seconds was slower than its own history. A documented expectation never
    /// says so: it is nobody's history.
    pub fn slower(&self, seconds: f64) -> Option<Slower> {
        let than = self.slow_above()?;
        (seconds > than).then(|| Slower { than, times: (seconds / self.seconds.max(0.001) * 100.0).round() / 100.0 })
    }

    /// Seconds above which a stage counts as slow, where enough was measured to tell.
    pub fn slow_above(&self) -> Option<f64> {
        let Basis::History { n } = self.basis else { return None };
        (n >= ENOUGH).then(|| (self.high * FACTOR).max(self.high + AT_LEAST))
    }

    pub fn is_measured(&self) -> bool {
        matches!(self.basis, Basis::History { .. })
    }
}

/// Of sorted values; between the two in the middle when their number is even.
pub(super) fn median(sorted: &[f64]) -> Option<f64> {
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = sorted[(sorted.len() - 1) / 2];
    Some((lower + upper) / 2.0)
}

/// The nearest rank: a value that was really measured. The lower end leaves out as many as the upper one.
fn rank(sorted: &[f64], part: f64) -> Option<f64> {
    let rank = match part < 0.5 {
        true => sorted.len() - ((1.0 - part) * sorted.len() as f64).ceil() as usize,
        false => ((part * sorted.len() as f64).ceil() as usize).checked_sub(1)?,
    };
    sorted.get(rank).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[f64]) -> Expected {
        Expected::of(seconds).unwrap()
    }

    #[test]
    fn median_and_range_come_from_what_was_measured() {
        let ten: Vec<f64> = (1..=10).rev().map(f64::from).collect();
        let seen = of(&ten);
        assert_eq!((seen.low, seen.seconds, seen.high), (2.0, 5.5, 9.0));
        assert_eq!(seen.basis, Basis::History { n: 10 });
        let few = of(&[9.0, 3.0, 4.0]);
        assert_eq!((few.low, few.seconds, few.high), (3.0, 4.0, 9.0), "of few it is all that was seen");
        let one = of(&[7.0]);
        assert_eq!((one.low, one.seconds, one.high), (7.0, 7.0, 7.0));
        assert_eq!(Expected::of(&[]), None);
    }

    #[test]
    fn one_wild_value_in_twenty_does_not_move_the_range() {
        let mut values = vec![200.0; 19];
        values.push(4_000.0);
        assert_eq!((of(&values).low, of(&values).seconds, of(&values).high), (200.0, 200.0, 200.0));
    }

    #[test]
    fn slow_is_half_again_what_nine_in_ten_took() {
        let usual = of(&[180.0, 200.0, 220.0]);
        assert_eq!(usual.slower(330.0), None);
        let slower = usual.slower(331.0).unwrap();
        assert_eq!((slower.than, slower.times), (330.0, 1.66));
    }

    #[test]
    fn too_little_was_measured_to_call_anything_slow() {
        assert_eq!(of(&[180.0, 200.0]).slower(10_000.0), None);
        let documented = Expected { seconds: 1.0, low: 1.0, high: 1.0, basis: Basis::Documented };
        assert_eq!(documented.slower(10_000.0), None);
    }

    #[test]
    fn fractions_of_a_second_are_never_slow() {
        assert_eq!(of(&[0.3, 0.3, 0.3]).slower(4.0), None);
        assert!(of(&[0.3, 0.3, 0.3]).slower(5.5).is_some());
    }

    #[test]
    fn an_expectation_reads_back_as_it_was_written() {
        let expectation = Expectation { step: StepName::StartReplica, expected: of(&[180.25, 200.0, 220.125]) };
        let text = serde_json::to_string(&expectation).unwrap();
        let wanted = r#"{"step":"start-replica","seconds":200.0,"low":180.25,"high":220.125,"basis":"history","n":3}"#;
        assert_eq!(text, wanted);
        assert_eq!(serde_json::from_str::<Expectation>(&text).unwrap(), expectation);
    }
}
