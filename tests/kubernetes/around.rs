//! Around an API server that cannot be reached: by a command, and only then, and never in a cluster that is off.

use super::support::*;
use crate::azure_server::{Act, LATE, Server};
use crate::azure_wire::soon;
use reveille::domain::failure::FailureClass;
use reveille::domain::workload::{ClaimView, Via};
use reveille::kubernetes::{KubernetesError, Sent, Settings};
use std::net::Ipv4Addr;
use std::time::Duration;

#[tokio::test]
async fn a_private_cluster_is_asked_by_a_command_and_the_answer_says_so() {
    let bench = Bench::private().await;
    bench.command(taken(), [Act::answer(202, ""), result(Some(0), NODES)]);
    let seen = bench.cluster.nodes().await.unwrap();
    assert_eq!((seen.via, seen.value.nodes.len()), (Via::RunCommand, 3));
    assert!(seen.request_ids.contains(&"r-result".to_owned()), "{:?}", seen.request_ids);
    let sent = &bench.commands()[0];
    assert_eq!(sent["command"], "kubectl get --raw '/api/v1/nodes?&limit=500'");
    assert_eq!((sent["clusterToken"].as_str(), sent["context"].as_str()), (Some("cluster-1"), Some("")));
}

#[tokio::test]
async fn a_result_that_comes_at_once_is_taken_at_once() {
    let bench = Bench::private().await;
    bench.command(result(Some(0), NODES), []);
    assert_eq!(bench.cluster.nodes().await.unwrap().via, Via::RunCommand);
    assert_eq!(bench.asked("/commandResults/c1"), 0);
}

#[tokio::test]
async fn a_refused_connection_is_a_reason_for_a_detour_and_an_error_is_none() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let authority = crate::support::ca::Ca::new().pem();
    let bench = Bench::with(kubeconfig(&format!("https://localhost:{port}"), &authority, ENTRA), settings()).await;
    bench.command(taken(), [result(Some(0), "ok")]);
    assert!(bench.cluster.api_ready().await.unwrap().value.ready);

    let api = Server::answering(|_| Act::answer(503, "")).await;
    let bench = Bench::of(&api).await;
    assert!(bench.cluster.nodes().await.is_err());
    assert_eq!(bench.asked("/runCommand"), 0);
}

#[tokio::test]
async fn a_cluster_that_is_not_on_is_never_asked_by_a_command() {
    for state in [("Succeeded", "Stopped"), ("Stopping", "Running"), ("Starting", "Running"), ("Failed", "Running")] {
        let bench = Bench::private().await;
        bench.arm_state.lock().unwrap().state = state;
        let error = bench.cluster.nodes().await.unwrap_err();
        assert!(matches!(error, KubernetesError::Unreachable { .. }) && error.is_unreachable(), "{error:?}");
        assert!(error.text().contains(state.0) && error.text().contains(state.1), "{}", error.text());
        assert!(bench.cluster.scale(&app(), 0, soon()).await.is_err());
        assert_eq!(bench.asked("/runCommand"), 0);
    }
}

#[tokio::test]
async fn commands_can_be_switched_off() {
    let bench = Bench::with(private_kubeconfig(), Settings { run_command: false, ..settings() }).await;
    assert!(bench.cluster.nodes().await.unwrap_err().is_unreachable());
    assert_eq!(bench.asked("/runCommand"), 0);
}

#[tokio::test]
async fn once_around_the_straight_way_rests_for_a_while() {
    let bench = Bench::private().await;
    bench.command(taken(), [result(Some(0), NODES)]);
    bench.cluster.nodes().await.unwrap();
    let asked = bench.dns.times_asked("aks-b.private.example.test");
    bench.command(taken(), [result(Some(0), NODES)]);
    assert_eq!(bench.cluster.nodes().await.unwrap().via, Via::RunCommand);
    assert_eq!(bench.dns.times_asked("aks-b.private.example.test"), asked);
}

