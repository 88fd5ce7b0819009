//! Sums, standings and histograms, one for each metric and set of attributes.

use super::metrics::{Kind, Metric, TABLE};
use super::settings::Temporality;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// Upper bounds of the histograms' buckets, in seconds: from a call to a recovery.
pub(super) const BOUNDS: [f64; 14] =
    [0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0];
/// More series than that are a mistake somewhere; what would make another is dropped.
const LONGEST: usize = 2_000;

/// Where one series stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Point {
    pub values: Vec<String>,
    /// What was counted, or how it stands, or the sum of what was measured.
    pub sum: f64,
    /// Measurements by bucket; one more than there are bounds. Empty for what is no histogram.
    pub buckets: Vec<u64>,
}

/// One metric with its series.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Collected {
    pub metric: &'static Metric,
    pub points: Vec<Point>,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Series {
    points: BTreeMap<(&'static str, Vec<String>), Point>,
    pub since: SystemTime,
}

impl Series {
    pub(super) fn new(since: SystemTime) -> Self {
        Self { points: BTreeMap::new(), since }
    }

    /// Takes a value in; false when there is no room for another series.
    pub(super) fn measure(&mut self, metric: &'static Metric, values: &[&str], value: f64) -> bool {
        let key = (metric.name, values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>());
        if self.points.len() >= LONGEST && !self.points.contains_key(&key) {
            return false;
        }
        let fresh = || Point { values: key.1.clone(), sum: 0.0, buckets: Vec::new() };
        self.points.entry(key.clone()).or_insert_with(fresh).take(metric.kind, value);
        true
    }

    /// Everything as it stands, and since when. Deltas begin anew with it; standings stay.
    pub(super) fn collect(&mut self, temporality: Temporality, now: SystemTime) -> (SystemTime, Vec<Collected>) {
        let since = self.since;
        let of = |metric: &&'static Metric| {
            let mine = self.points.iter().filter(|((name, _), _)| *name == metric.name);
            Collected { metric, points: mine.map(|(_, point)| point.clone()).collect() }
        };
        let collected = TABLE.iter().map(of).filter(|collected| !collected.points.is_empty()).collect();
        if temporality == Temporality::Delta {
            let gauges = || TABLE.iter().filter(|metric| metric.kind == Kind::Gauge);
            self.points.retain(|(name, _), _| gauges().any(|gauge| gauge.name == *name));
            self.since = now;
        }
        (since, collected)
    }
}

impl Point {
    fn take(&mut self, kind: Kind, value: f64) {
        match kind {
            Kind::Counter => self.sum += value,
            Kind::Gauge => self.sum = value,
            Kind::Seconds => {
                self.buckets.resize(BOUNDS.len() + 1, 0);
                self.buckets[BOUNDS.partition_point(|bound| *bound < value)] += 1;
                self.sum += value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::metrics::{FENCE_OWED, RECOVERY, RUNS};

    fn points(series: &mut Series, temporality: Temporality) -> Vec<(String, f64)> {
        let (_, collected) = series.collect(temporality, SystemTime::now());
        let named = |it: Collected| it.points.into_iter().map(move |point| (it.metric.name.to_owned(), point.sum));
        collected.into_iter().flat_map(named).collect()
    }

    #[test]
    fn counts_add_up_and_standings_are_replaced() {
        let mut series = Series::new(SystemTime::now());
        for _ in 0..3 {
            series.measure(&RUNS, &["a", "failover", "recovered"], 1.0);
            series.measure(&FENCE_OWED, &["a"], 2.0);
        }
        let told = points(&mut series, Temporality::Cumulative);
        assert_eq!(told, [("reveille.runs".to_owned(), 3.0), ("reveille.fence.owed".to_owned(), 2.0)]);
        assert_eq!(points(&mut series, Temporality::Delta), told);
        assert_eq!(points(&mut series, Temporality::Delta), [("reveille.fence.owed".to_owned(), 2.0)]);
    }

    #[test]
    fn a_measurement_lies_in_the_bucket_whose_bound_it_does_not_pass() {
        let mut series = Series::new(SystemTime::now());
        for seconds in [0.1, 0.11, 7200.0, 9000.0] {
            series.measure(&RECOVERY, &["a", "true"], seconds);
        }
        let (_, collected) = series.collect(Temporality::Cumulative, SystemTime::now());
        let buckets = &collected[0].points[0].buckets;
        assert_eq!((buckets[0], buckets[1], buckets[13], buckets[14]), (1, 1, 1, 1));
        assert_eq!(buckets.iter().sum::<u64>(), 4);
    }

    #[test]
    fn there_are_never_more_series_than_fit() {
        let mut series = Series::new(SystemTime::now());
        let fits = |series: &mut Series, plan: usize| series.measure(&FENCE_OWED, &[&plan.to_string()], 1.0);
        assert!((0..LONGEST).all(|plan| fits(&mut series, plan)));
        assert!(!fits(&mut series, LONGEST) && fits(&mut series, 0));
    }
}
