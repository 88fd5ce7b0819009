//! `[plan.kubernetes]`: what the plan's workload is inside its clusters. Without settings it is what Sonar's chart
//! `sonarqube-dce` installs (github.com/SonarSource/helm-chart-sonarqube).

use super::entry::Entry;
use crate::domain::workload::{LabelSelector, WorkloadSelector};

pub(super) fn read(entry: &Entry<'_>) -> Option<WorkloadSelector> {
    if entry.is_absent() {
        return None;
    }
    let section = entry.section()?;
    let default = WorkloadSelector::sonarqube();
    let namespace = section.get("namespace").parsed("the name of a namespace", namespace);
    let labels = section.get("selector").parsed("a label selector such as \"app=sonarqube\"", selector);
    section.finish();
    Some(WorkloadSelector {
        namespace: namespace.unwrap_or(default.namespace),
        labels: labels.unwrap_or(default.labels),
    })
}

/// RFC 1123 label, as Kubernetes wants it.
fn namespace(text: &str) -> Result<String, &'static str> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let shaped = (1..=63).contains(&text.len()) && text.chars().all(legal);
    let ends = !text.starts_with('-') && !text.ends_with('-');
    (shaped && ends).then(|| text.to_owned()).ok_or("is no namespace: lower-case letters, digits and dashes only")
}

fn selector(text: &str) -> Result<LabelSelector, &'static str> {
    LabelSelector::parse(text).map_err(|_| "is no label selector; expected one such as \"part in (app, search)\"")
}
