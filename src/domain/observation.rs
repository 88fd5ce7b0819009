//! What a step saw: the evidence of a journal, and the only thing a success can be built from.

use super::application::{AppView, OriginView, RouteView};
use super::cluster::ClusterView;
use super::fact::Fact;
use super::names::SiteName;
use super::path::PathView;
use super::readiness::Assessment;
use super::search_index::{IndexView, Indexation};
use super::witness::{Verdict, Witness};
use super::workload::{NodesView, WorkloadView};
use super::writer::WriterView;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One observation of a step, typed, with when and from where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "of")]
pub enum Observation {
    Outage {
        witness: Witness,
        verdict: Verdict,
    },
    Fence {
        site: SiteName,
        cluster: Fact<ClusterView>,
        origin: Fact<OriginView>,
        /// From inside, where the plan fences by scaling.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        workload: Option<Box<Fact<WorkloadView>>>,
    },
    FenceOwed {
        site: SiteName,
        why: String,
        by: Option<String>,
    },
    Cluster {
        site: SiteName,
        cluster: Fact<ClusterView>,
        /// From inside, where the plan looks there and the cluster is up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nodes: Option<Fact<NodesView>>,
    },
    /// Both sites, as a drill wants to find them.
    Standby {
        site: SiteName,
        primary: Fact<OriginView>,
        cluster: Fact<ClusterView>,
    },
    /// What runs of the workload in a site's cluster.
    Workload {
        site: SiteName,
        workload: Fact<WorkloadView>,
    },
    /// The search nodes' volumes in a site's cluster; an index from before `since` is an old one.
    SearchIndex {
        site: SiteName,
        since: DateTime<Utc>,
        index: Fact<IndexView>,
    },
    /// The search index was not reset, by the run itself or by a named person.
    IndexKept {
        site: SiteName,
        why: String,
        by: Option<String>,
    },
    Indexation {
        indexation: Fact<Indexation>,
    },
    /// The primary on its way back to serving, with what is left of the standby's workload beside it.
    Restored {
        site: SiteName,
        origin: Fact<OriginView>,
        workload: Fact<WorkloadView>,
        standby: Box<Fact<WorkloadView>>,
        /// Who had it released although nobody saw what runs at the other site, whose fence is owed then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// From inside a site's cluster to the writer endpoint.
    Path {
        site: SiteName,
        path: Fact<PathView>,
    },
    /// What answers at a site's origin while nothing is behind its ingress.
    Ingress {
        site: SiteName,
        origin: Fact<OriginView>,
        /// When the certificate that it shows ends; nobody sees it while the cluster is stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Fact<DateTime<Utc>>>,
    },
    Writer {
        writer: Fact<WriterView>,
    },
    App {
        app: Fact<AppView>,
    },
    Route {
        route: Fact<RouteView>,
    },
    /// Whether a recovery would succeed, with everything that was looked at.
    Readiness {
        assessment: Box<Assessment>,
    },
    /// A named person took the place of the proof.
    Override {
        by: String,
        why: String,
    },
}

impl Observation {
    /// One line for people.
    pub fn text(&self) -> String {
        match self {
            Self::Outage { verdict, .. } => match verdict {
                Verdict::PrimaryDown(why) => format!("primary down: {why}"),
                Verdict::PrimaryHealthy(why) => format!("primary healthy: {why}"),
                Verdict::Inconclusive(why) => format!("not decided: {why}"),
            },
            Self::Fence { site, cluster, origin, workload } => {
                let inside = workload.as_ref().map(|inside| format!(", workload {}", told(inside, WorkloadView::text)));
                let (cluster, origin) = (told(cluster, ClusterView::text), told(origin, OriginView::text));
                format!("{site}: cluster {cluster}, origin {origin}{}", inside.unwrap_or_default())
            }
            Self::FenceOwed { site, why, by: None } => format!("{site} is not fenced and the fence is owed: {why}"),
            Self::FenceOwed { site, why, by: Some(by) } => {
                format!("{site} is not fenced, {by} decided to go on; the fence is owed: {why}")
            }
            Self::Cluster { site, cluster, nodes } => {
                let nodes = nodes.as_ref().map(|nodes| format!(", {}", told(nodes, NodesView::text)));
                format!("{site}: {}{}", told(cluster, ClusterView::text), nodes.unwrap_or_default())
            }
            Self::Standby { site, primary, cluster } => format!(
                "primary {}; {site}: cluster {}",
                told(primary, OriginView::text),
                told(cluster, ClusterView::text)
            ),
            Self::Workload { site, workload } => format!("{site}: {}", told(workload, WorkloadView::text)),
            Self::SearchIndex { site, since, index } => format!("{site}: {}", told(index, |view| view.text(*since))),
            Self::IndexKept { site, why, by: None } => format!("{site}: the search index was not reset: {why}"),
            Self::IndexKept { site, why, by: Some(by) } => {
                format!("{site}: {by} decided to go on without resetting the search index: {why}")
            }
            Self::Indexation { indexation } => format!("search index {}", told(indexation, Indexation::text)),
            Self::Restored { site, origin, workload, standby, by } => {
                let (own, beside) = (told(workload, WorkloadView::text), told(standby, WorkloadView::text));
                let word = by.as_ref().map(|by| format!("; {by} decided to go on, and its fence is owed"));
                let origin = told(origin, OriginView::text);
                format!("{site}: origin {origin}, {own}; at the other site {beside}{}", word.unwrap_or_default())
            }
            Self::Path { site, path } => format!("{site}: {}", told(path, PathView::text)),
            Self::Ingress { site, origin, certificate } => {
                format!("{site}: {}{}", told(origin, ingress), until(certificate.as_ref()))
            }
            Self::Writer { writer } => match writer.value() {
                Some(view) => {
                    let target =
                        view.target.as_deref().map(|target| format!(" (points to {target})")).unwrap_or_default();
                    format!("{}{target} {}", view.host, view.verdict.text())
                }
                None => told(writer, |_| String::new()),
            },
            Self::App { app } => told(app, AppView::text),
            Self::Route { route } => told(route, RouteView::text),
            Self::Readiness { assessment } => assessment.text(),
            Self::Override { by, why } => format!("{by} decided to go on: {why}"),
        }
    }

