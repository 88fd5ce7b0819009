//! `[plan.kubernetes]`: what the plan's workload is inside its clusters. Without settings it is what Sonar's chart
//! `sonarqube-dce` installs (github.com/SonarSource/helm-chart-sonarqube).

use super::entry::Entry;
use super::reader::Section;
use crate::domain::plan::{Kubernetes, SearchIndex, Workload};
use crate::domain::workload::{Counts, LabelSelector, WorkloadKind, WorkloadRef, WorkloadSelector};

/// Where the standby's nodes cannot reach Docker Hub, the file names a copy.
const PROBE_IMAGE: &str = "docker.io/library/postgres:17-alpine";

pub(super) fn read(entry: &Entry<'_>, plan: Option<Workload>) -> Option<Kubernetes> {
    if entry.is_absent() {
        return None;
    }
    let section = entry.section()?;
    let default = WorkloadSelector::sonarqube();
    let namespace = section.get("namespace").parsed("the name of a namespace", namespace);
    let labels = section.get("selector").parsed("a label selector such as \"app=sonarqube\"", selector);
    let namespace = namespace.unwrap_or(default.namespace);
    let replicas = replicas(&section.get("replicas"), &namespace);
    let probe_image = probe_image(&section.get("prove_path"), &section.get("probe_image"));
    let search_index = search_index(&section, plan, &replicas);
    section.finish();
    let workload = WorkloadSelector { namespace, labels: labels.unwrap_or(default.labels) };
    Some(Kubernetes { workload, replicas, probe_image, search_index })
}

/// What starts with its cluster has to be scaled to zero for the reset. Its counts stand in the file, so that the next
/// run knows them when the first one dies in between.
fn search_index(section: &Section<'_>, plan: Option<Workload>, replicas: &Counts) -> Option<SearchIndex> {
    let reset = section.get("reset_search_index");
    let (token, wait) = (section.get("search_index_token"), section.get("search_index_wait"));
    if reset.flag() != Some(true) {
        for entry in [&token, &wait].into_iter().filter(|entry| !entry.is_absent()) {
            entry.reject("belongs to reset_search_index = true");
        }
        return None;
    }
    if plan == Some(Workload::StartsWithCluster) && replicas.is_empty() {
        reset.reject("needs replicas beside workload = \"starts-with-cluster\": the workload is scaled to zero for it");
    }
    Some(SearchIndex { token: token.secret(), wait: wait.duration_or_zero().unwrap_or_default() })
}

/// The image of the pod that proves the path to the database, unless that is not wanted.
fn probe_image(wanted: &Entry<'_>, image: &Entry<'_>) -> Option<String> {
    let named = image.parsed("an image with psql in it, such as registry.example.com/postgres:17", reference);
    if wanted.flag().unwrap_or(true) { named.or_else(|| Some(PROBE_IMAGE.to_owned())) } else { None }
}

/// As registries name images: host, path, tag or digest; nothing of it is blank.
fn reference(text: &str) -> Result<String, &'static str> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "./:@_-".contains(c);
    let shaped = (1..=255).contains(&text.len()) && text.chars().all(legal);
    shaped.then(|| text.to_owned()).ok_or("is no reference to an image, such as registry.example.com/postgres:17")
}

/// `["deployment/app=2", "statefulset/search=3"]`.
fn replicas(entry: &Entry<'_>, namespace: &str) -> Counts {
    let mut counts = Counts::new();
    for entry in entry.list().unwrap_or_default() {
        let read = |text: &str| count(text, namespace).ok_or("is not kind/name=count, such as \"deployment/app=2\"");
        let Some((object, count)) = entry.parsed("an object and its replicas", read) else { continue };
        if counts.insert(object, count).is_some() {
            entry.reject_value("names an object twice");
        }
    }
    counts
}

fn count(text: &str, namespace: &str) -> Option<(WorkloadRef, u32)> {
    let (object, count) = text.split_once('=')?;
    let (kind, name) = object.trim().split_once('/')?;
    let kind = match kind.to_ascii_lowercase().as_str() {
        "deployment" => WorkloadKind::Deployment,
        "statefulset" => WorkloadKind::StatefulSet,
        _ => return None,
    };
    let count = count.trim().parse().ok().filter(|count| *count > 0)?;
    let name = Some(name.to_owned()).filter(|name| !name.is_empty() && !name.contains('/'))?;
    Some((WorkloadRef { kind, namespace: namespace.to_owned(), name }, count))
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
