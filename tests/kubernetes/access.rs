//! The way in: kubeconfig, trust, tokens; kept while they are good, renewed once when they are not.

use super::support::*;
use crate::azure_server::{Act, Server};
use crate::support::ca::Ca;
use reveille::domain::failure::FailureClass;
use reveille::kubernetes::{AccessError, BadKubeconfig, KubernetesError, Settings};
use std::time::Duration;

#[tokio::test]
async fn one_kubeconfig_and_one_token_serve_many_calls() {
    let api = Server::answering(|_| Act::answer(200, NODES)).await;
    let bench = Bench::of(&api).await;
    for _ in 0..3 {
        bench.cluster.nodes().await.unwrap();
    }
    assert_eq!(bench.asked("/listClusterUserCredential"), 1);
    assert!(api.seen().iter().all(|seen| seen.header("authorization") == Some("Bearer cluster-1")));
    let asked = &bench.arm.seen()[0];
    assert_eq!((asked.method.as_str(), asked.header("content-length")), ("POST", Some("0")));
    assert_eq!(asked.header("authorization"), Some("Bearer arm-1"));
}

#[tokio::test]
async fn a_kubeconfig_is_read_again_when_it_is_old() {
    let api = Server::answering(|_| Act::answer(200, NODES)).await;
    let fresh = Settings { kubeconfig_kept: Duration::ZERO, ..settings() };
    let bench = Bench::with(kubeconfig(&api.url, &api.certificate, ENTRA), fresh).await;
    bench.cluster.nodes().await.unwrap();
    bench.cluster.nodes().await.unwrap();
    assert_eq!(bench.asked("/listClusterUserCredential"), 2);
}

#[tokio::test]
async fn callers_at_the_same_time_read_the_kubeconfig_once() {
    let api = workload_server(Act::answer(200, NONE)).await;
    let bench = Bench::of(&api).await;
    bench.cluster.workload(&sonarqube()).await.unwrap();
    assert_eq!(bench.asked("/listClusterUserCredential"), 1);
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_then_believed_to_be_refused() {
    let api = Server::play([Act::answer(401, "{}"), Act::answer(200, NODES)]).await;
    Bench::of(&api).await.cluster.nodes().await.unwrap();
    assert_eq!(api.seen()[1].header("authorization"), Some("Bearer cluster-2"));

    let api =
        Server::answering(|_| Act::answer(401, r#"{"kind":"Status","reason":"Unauthorized","message":"no"}"#)).await;
    let bench = Bench::of(&api).await;
    let error = bench.cluster.nodes().await.unwrap_err();
    assert!(error.is_unauthorized() && error.class() == FailureClass::Identity, "{error:?}");
    assert_eq!((api.seen().len(), bench.asked("/runCommand")), (2, 0));
}

#[tokio::test]
async fn a_server_of_another_authority_gets_no_token_and_is_no_reason_for_a_detour() {
    let api = Server::answering(|_| Act::answer(200, NODES)).await;
    let bench = Bench::with(kubeconfig(&api.url, &Ca::new().pem(), ENTRA), settings()).await;
    let error = bench.cluster.nodes().await.unwrap_err();
    assert!(matches!(error, KubernetesError::Untrusted { .. }), "{error:?}");
    assert!(api.seen().is_empty());
    assert_eq!((bench.asked("/listClusterUserCredential"), bench.asked("/runCommand")), (2, 0));
}

#[tokio::test]
async fn a_rotated_authority_is_found_in_a_new_kubeconfig() {
    let api = Server::answering(|_| Act::answer(200, NODES)).await;
    let bench = Bench::with(kubeconfig(&api.url, &Ca::new().pem(), ENTRA), settings()).await;
    bench.arm_state.lock().unwrap().kubeconfigs.push_back(kubeconfig(&api.url, &api.certificate, ENTRA));
    bench.cluster.nodes().await.unwrap();
}

#[tokio::test]
async fn what_is_no_usable_kubeconfig_is_told_without_quoting_it() {
    let pem = Ca::new().pem();
    let secret = "c2VjcmV0LWtleQ==";
    let bad_user = format!("client-certificate-data: {secret}\n    client-key-data: {secret}");
    for (config, why) in [
        ("- not\n- a kubeconfig".to_owned(), BadKubeconfig::NotOne),
        (format!("users: {secret}"), BadKubeconfig::NotOne),
        ("apiVersion: v1\nkind: Config\n".to_owned(), BadKubeconfig::NotOne),
        (kubeconfig("http://api.example.test", &pem, ENTRA), BadKubeconfig::NoServer),
        (kubeconfig("https://u:p@api.example.test", &pem, ENTRA), BadKubeconfig::NoServer),
        (kubeconfig("https://api.example.test", "", ENTRA), BadKubeconfig::NoAuthority),
        (kubeconfig("https://api.example.test", &pem, &bad_user), BadKubeconfig::BadCertificate),
    ] {
        let bench = Bench::with(config.clone(), settings()).await;
        let error = bench.cluster.nodes().await.unwrap_err();
        let KubernetesError::Access { source: AccessError::Unusable(found), .. } = &error else { panic!("{error:?}") };
        assert_eq!(*found, why, "{config}");
        assert!(!format!("{error:?} {}", error.text()).contains(secret), "{error:?}");
    }
}

#[tokio::test]
async fn a_missing_permission_to_read_the_kubeconfig_keeps_azures_words() {
    let bench = Bench::private().await;
    let refusal = r#"{"error":{"code":"AuthorizationFailed","message":"does not have authorization to perform action 'Microsoft.ContainerService/managedClusters/listClusterUserCredential/action'"}}"#;
    let arm = Server::play([Act::answer(403, refusal)]).await;
    let azure = crate::azure_wire::azure(&arm);
    let dns = reveille::probe::dns::Dns::new(&[bench.dns.address]).unwrap();
    let cluster = reveille::kubernetes::Kubernetes::new(azure, settings(), dns).cluster(&crate::azure_wire::cluster());
    let error = cluster.nodes().await.unwrap_err();
    assert_eq!(error.class(), FailureClass::Permission);
    assert!(error.text().contains("listClusterUserCredential/action"), "{}", error.text());
}

#[tokio::test]
async fn the_api_servers_name_is_asked_of_our_own_resolver() {
    let bench = Bench::private().await;
    bench.arm_state.lock().unwrap().state = ("Succeeded", "Stopped");
    let error = bench.cluster.nodes().await.unwrap_err();
    assert!(error.is_unreachable(), "{error:?}");
    assert!(error.text().contains("NXDOMAIN"), "{}", error.text());
    assert!(bench.dns.times_asked("aks-b.private.example.test") > 0);
}