    /// Whether nothing was seen at all.
    pub fn is_unknown(&self) -> bool {
        match self {
            Self::Fence { cluster, .. } | Self::Cluster { cluster, .. } => cluster.value().is_none(),
            Self::Standby { primary, cluster, .. } => primary.value().is_none() && cluster.value().is_none(),
            Self::Workload { workload, .. } => workload.value().is_none(),
            Self::SearchIndex { index, .. } => index.value().is_none(),
            Self::Indexation { indexation } => indexation.value().is_none(),
            Self::Restored { workload, standby, .. } => workload.value().is_none() && standby.value().is_none(),
            Self::Path { path, .. } => path.value().is_none(),
            Self::Ingress { origin, .. } => origin.value().is_none(),
            Self::Writer { writer } => writer.value().is_none(),
            Self::App { app } => app.value().is_none(),
            Self::Route { route } => route.value().is_none(),
            Self::Outage { .. } | Self::FenceOwed { .. } | Self::Override { .. } => false,
            Self::IndexKept { .. } | Self::Readiness { .. } => false,
        }
    }

    /// When it was seen, by the observer's clock; decisions have no such time.
    pub fn seen_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Outage { witness, .. } => Some(witness.at),
            Self::Fence { cluster, .. } | Self::Cluster { cluster, .. } => Some(cluster.at),
            Self::Standby { cluster, .. } => Some(cluster.at),
            Self::Workload { workload, .. } => Some(workload.at),
            Self::SearchIndex { index, .. } => Some(index.at),
            Self::Indexation { indexation } => Some(indexation.at),
            Self::Restored { origin, .. } => Some(origin.at),
            Self::Path { path, .. } => Some(path.at),
            Self::Ingress { origin, .. } => Some(origin.at),
            Self::Writer { writer } => Some(writer.at),
            Self::App { app } => Some(app.at),
            Self::Route { route } => Some(route.at),
            Self::Readiness { assessment } => Some(assessment.at),
            Self::FenceOwed { .. } | Self::Override { .. } | Self::IndexKept { .. } => None,
        }
    }

    /// From where it was seen: every witness that its line quotes.
    pub fn seen_from(&self) -> String {
        match self {
            Self::Outage { witness, .. } => both(&witness.primary.from, &witness.origin_health.from),
            Self::Fence { cluster, origin, workload: None, .. } => both(&cluster.from, &origin.from),
            Self::Fence { cluster, origin, workload: Some(inside), .. } => {
                both(&both(&cluster.from, &origin.from), &inside.from)
            }
            Self::Cluster { cluster, nodes: Some(nodes), .. } => both(&cluster.from, &nodes.from),
            Self::Cluster { cluster, nodes: None, .. } => cluster.from.clone(),
            Self::Standby { primary, cluster, .. } => both(&primary.from, &cluster.from),
            Self::Workload { workload, .. } => workload.from.clone(),
            Self::SearchIndex { index, .. } => index.from.clone(),
            Self::Indexation { indexation } => indexation.from.clone(),
            Self::Restored { origin, workload, .. } => both(&origin.from, &workload.from),
            Self::Path { path, .. } => path.from.clone(),
            Self::Ingress { origin, .. } => origin.from.clone(),
            Self::Writer { writer } => writer.from.clone(),
            Self::App { app } => app.from.clone(),
            Self::Route { route } => route.from.clone(),
            Self::Readiness { assessment } => assessment.from.clone(),
            Self::FenceOwed { by: None, .. } => "the plan's policy".into(),
            Self::IndexKept { by: None, .. } => "the run itself".into(),
            Self::FenceOwed { by: Some(_), .. } | Self::IndexKept { by: Some(_), .. } | Self::Override { .. } => {
                "a person".into()
            }
        }
    }

    /// Correlation ids of the requests behind it.
    pub fn request_ids(&self) -> Vec<String> {
        match self {
            Self::Outage { witness, .. } => witness.origin_health.request_ids.clone(),
            Self::Fence { cluster, origin, .. } => [&cluster.request_ids[..], &origin.request_ids].concat(),
            Self::Cluster { cluster, .. } => cluster.request_ids.clone(),
            Self::Standby { primary, cluster, .. } => [&primary.request_ids[..], &cluster.request_ids].concat(),
            Self::Workload { workload, .. } => workload.request_ids.clone(),
            Self::SearchIndex { index, .. } => index.request_ids.clone(),
            Self::Indexation { indexation } => indexation.request_ids.clone(),
            Self::Restored { workload, .. } => workload.request_ids.clone(),
            Self::Path { path, .. } => path.request_ids.clone(),
            Self::Ingress { origin, .. } => origin.request_ids.clone(),
            Self::Writer { writer } => writer.request_ids.clone(),
            Self::App { app } => app.request_ids.clone(),
            Self::Route { route } => route.request_ids.clone(),
            Self::FenceOwed { .. } | Self::Override { .. } => Vec::new(),
            Self::IndexKept { .. } | Self::Readiness { .. } => Vec::new(),
        }
    }
}

fn both(one: &str, other: &str) -> String {
    if one == other { one.to_owned() } else { format!("{one}; {other}") }
}

/// An ingress that answers for a parked workload is not ill.
fn ingress(origin: &OriginView) -> String {
    match origin {
        OriginView::Unhealthy { said } | OriginView::Busy { said } => {
            format!("the ingress answers, with nothing behind it ({said})")
        }
        OriginView::Healthy { said } => format!("the ingress answers, and an application behind it ({said})"),
        OriginView::Unreachable { why } => format!("the ingress does not answer ({why})"),
    }
}

/// Nothing where the certificate was not seen: then nothing answered either.
fn until(certificate: Option<&Fact<DateTime<Utc>>>) -> String {
    let end = certificate.and_then(Fact::value).map(|end| end.format("%Y-%m-%d"));
    end.map(|end| format!("; its certificate ends on {end}")).unwrap_or_default()
}

fn told<T>(fact: &Fact<T>, text: impl Fn(&T) -> String) -> String {
    match (fact.value(), fact.unknown_reason()) {
        (Some(value), _) => text(value),
        (None, reason) => format!("unknown ({})", reason.unwrap_or("no reason given")),
    }
}