#[tokio::test]
async fn what_no_command_can_do_is_tried_straight_and_ends_the_detour() {
    let api = Server::answering(|seen| match seen.method.as_str() {
        "POST" => Act::answer(201, "{}"),
        _ => Act::answer(200, NODES),
    })
    .await;
    // Nothing can connect in the first seconds of a cluster.
    let url = api.url.replace("localhost", LATE);
    let bench = Bench::with(kubeconfig(&url, &api.certificate, ENTRA), settings()).await;
    bench.command(taken(), [result(Some(0), NODES)]);
    assert_eq!(bench.cluster.nodes().await.unwrap().via, Via::RunCommand);
    bench.dns.address_of(LATE, Ipv4Addr::LOCALHOST);
    let made = bench.cluster.create_probe_pod(&probe_pod(), soon()).await.unwrap();
    assert!(made.via() == Via::Direct && matches!(made, Sent::Accepted { .. }), "{made:?}");
    assert_eq!(bench.cluster.nodes().await.unwrap().via, Via::Direct);
}

#[tokio::test]
async fn what_kubectl_says_is_read_like_the_servers_own_words() {
    for (logs, status, class) in [
        (
            "Error from server (NotFound): the server could not find the requested resource\n",
            404,
            FailureClass::NotFound,
        ),
        (
            "Warning: x\nError from server (Forbidden): nodes is forbidden: User \"u\" cannot list\n",
            403,
            FailureClass::Permission,
        ),
        ("Error from server (TooManyRequests): slow down\n", 429, FailureClass::Throttled),
        ("Error from server: etcdserver: request timed out\n", 500, FailureClass::Transient),
        ("error: You must be logged in to the server (Unauthorized)\n", 401, FailureClass::Identity),
    ] {
        let bench = Bench::private().await;
        bench.command(taken(), [result(Some(1), logs)]);
        let error = bench.cluster.nodes().await.unwrap_err();
        let KubernetesError::Refused { refusal, .. } = &error else { panic!("{error:?}") };
        assert_eq!((refusal.status, refusal.class, refusal.via), (status, class, Via::RunCommand), "{logs}");
    }
}

#[tokio::test]
async fn a_command_that_gives_nothing_says_why() {
    let pulled = r#"{"id":"c1","properties":{"provisioningState":"failed","reason":"ImagePullBackOff","exitCode":null,"logs":null}}"#;
    let disabled = r#"{"code":"RunCommandDisabled","message":"Run command is disabled for this cluster."}"#;
    let gone = r#"{"error":{"code":"NotFound","message":"no such command"}}"#;
    for (act, results, said) in [
        (taken(), vec![Act::answer(200, pulled)], "ImagePullBackOff"),
        (taken(), vec![result(Some(127), "sh: kubectl: not found")], "exit code 127: sh: kubectl: not found"),
        (taken(), vec![Act::answer(404, gone)], "no such command"),
        (Act::answer(403, disabled), vec![], "Run command is disabled"),
        (Act::answer(202, ""), vec![], "where its result will be is not said"),
    ] {
        let bench = Bench::private().await;
        bench.command(act, results);
        let error = bench.cluster.nodes().await.unwrap_err();
        assert!(matches!(error, KubernetesError::CommandFailed { .. }) && error.is_unreachable(), "{error:?}");
        assert!(error.text().contains(said), "{}", error.text());
    }
}

#[tokio::test]
async fn an_output_that_was_cut_is_not_believed() {
    let bench = Bench::private().await;
    bench.command(taken(), [result(Some(0), &" ".repeat(512_000))]);
    let error = bench.cluster.pod_log("sonarqube", "probe").await.unwrap_err();
    assert!(matches!(error, KubernetesError::Unreadable { .. }) && error.text().contains("512 kB"), "{error:?}");
}

#[tokio::test]
async fn a_command_that_never_ends_is_given_up() {
    let hasty = Settings { command_timeout: Duration::from_millis(50), ..settings() };
    let bench = Bench::with(private_kubeconfig(), hasty).await;
    bench.command(taken(), vec![Act::answer(202, ""); 10_000]);
    let error = bench.cluster.nodes().await.unwrap_err();
    assert!(error.text().contains("no result within"), "{}", error.text());
}

