use super::*;
use std::collections::BTreeMap;

fn object(kind: WorkloadKind, name: &str) -> WorkloadRef {
    WorkloadRef { kind, namespace: "sonarqube".into(), name: name.into() }
}

fn part(name: &str, wanted: u32, ready: u32) -> WorkloadPart {
    WorkloadPart {
        object: object(WorkloadKind::Deployment, name),
        wanted,
        existing: ready,
        ready,
        settled: true,
        claim_templates: vec![],
        part: None,
        autoscaler: None,
    }
}

fn search(wanted: u32, ready: u32) -> WorkloadPart {
    WorkloadPart {
        object: object(WorkloadKind::StatefulSet, "s-search"),
        claim_templates: vec!["data".into()],
        part: Some("search".into()),
        ..part("s-search", wanted, ready)
    }
}

fn pod(name: &str, phase: PodPhase, ending: bool) -> PodView {
    PodView { name: name.into(), phase, ready: false, ending, waiting: None, exit_code: None }
}

fn view(parts: Vec<WorkloadPart>, pods: Vec<PodView>) -> WorkloadView {
    WorkloadView { parts, pods, autoscalers_unknown: None }
}

#[test]
fn parked_means_nothing_is_wanted_and_no_pod_is_left() {
    use PodPhase::*;
    let none = || vec![part("app", 0, 0), search(0, 0)];
    for (parts, pods, parked) in [
        (none(), vec![], true),
        (none(), vec![pod("old", Succeeded, false), pod("evicted", Failed, false)], true),
        (none(), vec![pod("app-1", Running, true)], false),
        (none(), vec![pod("app-1", Pending, false)], false),
        (none(), vec![pod("app-1", Unknown, true)], false),
        (vec![part("app", 0, 0), search(3, 0)], vec![], false),
        (vec![part("app", 0, 2)], vec![], false),
        (vec![WorkloadPart { settled: false, ..part("app", 0, 0) }], vec![], false),
        (vec![part("app", 2, 2)], vec![pod("app-1", Running, false)], false),
        (vec![], vec![], false),
    ] {
        let view = view(parts, pods);
        assert_eq!(view.is_parked(), parked, "{view:?}");
        assert_eq!(view.missing_to_park().is_empty(), parked, "{view:?}");
    }
}

#[test]
fn a_selector_that_matches_nothing_is_unknown_and_never_parked() {
    let nothing = view(vec![], vec![]);
    assert!(matches!(nothing.standing(), Standing::Unknown { .. }));
    assert!(!nothing.is_released(&Counts::new()));
    let only_pods = view(vec![], vec![pod("app-1", PodPhase::Running, false)]);
    let Standing::Unknown { why } = only_pods.standing() else { panic!("{only_pods:?}") };
    assert!(why.contains("1 pods"), "{why}");
}

#[test]
fn released_means_as_many_as_before_and_all_of_them_ready() {
    let before = view(vec![part("app", 2, 2), search(3, 3)], vec![]).counts();
    let missing = |parts| view(parts, vec![]).missing_to_release(&before);
    assert!(missing(vec![part("app", 2, 2), search(3, 3)]).is_empty());
    assert_eq!(missing(vec![part("app", 2, 1), search(3, 3)]), ["Deployment/sonarqube/app has 1 of 2 pods ready"]);
    assert_eq!(
        missing(vec![part("app", 2, 2), search(0, 0)]),
        ["StatefulSet/sonarqube/s-search wants 0 pods instead of 3"]
    );
    assert_eq!(missing(vec![search(3, 3)]), ["Deployment/sonarqube/app is not there"]);
    let stale = WorkloadPart { settled: false, ..part("app", 2, 2) };
    assert_eq!(missing(vec![stale, search(3, 3)]), ["Deployment/sonarqube/app has not taken up its new count yet"]);
}

#[test]
fn what_nobody_counted_cannot_be_released() {
    let running = view(vec![part("app", 2, 2)], vec![]);
    assert!(!running.is_released(&Counts::new()));
}

#[test]
fn an_object_that_had_no_pods_is_released_without_any() {
    let before = Counts::from([(object(WorkloadKind::Deployment, "app"), 0)]);
    assert!(view(vec![part("app", 0, 0)], vec![]).is_released(&before));
    assert!(!view(vec![part("app", 1, 1)], vec![]).is_released(&before));
}

#[test]
fn an_autoscaler_may_choose_another_count_but_not_none() {
    let before = Counts::from([(object(WorkloadKind::Deployment, "app"), 2)]);
    let scaled = |wanted, ready| {
        let part = WorkloadPart { autoscaler: Some("hpa".into()), ..part("app", wanted, ready) };
        view(vec![part], vec![]).is_released(&before)
    };
    assert_eq!((scaled(4, 4), scaled(4, 3), scaled(0, 0)), (true, false, false));
}

