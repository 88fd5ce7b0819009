//! A run against the earlier ones of its kind.

use super::given;
use super::{Comparison, FollowUpStatus, PreviousRun, StepTime};
use crate::domain::chain::Head;
use crate::domain::report::Report;
use crate::domain::run::RunState;

impl PreviousRun {
    /// What a later record tells of this run.
    pub fn of(run: &RunState) -> Self {
        let report = Report::of(run, &Head::default());
        let follow_ups = given::of(run).follow_ups.into_iter();
        Self {
            run: report.run,
            admitted_at: report.admitted_at,
            state: report.state,
            seconds: report.ended_at.map(|to| (to - report.admitted_at).num_milliseconds().max(0) as f64 / 1_000.0),
            recovery_seconds: report.recovery_time.seconds,
            verdict: run.afterwards.attestation.as_ref().map(|attested| attested.signature.verdict),
            steps: report
                .steps
                .iter()
                .filter(|step| step.state == "succeeded")
                .filter_map(|step| Some(StepTime { step: step.step, seconds: step.seconds? }))
                .collect(),
            open_follow_ups: follow_ups.filter(|it| it.status == FollowUpStatus::Open).collect(),
        }
    }
}

/// Each step that succeeded, now and before.
pub(super) fn with(report: &Report, previous: &[PreviousRun]) -> Vec<Comparison> {
    let proven = report.steps.iter().filter(|step| step.state == "succeeded");
    let compared = proven.filter_map(|step| {
        let before = previous.iter().flat_map(|run| &run.steps).filter(|it| it.step == step.step);
        let mut before: Vec<f64> = before.map(|it| it.seconds).collect();
        before.sort_by(f64::total_cmp);
        let usual_seconds = median(&before)?;
        Some(Comparison { step: step.step, seconds: step.seconds?, usual_seconds, of_runs: before.len() })
    });
    compared.collect()
}

/// The middle one; of an even number the lower, so that it is a time that was really taken.
fn median(sorted: &[f64]) -> Option<f64> {
    sorted.get(sorted.len().checked_sub(1)? / 2).copied()
}
