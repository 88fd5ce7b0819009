//! What a stage takes beside what it usually takes, in the words that every form of a report and every live view share.

use super::words::{moment, target, took};
use crate::domain::history::{Basis, Eta, Expected};
use crate::domain::report::{Report, StageLine};
use crate::domain::runbook::StepName;
use crate::domain::status::RecoveryEstimate;
use chrono::{DateTime, Utc};

/// `usually 3m to 4m`. What was never measured here says so.
pub(super) fn usually(expected: &Expected) -> String {
    let range = range(expected);
    match expected.basis {
        Basis::History { n: 1 } => format!("{range} the one time before"),
        Basis::History { .. } => format!("usually {range}"),
        Basis::Documented => format!("never measured here, {range} assumed"),
    }
}

/// `3m to 4m`, or one figure where both ends read the same.
pub(super) fn range(expected: &Expected) -> String {
    let (low, high) = (took(expected.low), took(expected.high));
    if low == high { low } else { format!("{low} to {high}") }
}

/// From what the range was taken.
pub(super) fn basis(expected: &Expected) -> String {
    match expected.basis {
        Basis::History { n: 1 } => "1 measurement".to_owned(),
        Basis::History { n } => format!("{n} measurements"),
        Basis::Documented => "documented or assumed, not measured here".to_owned(),
    }
}

/// Part of the recovery-time target, in percent.
pub(super) fn share(stage: &StageLine) -> Option<String> {
    stage.share_of_target.map(|share| match share * 100.0 {
        percent if percent < 0.5 => "under 1 %".to_owned(),
        percent => format!("{percent:.0} %"),
    })
}

/// How long a failover would take, with how much of that was measured.
pub(super) fn recovery(outlook: &RecoveryEstimate) -> String {
    let estimate = &outlook.estimate;
    let [usual, low, high] = [estimate.seconds, estimate.low, estimate.high].map(took);
    let (measured, path) = (estimate.measured, estimate.path.len());
    let basis = match (measured, path) {
        (0, _) => "no stage on its way was ever measured here, all figures are documented or assumed".to_owned(),
        (measured, path) if measured == path => "every stage on its way was measured here".to_owned(),
        (measured, path) => format!("{measured} of {path} stages on its way were measured here, the rest is assumed"),
    };
    let target = target(outlook.target_seconds);
    format!("a failover takes about {usual} ({low} to {high}) from its admission, target {target}; {basis}")
}

/// The stages worth a line: of a run that has ended those that came to their end.
pub(super) fn shown(report: &Report) -> impl Iterator<Item = &StageLine> {
    report.stages.iter().filter(|stage| stage.seconds.is_some() || report.outcome.is_none())
}

/// The stage of a step, where the report has one.
pub(super) fn of_step(report: &Report, step: StepName) -> Option<&StageLine> {
    report.stages.iter().find(|stage| stage.step == step)
}

/// When a run is expected to be through.
pub(super) fn through(eta: &Eta) -> String {
    let (usual, late) = (moment(eta.usual), moment(eta.late));
    let overdue: Vec<String> = eta.overdue.iter().map(|step| step.to_string()).collect();
    match overdue.is_empty() {
        true if usual == late => format!("expected to be through at {usual}"),
        true => format!("expected to be through at {usual}, at {late} if all that is left is slow"),
        false => format!("{} is at work for longer than it usually takes; not before {usual}", overdue.join(" and ")),
    }
}

/// How long is left: `about 4m left`.
pub(super) fn left(eta: &Eta, now: DateTime<Utc>) -> String {
    let seconds = |at: DateTime<Utc>| took(((at - now).num_seconds().max(0)) as f64);
    match eta.overdue.is_empty() {
        true => format!("about {} left, {} if all of it is slow", seconds(eta.usual), seconds(eta.late)),
        false => format!("longer than usual; at least {} left", seconds(eta.usual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(low: f64, high: f64, basis: Basis) -> Expected {
        Expected { low, seconds: (low + high) / 2.0, high, basis }
    }

    #[test]
    fn what_is_usual_names_where_it_comes_from() {
        assert_eq!(usually(&expected(180.0, 240.0, Basis::History { n: 7 })), "usually 3m to 4m");
        assert_eq!(usually(&expected(180.0, 180.4, Basis::History { n: 7 })), "usually 3m");
        assert_eq!(usually(&expected(180.0, 180.0, Basis::History { n: 1 })), "3m the one time before");
        let assumed = usually(&expected(300.0, 600.0, Basis::Documented));
        assert_eq!(assumed, "never measured here, 5m to 10m assumed");
    }

    #[test]
    fn what_is_left_is_told_from_now() {
        let at = |second| DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(second);
        let eta = Eta { usual: at(300), late: at(600), overdue: Vec::new() };
        assert_eq!(left(&eta, at(60)), "about 4m left, 9m if all of it is slow");
        let late = Eta { overdue: vec![StepName::StartReplica], ..eta };
        assert_eq!(left(&late, at(60)), "longer than usual; at least 4m left");
        assert!(through(&late).starts_with("start-replica is at work for longer than it usually takes"));
    }
}
