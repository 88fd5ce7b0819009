use super::*;
use crate::domain::workload::WorkloadRef;
use chrono::{DateTime, TimeDelta};

fn at(second: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
}

fn part(kind: WorkloadKind, name: &str, label: &str) -> WorkloadPart {
    WorkloadPart {
        object: WorkloadRef { kind, namespace: "ns".into(), name: name.into() },
        wanted: 0,
        existing: 0,
        ready: 0,
        settled: true,
        claim_templates: Vec::new(),
        part: Some(label.into()),
        autoscaler: None,
    }
}

fn app() -> WorkloadPart {
    part(WorkloadKind::Deployment, "app", "app")
}

fn search() -> WorkloadPart {
    WorkloadPart { claim_templates: vec!["data".into()], ..part(WorkloadKind::StatefulSet, "search", "search") }
}

fn claim(ordinal: u32, made: Option<i64>) -> SearchClaim {
    let claim = ClaimView {
        namespace: "ns".into(),
        name: format!("data-search-{ordinal}"),
        uid: ordinal.to_string(),
        phase: "Bound".into(),
        created: made.map(at),
        ending: false,
    };
    SearchClaim { claim, foreign: None }
}

fn view(parts: Vec<WorkloadPart>, claims: Vec<SearchClaim>) -> IndexView {
    IndexView { workload: WorkloadView { parts, ..WorkloadView::default() }, claims }
}

/// What it comes to when the outage began at second 100.
fn word(view: &IndexView) -> String {
    match view.on_volumes(at(100)) {
        OnVolumes::Nothing => "nothing".into(),
        OnVolumes::Unlike(_) => "unlike".into(),
        OnVolumes::Old(claims) => format!("{} old", claims.len()),
        OnVolumes::New => "new".into(),
    }
}

#[test]
fn only_claims_of_before_the_outage_hold_an_old_index() {
    let set = || vec![app(), search()];
    for (claims, expected) in [
        (vec![claim(0, Some(0)), claim(1, Some(99))], "2 old"),
        (vec![claim(0, Some(0)), claim(1, Some(100))], "1 old"),
        (vec![claim(0, Some(120))], "new"),
        (Vec::new(), "new"),
        (vec![claim(0, None)], "unlike"),
        (vec![claim(0, Some(0)), SearchClaim { foreign: Some("another's".into()), ..claim(1, Some(0)) }], "unlike"),
    ] {
        assert_eq!(word(&view(set(), claims.clone())), expected, "{claims:?}");
    }
}

#[test]
fn what_does_not_look_like_search_nodes_with_their_application_is_not_recognised() {
    let old = || vec![claim(0, Some(0))];
    let two_templates = WorkloadPart { claim_templates: vec!["data".into(), "logs".into()], ..search() };
    let deployment = part(WorkloadKind::Deployment, "search", "search");
    for parts in [
        Vec::new(),
        vec![app()],
        vec![search()],
        vec![app(), search(), search()],
        vec![app(), deployment],
        vec![app(), two_templates],
        vec![app(), WorkloadPart { part: Some("app".into()), ..search() }],
    ] {
        assert_eq!(word(&view(parts.clone(), old())), "unlike", "{parts:?}");
    }
}

#[test]
fn search_nodes_without_volumes_have_nothing_to_delete() {
    let bare = WorkloadPart { claim_templates: Vec::new(), ..search() };
    assert_eq!(word(&view(vec![app(), bare], Vec::new())), "nothing");
}

#[test]
fn an_index_with_failures_is_not_whole() {
    let index = |complete, failures| Indexation { complete, failures, percent: 40 };
    assert!(index(true, false).is_whole());
    assert!(!index(true, true).is_whole() && !index(false, false).is_whole());
    assert_eq!(index(false, true).text(), "40 % built, with failures");
}
