//! What can be asked, and what each kind of answer is taken for.

use super::support::*;
use crate::azure_server::{Act, Server};
use reveille::domain::failure::FailureClass;
use reveille::domain::workload::{LabelSelector, PodPhase, Standing, Via, WorkloadSelector};
use reveille::kubernetes::{KubernetesError, Settings};
use std::time::Duration;

#[tokio::test]
async fn nodes_tell_their_pool_version_and_why_they_are_not_ready() {
    let api = Server::play([Act::answer(200, NODES).header("audit-id", "a-1")]).await;
    let seen = Bench::of(&api).await.cluster.nodes().await.unwrap();
    assert_eq!((seen.via, seen.request_ids), (Via::Direct, vec!["a-1".to_owned()]));
    let nodes = &seen.value.nodes;
    let pools: Vec<_> = nodes.iter().map(|node| node.pool.as_deref()).collect();
    assert_eq!(pools, [Some("system"), Some("work"), None]);
    assert_eq!(nodes[0].created.unwrap().to_rfc3339(), "2026-11-02T09:15:00+00:00");
    assert_eq!((nodes[0].kubelet.as_str(), nodes[2].kubelet.as_str()), ("v1.33.2", ""));
    assert_eq!(
        seen.value.text(),
        "1 of 3 nodes ready; aks-work-000000: NodeStatusUnknown; aks-work-000001: cordoned: it takes no pods"
    );
    let request = &api.seen()[0];
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/api/v1/nodes?&limit=500"));
}

