//! The steps that decide how long a run takes: what goes on beside them costs nothing.

use super::StepOutlook;
use super::expected::Span;
use crate::domain::runbook::StepName;
use serde::Serialize;

/// The longest way through a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CriticalPath {
    pub steps: Vec<StepName>,
    /// How long the run takes.
    pub takes: Span,
}

/// The way that is over last when every step takes long, and how long the whole takes.
pub fn critical_path(steps: &[StepOutlook]) -> CriticalPath {
    let mut ends: Vec<(StepName, CriticalPath)> = Vec::new();
    for step in steps {
        let before = ends.iter().filter(|(name, _)| step.after.contains(name)).map(|(_, path)| path);
        let mut path = latest(before);
        path.steps.push(step.step);
        path.takes = path.takes.plus(step.expected.span);
        ends.push((step.step, path));
    }
    latest(ends.iter().map(|(_, path)| path))
}

/// Of ways that all have to be over: the slowest one's steps, and the time when the last is over.
fn latest<'a>(paths: impl Iterator<Item = &'a CriticalPath>) -> CriticalPath {
    paths.fold(CriticalPath::default(), |latest, path| {
        let slower = latest.steps.is_empty() || path.takes.to > latest.takes.to;
        let steps = if slower { path.steps.clone() } else { latest.steps };
        CriticalPath { steps, takes: latest.takes.later(path.takes) }
    })
}

#[cfg(test)]
mod tests {
    use super::super::expected::Expected;
    use super::*;
    use StepName::{ConfirmOutage, FencePrimary, StartReplica, VerifyApp, VerifyWriter};

    fn step(step: StepName, after: &[StepName], minutes: (u64, u64)) -> StepOutlook {
        let expected = Expected { span: Span::minutes(minutes.0, minutes.1), source: "test" };
        StepOutlook { step, after: after.to_vec(), mutates: false, expected, calls: Vec::new() }
    }

    #[test]
    fn what_goes_on_beside_the_slowest_way_costs_nothing() {
        let steps = [
            step(ConfirmOutage, &[], (1, 1)),
            step(FencePrimary, &[ConfirmOutage], (2, 10)),
            step(StartReplica, &[ConfirmOutage], (5, 8)),
            step(VerifyWriter, &[ConfirmOutage], (1, 1)),
            step(VerifyApp, &[FencePrimary, StartReplica], (1, 3)),
        ];
        let path = critical_path(&steps);
        assert_eq!(path.steps, [ConfirmOutage, FencePrimary, VerifyApp]);
        // In the best case the start, and in the worst the fence, is what the rest waits for.
        assert_eq!(path.takes, Span::minutes(7, 14));
        assert_eq!(critical_path(&[]), CriticalPath::default());
    }
}
