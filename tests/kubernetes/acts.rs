//! What can be done, exactly as it goes out, and the honest outcome of each kind of answer.

use super::support::*;
use crate::azure_server::{Act, Server};
use crate::azure_wire::soon;
use reveille::domain::failure::FailureClass;
use reveille::domain::workload::{ClaimView, Via, WorkloadKind, WorkloadRef};
use reveille::kubernetes::{KubernetesError, Sent, Settings};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;

fn claim() -> ClaimView {
    let (namespace, name, uid) = ("sonarqube".into(), "data-s-search-0".into(), "u-0".into());
    ClaimView { namespace, name, uid, phase: "Bound".into(), created: None, ending: false }
}

#[tokio::test]
async fn a_workload_is_scaled_through_its_scale_sub_resource_alone() {
    for (kind, plural) in [(WorkloadKind::Deployment, "deployments"), (WorkloadKind::StatefulSet, "statefulsets")] {
        let api = Server::play([Act::answer(200, r#"{"kind":"Scale"}"#).header("audit-id", "a-7")]).await;
        let object = WorkloadRef { kind, ..app() };
        let sent = Bench::of(&api).await.cluster.scale(&object, 0, soon()).await.unwrap();
        assert_eq!(sent, Sent::Accepted { via: Via::Direct, operation: None, request_ids: vec!["a-7".into()] });
        let seen = &api.seen()[0];
        let path = format!("/apis/apps/v1/namespaces/sonarqube/{plural}/sonarqube-sonarqube-dce-app/scale");
        assert_eq!((seen.method.as_str(), super::support::path(&seen.target)), ("PATCH", path.as_str()));
        assert_eq!(seen.header("content-type"), Some("application/merge-patch+json"));
        assert_eq!(seen.body, r#"{"spec":{"replicas":0}}"#);
        assert_eq!(seen.header("authorization"), Some("Bearer cluster-1"));
    }
}

#[tokio::test]
async fn each_answer_to_an_act_has_its_outcome() {
    let conflict = r#"{"kind":"Status","reason":"Conflict","message":"the object has been modified"}"#;
    let rejected = |class| move |sent: &Sent| matches!(sent, Sent::Rejected { class: is, .. } if *is == class);
    let unknown = |sent: &Sent| matches!(sent, Sent::Unknown { .. });
    let seven = Some(Duration::from_secs(7));
    let throttled = move |sent: &Sent| matches!(sent, Sent::Throttled { retry_after, .. } if *retry_after == seven);
    let table: Vec<(Act, Judge)> = vec![
        (Act::answer(409, conflict), Box::new(rejected(FailureClass::Busy))),
        (Act::answer(403, FORBIDDEN), Box::new(rejected(FailureClass::Permission))),
        (Act::answer(404, "{}"), Box::new(rejected(FailureClass::NotFound))),
        (Act::answer(422, "{}"), Box::new(rejected(FailureClass::Other))),
        (Act::answer(429, "").header("retry-after", "7"), Box::new(throttled)),
        (Act::answer(500, "etcd leader changed"), Box::new(unknown)),
        (Act::answer(504, ""), Box::new(unknown)),
        (Act::Vanish, Box::new(unknown)),
        (Act::Hang, Box::new(unknown)),
        (Act::HalfAnBody { status: 200, headers: vec![] }, Box::new(|sent| matches!(sent, Sent::Accepted { .. }))),
    ];
    for (act, expected) in table {
        let api = Server::play([act]).await;
        let hasty = Settings { call_timeout: Duration::from_millis(500), ..settings() };
        let bench = Bench::with(kubeconfig(&api.url, &api.certificate, ENTRA), hasty).await;
        let sent = bench.cluster.scale(&app(), 2, soon()).await.unwrap();
        assert!(expected(&sent), "{sent:?}");
        assert_eq!((sent.request_ids().len(), api.seen().len()), (1, 1), "an act is never sent twice: {sent:?}");
    }
}

#[tokio::test]
async fn nothing_is_sent_after_its_time() {
    let api = Server::play([Act::answer(200, "{}")]).await;
    let bench = Bench::of(&api).await;
    let error = bench.cluster.scale(&app(), 0, Instant::now()).await.unwrap_err();
    assert!(matches!(error, KubernetesError::TooLate { .. }), "{error:?}");
    assert!(api.seen().is_empty());
}

#[tokio::test]
async fn an_act_that_waits_for_its_answer_ends_at_its_time() {
    let api = Server::play([Act::Hang]).await;
    let limit = Instant::now() + Duration::from_millis(700);
    let sent = Bench::of(&api).await.cluster.scale(&app(), 0, limit).await.unwrap();
    assert!(matches!(sent, Sent::Unknown { .. }), "{sent:?}");
}

#[tokio::test]
async fn an_act_that_was_not_let_in_is_sent_again_with_another_token() {
    let api = Server::play([Act::answer(401, "{}"), Act::answer(200, "{}")]).await;
    let sent = Bench::of(&api).await.cluster.scale(&app(), 0, soon()).await.unwrap();
    assert!(matches!(sent, Sent::Accepted { .. }));
    let tokens: Vec<_> = api.seen().iter().map(|seen| seen.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(tokens, ["Bearer cluster-1", "Bearer cluster-2"]);
}

#[tokio::test]
async fn a_claim_is_deleted_only_if_it_is_still_the_same() {
    let api = Server::play([Act::answer(200, "{}"), Act::answer(404, "{}"), Act::answer(409, "{}")]).await;
    let bench = Bench::of(&api).await;
    let cluster = &bench.cluster;
    assert!(matches!(cluster.delete_claim(&(&claim()).into(), soon()).await.unwrap(), Sent::Accepted { .. }));
    assert!(matches!(cluster.delete_claim(&(&claim()).into(), soon()).await.unwrap(), Sent::AlreadyThere { .. }));
    assert!(matches!(cluster.delete_claim(&(&claim()).into(), soon()).await.unwrap(), Sent::Rejected { .. }));
    let seen = &api.seen()[0];
    let path = "/api/v1/namespaces/sonarqube/persistentvolumeclaims/data-s-search-0";
    assert_eq!((seen.method.as_str(), super::support::path(&seen.target)), ("DELETE", path));
    let body: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(body["preconditions"], json!({"uid": "u-0"}));
}

#[tokio::test]
async fn a_probe_pod_is_made_deleted_and_never_shows_its_password() {
    let exists = r#"{"kind":"Status","reason":"AlreadyExists","message":"pods \"reveille-probe\" already exists"}"#;
    let api = Server::play([Act::answer(201, "{}"), Act::answer(409, exists), Act::answer(200, "{}")]).await;
    let bench = Bench::of(&api).await;
    let cluster = &bench.cluster;
    assert!(matches!(cluster.create_probe_pod(&probe_pod(), soon()).await.unwrap(), Sent::Accepted { .. }));
    assert!(matches!(cluster.create_probe_pod(&probe_pod(), soon()).await.unwrap(), Sent::AlreadyThere { .. }));
    assert!(matches!(cluster.delete_pod("sonarqube", "reveille-probe", soon()).await.unwrap(), Sent::Accepted { .. }));
    let body: Value = serde_json::from_str(&api.seen()[0].body).unwrap();
    let spec = &body["spec"];
    assert_eq!((spec["restartPolicy"].as_str(), &spec["automountServiceAccountToken"]), (Some("Never"), &json!(false)));
    assert_eq!(body["metadata"]["labels"]["app.kubernetes.io/managed-by"], "reveille");
    let env = spec["containers"][0]["env"].as_array().unwrap();
    assert!(env.contains(&json!({"name": "PGHOST", "value": "writer.example.test"})));
    assert!(env.contains(&json!({"name": "PGPASSWORD", "value": "hunter2"})));
    assert!(!format!("{:?}", probe_pod()).contains("hunter2"));
}

#[tokio::test]
async fn names_that_no_object_has_never_go_out() {
    let api = Server::play([]).await;
    let bench = Bench::of(&api).await;
    for name in ["", "a/b", "../x", "a b", "a;b", "a'b", "$(x)", "A", "-a", "a\n"] {
        let object = WorkloadRef { name: name.into(), ..app() };
        let error = bench.cluster.scale(&object, 0, soon()).await.unwrap_err();
        assert!(matches!(error, KubernetesError::NotSendable { .. }), "{name:?}: {error:?}");
        assert!(bench.cluster.delete_pod(name, "x", soon()).await.is_err());
        assert!(bench.cluster.pod("x", name).await.is_err());
    }
    assert!(api.seen().is_empty() && bench.arm.seen().is_empty());
}