#[tokio::test]
async fn a_list_is_read_page_by_page_to_its_end() {
    let page = |name: &str, next: &str| {
        let body = format!(r#"{{"metadata":{{"continue":"{next}"}},"items":[{{"metadata":{{"name":"{name}"}}}}]}}"#);
        Act::answer(200, &body)
    };
    let api = Server::play([page("a", "t+1/="), page("b", "t2"), page("c", "")]).await;
    let nodes = Bench::of(&api).await.cluster.nodes().await.unwrap();
    let names: Vec<_> = nodes.value.nodes.iter().map(|node| node.name.as_str()).collect();
    assert_eq!((names, nodes.request_ids.len()), (vec!["a", "b", "c"], 3));
    assert!(api.seen()[1].target.ends_with("continue=t%2B1%2F%3D"), "{}", api.seen()[1].target);
    assert!(api.seen()[2].target.ends_with("continue=t2"));
}

#[tokio::test]
async fn a_list_without_an_end_is_not_read_for_ever() {
    let api = Server::answering(|_| Act::answer(200, r#"{"metadata":{"continue":"t"},"items":[]}"#)).await;
    let error = Bench::of(&api).await.cluster.nodes().await.unwrap_err();
    assert!(matches!(error, KubernetesError::Unreadable { .. }) && error.text().contains("no end"), "{error}");
}

#[tokio::test]
async fn a_workload_is_its_objects_its_autoscaler_and_its_pods() {
    let api = workload_server(Act::answer(200, AUTOSCALERS)).await;
    let view = Bench::of(&api).await.cluster.workload(&sonarqube()).await.unwrap().value;
    let [app, search] = &view.parts[..] else { panic!("{view:?}") };
    assert_eq!((app.object.clone(), app.wanted, app.existing, app.ready), (super::support::app(), 2, 2, 2));
    assert_eq!(app.autoscaler.as_deref(), Some("sonarqube-sonarqube-dce-hpa"));
    assert_eq!((search.wanted, search.ready, search.settled, search.autoscaler.clone()), (3, 2, false, None));
    assert!(search.is_search_index() && !app.is_search_index());
    let waiting = view.waiting();
    assert!(waiting[1].contains("Unschedulable: 0/3 nodes are available: 3 Insufficient memory."), "{waiting:?}");
    assert!(waiting[2].contains("ImagePullBackOff: Back-off pulling image"), "{waiting:?}");
    assert_eq!(waiting.len(), 3, "what is being made is not stuck: {waiting:?}");
    let ending = view.pods.iter().find(|pod| pod.ending).unwrap();
    assert_eq!((ending.name.as_str(), ending.phase), ("sonarqube-sonarqube-dce-search-0", PodPhase::Running));
    assert!(!view.is_parked() && !view.missing_to_park().iter().any(|line| line.contains("evicted")));
}

#[tokio::test]
async fn the_selector_goes_out_as_kubernetes_writes_it_and_pods_are_looked_for_last() {
    let api = workload_server(Act::answer(200, NONE)).await;
    Bench::of(&api).await.cluster.workload(&sonarqube()).await.unwrap();
    let targets: Vec<String> = api.seen().into_iter().map(|seen| seen.target).collect();
    let selector = "labelSelector=sonarqube.datacenter%2Ftype+in+%28app%2Csearch%29";
    assert_eq!(targets.iter().filter(|target| target.contains(selector)).count(), 3, "{targets:#?}");
    assert!(targets.last().unwrap().starts_with("/api/v1/namespaces/sonarqube/pods?"), "{targets:#?}");
    assert_eq!(targets.len(), 4);
}

#[tokio::test]
async fn pods_that_only_the_objects_own_selector_finds_are_not_missed() {
    let api = workload_server(Act::answer(200, NONE)).await;
    let selector = WorkloadSelector { labels: LabelSelector::parse("heritage=Helm").unwrap(), ..sonarqube() };
    let view = Bench::of(&api).await.cluster.workload(&selector).await.unwrap().value;
    let targets: Vec<String> = api.seen().into_iter().map(|seen| seen.target).collect();
    for own in ["app%3Dsonarqube-dce%2Crelease%3Dsonarqube", "app%3Dsonarqube-dce-search%2Crelease%3Dsonarqube"] {
        assert!(targets.iter().any(|target| target.contains("/pods?") && target.contains(own)), "{targets:#?}");
    }
    assert_eq!(view.pods.len(), 6, "each pod once");
}

#[tokio::test]
async fn a_role_that_may_not_read_autoscalers_hinders_nothing() {
    let api = workload_server(Act::answer(403, FORBIDDEN)).await;
    let view = Bench::of(&api).await.cluster.workload(&sonarqube()).await.unwrap().value;
    assert_eq!(view.parts.len(), 2);
    let why = view.autoscalers_unknown.unwrap();
    assert!(why.ends_with(r#"missing is the verb "list" on "horizontalpodautoscalers.autoscaling""#), "{why}");
}

#[tokio::test]
async fn a_selector_that_finds_nothing_is_unknown() {
    let api = Server::answering(|_| Act::answer(200, NONE)).await;
    let view = Bench::of(&api).await.cluster.workload(&sonarqube()).await.unwrap().value;
    assert!(matches!(view.standing(), Standing::Unknown { .. }));
}

#[tokio::test]
async fn the_search_nodes_claims_are_known_by_their_names() {
    let api = workload_server(Act::answer(200, NONE)).await;
    let bench = Bench::of(&api).await;
    let cluster = &bench.cluster;
    let view = cluster.workload(&sonarqube()).await.unwrap().value;
    let claims = cluster.claims_of(&view.parts[1]).await.unwrap().value;
    let told: Vec<_> = claims.iter().map(|claim| (claim.uid.as_str(), claim.phase.as_str(), claim.ending)).collect();
    assert_eq!(told, [("u-0", "Bound", false), ("u-1", "Bound", true)]);
    assert!(cluster.claims_of(&view.parts[0]).await.unwrap().value.is_empty());
}

#[tokio::test]
async fn an_api_server_that_is_not_ready_is_an_answer() {
    for (act, ready, said) in [
        (Act::answer(200, "ok"), true, "ok"),
        (
            Act::answer(500, "[+]ping ok\n[-]etcd failed: reason withheld"),
            false,
            "HTTP 500, [+]ping ok\n[-]etcd failed",
        ),
        (Act::answer(503, ""), false, "HTTP 503"),
    ] {
        let api = Server::play([act]).await;
        let view = Bench::of(&api).await.cluster.api_ready().await.unwrap().value;
        assert!(view.ready == ready && view.said.starts_with(said), "{view:?}");
        assert_eq!(api.seen()[0].target, "/readyz");
    }
}

#[tokio::test]
async fn a_403_names_what_is_missing_even_where_the_server_does_not() {
    let api = Server::answering(|_| Act::answer(403, FORBIDDEN)).await;
    let error = Bench::of(&api).await.cluster.workload(&sonarqube()).await.unwrap_err();
    assert!(error.is_forbidden() && error.class() == FailureClass::Permission);
    assert_eq!(error.call().verb, "list");
    assert!(["deployments.apps", "statefulsets.apps"].contains(&error.call().resource));
    let text = error.text();
    assert!(text.contains("Update role assignment") && text.contains(r#"missing is the verb "list" on "#), "{text}");
    assert!(text.contains("in cluster aks-b"), "{text}");
}

#[tokio::test]
async fn refusals_have_classes() {
    for (status, body, class) in [
        (404, r#"{"kind":"Status","reason":"NotFound","message":"no"}"#, FailureClass::NotFound),
        (410, r#"{"kind":"Status","reason":"Expired","message":"too old"}"#, FailureClass::Transient),
        (500, "panic", FailureClass::Transient),
        (418, "", FailureClass::Other),
    ] {
        let api = Server::play([Act::answer(status, body)]).await;
        let error = Bench::of(&api).await.cluster.nodes().await.unwrap_err();
        assert_eq!(error.class(), class, "{status}");
        assert_eq!(error.is_not_found(), status == 404);
    }
}

#[tokio::test]
async fn a_throttled_read_says_how_long_to_wait() {
    let api = Server::play([Act::answer(429, "Too many requests").header("retry-after", "7")]).await;
    let error = Bench::of(&api).await.cluster.nodes().await.unwrap_err();
    assert!(error.is_throttled());
    assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
}

#[tokio::test]
async fn silence_and_broken_answers_are_lost_and_never_a_detour() {
    let half = Act::HalfAnBody { status: 200, headers: vec![] };
    for act in [Act::Hang, Act::Vanish, half] {
        let api = Server::play([act]).await;
        let hasty = Settings { call_timeout: Duration::from_millis(300), ..settings() };
        let bench = Bench::with(kubeconfig(&api.url, &api.certificate, ENTRA), hasty).await;
        let error = bench.cluster.nodes().await.unwrap_err();
        assert!(matches!(error, KubernetesError::Lost { .. }), "{error:?}");
        assert_eq!((error.class(), error.request_ids().len()), (FailureClass::Transient, 1));
        assert_eq!(bench.asked("/runCommand"), 0);
    }
}

#[tokio::test]
async fn an_answer_that_is_no_list_cannot_be_read() {
    for body in ["<html>", "{}", r#"{"items":null}"#, "[]"] {
        let api = Server::play([Act::answer(200, body)]).await;
        let error = Bench::of(&api).await.cluster.nodes().await.unwrap_err();
        assert!(matches!(error, KubernetesError::Unreadable { .. }), "{body}: {error:?}");
    }
}

#[tokio::test]
async fn a_pod_and_its_log_can_be_read() {
    let ended = r#"{"metadata":{"name":"probe"},"status":{"phase":"Succeeded","containerStatuses":[{"state":{"terminated":{"exitCode":0}}}]}}"#;
    let api = Server::play([Act::answer(200, ended), Act::answer(404, "{}"), Act::answer(200, "f\n")]).await;
    let bench = Bench::of(&api).await;
    let cluster = &bench.cluster;
    let pod = cluster.pod("sonarqube", "probe").await.unwrap().value.unwrap();
    assert_eq!((pod.phase, pod.exit_code, pod.is_over()), (PodPhase::Succeeded, Some(0), true));
    assert_eq!(cluster.pod("sonarqube", "probe").await.unwrap().value, None);
    assert_eq!(cluster.pod_log("sonarqube", "probe").await.unwrap().value, "f\n");
    assert_eq!(api.seen()[2].target, "/api/v1/namespaces/sonarqube/pods/probe/log?limitBytes=65536");
}
