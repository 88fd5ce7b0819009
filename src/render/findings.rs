//! What a readiness drill found, in the words of every form of a report.

use super::words;
use crate::domain::duration;
use crate::domain::readiness::{Assessment, CriticalStep, Finding, Severity};

/// Findings that say something; those that are plainly in order are told by their number.
pub(super) fn told(assessment: &Assessment) -> impl Iterator<Item = &Finding> {
    assessment.findings.iter().filter(|finding| finding.severity != Severity::Ok)
}

/// What is in order, in one sentence.
pub(super) fn in_order(assessment: &Assessment) -> String {
    let number = assessment.count(Severity::Ok);
    let about: Vec<String> = {
        let fine = assessment.findings.iter().filter(|finding| finding.severity == Severity::Ok);
        let mut areas: Vec<String> = fine.map(|finding| finding.area.to_string()).collect();
        areas.dedup();
        areas
    };
    match number {
        0 => "Nothing was seen to be in order.".to_owned(),
        1 => format!("1 check is in order: {}.", about.join(", ")),
        _ => format!("{number} checks are in order: {}.", about.join(", ")),
    }
}

/// Could we recover now, and how long would it take?
pub(super) fn answer(assessment: &Assessment) -> [String; 2] {
    let time = format!("It would take {}.", assessment.estimate.text());
    [words::capital(&assessment.verdict.text()), time]
}

/// The steps that the estimate adds up.
pub(super) fn way(assessment: &Assessment) -> String {
    let step = |it: &CriticalStep| {
        let measured = if it.measured { " (measured)" } else { "" };
        format!("{} {}{measured}", it.step, duration::text(it.takes))
    };
    assessment.estimate.critical.iter().map(step).collect::<Vec<_>>().join(", then ")
}

/// What a finding means and how it is mended, in one text.
pub(super) fn counsel(finding: &Finding) -> String {
    [finding.means.as_str(), finding.fix.as_str()]
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}