#[tokio::test]
async fn acts_go_around_as_short_commands() {
    let claim = ClaimView {
        namespace: "sonarqube".into(),
        name: "data-s-search-0".into(),
        uid: "u-0".into(),
        phase: "Bound".into(),
        created: None,
        ending: false,
    };
    let bench = Bench::private().await;
    let gone = "Error from server (NotFound): persistentvolumeclaims \"data-s-search-0\" not found";
    bench.command(taken(), [result(Some(0), "deployment.apps/x scaled\n")]);
    bench.command(taken(), [result(Some(1), gone)]);
    bench.command(taken(), [result(Some(0), "pod \"probe\" deleted\n")]);
    let cluster = &bench.cluster;
    assert!(matches!(cluster.scale(&app(), 0, soon()).await.unwrap(), Sent::Accepted { via: Via::RunCommand, .. }));
    assert!(matches!(cluster.delete_claim(&(&claim).into(), soon()).await.unwrap(), Sent::AlreadyThere { .. }));
    assert!(matches!(cluster.delete_pod("sonarqube", "probe", soon()).await.unwrap(), Sent::Accepted { .. }));
    let commands: Vec<_> = bench.commands().iter().map(|sent| sent["command"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        commands,
        [
            "kubectl scale deployment/sonarqube-sonarqube-dce-app --replicas=0 -n sonarqube",
            "kubectl delete pvc data-s-search-0 -n sonarqube --wait=false",
            "kubectl delete pod probe -n sonarqube --wait=false",
        ]
    );
}

#[tokio::test]
async fn the_outcome_of_an_act_by_command_is_as_honest() {
    let throttled = r#"{"code":"Throttled","message":"slow"}"#;
    let disabled = r#"{"code":"RunCommandDisabled","message":"disabled"}"#;
    let rejected = |class| move |sent: &Sent| matches!(sent, Sent::Rejected { class: is, .. } if *is == class);
    let unknown = |sent: &Sent| matches!(sent, Sent::Unknown { .. });
    let forbidden = "Error from server (Forbidden): deployments.apps \"x\" is forbidden";
    let table: Vec<(Act, Vec<Act>, Judge)> = vec![
        (taken(), vec![result(Some(1), forbidden)], Box::new(rejected(FailureClass::Permission))),
        (taken(), vec![result(Some(1), "signal: killed")], Box::new(unknown)),
        (taken(), vec![result(None, "")], Box::new(unknown)),
        (taken(), vec![Act::answer(404, "{}")], Box::new(unknown)),
        (Act::Vanish, vec![], Box::new(unknown)),
        (Act::answer(500, "{}"), vec![], Box::new(unknown)),
        (Act::answer(400, disabled), vec![], Box::new(rejected(FailureClass::Other))),
        (
            Act::answer(429, throttled).header("retry-after", "9"),
            vec![],
            Box::new(|sent| matches!(sent, Sent::Throttled { retry_after: Some(_), .. })),
        ),
    ];
    for (act, results, expected) in table {
        let bench = Bench::private().await;
        bench.command(act, results);
        let sent = bench.cluster.scale(&app(), 0, soon()).await.unwrap();
        assert!(expected(&sent) && sent.via() == Via::RunCommand, "{sent:?}");
        assert_eq!(bench.asked("/runCommand"), 1, "a command is never sent twice: {sent:?}");
    }
}

#[tokio::test]
async fn a_probe_pod_is_not_made_by_a_command() {
    let bench = Bench::private().await;
    let error = bench.cluster.create_probe_pod(&probe_pod(), soon()).await.unwrap_err();
    assert!(matches!(error, KubernetesError::Unreachable { .. }), "{error:?}");
    assert_eq!(bench.asked("/runCommand"), 0);
}

#[tokio::test]
async fn an_act_does_not_wait_beyond_its_time_and_its_outcome_can_be_looked_up_later() {
    let slow = Settings { command_poll: Duration::from_secs(3600), ..settings() };
    let bench = Bench::with(private_kubeconfig(), slow).await;
    bench.command(taken(), [Act::answer(202, ""), Act::answer(202, "")]);
    let sent = bench.cluster.scale(&app(), 0, soon()).await.unwrap();
    let Sent::Accepted { operation: Some(operation), .. } = sent else { panic!("{sent:?}") };
    assert_eq!(bench.cluster.command_outcome(&operation).await.unwrap(), None);
    let forbidden = "Error from server (Forbidden): deployments.apps \"x\" is forbidden";
    bench.arm_state.lock().unwrap().results.push_back(result(Some(1), forbidden));
    let outcome = bench.cluster.command_outcome(&operation).await.unwrap().unwrap();
    assert!(matches!(outcome, Sent::Rejected { class: FailureClass::Permission, .. }), "{outcome:?}");
}