#[test]
fn counts_survive_being_written_down() {
    let counts = view(vec![part("app", 2, 2), search(3, 3)], vec![]);
    let text = serde_json::to_string(&counts).unwrap();
    assert_eq!(serde_json::from_str::<WorkloadView>(&text).unwrap(), counts);
}

#[test]
fn the_counts_from_before_parking_survive_being_written_down_too() {
    let counts = view(vec![part("app", 2, 2), search(3, 3)], vec![]).counts();
    let text = serde_json::to_string(&counts).unwrap();
    assert_eq!(text, r#"{"Deployment/sonarqube/app":2,"StatefulSet/sonarqube/s-search":3}"#);
    assert_eq!(serde_json::from_str::<Counts>(&text).unwrap(), counts);
    for wrong in ["DaemonSet/a/b", "Deployment/a", "Deployment/a/", "Deployment/a/b/c", ""] {
        assert!(WorkloadRef::try_from(wrong.to_owned()).is_err(), "{wrong:?}");
    }
}

#[test]
fn only_the_search_nodes_look_like_a_search_index() {
    assert!(search(3, 3).is_search_index());
    assert!(!part("app", 2, 2).is_search_index());
    assert!(!WorkloadPart { claim_templates: vec![], ..search(3, 3) }.is_search_index());
    assert!(!WorkloadPart { part: Some("app".into()), ..search(3, 3) }.is_search_index());
    for (claim, own) in [
        ("data-s-search-0", true),
        ("data-s-search-12", true),
        ("data-s-search-", false),
        ("data-s-search-x", false),
        ("other-s-search-0", false),
        ("data-other-0", false),
    ] {
        assert_eq!(search(3, 3).owns_claim(claim), own, "{claim}");
    }
}

#[test]
fn nodes_are_ready_only_when_there_are_some() {
    let node = |name: &str, ready| NodeView {
        name: name.into(),
        pool: None,
        ready,
        why_not: None,
        kubelet: "v1.33.2".into(),
        created: None,
    };
    assert!(!NodesView::default().all_ready());
    assert!(NodesView { nodes: vec![node("a", true)] }.all_ready());
    let mixed = NodesView { nodes: vec![node("a", true), node("b", false)] };
    assert_eq!((mixed.all_ready(), mixed.text().as_str()), (false, "1 of 2 nodes ready; b: not ready"));
}

#[test]
fn selectors_are_read_written_and_matched_as_kubernetes_does() {
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
        pairs.iter().map(|(key, value)| (key.to_string(), value.to_string())).collect()
    };
    let app = labels(&[("sonarqube.datacenter/type", "app"), ("release", "s")]);
    let other = labels(&[("app", "x")]);
    for (text, written, matches_app, matches_other) in [
        ("release=s", "release=s", true, false),
        ("release == s", "release=s", true, false),
        ("release!=s", "release!=s", false, true),
        ("sonarqube.datacenter/type in (app, search)", "sonarqube.datacenter/type in (app,search)", true, false),
        ("release notin (a,b)", "release notin (a,b)", true, true),
        ("release", "release", true, false),
        ("!release", "!release", false, true),
        ("release=s,app", "release=s,app", false, false),
        (" release = s , !app ", "release=s,!app", true, false),
    ] {
        let selector = LabelSelector::parse(text).unwrap();
        assert_eq!(selector.to_string(), written);
        assert_eq!(LabelSelector::parse(written).unwrap(), selector);
        assert_eq!((selector.matches(&app), selector.matches(&other)), (matches_app, matches_other), "{text}");
    }
}

#[test]
fn what_is_no_selector_is_refused_with_the_reason() {
    for text in ["", " ", "a=b,", ",", "a in (b", "a in b)", "a of (b)", "=b", "a b", "a=b c", "a/b/c=d", "a=ü", "/x=1"]
    {
        assert!(LabelSelector::parse(text).is_err(), "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn whatever_is_read_as_a_selector_is_written_and_read_the_same(
        text in "[ab]{0,2}(=|==|!=| in | notin |!|)[(]?[ab ,]{0,4}[)]?(,|, ![a-c]|,c in \\(x,y\\))?"
    ) {
        if let Ok(selector) = LabelSelector::parse(&text) {
            proptest::prop_assert_eq!(LabelSelector::parse(&selector.to_string()), Ok(selector));
        }
    }
}

#[test]
fn sonarqubes_selector_finds_the_charts_two_parts() {
    let selector = WorkloadSelector::sonarqube();
    assert_eq!(selector.to_string(), "sonarqube.datacenter/type in (app,search) in namespace sonarqube");
    let text = serde_json::to_string(&selector).unwrap();
    assert_eq!(serde_json::from_str::<WorkloadSelector>(&text).unwrap(), selector);
}

#[test]
fn what_came_by_run_command_carries_its_limits() {
    assert!(Via::Direct.limits().is_none());
    assert!(Via::RunCommand.limits().is_some_and(|limits| limits.contains("512 kB") && limits.contains("60 seconds")));
}
