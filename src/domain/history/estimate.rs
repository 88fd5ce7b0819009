//! How long a whole run takes: along its critical path, for steps that do not wait for each other go on together.

use super::expected::Expected;
use crate::domain::runbook::{Line, StepName};
use serde::{Deserialize, Serialize};

/// What a run is expected to take from its admission on, in seconds. Before that lie the alert's own delays.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// Every stage as fast as one in ten.
    pub low: f64,
    /// Every stage as usual.
    pub seconds: f64,
    /// Every stage as slow as nine in ten are at most; all of them at once is rarer than that.
    pub high: f64,
    /// The steps that the run waits for, in their order, when every stage is as usual.
    pub path: Vec<StepName>,
    /// How many of those steps were measured here; the rest is documented or assumed.
    pub measured: usize,
}

impl Estimate {
    /// Whether every step that counts was measured here.
    pub fn is_measured(&self) -> bool {
        self.measured == self.path.len()
    }
}

/// How long the run of these lines takes. Every line stands behind those it waits for.
pub fn estimate(lines: &[Line], expected: impl Fn(StepName) -> Expected) -> Estimate {
    let length =
        |pick: fn(&Expected) -> f64| longest(&walk(lines, |step| pick(&expected(step)))).map_or(0.0, |it| it.1);
    let usual = walk(lines, |step| expected(step).seconds);
    let path = longest(&usual).map(|(step, _)| path_to(lines, &usual, step)).unwrap_or_default();
    let measured = path.iter().filter(|step| expected(**step).is_measured()).count();
    Estimate { low: length(|it| it.low), seconds: length(|it| it.seconds), high: length(|it| it.high), path, measured }
}

/// When each step ends, counted from the beginning.
fn walk(lines: &[Line], takes: impl Fn(StepName) -> f64) -> Vec<(StepName, f64)> {
    let mut ends: Vec<(StepName, f64)> = Vec::new();
    for line in lines {
        let begins = line.after.iter().filter_map(|step| end_of(&ends, *step)).fold(0.0, f64::max);
        ends.push((line.step, begins + takes(line.step)));
    }
    ends
}

fn end_of(ends: &[(StepName, f64)], step: StepName) -> Option<f64> {
    ends.iter().find(|(known, _)| *known == step).map(|(_, end)| *end)
}

fn longest(ends: &[(StepName, f64)]) -> Option<(StepName, f64)> {
    ends.iter().copied().max_by(|one, other| one.1.total_cmp(&other.1))
}

/// The steps that one waits for the longest, and itself.
fn path_to(lines: &[Line], ends: &[(StepName, f64)], step: StepName) -> Vec<StepName> {
    let before = lines.iter().find(|line| line.step == step).map(|line| line.after).unwrap_or_default();
    let waited_for: Vec<_> = ends.iter().copied().filter(|(step, _)| before.contains(step)).collect();
    let mut path = longest(&waited_for).map(|(step, _)| path_to(lines, ends, step)).unwrap_or_default();
    path.push(step);
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::history::Basis;
    use crate::domain::parking::StandbyWorkload;
    use crate::domain::runbook::{RunKind, lines};
    use StepName::{ConfirmOutage, FencePrimary, ReleaseWorkload, StartReplica, VerifyApp, VerifyRoute, VerifyWriter};

    fn takes(seconds: f64, measured: bool) -> Expected {
        let basis = if measured { Basis::History { n: 4 } } else { Basis::Documented };
        Expected { seconds, low: seconds / 2.0, high: seconds * 2.0, basis }
    }

    fn parked() -> &'static [Line] {
        let since = chrono::DateTime::UNIX_EPOCH;
        lines(RunKind::Failover, &StandbyWorkload::Parked { counts: Default::default(), since })
    }

    #[test]
    fn steps_that_go_on_together_count_once() {
        let seen = estimate(parked(), |step| takes(if step == FencePrimary { 600.0 } else { 100.0 }, true));
        assert_eq!(seen.path, [ConfirmOutage, FencePrimary, ReleaseWorkload, VerifyApp, VerifyRoute]);
        assert_eq!((seen.low, seen.seconds, seen.high), (500.0, 1000.0, 2000.0));
        assert!(seen.is_measured());
    }

    #[test]
    fn a_slower_branch_takes_the_path_over() {
        let seen =
            estimate(parked(), |step| takes(if step == StartReplica { 900.0 } else { 100.0 }, step != StartReplica));
        assert_eq!(seen.path, [ConfirmOutage, StartReplica, ReleaseWorkload, VerifyApp, VerifyRoute]);
        assert_eq!((seen.measured, seen.is_measured()), (4, false));
    }

    #[test]
    fn a_cluster_that_must_wait_for_the_fence_adds_it_to_the_recovery() {
        let careful = lines(RunKind::Failover, &StandbyWorkload::NotKnown);
        let all = |step: StepName| takes(if step == VerifyWriter { 1.0 } else { 100.0 }, true);
        assert_eq!(estimate(careful, all).seconds, 600.0);
        assert_eq!(estimate(parked(), all).seconds, 500.0);
        assert_eq!(estimate(&[], all).seconds, 0.0);
    }
}
